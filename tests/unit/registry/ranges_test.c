/* Ranges of addresses and ports: what they give, and how the map of ports is stored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/rules/portmap.h"
#include "registry/rules/ranges.h"

static const char *printed(struct arena *a, bool six, address_number n)
{
    struct address ip = range_address(six, n);

    return address_text(a, &ip);
}

static void a_range_gives_its_hosts(void **state)
{
    static const struct {
        const char *cidr, *shown, *first, *dynamic, *last;
    } rows[] = {
        {"10.0.0.0/24", "10.0.0.0/24", "10.0.0.1", "10.0.0.17", "10.0.0.254"},
        {"10.0.3.7/16", "10.0.0.0/16", "10.0.0.1", "10.0.1.1", "10.0.255.254"},
        {"10.0.0.0/28", "10.0.0.0/28", "10.0.0.1", "10.0.0.1", "10.0.0.14"},
        {"192.168.0.0/30", "192.168.0.0/30", "192.168.0.1", "192.168.0.1", "192.168.0.2"},
        {"fd00::/112", "fd00::/112", "fd00::1", "fd00::101", "fd00::ffff"},
        {"2001:db8::/64", "2001:db8::/64", "2001:db8::1", "2001:db8::101", "2001:db8::ffff:ffff:ffff:ffff"},
    };
    struct arena *a = arena_new(0);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct range r;

        assert_true(range_parse(str_of(rows[i].cidr), &r));
        assert_string_equal(range_text(a, &r), rows[i].shown);
        assert_string_equal(printed(a, r.six, r.first), rows[i].first);
        assert_string_equal(printed(a, r.six, r.dynamic), rows[i].dynamic);
        assert_string_equal(printed(a, r.six, r.last), rows[i].last);
    }
    arena_free(a);
}

static void what_is_no_range_is_refused(void **state)
{
    static const char *const rows[] = {
        "",           "10.0.0.0",  "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8",
        "10.0.0.0/x", "fd00::/63", "fd00::/129",  "10.0.0.0/32", "10.0.0.0/31"};
    struct range r;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_false(range_parse(str_of(rows[i]), &r));
}

static void network_and_broadcast_are_nobodys(void **state)
{
    struct range r;
    struct address ip;

    assert_true(range_parse(STR("10.0.0.0/24"), &r));
    assert_true(address_parse(STR("10.0.0.0"), &ip) && !range_gives(&r, &ip));
    assert_true(address_parse(STR("10.0.0.255"), &ip) && !range_gives(&r, &ip));
    assert_true(address_parse(STR("10.0.0.254"), &ip) && range_gives(&r, &ip));
    assert_true(address_parse(STR("::a00:fe"), &ip) && !range_gives(&r, &ip));
}

static void ports_are_said_in_three_ways(void **state)
{
    static const struct {
        const char *text;
        int first, last;
    } rows[] = {{"30000-32767", 30000, 32767},
                {"30000+10", 30000, 30010},
                {"8080", 8080, 8080},
                {"65000+1000", 65000, 65535},
                {"9-8", -1, -1},
                {"a-b", -1, -1},
                {"", -1, -1},
                {"1-65536", -1, -1}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int first = -1, last = -1;

        assert_int_equal(portmap_range(str_of(rows[i].text), &first, &last), rows[i].first >= 0);
        assert_int_equal(first, rows[i].first);
        assert_int_equal(last, rows[i].last);
    }
}

/* Bit 0 of the last byte is the first port; there are no leading zero bytes. */
static void ports_are_stored_as_a_number(void **state)
{
    struct arena *a = arena_new(0);
    struct portmap m, again;
    struct buf b = {0};

    portmap_init(&m, a, 30000, 32767);
    portmap_store(&m, &b);
    assert_int_equal(b.n, 0);
    portmap_set(&m, 30000, true);
    portmap_set(&m, 30009, true);
    portmap_set(&m, 99, true);
    portmap_store(&m, &b);
    assert_true(str_is(buf_view(&b), "AgE="));
    portmap_init(&again, a, 30000, 32767);
    portmap_load(&again, a, STR("30000-32767"), buf_view(&b));
    for (int port = 30000; port <= 32767; port++)
        assert_int_equal(portmap_has(&again, port), port == 30000 || port == 30009);
    /* stored for another range: the same ports */
    portmap_init(&again, a, 30005, 40000);
    portmap_load(&again, a, STR("30000-32767"), buf_view(&b));
    for (int port = 30005; port <= 40000; port++)
        assert_int_equal(portmap_has(&again, port), port == 30009);
    buf_free(&b);
    arena_free(a);
}

static void the_first_ports_are_given_last(void **state)
{
    struct arena *a = arena_new(0);
    struct portmap m;

    portmap_init(&m, a, 30000, 30099);
    for (uint32_t i = 0; i < 100; i++) {
        int port = portmap_free(&m, i * 7919);

        assert_int_equal(port >= 30016, i < 84);
        assert_false(portmap_has(&m, port));
        portmap_set(&m, port, true);
    }
    assert_int_equal(portmap_free(&m, 1), 0);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_gives_its_hosts),           cmocka_unit_test(what_is_no_range_is_refused),
        cmocka_unit_test(network_and_broadcast_are_nobodys), cmocka_unit_test(ports_are_said_in_three_ways),
        cmocka_unit_test(ports_are_stored_as_a_number),      cmocka_unit_test(the_first_ports_are_given_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
