/* How addresses may be written, and how they are written back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "registry/rules/addresses.h"

static void test_reads_addresses(void **state)
{
    static const struct {
        const char *text, *canonical; /* NULL: none */
        bool mapped, loose;
    } CASES[] = {
        {"10.9.8.7", "10.9.8.7", false, false},
        {"010.9.8.7", "10.9.8.7", false, true},
        {"10.9.8.256", NULL, false, false},
        {"10.9.8", NULL, false, false},
        {"10.9.8.7.6", NULL, false, false},
        {"10.9.8.7 ", NULL, false, false},
        {"", NULL, false, false},
        {"::", "::", false, false},
        {"::1", "::1", false, false},
        {"1::", "1::", false, false},
        {"FE80:0:0:0:0:0:0:0abc", "fe80::abc", false, false},
        {"2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1", false, false},
        {"1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7", false, false},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", false, false},
        {"1:2:3:4:5:6:7:8::", NULL, false, false},
        {"1::2::3", NULL, false, false},
        {"1:2", NULL, false, false},
        {":1::", NULL, false, false},
        {"12345::", NULL, false, false},
        {"00001::", "1::", false, true},
        {"::1.2.3.4", "::102:304", false, false},
        {"::ffff:1.2.3.4", "1.2.3.4", true, false},
        {"1::2.3.4.5:6", NULL, false, false},
        {"fe80::1%eth0", NULL, false, false},
    };
    struct arena *a = arena_new(0);

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct address ip;
        bool ok = address_parse(str_of(CASES[i].text), &ip);

        if (ok != (CASES[i].canonical != NULL))
            fail_msg("%s: %s", CASES[i].text, ok ? "accepted" : "refused");
        if (!ok)
            continue;
        assert_string_equal(address_text(a, &ip), CASES[i].canonical);
        assert_int_equal(ip.mapped, CASES[i].mapped);
        assert_int_equal(ip.loose, CASES[i].loose);
    }
    arena_free(a);
}

static void test_knows_special_addresses(void **state)
{
    static const struct {
        const char *text;
        int ranges;
    } CASES[] = {
        {"0.0.0.0", ADDRESS_UNSPECIFIED},
        {"::", ADDRESS_UNSPECIFIED},
        {"127.3.2.1", ADDRESS_LOOPBACK},
        {"::1", ADDRESS_LOOPBACK},
        {"169.254.1.1", ADDRESS_LINK_LOCAL},
        {"fe80::1", ADDRESS_LINK_LOCAL},
        {"febf::1", ADDRESS_LINK_LOCAL},
        {"fec0::1", 0},
        {"8.8.8.8", 0},
        {"224.0.0.5", ADDRESS_LINK_LOCAL_MULTICAST},
        {"224.0.1.5", 0},
        {"ff02::1", ADDRESS_LINK_LOCAL_MULTICAST},
        {"::2", 0},
    };

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct address ip;

        assert_true(address_parse(str_of(CASES[i].text), &ip));
        if (address_ranges(&ip) != CASES[i].ranges)
            fail_msg("%s: %d", CASES[i].text, address_ranges(&ip));
    }
}

static void test_reads_ranges(void **state)
{
    static const struct {
        const char *text, *canonical;
        bool loose, host_bits;
    } CASES[] = {
        {"10.0.0.0/8", "10.0.0.0/8", false, false},
        {"10.0.0.1/8", "10.0.0.0/8", false, true},
        {"10.0.0.0/08", "10.0.0.0/8", true, false},
        {"0.0.0.0/0", "0.0.0.0/0", false, false},
        {"1.2.3.4/32", "1.2.3.4/32", false, false},
        {"1.2.3.4/33", NULL, false, false},
        {"1.2.3.4/", NULL, false, false},
        {"1.2.3.4", NULL, false, false},
        {"10.20.128.0/17", "10.20.128.0/17", false, false},
        {"10.20.192.0/17", "10.20.128.0/17", false, true},
        {"2001:DB8::/32", "2001:db8::/32", false, false},
        {"2001:db8::/129", NULL, false, false},
        {"2001:db8::1/64", "2001:db8::/64", false, true},
    };
    struct arena *a = arena_new(0);

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct cidr range;
        bool ok = cidr_parse(str_of(CASES[i].text), &range);

        if (ok != (CASES[i].canonical != NULL))
            fail_msg("%s: %s", CASES[i].text, ok ? "accepted" : "refused");
        if (!ok)
            continue;
        assert_string_equal(cidr_text(a, &range), CASES[i].canonical);
        assert_int_equal(range.loose, CASES[i].loose);
        assert_int_equal(range.host_bits, CASES[i].host_bits);
    }
    arena_free(a);
}

static void test_compares_ranges(void **state)
{
    static const struct {
        const char *whole, *part;
        bool is;
    } CASES[] = {
        {"10.0.0.0/8", "10.1.0.0/16", true},  {"10.0.0.0/8", "10.0.0.0/8", false},
        {"10.1.0.0/16", "10.0.0.0/8", false}, {"10.0.0.0/8", "11.0.0.0/16", false},
        {"::/0", "10.0.0.0/8", false},        {"2001:db8::/32", "2001:db8:1::/48", true},
    };

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct cidr whole, part;

        assert_true(cidr_parse(str_of(CASES[i].whole), &whole));
        assert_true(cidr_parse(str_of(CASES[i].part), &part));
        assert_int_equal(cidr_is_strict_part(&whole, &part), CASES[i].is);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_addresses),
        cmocka_unit_test(test_knows_special_addresses),
        cmocka_unit_test(test_reads_ranges),
        cmocka_unit_test(test_compares_ranges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
