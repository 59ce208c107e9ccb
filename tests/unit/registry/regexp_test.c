/* Which patterns Go's regexp compiles, and what it says of the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "registry/rules/regexp.h"
#include "shm/base/buf.h"

/* The messages are those of the reference, without what each begins with. */
static const char *const CASES[][2] = {
    {"[", "missing closing ]: `[`"},
    {"a*", NULL},
    {"*", "missing argument to repetition operator: `*`"},
    {"a**", "invalid nested repetition operator: `**`"},
    {"a*?", NULL},
    {"a*?\?", "invalid nested repetition operator: `*?\?`"},
    {"a|*", "missing argument to repetition operator: `*`"},
    {"(*)", "missing argument to repetition operator: `*`"},
    {"(a", "missing closing ): `(a`"},
    {"a)", "unexpected ): `a)`"},
    {"()*", NULL},
    {"(|a)*", NULL},
    {"a{2}", NULL},
    {"a{2,1}", "invalid repeat count: `{2,1}`"},
    {"a{1001}", "invalid repeat count: `{1001}`"},
    {"a{,2}", NULL},
    {"a{", NULL},
    {"{2}", "missing argument to repetition operator: `{2}`"},
    {"a{2}{3}", "invalid nested repetition operator: `{2}{3}`"},
    {"a{2}*", "invalid nested repetition operator: `{2}*`"},
    {"(a{1000}){2}", "invalid repeat count: `{2}`"},
    {"(a{10}){100}", NULL},
    {"(a{10}){101}", "invalid repeat count: `{101}`"},
    {"((a{10}){10}){11}", "invalid repeat count: `{11}`"},
    {"\\", "trailing backslash at end of expression: ``"},
    {"a\\", "trailing backslash at end of expression: ``"},
    {"\\q", "invalid escape sequence: `\\q`"},
    {"\\1", "invalid escape sequence: `\\1`"},
    {"\\10", NULL},
    {"\\07", NULL},
    {"\\x", "invalid escape sequence: `\\x`"},
    {"\\x4", "invalid escape sequence: `\\x4`"},
    {"\\x41", NULL},
    {"\\x{41}", NULL},
    {"\\x{", "invalid escape sequence: `\\x{`"},
    {"\\x{}", "invalid escape sequence: `\\x{}`"},
    {"\\x{110000}", "invalid escape sequence: `\\x{110000`"},
    {"\\x{zz}", "invalid escape sequence: `\\x{z`"},
    {"\\pL", NULL},
    {"\\p", "invalid character class range: `\\p`"},
    {"\\p{", "invalid character class range: `\\p{`"},
    {"\\p{L}", NULL},
    {"\\pq", "invalid character class range: `\\pq`"},
    {"[a-z]", NULL},
    {"[z-a]", "invalid character class range: `z-a`"},
    {"[a", "missing closing ]: `[a`"},
    {"[]", "missing closing ]: `[]`"},
    {"[]a]", NULL},
    {"[^]a]", NULL},
    {"[^", "missing closing ]: `[^`"},
    {"[a-]", NULL},
    {"[a-\\d]", "invalid escape sequence: `\\d`"},
    {"[\\d-z]", NULL},
    {"[[:alpha:]]", NULL},
    {"[[:foo:]]", "invalid character class range: `[:foo:]`"},
    {"[[:^alpha:]]", NULL},
    {"[[:alpha]", NULL},
    {"[\\q]", "invalid escape sequence: `\\q`"},
    {"[\\", "trailing backslash at end of expression: ``"},
    {"[a\\", "trailing backslash at end of expression: ``"},
    {"(?i)a", NULL},
    {"(?i:a)", NULL},
    {"(?i-s:a)", NULL},
    {"(?i--s)", "invalid or unsupported Perl syntax: `(?i--`"},
    {"(?", "invalid or unsupported Perl syntax: `(?`"},
    {"(?i", "invalid or unsupported Perl syntax: `(?i`"},
    {"(?=a)", "invalid or unsupported Perl syntax: `(?=`"},
    {"(?!a)", "invalid or unsupported Perl syntax: `(?!`"},
    {"(?<n>a)", NULL},
    {"(?P<n>a)", NULL},
    {"(?P<n", "invalid named capture: `(?P<n`"},
    {"(?P<>a)", "invalid named capture: `(?P<>`"},
    {"(?P=n)", "invalid or unsupported Perl syntax: `(?P`"},
    {"(?<a-b>x)", "invalid named capture: `(?<a-b>`"},
    {"(?:a", "missing closing ): `(?:a`"},
    {"(?P<n>a)(?P<n>b)", NULL},
    {"\\Qa*\\E*", NULL},
    {"\\Q", NULL},
    {"\\Q\\E*", "missing argument to repetition operator: `*`"},
    {"\\C", "invalid escape sequence: `\\C`"},
    {"\\z*", NULL},
    {"\\A", NULL},
    {"\\b+", NULL},
    {"^*", NULL},
    {"$*", NULL},
    {".*", NULL},
    {"^$", NULL},
    {"a||b", NULL},
    {"|", NULL},
    {"(?i)*", "missing argument to repetition operator: `*`"},
    {"a(?i)*", NULL},
    {"a{0}", NULL},
    {"a{0,0}", NULL},
    {"x{2,}", NULL},
    {"x{2,}{2}", "invalid nested repetition operator: `{2,}{2}`"},
    {"\xc3\xbc+", NULL},
    {"[\xc3\xbc-\xc3\xa0]", "invalid character class range: `\xc3\xbc-\xc3\xa0`"},
    {"a{1000}", NULL},
    {"(a{1000})", NULL},
    {"(a{1000})*", NULL},
    {"(a{500}){2}", NULL},
    {"(a{501}){2}", "invalid repeat count: `{2}`"},
    {"(?:a{2}){501}", "invalid repeat count: `{501}`"},
    {"(a|b{1000}){2}", "invalid repeat count: `{2}`"},
    {"a+*", "invalid nested repetition operator: `+*`"},
    {"a?+", "invalid nested repetition operator: `?+`"},
    {"a{2}?", NULL},
    {"a{2}?\?", "invalid nested repetition operator: `{2}?\?`"},
    {"(?s).", NULL},
    {"(?x)a", "invalid or unsupported Perl syntax: `(?x`"},
    {"\\8", "invalid escape sequence: `\\8`"},
    {"\\08", NULL},
    {"\\_", NULL},
    {"\\-", NULL},
    {"\\ ", NULL},
    {"\\\xc3\xa9", "invalid escape sequence: `\\\xc3\xa9`"},
    {"[\\pL]", NULL},
    {"(()", "missing closing ): `(()`"},
    {"())", "unexpected ): `())`"},
    {")(", "unexpected ): `)(`"},
    {"[--a]", NULL},
    {"[+--]", NULL},
    {"[a-b-c]", NULL},
    {"[[.x.]]", NULL},
    {"\\E", "invalid escape sequence: `\\E`"},
    {"a\\Eb", "invalid escape sequence: `\\E`"},
    {"\\G", "invalid escape sequence: `\\G`"},
    {"\\Z", "invalid escape sequence: `\\Z`"},
    {"{,}", NULL},
    {"{1", NULL},
    {"a{01}", NULL},
    {"(?P<n>", "missing closing ): `(?P<n>`"},
    {"(?P<\xc3\xa9>a)", "invalid named capture: `(?P<\xc3\xa9>`"},
};

static void test_patterns(void **state)
{
    struct arena *a = arena_new(0);

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        const char *err = regexp_error(a, str_of(CASES[i][0]));

        if (!err != !CASES[i][1])
            fail_msg("%s: %s", CASES[i][0], err ? err : "compiled");
        if (err)
            assert_string_equal(err, arena_printf(a, "error parsing regexp: %s", CASES[i][1]));
    }
    arena_free(a);
}

/* Deep and long ones cost no more than their length. */
static void test_long_patterns(void **state)
{
    struct arena *a = arena_new(0);
    struct buf deep = {0};

    for (int i = 0; i < 200000; i++)
        buf_putc(&deep, '(');
    assert_non_null(strstr(regexp_error(a, buf_view(&deep)), "expression nests too deeply"));
    buf_clear(&deep);
    for (int i = 0; i < 200000; i++)
        buf_puts(&deep, "[a-z]{2}");
    assert_null(regexp_error(a, buf_view(&deep)));
    buf_free(&deep);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_patterns), cmocka_unit_test(test_long_patterns)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
