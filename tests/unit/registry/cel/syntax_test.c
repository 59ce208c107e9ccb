/* What is said of expressions that are not well formed, word for word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "registry/cel/ast.h"
#include "registry/cel/grammar.h"
#include "shm/base/buf.h"

#define OPERAND                                                                                              \
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, "  \
    "IDENTIFIER}"

/* NULL: nothing. */
static const struct {
    const char *text, *errors;
} cases[] = {
    {"device.nope ==", "ERROR: <input>:1:15: Syntax error: mismatched input '<EOF>' expecting " OPERAND
                       "\n | device.nope ==\n | ..............^"},
    {"nope(", "ERROR: <input>:1:6: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', ')', "
              "'.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, "
              "IDENTIFIER}\n | nope(\n | .....^"},
    {"1 +",
     "ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting " OPERAND "\n | 1 +\n | ...^"},
    {"a b", "ERROR: <input>:1:3: Syntax error: extraneous input 'b' expecting <EOF>\n | a b\n | ..^"},
    {"a b c", "ERROR: <input>:1:3: Syntax error: mismatched input 'b' expecting <EOF>\n | a b c\n | ..^"},
    {"f(1 2)", "ERROR: <input>:1:5: Syntax error: extraneous input '2' expecting ')'\n | f(1 2)\n | ....^"},
    {"[1 2]",
     "ERROR: <input>:1:4: Syntax error: extraneous input '2' expecting {']', ','}\n | [1 2]\n | ...^"},
    {"{1: 2 3}",
     "ERROR: <input>:1:7: Syntax error: extraneous input '3' expecting {'}', ','}\n | {1: 2 3}\n | ......^"},
    {"{1 2}", "ERROR: <input>:1:4: Syntax error: missing ':' at '2'\n | {1 2}\n | ...^"},
    {"(1", "ERROR: <input>:1:3: Syntax error: missing ')' at '<EOF>'\n | (1\n | ..^"},
    {"[1", "ERROR: <input>:1:3: Syntax error: mismatched input '<EOF>' expecting {']', ','}\n | [1\n | ..^"},
    {"f(a", "ERROR: <input>:1:4: Syntax error: missing ')' at '<EOF>'\n | f(a\n | ...^"},
    {"a[0", "ERROR: <input>:1:4: Syntax error: missing ']' at '<EOF>'\n | a[0\n | ...^"},
    {"{1: 2",
     "ERROR: <input>:1:6: Syntax error: mismatched input '<EOF>' expecting {'}', ','}\n | {1: 2\n | .....^"},
    {"a ? b",
     "ERROR: <input>:1:6: Syntax error: mismatched input '<EOF>' expecting ':'\n | a ? b\n | .....^"},
    {"a ? b :", "ERROR: <input>:1:8: Syntax error: mismatched input '<EOF>' expecting " OPERAND
                "\n | a ? b :\n | .......^"},
    {"a.", "ERROR: <input>:1:3: Syntax error: no viable alternative at input '.'\n | a.\n | ..^"},
    {"a.in",
     "ERROR: <input>:1:3: Syntax error: no viable alternative at input '.in'\n | a.in\n | ..^\nERROR: "
     "<input>:1:5: Syntax error: mismatched input '<EOF>' expecting " OPERAND "\n | a.in\n | ....^"},
    {"true.false", "ERROR: <input>:1:6: Syntax error: mismatched input 'false' expecting IDENTIFIER\n | "
                   "true.false\n | .....^"},
    {"a.b.{}", "ERROR: <input>:1:5: Syntax error: no viable alternative at input '.{'\n | a.b.{}\n | ....^"},
    {"-)", "ERROR: <input>:1:2: Syntax error: no viable alternative at input '-)'\n | -)\n | .^\nERROR: "
           "<input>:1:2: Syntax error: mismatched input ')' expecting " OPERAND "\n | -)\n | .^"},
    {"!", "ERROR: <input>:1:2: Syntax error: extraneous input '<EOF>' expecting " OPERAND "\n | !\n | .^"},
    {"--", "ERROR: <input>:1:3: Syntax error: no viable alternative at input '-'\n | --\n | ..^\nERROR: "
           "<input>:1:3: Syntax error: mismatched input '<EOF>' expecting " OPERAND "\n | --\n | ..^"},
    {"a.(b)", "ERROR: <input>:1:3: Syntax error: no viable alternative at input '.('\n | a.(b)\n | ..^"},
    {"[1,,2]", "ERROR: <input>:1:4: Syntax error: mismatched input ',' expecting ']'\n | [1,,2]\n | ...^"},
    {"{,}", NULL},
    {"a = b", "ERROR: <input>:1:3: Syntax error: token recognition error at: '= '\n | a = b\n | ..^\nERROR: "
              "<input>:1:5: Syntax error: extraneous input 'b' expecting <EOF>\n | a = b\n | ....^"},
    {"a & b", "ERROR: <input>:1:3: Syntax error: token recognition error at: '& '\n | a & b\n | ..^\nERROR: "
              "<input>:1:5: Syntax error: extraneous input 'b' expecting <EOF>\n | a & b\n | ....^"},
    {"a # b", "ERROR: <input>:1:3: Syntax error: token recognition error at: '#'\n | a # b\n | ..^\nERROR: "
              "<input>:1:5: Syntax error: extraneous input 'b' expecting <EOF>\n | a # b\n | ....^"},
    {"\"abc",
     "ERROR: <input>:1:1: Syntax error: token recognition error at: '\"abc'\n | \"abc\n | ^\nERROR: "
     "<input>:1:5: Syntax error: mismatched input '<EOF>' expecting " OPERAND "\n | \"abc\n | ....^"},
    {"'a\\q'",
     "ERROR: <input>:1:1: Syntax error: token recognition error at: ''a\\q'\n | 'a\\q'\n | ^\nERROR: "
     "<input>:1:5: Syntax error: token recognition error at: '''\n | 'a\\q'\n | ....^\nERROR: <input>:1:6: "
     "Syntax error: mismatched input '<EOF>' expecting " OPERAND "\n | 'a\\q'\n | .....^"},
    {"a.`b`", "ERROR: <input>:1:3: unsupported syntax: '`'\n | a.`b`\n | ..^"},
    {"`a`", "ERROR: <input>:1:1: Syntax error: mismatched input '`a`' expecting " OPERAND "\n | `a`\n | ^"},
    {"if", "ERROR: <input>:1:1: reserved identifier: if\n | if\n | ^"},
    {"as + else", "ERROR: <input>:1:1: reserved identifier: as\n | as + else\n | ^\nERROR: <input>:1:6: "
                  "reserved identifier: else\n | as + else\n | .....^"},
    {"a.if", NULL},
    {".", "ERROR: <input>:1:2: Syntax error: no viable alternative at input '.'\n | .\n | .^"},
    {"..", "ERROR: <input>:1:2: Syntax error: no viable alternative at input '..'\n | ..\n | .^"},
    {"has(a)", "ERROR: <input>:1:5: invalid argument to has() macro\n | has(a)\n | ....^"},
    {"has(1 +)",
     "ERROR: <input>:1:7: invalid argument to has() macro\n | has(1 +)\n | ......^\nERROR: <input>:1:8: "
     "Syntax error: mismatched input ')' expecting " OPERAND "\n | has(1 +)\n | .......^"},
    {"[1].all(1, x)", "ERROR: <input>:1:9: argument must be a simple name\n | [1].all(1, x)\n | ........^"},
    {"[1].all(a, b, c)", NULL},
    {"[1].all(a, a, c)",
     "ERROR: <input>:1:12: duplicate variable name: a\n | [1].all(a, a, c)\n | ...........^"},
    {"[1].map(1, x)", "ERROR: <input>:1:9: argument is not an identifier\n | [1].map(1, x)\n | ........^"},
    {"a.optMap(1, x)", "ERROR: <input>:1:10: optMap() variable name must be a simple identifier\n | "
                       "a.optMap(1, x)\n | .........^"},
    {"1.sortBy(a, a)", "ERROR: <input>:1:1: sortBy can only be applied to a list, identifier, comprehension, "
                       "call or select expression\n | 1.sortBy(a, a)\n | ^"},
    {"9223372036854775808", "ERROR: <input>:1:1: invalid int literal\n | 9223372036854775808\n | ^"},
    {"18446744073709551616u", "ERROR: <input>:1:1: invalid uint literal\n | 18446744073709551616u\n | ^"},
    {"1e999", "ERROR: <input>:1:1: invalid double literal\n | 1e999\n | ^"},
    {"\"\\ud800\"", "ERROR: <input>:1:1: invalid unicode code point\n | \"\\ud800\"\n | ^"},
    {"a\n+\n\"b\n+ c",
     "ERROR: <input>:3:1: Syntax error: token recognition error at: '\"b\n'\n | \"b\n | ^\nERROR: "
     "<input>:4:1: Syntax error: extraneous input '+' expecting " OPERAND "\n | + c\n | ^"},
    {"\"\346\227\245\346\234\254\" + + x",
     "ERROR: <input>:1:8: Syntax error: extraneous input '+' expecting " OPERAND
     "\n | \"\346\227\245\346\234\254\" + + x\n | .\357\274\216\357\274\216....^"},
    {"a\t+\t)",
     "ERROR: <input>:1:5: Syntax error: mismatched input ')' expecting " OPERAND "\n | a + )\n | ....^"},
    {"in a", "ERROR: <input>:1:1: Syntax error: extraneous input 'in' expecting " OPERAND "\n | in a\n | ^"},
    {"a in",
     "ERROR: <input>:1:5: Syntax error: mismatched input '<EOF>' expecting " OPERAND "\n | a in\n | ....^"},
    {"a?.b", "ERROR: <input>:1:5: Syntax error: mismatched input '<EOF>' expecting ':'\n | a?.b\n | ....^"},
    {"x.?y[?0]", NULL},
    {"1..2", "ERROR: <input>:1:3: Syntax error: no viable alternative at input '..2'\n | 1..2\n | ..^"},
    {"a;", "ERROR: <input>:1:2: Syntax error: token recognition error at: ';'\n | a;\n | .^"},
    {"$a", "ERROR: <input>:1:1: Syntax error: token recognition error at: '$'\n | $a\n | ^"},
    {"{\"a\": 1,}", NULL},
    {"[1, 2].exists_one(x, x > 1) && {a: b}.c", NULL},
    {"Foo.Bar{a: 1, ?b: c}", NULL},
    {"", "ERROR: <input>:1:0: Syntax error: mismatched input '<EOF>' expecting " OPERAND ""},
};

