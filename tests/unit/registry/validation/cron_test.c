/* What is said of CronJobs. */
#include "cases.h"

static const struct validation_case CASES[] = {
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'','jobTemplate':{'spec':"
     "{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'name':'c','"
     "image':'i'}]}}}}}}",
     "spec.schedule: Required value"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'* * * *','jobTemplate':{"
     "'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'name"
     "':'c','image':'i'}]}}}}}}",
     "spec.schedule: Invalid value: \"* * * *\": expected exactly 5 fields, found 4: [* * * "
     "*]"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'60 * * * *','jobTemplate"
     "':{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'n"
     "ame':'c','image':'i'}]}}}}}}",
     "spec.schedule: Invalid value: \"60 * * * *\": end of range (60) above maximum (59): 60"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'*/0 * * * *','jobTemplat"
     "e':{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'"
     "name':'c','image':'i'}]}}}}}}",
     "spec.schedule: Invalid value: \"*/0 * * * *\": step of range should be a positive numb"
     "er: */0"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'5-1 * * * *','jobTemplat"
     "e':{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'"
     "name':'c','image':'i'}]}}}}}}",
     "spec.schedule: Invalid value: \"5-1 * * * *\": beginning of range (5) beyond end of ra"
     "nge (1): 5-1"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'a * * * *','jobTemplate'"
     ":{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'na"
     "me':'c','image':'i'}]}}}}}}",
     "spec.schedule: Invalid value: \"a * * * *\": failed to parse int from a: strconv.Atoi:"
     " parsing \"a\": invalid syntax"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'@often','jobTemplate':{'"
     "spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'name'"
     ":'c','image':'i'}]}}}}}}",
     "spec.schedule: Invalid value: \"@often\": unrecognized descriptor: @often"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'@every x','jobTemplate':"
     "{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'nam"
     "e':'c','image':'i'}]}}}}}}",
     "spec.schedule: Invalid value: \"@every x\": failed to parse duration @every x: time: i"
     "nvalid duration \"x\""},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'TZ=UTC * * * * *','jobTe"
     "mplate':{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers"
     "':[{'name':'c','image':'i'}]}}}}}}",
     "spec.schedule: Invalid value: \"TZ=UTC * * * * *\": cannot use TZ or CRON_TZ in schedu"
     "le, use timeZone field instead"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'TZ=0','jobTemplate':{'sp"
     "ec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'name':'"
     "c','image':'i'}]}}}}}}",
     "[spec.schedule: Invalid value: \"TZ=0\": invalid schedule format: runtime error: slice"
     " bounds out of range [:-1], spec.schedule: Invalid value: \"TZ=0\": cannot use TZ or C"
     "RON_TZ in schedule, use timeZone field instead]"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'* * * jan-dec mon','jobT"
     "emplate':{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','container"
     "s':[{'name':'c','image':'i'}]}}}}}}",
     NULL},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'1-2-3 * * * *','jobTempl"
     "ate':{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':["
     "{'name':'c','image':'i'}]}}}}}}",
     "spec.schedule: Invalid value: \"1-2-3 * * * *\": too many hyphens: 1-2-3"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'1/2/3 * * * *','jobTempl"
     "ate':{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':["
     "{'name':'c','image':'i'}]}}}}}}",
     "spec.schedule: Invalid value: \"1/2/3 * * * *\": too many slashes: 1/2/3"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'0 24 * * *','jobTemplate"
     "':{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'n"
     "ame':'c','image':'i'}]}}}}}}",
     "spec.schedule: Invalid value: \"0 24 * * *\": end of range (24) above maximum (23): 24"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'* * 0 * *','jobTemplate'"
     ":{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'na"
     "me':'c','image':'i'}]}}}}}}",
     "spec.schedule: Invalid value: \"* * 0 * *\": beginning of range (0) below minimum (1):"
     " 0"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'-1 * * * *','jobTemplate"
     "':{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'n"
     "ame':'c','image':'i'}]}}}}}}",
     "spec.schedule: Invalid value: \"-1 * * * *\": failed to parse int from : strconv.Atoi:"
     " parsing \"\": invalid syntax"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'* * * * *','jobTemplate'"
     ":{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'na"
     "me':'c','image':'i'}]}}}},'timeZone':'','concurrencyPolicy':'Allow'}}",
     "spec.timeZone: Invalid value: \"\": timeZone must be nil or non-empty string"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'* * * * *','jobTemplate'"
     ":{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'na"
     "me':'c','image':'i'}]}}}},'timeZone':'Local','concurrencyPolicy':'Allow'}}",
     "spec.timeZone: Invalid value: \"Local\": timeZone must be an explicit time zone as def"
     "ined in https://www.iana.org/time-zones"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'* * * * *','jobTemplate'"
     ":{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'na"
     "me':'c','image':'i'}]}}}},'timeZone':'Mars/Olympus','concurrencyPolicy':'Allow'}}",
     "spec.timeZone: Invalid value: \"Mars/Olympus\": unknown time zone Mars/Olympus"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'* * * * *','jobTemplate'"
     ":{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'na"
     "me':'c','image':'i'}]}}}},'timeZone':'../x','concurrencyPolicy':'Allow'}}",
     "spec.timeZone: Invalid value: \"../x\": unknown time zone ../x"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'* * * * *','jobTemplate'"
     ":{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'na"
     "me':'c','image':'i'}]}}}},'timeZone':'Europe/Berlin','concurrencyPolicy':'Allow'}}",
     NULL},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'* * * * *','jobTemplate'"
     ":{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'na"
     "me':'c','image':'i'}]}}}},'concurrencyPolicy':'X','startingDeadlineSeconds':-1,'failed"
     "JobsHistoryLimit':-1}}",
     "[spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0, "
     "spec.concurrencyPolicy: Unsupported value: \"X\": supported values: \"Allow\", \"Forbi"
     "d\", \"Replace\", spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than"
     " or equal to 0]"},
};

static void cron_cases(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cron_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
