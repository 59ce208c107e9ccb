/* What is said of StorageClasses, drivers and attachments. */
#include "cases.h"

#define OF(plural) "storage.k8s.io", "v1", plural

static const struct validation_case CASES[] = {
    {OF("storageclasses"), NULL, NULL, "{'metadata':{'name':'a'},'provisioner':'x.example.com'}", NULL},
    {OF("storageclasses"), NULL, NULL, "{'metadata':{'name':'a'}}", "provisioner: Required value"},
    {OF("storageclasses"), NULL, NULL,
     "{'metadata':{'name':'a'},'provisioner':'a','reclaimPolicy':'Odd','volumeBindingMode':'Odd'}",
     "[reclaimPolicy: Unsupported value: \"Odd\": supported values: \"Delete\", \"Retain\", "
     "volumeBindingMode: Unsupported value: \"Odd\": supported values: \"Immediate\", "
     "\"WaitForFirstConsumer\"]"},
    {OF("storageclasses"), NULL, NULL,
     "{'metadata':{'name':'a'},'provisioner':'a','allowedTopologies':[{'matchLabelExpressions':["
     "{'key':'a','values':[]},{'key':'b','values':['x','x']},{'key':'b','values':['y']}]}]}",
     "[allowedTopologies[0].matchLabelExpressions[0].values: Required value, "
     "allowedTopologies[0].matchLabelExpressions[1].values[1]: Duplicate value: \"x\", "
     "allowedTopologies[0].matchLabelExpressions[2].key: Duplicate value: \"b\"]"},
    {OF("storageclasses"), NULL, "{'metadata':{'name':'a','resourceVersion':'1'},'provisioner':'a'}",
     "{'metadata':{'name':'a','resourceVersion':'1'},'provisioner':'b','parameters':{'a':'b'},"
     "'reclaimPolicy':'Retain'}",
     "[parameters: Invalid value: {\"a\":\"b\"}: field is immutable, "
     "provisioner: Invalid value: \"b\": field is immutable, "
     "reclaimPolicy: Invalid value: \"Retain\": field is immutable]"},
    {OF("csidrivers"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'fsGroupPolicy':'x','volumeLifecycleModes':['Odd'],"
     "'tokenRequests':[{'audience':'a','expirationSeconds':1},{'audience':'a'}]}}",
     "[spec.fsGroupPolicy: Unsupported value: \"x\": supported values: \"File\", \"None\", "
     "\"ReadWriteOnceWithFSType\", spec.tokenRequests[0].expirationSeconds: Invalid value: 1: may not "
     "specify a duration less than 10 minutes, spec.tokenRequests[1].audience: Duplicate value: \"a\", "
     "spec.volumeLifecycleModes: Unsupported value: \"Odd\": supported values: \"Persistent\", "
     "\"Ephemeral\"]"},
    {OF("csinodes"), NULL,
     "{'metadata':{'name':'n','resourceVersion':'1'},'spec':{'drivers':[{'name':'d.io','nodeID':'x'}]}}",
     "{'metadata':{'name':'n','resourceVersion':'1'},'spec':{'drivers':[{'name':'d.io','nodeID':'y',"
     "'allocatable':{'count':3}}]}}",
     "spec.drivers: Invalid value: {\"Name\":\"d.io\",\"NodeID\":\"y\",\"TopologyKeys\":null,"
     "\"Allocatable\":null}: field is immutable"},
    {OF("volumeattachments"), NULL, NULL, "{'metadata':{'name':'a'},'spec':{}}",
     "[spec.attacher: Required value, spec.source: Required value: must specify exactly one of "
     "inlineVolumeSpec and persistentVolumeName, spec.nodeName: Invalid value: \"\": a lowercase RFC 1123 "
     "subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with "
     "an alphanumeric character (e.g. 'example.com', regex used for validation is "
     "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')]"},
    {OF("volumeattributesclasses"), NULL, NULL, "{'metadata':{'name':'a'},'driverName':'d'}",
     "parameters: Required value: must contain at least one key/value pair"},
    {OF("csistoragecapacities"), NULL, NULL,
     "{'metadata':{'name':'a','namespace':'n'},'storageClassName':'fast','capacity':'-1',"
     "'nodeTopology':{'matchExpressions':[{'key':'z','operator':'Near'}]}}",
     "[nodeTopology.matchExpressions[0].operator: Invalid value: \"Near\": not a valid selector operator, "
     "capacity: Invalid value: \"-1\": must be greater than or equal to 0]"},
    {"storage.k8s.io", "v1", "volumeattachments", NULL, NULL,
     "{'metadata':{'name':'va'},'spec':{'attacher':'d','nodeName':'n','source':{'inlineVolumeS"
     "pec':{}}}}",
     "[spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of"
     " inline volumes, spec.source.inlineVolumeSpec.accessModes: Required value, spec.source.i"
     "nlineVolumeSpec: Required value: must specify a volume type]"},
    {"storage.k8s.io", "v1", "volumeattachments", NULL, NULL,
     "{'metadata':{'name':'va'},'spec':{'attacher':'d','nodeName':'n','source':{'persistentVol"
     "umeName':'p','inlineVolumeSpec':{}}}}",
     "spec.source: Forbidden: must specify exactly one of inlineVolumeSpec and persistentVolum"
     "eName"},
    {"storage.k8s.io", "v1", "volumeattachments", NULL, NULL,
     "{'metadata':{'name':'va'},'spec':{'attacher':'d','nodeName':'n','source':{'inlineVolumeS"
     "pec':{'capacity':{'storage':'1Gi'},'accessModes':['ReadWriteOnce'],'csi':{'driver':'d','"
     "volumeHandle':'h'}}}}}",
     "spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of"
     " inline volumes"},
    {"storage.k8s.io", "v1", "volumeattachments", NULL, NULL,
     "{'metadata':{'name':'va'},'spec':{'attacher':'d','nodeName':'n','source':{'inlineVolumeS"
     "pec':{'csi':{'driver':'d','volumeHandle':'h'}}}}}",
     "spec.source.inlineVolumeSpec.accessModes: Required value"},
    {"storage.k8s.io", "v1", "volumeattachments", NULL, NULL,
     "{'metadata':{'name':'va'},'spec':{'attacher':'d','nodeName':'n','source':{'inlineVolumeS"
     "pec':{'accessModes':['X'],'nfs':{'server':'s','path':'/p'}}}}}",
     "[spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of"
     " inline volumes, spec.source.inlineVolumeSpec.accessModes: Unsupported value: \"X\": sup"
     "ported values: \"ReadOnlyMany\", \"ReadWriteMany\", \"ReadWriteOnce\", \"ReadWriteOncePo"
     "d\"]"},
    {"storage.k8s.io", "v1", "volumeattachments", NULL, NULL,
     "{'metadata':{'name':'va'},'spec':{'attacher':'d','nodeName':'n','source':{'inlineVolumeS"
     "pec':{'accessModes':['ReadWriteOnce'],'csi':{'driver':'bad driver','volumeHandle':''}}}}"
     "}",
     "[spec.source.inlineVolumeSpec.csi.driver: Invalid value: \"bad driver\": a lowercase RFC"
     " 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must"
     " start and end with an alphanumeric character (e.g. 'example.com', regex used for valida"
     "tion is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), spec.source"
     ".inlineVolumeSpec.csi.volumeHandle: Required value]"},
    {"storage.k8s.io", "v1", "volumeattachments", NULL, NULL,
     "{'metadata':{'name':'va'},'spec':{'attacher':'d','nodeName':'n','source':{'inlineVolumeS"
     "pec':{'accessModes':['ReadWriteOnce'],'capacity':{'x':'1'},'mountOptions':['a'],'csi':{'"
     "driver':'d','volumeHandle':'h','controllerPublishSecretRef':{'name':'a'}}}}}}",
     "[spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context o"
     "f inline volumes, spec.source.inlineVolumeSpec.csi.controllerPublishSecretRef.namespace:"
     " Required value]"},
    {"storage.k8s.io", "v1", "volumeattachments", NULL, NULL,
     "{'metadata':{'name':'va'},'spec':{'attacher':'d','nodeName':'n','source':{'inlineVolumeS"
     "pec':{'accessModes':['ReadWriteOnce'],'nodeAffinity':{'required':{'nodeSelectorTerms':[]"
     "}},'volumeMode':'Odd','csi':{'driver':'d','volumeHandle':'h'}}}}}",
     "[spec.source.inlineVolumeSpec.nodeAffinity: Forbidden: may not be specified in the conte"
     "xt of inline volumes, spec.source.inlineVolumeSpec.volumeMode: Forbidden: may not specif"
     "y volumeMode other than Filesystem in the context of inline volumes]"},
    {"storage.k8s.io", "v1", "volumeattachments", NULL, NULL,
     "{'metadata':{'name':'va'},'spec':{'attacher':'d','nodeName':'n','source':{}}}",
     "spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistent"
     "VolumeName"},
};

static void storage(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(storage)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
