/* What is said of LimitRanges. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"", "v1", "limitranges", NULL, NULL,
     "{'metadata':{'name':'gen0','namespace':'kd'},'spec':{'limits':[{'type':'Container','max'"
     ":{'cpu':'1'}}]}}",
     NULL},
    {"", "v1", "limitranges", NULL, NULL,
     "{'metadata':{'name':'gen1','namespace':'kd'},'spec':{'limits':[{'type':'X'},{'type':'Pod"
     "','default':{'cpu':'1'},'defaultRequest':{'cpu':'1'}},{'type':'Pod'},{'type':'Persistent"
     "VolumeClaim'},{'type':'-'}]}}",
     "[spec.limits[0].type: Invalid value: \"X\": must be a standard limit type or fully quali"
     "fied, spec.limits[1].default: Forbidden: may not be specified when `type` is 'Pod', spec"
     ".limits[1].defaultRequest: Forbidden: may not be specified when `type` is 'Pod', spec.li"
     "mits[2].type: Duplicate value: \"Pod\", spec.limits[3].limits: Required value: either mi"
     "nimum or maximum storage value is required, but neither was provided, spec.limits[4].typ"
     "e: Invalid value: \"-\": name part must consist of alphanumeric characters, '-', '_' or "
     "'.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name'"
     ",  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'"
     ")]"},
    {"", "v1", "limitranges", NULL, NULL,
     "{'metadata':{'name':'gen2','namespace':'kd'},'spec':{'limits':[{'type':'Container','min'"
     ":{'cpu':'3'},'max':{'cpu':'2'},'default':{'cpu':'5'},'defaultRequest':{'cpu':'1'},'maxLi"
     "mitRequestRatio':{'cpu':'500m'}}]}}",
     "[spec.limits[0].min[cpu]: Invalid value: \"3\": min value 3 is greater than max value 2,"
     " spec.limits[0].defaultRequest[cpu]: Invalid value: \"1\": min value 3 is greater than d"
     "efault request value 1, spec.limits[0].default[cpu]: Invalid value: \"2\": default value"
     " 5 is greater than max value 2, spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value:"
     " \"500m\": ratio 500m is less than 1]"},
    {"", "v1", "limitranges", NULL, NULL,
     "{'metadata':{'name':'gen3','namespace':'kd'},'spec':{'limits':[{'type':'Container','min'"
     ":{'cpu':'1'},'max':{'cpu':'2'},'maxLimitRequestRatio':{'cpu':'3'}}]}}",
     "spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: \"3\": ratio 3 is greater than "
     "max/min = 2.000000"},
    {"", "v1", "limitranges", NULL, NULL,
     "{'metadata':{'name':'gen4','namespace':'kd'},'spec':{'limits':[{'type':'Container','defa"
     "ult':{'x.io/y':'2'},'defaultRequest':{'x.io/y':'1'}}]}}",
     "spec.limits[0].defaultRequest[x.io/y]: Invalid value: \"1\": default value 2 must equal "
     "to defaultRequest value 1 in x.io/y"},
};

static void test_limitrange(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_limitrange)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
