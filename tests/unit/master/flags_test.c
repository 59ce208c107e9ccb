/* The command line as people type it: every form, every refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "master/flags.h"

static char err[512];

#define PARSE(o, ...)                                                                                        \
    ({                                                                                                       \
        const char *argv_[] = {"cubed", __VA_ARGS__};                                                        \
        err[0] = '\0';                                                                                       \
        flags_parse(o, (int)(sizeof(argv_) / sizeof(argv_[0])), (char *const *)argv_, err, sizeof(err));     \
    })

static void refuses(enum flags_action action, const char *const *parts)
{
    assert_int_equal(action, FLAGS_BAD);
    assert_null(strchr(err, '\n'));
    for (; *parts; parts++)
        if (!strstr(err, *parts))
            fail_msg("\"%s\" is not in: %s", *parts, err);
}
#define REFUSES(action, ...) refuses(action, (const char *const[]){__VA_ARGS__, NULL})

static void defaults(void **state)
{
    struct options o;
    const char *argv[] = {"cubed"};
    assert_int_equal(flags_parse(&o, 1, (char *const *)argv, err, sizeof(err)), FLAGS_RUN);
    assert_string_equal(o.bind_address, "127.0.0.1");
    assert_int_equal(o.secure_port, 6443);
    assert_true(o.anonymous_auth);
    assert_int_equal(o.event_ttl, 3600000);
    assert_int_equal(o.cache_window_bytes, 256 << 20);
    assert_string_equal(o.etcd_servers, "");
}

static void forms(void **state)
{
    struct options o;
    assert_int_equal(PARSE(&o, "--secure-port=7000", "--bind-address", "::1", "-v4"), FLAGS_RUN);
    assert_int_equal(o.secure_port, 7000);
    assert_string_equal(o.bind_address, "::1");
    assert_int_equal(o.v, 4);
    assert_int_equal(PARSE(&o, "--anonymous-auth=false"), FLAGS_RUN);
    assert_false(o.anonymous_auth);
    assert_int_equal(PARSE(&o, "--anonymous-auth=false", "--anonymous-auth"), FLAGS_RUN);
    assert_true(o.anonymous_auth);
    assert_int_equal(PARSE(&o, "--secure_port=1", "--secure-port", "2", "-v", "3", "--v=5"), FLAGS_RUN);
    assert_int_equal(o.secure_port, 2);
    assert_int_equal(o.v, 5);
    assert_int_equal(PARSE(&o, "--token-auth-file="), FLAGS_RUN);
    assert_string_equal(o.token_auth_file, "");
    assert_int_equal(PARSE(&o, "--event-ttl=90m", "--cache-window-bytes=1Gi"), FLAGS_RUN);
    assert_int_equal(o.event_ttl, 5400000);
    assert_int_equal(o.cache_window_bytes, 1 << 30);
    assert_int_equal(PARSE(&o, "--service-cluster-ip-range=10.0.0.0/16,fd00::/108"), FLAGS_RUN);
}

static void other_actions(void **state)
{
    struct options o;
    assert_int_equal(PARSE(&o, "--help"), FLAGS_HELP);
    assert_int_equal(PARSE(&o, "-h"), FLAGS_HELP);
    assert_int_equal(PARSE(&o, "--secure-port=1", "--version"), FLAGS_VERSION);
    assert_int_equal(PARSE(&o, "version"), FLAGS_VERSION);
}

static void unknown_flags(void **state)
{
    struct options o;
    REFUSES(PARSE(&o, "--secure-prot=1"), "--secure-prot", "--secure-port");
    REFUSES(PARSE(&o, "--datadir", "x"), "--datadir", "--data-dir");
    REFUSES(PARSE(&o, "--worker=3"), "--workers");
    REFUSES(PARSE(&o, "--qqqqqqqqqqqqqqqqqq"), "unknown flag", "--help");
    assert_null(strstr(err, "mean"));
    REFUSES(PARSE(&o, "-x"), "-x");
    REFUSES(PARSE(&o, "serve"), "serve", "flags only");
    char *large = malloc(5001);
    memset(large, 'a', 5000);
    large[0] = large[1] = '-';
    large[5000] = '\0';
    REFUSES(PARSE(&o, large), "unknown flag");
    free(large);
}

static void flags_of_the_reference(void **state)
{
    struct options o;
    static const char *const names[] = {"--audit-log-path=/x", "--etcd-servers-overrides=/x",
                                        "--feature-gates=A=true", "--profiling",
                                        "--oidc-issuer-url=https://x"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        REFUSES(PARSE(&o, names[i]), "kube-apiserver", "not supported");
        assert_null(strstr(err, "unknown"));
    }
}

static void bad_values(void **state)
{
    struct options o;
    REFUSES(PARSE(&o, "--secure-port=http"), "--secure-port", "\"http\"", "whole number");
    REFUSES(PARSE(&o, "--secure-port=70000"), "\"70000\"", "65535");
    REFUSES(PARSE(&o, "--secure-port=99999999999999999999"), "--secure-port", "65535");
    REFUSES(PARSE(&o, "--secure-port"), "--secure-port needs a value");
    REFUSES(PARSE(&o, "--event-ttl=10"), "\"10\"", "1h30m");
    REFUSES(PARSE(&o, "--anonymous-auth=maybe"), "\"maybe\"", "true or false");
    REFUSES(PARSE(&o, "--anonymous-auth", "false"), "\"false\"");
    REFUSES(PARSE(&o, "--bind-address=localhost"), "\"localhost\"", "IP address");
    REFUSES(PARSE(&o, "--cache-window-bytes=1Zi"), "\"1Zi\"", "512Mi");
    REFUSES(PARSE(&o, "--service-cluster-ip-range=10.0.0.0/33"), "CIDR");
    REFUSES(PARSE(&o, "--authorization-mode=RBAC,Magic"), "AlwaysAllow");
    REFUSES(PARSE(&o, "--etcd-servers=localhost:2379"), "URLs");
    REFUSES(PARSE(&o, "--storage-media-type=application/cbor"), "application/json");
    REFUSES(PARSE(&o, "--endpoint-reconciler-type=leases"), "lease, master-count or none");
    REFUSES(PARSE(&o, "--encryption-provider-config-automatic-reload", "--etcd-servers=http://a:1"),
            "must be set with --encryption-provider-config");
    REFUSES(PARSE(&o, "--write-server=https://u@a:1", "--read-only", "--etcd-servers=http://a:1"),
            "a URL such as https://");
    REFUSES(PARSE(&o, "--workers=-1"), "\"-1\"");
    REFUSES(PARSE(&o, "--data-dir="), "--data-dir");
}

static void flags_that_belong_together(void **state)
{
    struct options o;
    REFUSES(PARSE(&o, "--tls-cert-file=/c"), "--tls-cert-file", "--tls-private-key-file");
    REFUSES(PARSE(&o, "--tls-private-key-file=/k"), "--tls-cert-file");
    REFUSES(PARSE(&o, "--etcd-certfile=/c"), "--etcd-certfile", "--etcd-keyfile");
    REFUSES(PARSE(&o, "--etcd-keyfile=/k"), "--etcd-certfile");
    REFUSES(PARSE(&o, "--insecure-port=6443"), "6443");
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"0", 0},        {"1s", 1000},        {"1h30m", 5400000}, {"500ms", 500}, {"1.5s", 1500},
                {"-1m", -60000}, {"1h1m1s", 3661000}, {".5s", 500},       {"2000us", 2},  {"1000000ns", 1}};
    static const char *const bad[] = {"",      "5", "s",  "1x",  "1 s",  "1.2.3s",
                                      "1h-5m", ".", ".s", "1h5", "1sms", "-"};
    int64_t ms;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(flags_duration(str_of(good[i].text), &ms), 0);
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_not_equal(flags_duration(str_of(bad[i]), &ms), 0);
    assert_int_not_equal(flags_duration(STR("9999999999h"), &ms), 0);
}

static void durations_print_as_go_does(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {{0, "0s"},          {500, "500ms"},       {1500, "1.5s"},   {60000, "1m0s"},
                {90000, "1m30s"},   {3600000, "1h0m0s"},  {-1500, "-1.5s"}, {3661001, "1h1m1.001s"},
                {59999, "59.999s"}, {86400000, "24h0m0s"}};
    char out[40];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t back;
        flags_duration_print(rows[i].ms, out);
        assert_string_equal(out, rows[i].text);
        assert_int_equal(flags_duration(str_of(out), &back), 0);
        assert_int_equal(back, rows[i].ms);
    }
}

static void byte_counts(void **state)
{
    int64_t n;
    assert_int_equal(flags_bytes(STR("4Gi"), &n), 0);
    assert_int_equal(n, INT64_C(4) << 30);
    assert_int_equal(flags_bytes(STR("3k"), &n), 0);
    assert_int_equal(n, 3000);
    assert_int_not_equal(flags_bytes(STR("9999999999Gi"), &n), 0);
    assert_int_not_equal(flags_bytes(STR("Mi"), &n), 0);
    assert_int_not_equal(flags_bytes(STR("-1"), &n), 0);
    assert_int_not_equal(flags_bytes(STR("1KiB"), &n), 0);
}

/* Each group once, each flag once, and the help texts in one column. */
static void help_is_grouped_and_aligned(void **state)
{
    char *text;
    size_t n;
    long column = 0, flags = 0;
    FILE *f = open_memstream(&text, &n);
    flags_help(f);
    fclose(f);
    char *first = strstr(text, "\nStorage:\n");
    assert_non_null(first);
    assert_null(strstr(first + 1, "\nStorage:\n"));
    for (char *line = strstr(text, "\n  --"); line; line = strstr(line + 1, "\n  --")) {
        char *word = line + 3, *end = strchr(line + 1, '\n');
        char *gap = strstr(word, "  ");
        assert_true(gap && gap < end);
        while (*gap == ' ')
            gap++;
        column = column ? column : gap - line;
        assert_int_equal(gap - line, column);
        flags++;
    }
    static const char rows[] = {
#define OPTION(field, kind, flag, dflt, group, metavar, help) 1,
#include "shm/base/options.def"
#undef OPTION
    };
    assert_int_equal(flags, sizeof(rows) + 2);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(forms),
        cmocka_unit_test(other_actions),
        cmocka_unit_test(unknown_flags),
        cmocka_unit_test(flags_of_the_reference),
        cmocka_unit_test(bad_values),
        cmocka_unit_test(flags_that_belong_together),
        cmocka_unit_test(durations),
        cmocka_unit_test(durations_print_as_go_does),
        cmocka_unit_test(byte_counts),
        cmocka_unit_test(help_is_grouped_and_aligned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
