/* What is said of CertificateSigningRequests; what is inside the PEM texts is told by the worker. */
#include "cases.h"

#define OF "certificates.k8s.io", "v1", "certificatesigningrequests"
#define META "'metadata':{'name':'a','resourceVersion':'1'}"
#define SPEC "'spec':{'request':'YQ==','signerName':'example.com/a','usages':['client auth']}"
#define APPROVED "'status':{'conditions':[{'type':'Approved','status':'True'}]}"

static const struct validation_case CASES[] = {
    {OF, NULL, NULL, "{" META "," SPEC "}", NULL},
    {OF, NULL, NULL,
     "{" META ",'spec':{'signerName':'Example/a','usages':['any','any','fly'],'expirationSeconds':599}}",
     "[spec.usages[2]: Unsupported value: \"fly\": supported values: \"any\", \"cert sign\", \"client "
     "auth\", "
     "\"code signing\", \"content commitment\", \"crl sign\", \"data encipherment\", \"decipher only\", "
     "\"digital signature\", \"email protection\", \"encipher only\", \"ipsec end system\", \"ipsec "
     "tunnel\", "
     "\"ipsec user\", \"key agreement\", \"key encipherment\", \"microsoft sgc\", \"netscape sgc\", "
     "\"ocsp signing\", \"s/mime\", \"server auth\", \"signing\", \"timestamping\", spec.usages[1]: "
     "Duplicate "
     "value: \"any\", spec.signerName: Invalid value: \"Example\": validating label \"Example\": a lowercase "
     "RFC "
     "1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
     "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
     "'[a-z0-9]([-a-z0-9]*[a-z0-9])?'), spec.signerName: Invalid value: \"Example\": should be a domain with "
     "at least two segments separated by dots, spec.expirationSeconds: Invalid value: 599: may not specify a "
     "duration less than 600 seconds (10 minutes)]"},
    {OF, "approval", "{" META "," SPEC "}", "{" META "," SPEC "," APPROVED "}", NULL},
    {OF, "status", "{" META "," SPEC "}", "{" META "," SPEC "," APPROVED "}",
     "status.conditions: Forbidden: updates may not add a condition of type \"Approved\""},
    {OF, "approval", "{" META "," SPEC "," APPROVED "}", "{" META "," SPEC "}",
     "status.conditions: Forbidden: updates may not remove a condition of type \"Approved\""},
    {OF, "approval", "{" META "," SPEC "," APPROVED "}",
     "{" META "," SPEC ",'status':{'conditions':[{'type':'Approved','status':'True'},"
     "{'type':'Denied','status':'False'}]}}",
     "[status.conditions[1].status: Unsupported value: \"False\": supported values: \"True\", "
     "status.conditions: Invalid value: \"Denied\": Approved and Denied conditions are mutually exclusive]"},
    {OF, NULL, "{" META "," SPEC "}", "{" META "," SPEC ",'status':{'certificate':'YQ=='}}",
     "status.certificate: Forbidden: updates may not set certificate content"},
};

static void certificates(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(certificates)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
