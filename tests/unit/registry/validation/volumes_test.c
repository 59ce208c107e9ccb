/* What is said of volumes of pods. */
#include "cases.h"

static const struct validation_case CASES[] = {
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     ",'volumeMounts':[{'name':'zz','mountPath':''},{'name':'a','mountPath':'/x','mountPropa"
     "gation':'Both','subPath':'/s'}],'volumeDevices':[{'name':'zz','devicePath':'/a/../b'}]"
     "}],'serviceAccountName':'default','volumes':[{'name':'a'},{'name':'a','emptyDir':{},'h"
     "ostPath':{'path':'/../x','type':'Dir'}},{'name':'B_','secret':{'defaultMode':5000,'ite"
     "ms':[{'key':'','path':'/abs'}]}},{'name':'n','nfs':{'path':'rel'}}]}}",
     "[spec.volumes[1].hostPath: Forbidden: may not specify more than 1 volume type, spec.vo"
     "lumes[1].name: Duplicate value: \"a\", spec.volumes[2].secret.secretName: Required val"
     "ue, spec.volumes[2].secret.defaultMode: Invalid value: 5000: must be a number between "
     "0 and 0777 (octal), both inclusive, spec.volumes[2].secret.items[0].key: Required valu"
     "e, spec.volumes[2].secret.items[0].path: Invalid value: \"/abs\": must be a relative p"
     "ath, spec.volumes[2].name: Invalid value: \"B_\": a lowercase RFC 1123 label must cons"
     "ist of lower case alphanumeric characters or '-', and must start and end with an alpha"
     "numeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-"
     "9]([-a-z0-9]*[a-z0-9])?'), spec.volumes[3].nfs.server: Required value, spec.volumes[3]"
     ".nfs.path: Invalid value: \"rel\": must be an absolute path, spec.containers[0].volume"
     "Mounts[0].name: Not found: \"zz\", spec.containers[0].volumeMounts[0].mountPath: Requi"
     "red value, spec.containers[0].volumeMounts[0].name: Invalid value: \"zz\": must not al"
     "ready exist in volumeDevices, spec.containers[0].volumeMounts.subPath: Invalid value: "
     "\"/s\": must be a relative path, spec.containers[0].volumeMounts.mountPropagation: Uns"
     "upported value: \"Both\": supported values: \"Bidirectional\", \"HostToContainer\", \""
     "None\", spec.containers[0].volumeDevices[0].name: Not found: \"zz\", spec.containers[0"
     "].volumeDevices[0].devicePath: Invalid value: \"/a/../b\": can not contain backsteps ("
     "'..'), spec.containers[0].volumeDevices[0].name: Invalid value: \"zz\": must not alrea"
     "dy exist in volumeMounts]"},
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     "}],'serviceAccountName':'default','volumes':[{'name':'p','projected':{'sources':[{'sec"
     "ret':{'items':[{'key':'k','path':'p'}]},'configMap':{'name':'m','items':[{'key':'k','p"
     "ath':'p'}]}},{'serviceAccountToken':{'path':'../t','expirationSeconds':5}},{'downwardA"
     "PI':{'items':[{'path':'..a'}]}}]}}]}}",
     "[spec.volumes[0].projected.sources[0].secret.name: Required value, spec.volumes[0].pro"
     "jected: Invalid value: \"m\": conflicting duplicate paths, spec.volumes[0].projected.s"
     "ources[0]: Forbidden: may not specify more than 1 volume type per source, spec.volumes"
     "[0].projected.sources[1].serviceAccountToken.expirationSeconds: Invalid value: 5: may "
     "not specify a duration less than 10 minutes, spec.volumes[0].projected.path: Invalid v"
     "alue: \"../t\": must not contain '..', spec.volumes[0].projected.sources[2].downwardAP"
     "I.path: Invalid value: \"..a\": must not start with '..', spec.volumes[0].projected.so"
     "urces[2].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required"
     "]"},
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     "}],'serviceAccountName':'default','volumes':[{'name':'e','ephemeral':{'volumeClaimTemp"
     "late':{'metadata':{'name':'x'},'spec':{'accessModes':['ReadWriteOncePod','ReadWriteOnc"
     "e','Some'],'resources':{'requests':{'storage':'-1'}},'volumeMode':'Odd','dataSource':{"
     "'kind':'X','name':'y'}}}}}]}}",
     "[spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set"
     ", spec.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: Unsupported value: "
     "\"Some\": supported values: \"ReadOnlyMany\", \"ReadWriteMany\", \"ReadWriteOnce\", \""
     "ReadWriteOncePod\", spec.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: Fo"
     "rbidden: may not use ReadWriteOncePod with other access modes, spec.volumes[0].ephemer"
     "al.volumeClaimTemplate.spec.resources[storage]: Invalid value: \"-1\": must be greater"
     " than zero, spec.volumes[0].ephemeral.volumeClaimTemplate.spec.volumeMode: Unsupported"
     " value: \"Odd\": supported values: \"Block\", \"Filesystem\", spec.volumes[0].ephemera"
     "l.volumeClaimTemplate.spec.dataSource: Invalid value: \"X\": must be 'PersistentVolume"
     "Claim' when referencing the default apiGroup]"},
};

static void volumes_cases(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(volumes_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
