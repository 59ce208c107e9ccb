/* What is said of Events as the core group has them. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"", "v1", "events", NULL, NULL,
     "{'metadata':{'name':'gen0','namespace':'kd'},'involvedObject':{'namespace':'kd'}}", NULL},
    {"", "v1", "events", NULL, NULL, "{'metadata':{'name':'gen1','namespace':'kd'},'involvedObject':{}}",
     "involvedObject.namespace: Invalid value: \"\": does not match event.namespace"},
    {"", "v1", "events", NULL, NULL,
     "{'metadata':{'name':'gen2','namespace':'kd'},'involvedObject':{'namespace':'x'},'reason'"
     ":'r'}",
     "involvedObject.namespace: Invalid value: \"x\": does not match event.namespace"},
    {"", "v1", "events", NULL, NULL,
     "{'metadata':{'name':'gen3','namespace':'kd'},'involvedObject':{'namespace':'kd'},'eventT"
     "ime':'2026-01-01T00:00:00.000000Z','reportingComponent':'-'}",
     "[reportingComponent: Invalid value: \"-\": name part must consist of alphanumeric charac"
     "ters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyNa"
     "me',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9"
     "_.]*)?[A-Za-z0-9]'), reportingInstance: Required value, action: Required value, reason: "
     "Required value]"},
    {"", "v1", "events", NULL, NULL,
     "{'metadata':{'name':'gen4','namespace':'kd'},'involvedObject':{'namespace':'kd'},'eventT"
     "ime':'2026-01-01T00:00:00.000000Z','reportingComponent':'a','reportingInstance':'iiiiiii"
     "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii"
     "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii','action':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "a','reason':'rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"
     "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr','message':'mmmmmmmmmmmmmmmmmmmm"
     "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
     "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
     "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
     "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
     "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
     "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
     "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
     "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
     "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
     "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
     "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
     "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm'}",
     "[reportingInstance: Invalid value: \"\": can have at most 128 characters, action: Invali"
     "d value: \"\": can have at most 128 characters, reason: Invalid value: \"\": can have at"
     " most 128 characters, message: Invalid value: \"\": can have at most 1024 characters]"},
};

static void test_events(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_events)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
