/* Tokens: what was made is read again, what a client made up is refused with the reference's texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "worker/read/continue.h"

static void round_trip(void **state)
{
    struct arena *a = arena_new(0);
    struct continue_token t;
    const char *why = NULL;
    struct str text = continue_encode(a, 77, false, STR("default"), STR("web-1"));
    assert_true(continue_decode(a, text, false, &t, &why));
    assert_int_equal(t.revision, 77);
    assert_true(str_is(t.ns, "default") && str_is(t.name, "web-1") && t.after);
    text = continue_encode(a, -1, true, STR("default"), STR("web-1"));
    assert_true(continue_decode(a, text, true, &t, &why));
    assert_int_equal(t.revision, -1);
    assert_true(t.ns.n == 0 && str_is(t.name, "web-1") && t.after);
    arena_free(a);
}

static void format(void **state)
{
    struct arena *a = arena_new(0);
    /* {"v":"meta.k8s.io/v1","rv":5,"start":"a\u0000"} */
    struct str text = continue_encode(a, 5, true, STR_NONE, STR("a"));
    assert_true(str_is(text, "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOiJhXHUwMDAwIn0"));
    arena_free(a);
}

static void refused(void **state)
{
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"abc", "continue key is not valid: invalid character 'i' looking for beginning of value"},
        {"nonsense", "continue key is not valid: invalid character '\\u009e' looking for beginning of value"},
        {"eyJ2Ijoib2RkIn0", "continue key is not valid: server does not recognize this encoded version odd"},
        {"eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MH0",
         "continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)"},
        {"a*b", "continue key is not valid: illegal base64 data at input byte 1"},
        /* {"v":"meta.k8s.io/v1","rv":1} */
        {"eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MX0",
         "continue key is not valid: encoded start key empty (version meta.k8s.io/v1)"},
        /* {"v":"meta.k8s.io/v1","rv":1,"start":"../x"} */
        {"eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiIuLi94In0", "continue key is not valid: ../x"},
        /* {"v":1} */
        {"eyJ2IjoxfQ", "continue key is not valid: json: cannot unmarshal number into Go struct field "
                       "continueToken.v of type string"},
    };
    struct arena *a = arena_new(0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct continue_token t;
        const char *why = NULL;
        assert_false(continue_decode(a, str_of(bad[i].text), true, &t, &why));
        assert_string_equal(why, bad[i].why);
    }
    arena_free(a);
}

static void starts_at_a_key(void **state)
{
    struct arena *a = arena_new(0);
    struct continue_token t;
    const char *why = NULL;
    /* {"v":"meta.k8s.io/v1","rv":9,"start":"ns/b"}: no NUL, so b itself is the first */
    assert_true(continue_decode(a, STR("eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6OSwic3RhcnQiOiJucy9iIn0"), false,
                                &t, &why));
    assert_true(str_is(t.ns, "ns") && str_is(t.name, "b") && !t.after);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(format),
        cmocka_unit_test(refused),
        cmocka_unit_test(starts_at_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
