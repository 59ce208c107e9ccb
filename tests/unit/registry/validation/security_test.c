/* What is said of security contexts. */
#include "cases.h"

static const struct validation_case CASES[] = {
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     ",'securityContext':{'procMount':'Unmasked','runAsGroup':-1,'seccompProfile':{'type':'X"
     "','localhostProfile':'p'},'appArmorProfile':{'type':'Localhost','localhostProfile':' a"
     "'},'allowPrivilegeEscalation':false,'capabilities':{'add':['CAP_SYS_ADMIN']}}}],'servi"
     "ceAccountName':'default','securityContext':{'fsGroup':-1,'runAsUser':-1,'supplementalG"
     "roups':[-5],'sysctls':[{'name':'Bad','value':'1'},{'name':'net.a','value':'1'}],'fsGro"
     "upChangePolicy':'X','seccompProfile':{'type':'Localhost'},'supplementalGroupsPolicy':'"
     "X','seLinuxChangePolicy':'MountOption'},'hostNetwork':true,'hostPID':true,'shareProces"
     "sNamespace':true}}",
     "[spec.containers[0].securityContext.runAsGroup: Invalid value: -1: must be between 0 a"
     "nd 2147483647, inclusive, spec.containers[0].securityContext.procMount: Invalid value:"
     " \"Unmasked\": `hostUsers` must be false to use `Unmasked`, spec.containers[0].securit"
     "yContext.seccompProfile.type: Unsupported value: \"X\": supported values: \"Localhost"
     "\", \"RuntimeDefault\", \"Unconfined\", spec.containers[0].securityContext.seccompProf"
     "ile.localhostProfile: Invalid value: {\"Type\":\"X\",\"LocalhostProfile\":\"p\"}: can "
     "only be set when seccomp type is Localhost, spec.containers[0].securityContext: Invali"
     "d value: {\"Capabilities\":{\"Add\":[\"CAP_SYS_ADMIN\"],\"Drop\":null},\"Privileged\":"
     "null,\"SELinuxOptions\":null,\"WindowsOptions\":null,\"RunAsUser\":null,\"RunAsGroup\""
     ":-1,\"RunAsNonRoot\":null,\"ReadOnlyRootFilesystem\":null,\"AllowPrivilegeEscalation\""
     ":false,\"ProcMount\":\"Unmasked\",\"SeccompProfile\":{\"Type\":\"X\",\"LocalhostProfil"
     "e\":\"p\"},\"AppArmorProfile\":{\"Type\":\"Localhost\",\"LocalhostProfile\":\" a\"}}: "
     "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN, s"
     "pec.containers[0].securityContext.appArmorProfile.localhostProfile: Invalid value: \" "
     "a\": must not be padded with whitespace, spec.securityContext.fsGroup: Invalid value: "
     "-1: must be between 0 and 2147483647, inclusive, spec.securityContext.runAsUser: Inval"
     "id value: -1: must be between 0 and 2147483647, inclusive, spec.securityContext.supple"
     "mentalGroups[0]: Invalid value: -5: must be between 0 and 2147483647, inclusive, spec."
     "securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and "
     "HostPID cannot both be enabled, spec.securityContext.sysctls[0].name: Invalid value: "
     "\"Bad\": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-"
     "9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$, spec.securityContext.sysctls[1].name: Inv"
     "alid value: \"net.a\": may not be specified when 'hostNetwork' is true, spec.securityC"
     "ontext.fsGroupChangePolicy: Unsupported value: \"X\": supported values: \"Always\", \""
     "OnRootMismatch\", spec.securityContext.seccompProfile.localhostProfile: Required value"
     ": must be set when seccomp type is Localhost, spec.securityContext.supplementalGroupsP"
     "olicy: Unsupported value: \"X\": supported values: \"Merge\", \"Strict\", spec.securit"
     "yContext.seLinuxChangePolicy: Unsupported value: \"MountOption\": supported values: \""
     "Recursive\"]"},
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     ",'securityContext':{'privileged':false}}],'serviceAccountName':'default','os':{'name':"
     "'windows'},'hostPID':true,'securityContext':{'runAsUser':1,'windowsOptions':{'runAsUse"
     "rName':'a\\\\b\\\\c','gmsaCredentialSpecName':'A'}}}}",
     "[spec.securityContext.windowsOptions.gmsaCredentialSpecName: Invalid value: \"A\": a l"
     "owercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or"
     " '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex"
     " used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])"
     "?)*'), spec.securityContext.windowsOptions.runAsUserName: Invalid value: \"a\\\\b\\\\c"
     "\": runAsUserName cannot contain more than one backslash, spec.hostPID: Forbidden: can"
     "not be set for a windows pod, spec.securityContext.runAsUser: Forbidden: cannot be set"
     " for a windows pod, spec.containers[0].securityContext.privileged: Forbidden: cannot b"
     "e set for a windows pod]"},
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','annotations':{'seccomp.security.alpha.kubernetes.io/pod':'odd"
     "','container.apparmor.security.beta.kubernetes.io/x':'odd','controller.kubernetes.io/p"
     "od-deletion-cost':'+1'},'namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     "}],'serviceAccountName':'default','hostUsers':false,'hostIPC':true,'os':{'name':'linux"
     "'},'securityContext':{'windowsOptions':{'runAsUserName':''}}}}",
     "[metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: \"+1"
     "\": must be a 32bit integer, metadata.annotations.seccomp.security.alpha.kubernetes.io"
     "/pod: Invalid value: \"odd\": must be a valid seccomp profile, metadata.annotations[co"
     "ntainer.apparmor.security.beta.kubernetes.io/x]: Invalid value: \"x\": container not f"
     "ound, metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid "
     "value: \"odd\": invalid AppArmor profile name: \"odd\", spec.securityContext.windowsOp"
     "tions.runAsUserName: Invalid value: \"\": runAsUserName cannot be an empty string, spe"
     "c.HostIPC: Forbidden: when `hostUsers` is false, spec.securityContext.windowsOptions: "
     "Forbidden: windows options cannot be set for a linux pod]"},
};

static void security_cases(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(security_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
