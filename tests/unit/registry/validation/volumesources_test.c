/* What is said of what volumes are made of. */
#include "cases.h"

static const struct validation_case CASES[] = {
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     "}],'serviceAccountName':'default','volumes':[{'name':'a','iscsi':{'targetPortal':'','i"
     "qn':'bad','lun':300,'chapAuthSession':true}},{'name':'b','fc':{'targetWWNs':['x'],'wwi"
     "ds':['y']}},{'name':'c','flexVolume':{'driver':'','options':{'a.k8s.io/x':'y'}}},{'nam"
     "e':'d','azureDisk':{'diskName':'','diskURI':'x','cachingMode':'X','kind':'Managed'}},{"
     "'name':'e','quobyte':{'registry':'a:b:c','volume':''}},{'name':'f','csi':{'driver':'-X"
     "','nodePublishSecretRef':{'name':''}}},{'name':'g','storageos':{'volumeName':'A','volu"
     "meNamespace':'B'}},{'name':'h','flocker':{}},{'name':'i','gcePersistentDisk':{'pdName'"
     ":'','partition':300}},{'name':'j','glusterfs':{'endpoints':'','path':''}},{'name':'k',"
     "'rbd':{'monitors':[],'image':''}},{'name':'l','scaleIO':{'gateway':'','system':'','sec"
     "retRef':{}}}]}}",
     "[spec.volumes[0].iscsi.targetPortal: Required value, spec.volumes[0].iscsi.iqn: Invali"
     "d value: \"bad\": must be valid format starting with iqn, eui, or naa, spec.volumes[0]"
     ".iscsi.lun: Invalid value: 300: must be between 0 and 255, inclusive, spec.volumes[0]."
     "iscsi.secretRef: Required value, spec.volumes[1].fc.targetWWNs: Invalid value: [\"x\"]"
     ": targetWWNs and wwids can not be specified simultaneously, spec.volumes[1].fc.lun: Re"
     "quired value: lun is required if targetWWNs is specified, spec.volumes[2].flexVolume.d"
     "river: Required value, spec.volumes[2].flexVolume.options[a.k8s.io/x]: Invalid value: "
     "\"a.k8s.io/x\": kubernetes.io and k8s.io namespaces are reserved, spec.volumes[3].azur"
     "eDisk.diskName: Required value, spec.volumes[3].azureDisk.cachingMode: Unsupported val"
     "ue: \"X\": supported values: \"None\", \"ReadOnly\", \"ReadWrite\", spec.volumes[3].az"
     "ureDisk.diskURI: Unsupported value: \"x\": supported values: \"/subscriptions/{sub-id}"
     "/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}\", spec.volum"
     "es[4].quobyte.registry: Invalid value: \"a:b:c\": must be a host:port pair or multiple"
     " pairs separated by commas, spec.volumes[4].quobyte.volume: Required value, spec.volum"
     "es[5].csi.driver: Invalid value: \"-X\": a lowercase RFC 1123 subdomain must consist o"
     "f lower case alphanumeric characters, '-' or '.', and must start and end with an alpha"
     "numeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9"
     "]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), spec.volumes[5].csi.nodePublishSecr"
     "etRef.name: Required value, spec.volumes[6].storageos.volumeName: Invalid value: \"A\""
     ": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'"
     ", and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc'"
     ", regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?'), spec.volumes[6].stora"
     "geos.volumeNamespace: Invalid value: \"B\": a lowercase RFC 1123 label must consist of"
     " lower case alphanumeric characters or '-', and must start and end with an alphanumeri"
     "c character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a"
     "-z0-9]*[a-z0-9])?'), spec.volumes[7].flocker: Required value: one of datasetName and d"
     "atasetUUID is required, spec.volumes[8].persistentDisk.pdName: Required value, spec.vo"
     "lumes[8].persistentDisk.partition: Invalid value: 300: must be between 1 and 255, incl"
     "usive, spec.volumes[9].glusterfs.endpoints: Required value, spec.volumes[9].glusterfs."
     "path: Required value, spec.volumes[10].rbd.monitors: Required value, spec.volumes[10]."
     "rbd.image: Required value, spec.volumes[11].scaleIO.gateway: Required value, spec.volu"
     "mes[11].scaleIO.system: Required value, spec.volumes[11].scaleIO.volumeName: Required "
     "value]"},
};

static void volumesources_cases(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(volumesources_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
