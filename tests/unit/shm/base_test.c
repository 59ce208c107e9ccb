/* The base room: the edges of each function. */
#include "tests/unit/shm/util.h"

#include <fcntl.h>
#include "shm/base/arena.h"
#include "shm/base/hash.h"
#include "shm/base/log.h"

static void strings(void **state)
{
    struct str rest = STR("a,,b"), piece;
    assert_true(str_next(&rest, ',', &piece) && str_is(piece, "a"));
    assert_true(str_next(&rest, ',', &piece) && str_is(piece, ""));
    assert_true(str_next(&rest, ',', &piece) && str_is(piece, "b"));
    assert_false(str_next(&rest, ',', &piece));
    rest = STR("");
    assert_true(str_next(&rest, ',', &piece) && piece.n == 0);
    assert_false(str_next(&rest, ',', &piece));
    rest = STR("x,");
    assert_true(str_next(&rest, ',', &piece) && str_is(piece, "x"));
    assert_true(str_next(&rest, ',', &piece) && piece.n == 0);
    assert_false(str_next(&rest, ',', &piece));
    assert_true(str_cmp(STR("ab"), STR("abc")) < 0 && str_cmp(STR("b"), STR("abc")) > 0);
    assert_int_equal(str_cmp(STR_NONE, STR("")), 0);
    assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
    assert_true(str_starts(STR("abc"), STR("ab")) && !str_starts(STR("a"), STR("ab")));
    assert_true(str_ends(STR("abc"), STR("bc")) && str_ends(STR("abc"), STR_NONE) &&
                !str_ends(STR("c"), STR("bc")));
    assert_true(str_eq_nocase(STR("Content-TYPE"), STR("content-type")) &&
                !str_eq_nocase(STR("[a"), STR("{a")));
    assert_true(str_is(str_trim(STR(" \t a b \t")), "a b"));
    assert_int_equal(str_trim(STR(" \t")).n, 0);
    assert_int_equal(str_find(STR("abc"), 'c'), 2);
    assert_int_equal(str_find(STR_NONE, 'c'), -1);
}

