/* What is said of PersistentVolumeClaims. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"", "v1", "persistentvolumeclaims", NULL, NULL,
     "{'metadata':{'name':'gen0','namespace':'kd'},'spec':{'accessModes':['ReadWriteOnce'],'re"
     "sources':{'requests':{'storage':'1Gi'}}}}",
     NULL},
    {"", "v1", "persistentvolumeclaims", NULL, NULL,
     "{'metadata':{'name':'gen1','namespace':'kd'},'spec':{}}",
     "[spec.accessModes: Required value: at least 1 access mode is required, spec.resources[st"
     "orage]: Required value]"},
    {"", "v1", "persistentvolumeclaims", NULL, NULL,
     "{'metadata':{'name':'gen2','namespace':'kd'},'spec':{'accessModes':['X'],'resources':{'r"
     "equests':{'storage':'0'}},'storageClassName':'_','volumeMode':'X','selector':{'matchLabe"
     "ls':{'-':'_'}},'volumeAttributesClassName':'_'}}",
     "[spec.selector.matchLabels: Invalid value: \"-\": name part must consist of alphanumeric"
     " characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g"
     ". 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-"
     "Za-z0-9_.]*)?[A-Za-z0-9]'), spec.selector.matchLabels: Invalid value: \"_\": a valid lab"
     "el must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and m"
     "ust start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '1"
     "2345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?'), spec"
     ".accessModes: Unsupported value: \"X\": supported values: \"ReadOnlyMany\", \"ReadWriteM"
     "any\", \"ReadWriteOnce\", \"ReadWriteOncePod\", spec.resources[storage]: Invalid value: "
     "\"0\": must be greater than zero, spec.storageClassName: Invalid value: \"_\": a lowerca"
     "se RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', an"
     "d must start and end with an alphanumeric character (e.g. 'example.com', regex used for "
     "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), spec."
     "volumeMode: Unsupported value: \"X\": supported values: \"Block\", \"Filesystem\", spec."
     "volumeAttributesClassName: Invalid value: \"_\": a lowercase RFC 1123 subdomain must con"
     "sist of lower case alphanumeric characters, '-' or '.', and must start and end with an a"
     "lphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0"
     "-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')]"},
    {"", "v1", "persistentvolumeclaims", NULL, NULL,
     "{'metadata':{'name':'gen3','namespace':'kd'},'spec':{'accessModes':['ReadWriteOnce'],'re"
     "sources':{'requests':{'storage':'1Gi'}},'dataSourceRef':{'apiGroup':'_','kind':'','name'"
     ":''},'dataSource':{'apiGroup':'_','kind':'X','name':'y'}}}",
     "[spec.dataSource.apiGroup: Invalid value: \"_\": a lowercase RFC 1123 subdomain must con"
     "sist of lower case alphanumeric characters, '-' or '.', and must start and end with an a"
     "lphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0"
     "-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), spec.dataSourceRef.name: Required v"
     "alue, spec.dataSourceRef.kind: Required value, spec.dataSourceRef.apiGroup: Invalid valu"
     "e: \"_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric charact"
     "ers, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.co"
     "m', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a"
     "-z0-9])?)*'), spec: Invalid value: {}: must match dataSourceRef]"},
    {"", "v1", "persistentvolumeclaims", NULL, NULL,
     "{'metadata':{'name':'gen4','namespace':'kd'},'spec':{'accessModes':['ReadWriteOnce'],'re"
     "sources':{'requests':{'storage':'1Gi'}},'dataSourceRef':{'kind':'X','name':'y'},'dataSou"
     "rce':{'kind':'X','name':'y'}}}",
     "[spec.dataSource: Invalid value: \"X\": must be 'PersistentVolumeClaim' when referencing"
     " the default apiGroup, spec.dataSourceRef: Invalid value: \"X\": must be 'PersistentVolu"
     "meClaim' when referencing the default apiGroup]"},
    {"", "v1", "persistentvolumeclaims", NULL,
     "{'metadata':{'name':'gen5','namespace':'kd','resourceVersion':'1'},'spec':{'accessModes'"
     ":['ReadWriteOnce'],'resources':{'requests':{'storage':'1Gi'}}}}",
     "{'metadata':{'name':'gen5','namespace':'kd','resourceVersion':'1'},'spec':{'accessModes'"
     ":['ReadWriteOnce'],'resources':{'requests':{'storage':'2Gi'}},'volumeName':'v'}}",
     "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAt"
     "tributesClassName for bound claims\n@@ -6,7 +6,7 @@\n  \"Resources\": {\n   \"Limits\": "
     "null,\n   \"Requests\": {\n-   \"storage\": \"1Gi\"\n+   \"storage\": \"2Gi\"\n   }\n  }"
     ",\n  \"VolumeName\": \"v\",\n"},
    {"", "v1", "persistentvolumeclaims", NULL,
     "{'metadata':{'name':'gen6','namespace':'kd','resourceVersion':'1'},'spec':{'accessModes'"
     ":['ReadWriteOnce'],'resources':{'requests':{'storage':'1Gi'}}}}",
     "{'metadata':{'name':'gen6','namespace':'kd','resourceVersion':'1'},'spec':{'accessModes'"
     ":['ReadWriteOnce'],'resources':{'requests':{'storage':'1Gi'}},'volumeName':'v'}}",
     NULL},
    {"", "v1", "persistentvolumeclaims", NULL,
     "{'metadata':{'name':'gen7','namespace':'kd','resourceVersion':'1'},'spec':{'accessModes'"
     ":['ReadWriteOnce'],'resources':{'requests':{'storage':'1Gi'}},'storageClassName':'b'}}",
     "{'metadata':{'name':'gen7','namespace':'kd','resourceVersion':'1'},'spec':{'accessModes'"
     ":['ReadWriteOnce'],'resources':{'requests':{'storage':'1Gi'}},'storageClassName':'c','vo"
     "lumeMode':'Block'}}",
     "[spec: Forbidden: spec is immutable after creation except resources.requests and volumeA"
     "ttributesClassName for bound claims\n@@ -10,8 +10,8 @@\n   }\n  },\n  \"VolumeName\": \""
     "\",\n- \"StorageClassName\": \"b\",\n- \"VolumeMode\": \"Filesystem\",\n+ \"StorageClass"
     "Name\": \"c\",\n+ \"VolumeMode\": \"Block\",\n  \"DataSource\": null,\n  \"DataSourceRef"
     "\": null,\n  \"VolumeAttributesClassName\": null\n, volumeMode: Invalid value: \"Block\""
     ": field is immutable]"},
    {"", "v1", "persistentvolumeclaims", NULL,
     "{'metadata':{'name':'gen8','namespace':'kd','resourceVersion':'1'},'spec':{'accessModes'"
     ":['ReadWriteOnce'],'resources':{'requests':{'storage':'1Gi'}}}}",
     "{'metadata':{'name':'gen8','namespace':'kd','resourceVersion':'1'},'spec':{'accessModes'"
     ":['ReadWriteOnce'],'resources':{'requests':{'storage':'1'}}}}",
     "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAt"
     "tributesClassName for bound claims\n@@ -6,7 +6,7 @@\n  \"Resources\": {\n   \"Limits\": "
     "null,\n   \"Requests\": {\n-   \"storage\": \"1Gi\"\n+   \"storage\": \"1\"\n   }\n  },"
     "\n  \"VolumeName\": \"\",\n"},
    {"", "v1", "persistentvolumeclaims", "status",
     "{'metadata':{'name':'gen9','namespace':'kd','resourceVersion':'1'},'spec':{'accessModes'"
     ":['ReadWriteOnce'],'resources':{'requests':{'storage':'1Gi'}}}}",
     "{'metadata':{'name':'gen9','namespace':'kd','resourceVersion':'1'},'spec':{'accessModes'"
     ":['ReadWriteOnce'],'resources':{'requests':{'storage':'1Gi'}}},'status':{'capacity':{'st"
     "orage':'-1'},'allocatedResources':{'cpu':'1','x.io/y':'-1'},'allocatedResourceStatuses':"
     "{'storage':'X'}}}",
     "[status.capacity[storage]: Invalid value: -1: must be a valid resource quantity, status."
     "allocatedResourceStatuses: Unsupported value: \"storage\": supported values: \"Controlle"
     "rResizeInProgress\", \"ControllerResizeInfeasible\", \"NodeResizeInProgress\", \"NodeRes"
     "izeInfeasible\", \"NodeResizePending\", status.allocatedResources: Unsupported value: \""
     "cpu\": supported values: \"storage\", status.allocatedResources[x.io/y]: Invalid value: "
     "-1: must be a valid resource quantity]"},
};

static void test_claims(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_claims)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
