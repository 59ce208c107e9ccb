/* What is said of probes and handlers. */
#include "cases.h"

static const struct validation_case CASES[] = {
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     ",'livenessProbe':{'httpGet':{'port':0,'scheme':'ftp','httpHeaders':[{'name':'a b','val"
     "ue':'c'}]},'exec':{},'successThreshold':2,'periodSeconds':-1,'terminationGracePeriodSe"
     "conds':0}}],'serviceAccountName':'default'}}",
     "[spec.containers[0].livenessProbe.exec.command: Required value, spec.containers[0].liv"
     "enessProbe.httpGet: Forbidden: may not specify more than 1 handler type, spec.containe"
     "rs[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to"
     " 0, spec.containers[0].livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: "
     "must be greater than 0, spec.containers[0].livenessProbe.successThreshold: Invalid val"
     "ue: 2: must be 1]"},
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     ",'readinessProbe':{'tcpSocket':{'port':'Bad_'},'terminationGracePeriodSeconds':3},'sta"
     "rtupProbe':{'grpc':{'port':70000},'successThreshold':3},'lifecycle':{'preStop':{'sleep"
     "':{'seconds':100}},'postStart':{}}}],'serviceAccountName':'default'}}",
     "[spec.containers[0].lifecycle.postStart: Required value: must specify a handler type, "
     "spec.containers[0].lifecycle.preStop.sleep: Invalid value: 100: must be non-negative a"
     "nd less than terminationGracePeriodSeconds (30), spec.containers[0].readinessProbe.tcp"
     "Socket.port: Invalid value: \"Bad_\": must contain only alpha-numeric characters (a-z,"
     " 0-9), and hyphens (-), spec.containers[0].readinessProbe.terminationGracePeriodSecond"
     "s: Invalid value: 3: must not be set for readinessProbes, spec.containers[0].startupPr"
     "obe.grpc.port: Invalid value: 70000: must be between 1 and 65535, inclusive, spec.cont"
     "ainers[0].startupProbe.successThreshold: Invalid value: 3: must be 1]"},
};

static void probes_cases(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(probes_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