static void integers(void **state)
{
    static const struct {
        const char *text;
        int rc;
        int64_t value;
    } rows[] = {
        {"0", 0, 0},        {"-0", 0, 0},        {"9223372036854775807", 0, INT64_MAX},
        {"007", 0, 7},      {"", -EINVAL, 0},    {"-9223372036854775808", 0, INT64_MIN},
        {"-", -EINVAL, 0},  {"+1", -EINVAL, 0},  {"9223372036854775808", -ERANGE, 0},
        {" 1", -EINVAL, 0}, {"1x", -EINVAL, 0},  {"-9223372036854775809", -ERANGE, 0},
        {"1 ", -EINVAL, 0}, {"0x1", -EINVAL, 0}, {"99999999999999999999x", -EINVAL, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t v = 0;
        assert_int_equal(str_to_int64(str_of(rows[i].text), &v), rows[i].rc);
        assert_int_equal(v, rows[i].value);
    }
}

static void times(void **state)
{
    static const struct {
        const char *text;
        int64_t us; /* -1: refused */
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00.000001Z", 1},
        {"1970-01-01T00:00:00.1234567Z", 123456},
        {"2000-02-29T12:00:00+02:00", 951818400000000},
        {"2024-12-31T23:59:59-00:30", 1735691399000000},
        {"1969-12-31T23:59:59.5Z", -500000},
        {"2023-02-29T00:00:00Z", -1},
        {"1900-02-29T00:00:00Z", -1},
        {"2024-13-01T00:00:00Z", -1},
        {"2024-01-00T00:00:00Z", -1},
        {"2024-01-01T24:00:00Z", -1},
        {"2024-01-01T00:60:00Z", -1},
        {"2024-01-01T00:00:60Z", -1},
        {"2024-01-01T00:00:00", -1},
        {"2024-01-01T00:00:00.Z", -1},
        {"2024-01-01T00:00:00+24:00", -1},
        {"2024-01-01T00:00:00ZZ", -1},
        {"2024-01-01 00:00:00Z", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t us = -1;
        int rc = clock_parse_rfc3339(rows[i].text, strlen(rows[i].text), &us);
        assert_int_equal(rc, rows[i].us == -1 ? -EINVAL : 0);
        assert_int_equal(us, rows[i].us);
    }
    char out[28];
    clock_rfc3339(951818400, out);
    assert_string_equal(out, "2000-02-29T10:00:00Z");
    clock_rfc3339_micro(-1, out);
    assert_string_equal(out, "1969-12-31T23:59:59.999999Z");
    clock_rfc3339(INT64_MAX, out);
    assert_string_equal(out, "9999-12-31T23:59:59Z");
    for (int64_t s = -62167219200; s < 253402300800;
         s += 86400ll * 13 + 3607) { /* there and back, over all years */
        int64_t us;
        clock_rfc3339(s, out);
        assert_int_equal(clock_parse_rfc3339(out, 20, &us), 0);
        assert_int_equal(us, s * 1000000);
    }
}

static void buffers(void **state)
{
    struct buf b = {0};
    buf_put_int(&b, INT64_MIN);
    buf_putc(&b, ' ');
    buf_put_int(&b, 0);
    buf_printf(&b, " %s %d", "x", 5);
    buf_str(&b, STR_NONE);
    assert_true(str_is(buf_view(&b), "-9223372036854775808 0 x 5"));
    buf_clear(&b);
    for (int i = 0; i < 100000; i++)
        buf_puts(&b, "abc");
    assert_int_equal(b.n, 300000);
    assert_memory_equal(b.p + 299997, "abc", 3);
    buf_free(&b);
    assert_null(b.p);
}

static int order[3], orders;
static void note(void *arg)
{
    order[orders++] = *(int *)arg;
}

static void arenas(void **state)
{
    static int one = 1, two = 2, three = 3;
    struct arena *a = arena_new(0);
    arena_cleanup(a, note, &one);
    arena_cleanup(a, note, &two);
    arena_cleanup(a, note, &three);
    for (size_t n = 0; n < 5000; n++) {
        unsigned char *p = arena_alloc(a, n);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xaa, n);
    }
    size_t before = arena_bytes(a);
    arena_raw(a, 1 << 20);
    assert_true(arena_bytes(a) - before < (1 << 20) + 256); /* a block of its own */
    before = arena_bytes(a);
    arena_raw(a, 16);
    assert_true(arena_bytes(a) - before < 70000);
    struct str s = arena_str(a, STR("abc"));
    assert_string_equal(s.p, "abc");
    assert_string_equal(arena_printf(a, "%d-%s", 7, "x"), "7-x");
    arena_free(a);
    assert_int_equal(order[0] * 100 + order[1] * 10 + order[2], 321);
    arena_free(NULL);
}

static void log_lines(void **state)
{
    int pipes[2], saved = dup(2);
    assert_int_equal(pipe(pipes), 0);
    dup2(pipes[1], 2);
    log_name("worker 3");
    log_debug("hidden");
    log_warn("forged\nline %d", 1);
    char big[10000];
    memset(big, 'x', sizeof(big));
    big[sizeof(big) - 1] = 0;
    log_error("%s", big);
    dup2(saved, 2);
    close(saved);
    char got[9000];
    ssize_t n = read(pipes[0], got, sizeof(got) - 1);
    assert_true(n > 4000 && n < 4200);
    got[n] = 0;
    assert_int_equal(got[0], 'W');
    char *end = strchr(got, '\n');
    *end = 0;
    assert_non_null(strstr(got, "Z worker 3: forged line 1"));
    assert_int_equal(end[1], 'E');
    assert_ptr_equal(strchr(end + 1, '\n'), got + n - 1);
    close(pipes[0]);
    close(pipes[1]);
}

static void hashes(void **state)
{
    assert_int_equal(hash_str(STR("")), HASH_SEED);
    assert_int_equal(hash_str(STR("a")), 0xaf63dc4c8601ec8cull); /* published FNV-1a vector */
    assert_int_equal(hash_str32(STR("foobar")),
                     (uint32_t)(0x85944171f73967e8ull ^ (0x85944171f73967e8ull >> 32)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings), cmocka_unit_test(integers), cmocka_unit_test(times),
        cmocka_unit_test(buffers), cmocka_unit_test(arenas),   cmocka_unit_test(log_lines),
        cmocka_unit_test(hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