static void test_errors(void **state)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct arena *a = arena_new(0);
        struct cel_source *s = cel_source_new(a, str_of(cases[i].text));

        cel_parse(s, CEL_MACROS_COMMON);
        if (cases[i].errors)
            assert_string_equal(arena_cstr(a, cel_source_errors(s)), cases[i].errors);
        else
            assert_int_equal(s->nerrors, 0);
        arena_free(a);
    }
}

/* n times one text between two others. */
static const char *errors_of(struct arena *a, const char *before, const char *text, int n, const char *after)
{
    struct buf b = {0};
    struct cel_source *s;

    buf_puts(&b, before);
    for (int i = 0; i < n; i++)
        buf_puts(&b, text);
    buf_puts(&b, after);
    s = cel_source_new(a, arena_str(a, buf_view(&b)));
    buf_free(&b);
    cel_parse(s, CEL_MACROS_COMMON);
    return arena_cstr(a, cel_source_errors(s));
}

static void test_limits(void **state)
{
    struct arena *a = arena_new(0);

    assert_string_equal(errors_of(a, "", "(", 100000, ""),
                        "ERROR: <input>:-1:0: expression recursion limit exceeded: 250");
    assert_string_equal(errors_of(a, "a", ".b", 251, ""),
                        "ERROR: <input>:-1:0: max recursion depth exceeded");
    assert_string_equal(errors_of(a, "a", ".b", 250, ""), "");
    assert_string_equal(errors_of(a, "true", " && true", 2000, ""), "");
    assert_string_equal(
        errors_of(a, "", "x", 100001, ""),
        "ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100001, limit 100000");
    assert_non_null(
        strstr(errors_of(a, "1 ", "2 ", 300, ""), "error recovery token lookahead limit exceeded: 256"));
    assert_non_null(strstr(errors_of(a, "", "# ", 120, ""), "\n1 more errors were truncated"));
    assert_non_null(strstr(errors_of(a, "", "[1 2)+", 40, ""), "error recovery attempt limit exceeded: 30"));
    arena_free(a);
}

/* The table of what rules begin with is what the grammar says. */
static void test_first_tokens(void **state)
{
    for (enum cel_rule r = CEL_R_START; r < CEL_R_COUNT; r++)
        assert_true(cel_rule_first(r) == cel_sequence_first(cel_grammar[r]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_first_tokens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
