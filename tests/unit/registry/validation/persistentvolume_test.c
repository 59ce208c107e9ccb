/* What is said of PersistentVolumes. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"", "v1", "persistentvolumes", NULL, NULL,
     "{'metadata':{'name':'kd-gen0'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['Read"
     "WriteOnce'],'nfs':{'server':'s','path':'/p'}}}",
     NULL},
    {"", "v1", "persistentvolumes", NULL, NULL, "{'metadata':{'name':'kd-gen1'},'spec':{}}",
     "[spec.accessModes: Required value, spec.capacity: Required value, spec.capacity: Unsuppo"
     "rted value: null: supported values: \"storage\", spec: Required value: must specify a vo"
     "lume type]"},
    {"", "v1", "persistentvolumes", NULL, NULL,
     "{'metadata':{'name':'kd-gen2'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['Read"
     "WriteOnce']}}",
     "spec: Required value: must specify a volume type"},
    {"", "v1", "persistentvolumes", NULL, NULL,
     "{'metadata':{'name':'kd-gen3'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['Read"
     "WriteOnce'],'nfs':{'server':'','path':'p'},'hostPath':{'path':'/x'},'cephfs':{'monitors'"
     ":['a']}}}",
     "[spec.nfs: Forbidden: may not specify more than 1 volume type, spec.cephFS: Forbidden: m"
     "ay not specify more than 1 volume type]"},
    {"", "v1", "persistentvolumes", NULL, NULL,
     "{'metadata':{'name':'kd-gen4'},'spec':{'capacity':{'storage':'-1','cpu':'1'},'accessMode"
     "s':['X','ReadWriteOncePod','ReadWriteOnce'],'persistentVolumeReclaimPolicy':'X','storage"
     "ClassName':'_','volumeMode':'X','volumeAttributesClassName':'','hostPath':{'path':'/../x"
     "'}}}",
     "[spec.accessModes: Unsupported value: \"X\": supported values: \"ReadOnlyMany\", \"ReadW"
     "riteMany\", \"ReadWriteOnce\", \"ReadWriteOncePod\", spec.accessModes: Forbidden: may no"
     "t use ReadWriteOncePod with other access modes, spec.capacity: Unsupported value: {\"cpu"
     "\":\"1\",\"storage\":\"-1\"}: supported values: \"storage\", spec.capacity[storage]: Inv"
     "alid value: -1: must be a valid resource quantity, spec.capacity[storage]: Invalid value"
     ": \"-1\": must be greater than zero, spec.persistentVolumeReclaimPolicy: Unsupported val"
     "ue: \"X\": supported values: \"Delete\", \"Recycle\", \"Retain\", spec.hostPath.path: In"
     "valid value: \"/../x\": must not contain '..', spec.storageClassName: Invalid value: \"_"
     "\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '"
     "-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', re"
     "gex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9]"
     ")?)*'), spec.volumeMode: Unsupported value: \"X\": supported values: \"Block\", \"Filesy"
     "stem\", spec.volumeAttributesClassName: Required value: an empty string is disallowed, s"
     "pec.csi: Required value: has to be specified when using volumeAttributesClassName]"},
    {"", "v1", "persistentvolumes", NULL, NULL,
     "{'metadata':{'name':'kd-gen5'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['Read"
     "WriteOnce'],'local':{'path':'/x'}}}",
     "spec.nodeAffinity: Required value: Local volume requires node affinity"},
    {"", "v1", "persistentvolumes", NULL, NULL,
     "{'metadata':{'name':'kd-gen6'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['Read"
     "WriteOnce'],'local':{'path':''},'nodeAffinity':{'required':{'nodeSelectorTerms':[]}}}}",
     "[spec.nodeAffinity.required.nodeSelectorTerms: Required value: must have at least one no"
     "de selector term, spec.local.path: Required value]"},
    {"", "v1", "persistentvolumes", NULL, NULL,
     "{'metadata':{'name':'kd-gen7'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['Read"
     "WriteOnce'],'hostPath':{'path':'//.'},'persistentVolumeReclaimPolicy':'Recycle'}}",
     "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount"
     " of '/'"},
    {"", "v1", "persistentvolumes", NULL, NULL,
     "{'metadata':{'name':'kd-gen8'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['Read"
     "WriteOnce'],'csi':{'driver':'_','volumeHandle':'','nodePublishSecretRef':{'name':'_'},'c"
     "ontrollerExpandSecretRef':{}}}}",
     "[spec.csi.driver: Invalid value: \"_\": a lowercase RFC 1123 subdomain must consist of l"
     "ower case alphanumeric characters, '-' or '.', and must start and end with an alphanumer"
     "ic character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0"
     "-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), spec.csi.volumeHandle: Required value, spec."
     "csi.controllerExpandSecretRef.name: Required value, spec.csi.controllerExpandSecretRef.n"
     "amespace: Required value, spec.csi.nodePublishSecretRef.name: Invalid value: \"_\": a lo"
     "wercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '."
     "', and must start and end with an alphanumeric character (e.g. 'example.com', regex used"
     " for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), "
     "spec.csi.nodePublishSecretRef.namespace: Required value]"},
    {"", "v1", "persistentvolumes", NULL, NULL,
     "{'metadata':{'name':'kd-gen9'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['Read"
     "WriteOnce'],'iscsi':{'targetPortal':'','iqn':'x','lun':300,'chapAuthSession':true,'initi"
     "atorName':'iqn.x'}}}",
     "[spec.iscsi.targetPortal: Required value, spec.iscsi.iqn: Invalid value: \"x\": must be "
     "valid format, spec.iscsi.lun: Invalid value: 300: must be between 0 and 255, inclusive, "
     "spec.iscsi.secretRef: Required value, spec.iscsi.initiatorname: Invalid value: \"iqn.x\""
     ": must be valid format]"},
    {"", "v1", "persistentvolumes", NULL, NULL,
     "{'metadata':{'name':'kd-gen10'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['Rea"
     "dWriteOnce'],'glusterfs':{'endpoints':'','path':'','endpointsNamespace':''}}}",
     "[spec.glusterfs.endpoints: Required value, spec.glusterfs.path: Required value, spec.glu"
     "sterfs.endpointsNamespace: Invalid value: \"\": if the endpointnamespace is set, it must"
     " be a valid namespace name]"},
    {"", "v1", "persistentvolumes", NULL, NULL,
     "{'metadata':{'name':'kd-gen11'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['Rea"
     "dWriteOnce'],'azureFile':{'secretName':'s','shareName':'h','secretNamespace':''}}}",
     "spec.azureFile.secretNamespace: Required value"},
    {"", "v1", "persistentvolumes", NULL, NULL,
     "{'metadata':{'name':'kd-gen12'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['Rea"
     "dWriteOnce'],'cinder':{'volumeID':'v','secretRef':{'name':'s'}}}}",
     "spec.cinder.secretRef.namespace: Required value"},
    {"", "v1", "persistentvolumes", NULL, NULL,
     "{'metadata':{'name':'kd-gen13'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['Rea"
     "dWriteOnce'],'gcePersistentDisk':{'pdName':'','partition':300}}}",
     "[spec.persistentDisk.pdName: Required value, spec.persistentDisk.partition: Invalid valu"
     "e: 300: must be between 1 and 255, inclusive]"},
    {"", "v1", "persistentvolumes", NULL,
     "{'metadata':{'name':'kd-gen14','resourceVersion':'1'},'spec':{'capacity':{'storage':'1Gi"
     "'},'accessModes':['ReadWriteOnce'],'nfs':{'server':'s','path':'/p'}}}",
     "{'metadata':{'name':'kd-gen14','resourceVersion':'1'},'spec':{'capacity':{'storage':'1Gi"
     "'},'accessModes':['ReadWriteOnce'],'nfs':{'server':'s','path':'/q'},'volumeMode':'Block'"
     "}}",
     "[spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after "
     "creation\n@@ -5,7 +5,7 @@\n  \"Glusterfs\": null,\n  \"NFS\": {\n   \"Server\": \"s\",\n"
     "-  \"Path\": \"/p\",\n+  \"Path\": \"/q\",\n   \"ReadOnly\": false\n  },\n  \"RBD\": nul"
     "l,\n, volumeMode: Invalid value: \"Block\": field is immutable]"},
    {"", "v1", "persistentvolumes", NULL,
     "{'metadata':{'name':'kd-gen15','resourceVersion':'1'},'spec':{'capacity':{'storage':'1Gi"
     "'},'accessModes':['ReadWriteOnce'],'nfs':{'server':'s','path':'/p'},'nodeAffinity':{'req"
     "uired':{'nodeSelectorTerms':[{'matchExpressions':[{'key':'failure-domain.beta.kubernetes"
     ".io/zone','operator':'In','values':['v']}]}]}}}}",
     "{'metadata':{'name':'kd-gen15','resourceVersion':'1'},'spec':{'capacity':{'storage':'1Gi"
     "'},'accessModes':['ReadWriteOnce'],'nfs':{'server':'s','path':'/p'},'nodeAffinity':{'req"
     "uired':{'nodeSelectorTerms':[{'matchExpressions':[{'key':'topology.kubernetes.io/zone','"
     "operator':'In','values':['v']}]}]}}}}",
     NULL},
    {"", "v1", "persistentvolumes", NULL,
     "{'metadata':{'name':'kd-gen16','resourceVersion':'1'},'spec':{'capacity':{'storage':'1Gi"
     "'},'accessModes':['ReadWriteOnce'],'nfs':{'server':'s','path':'/p'},'nodeAffinity':{'req"
     "uired':{'nodeSelectorTerms':[{'matchExpressions':[{'key':'a','operator':'In','values':['"
     "v']}]}]}}}}",
     "{'metadata':{'name':'kd-gen16','resourceVersion':'1'},'spec':{'capacity':{'storage':'1Gi"
     "'},'accessModes':['ReadWriteOnce'],'nfs':{'server':'s','path':'/p'},'nodeAffinity':{'req"
     "uired':{'nodeSelectorTerms':[{'matchExpressions':[{'key':'b','operator':'In','values':['"
     "v']}]}]}}}}",
     "nodeAffinity: Invalid value: {\"Required\":{\"NodeSelectorTerms\":[{\"MatchExpressions\""
     ":[{\"Key\":\"b\",\"Operator\":\"In\",\"Values\":[\"v\"]}],\"MatchFields\":null}]}}: fiel"
     "d is immutable, except for updating from beta label to GA"},
};

static void test_persistentvolume(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_persistentvolume)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
