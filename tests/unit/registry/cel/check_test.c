/* Which type expressions have where admission and devices carry them, or what is said of those that have
 * none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "registry/cel/environments.h"

#define DEVICE 8

/* Flags, or a device's; the expression; its type, or the errors. */
static const struct {
    unsigned where;
    const char *text, *result;
} cases[] = {
    {CEL_PARAMS | CEL_AUTHORIZER, "object.spec.replicas <= params.max", "bool"},
    {CEL_PARAMS | CEL_AUTHORIZER, "request.userInfo.groups", "list(string)"},
    {CEL_PARAMS | CEL_AUTHORIZER, "request.foo",
     "ERROR: <input>:1:8: undefined field 'foo'\n | request.foo\n | .......^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "request.kind.group == 1",
     "ERROR: <input>:1:20: found no matching overload for '_==_' applied to '(string, int)'\n | "
     "request.kind.group == 1\n | ...................^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "namespaceObject.metadata.UID", "string"},
    {CEL_PARAMS | CEL_AUTHORIZER,
     "authorizer.group(\"\").resource(\"pods\").namespace(\"x\").check(\"get\").allowed()", "bool"},
    {CEL_PARAMS | CEL_AUTHORIZER, "authorizer.requestResource.check(1)",
     "ERROR: <input>:1:33: found no matching overload for 'check' applied to "
     "'kubernetes.authorization.ResourceCheck.(int)'\n | authorizer.requestResource.check(1)\n | "
     "................................^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "variables.foo",
     "ERROR: <input>:1:1: undeclared reference to 'variables' (in container '')\n | variables.foo\n | ^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "nope",
     "ERROR: <input>:1:1: undeclared reference to 'nope' (in container '')\n | nope\n | ^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "nope()",
     "ERROR: <input>:1:5: undeclared reference to 'nope' (in container '')\n | nope()\n | ....^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "\"a\".nope()",
     "ERROR: <input>:1:9: undeclared reference to 'nope' (in container '')\n | \"a\".nope()\n | ........^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "a.b.c()",
     "ERROR: <input>:1:1: undeclared reference to 'a' (in container '')\n | a.b.c()\n | ^\nERROR: "
     "<input>:1:6: undeclared reference to 'c' (in container '')\n | a.b.c()\n | .....^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "1 + 1u",
     "ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(int, uint)'\n | 1 + 1u\n | ..^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "1 + \"a\"",
     "ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(int, string)'\n | 1 + \"a\"\n | "
     "..^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "!1",
     "ERROR: <input>:1:1: found no matching overload for '!_' applied to '(int)'\n | !1\n | ^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "1 && \"a\"",
     "ERROR: <input>:1:1: expected type 'bool' but found 'int'\n | 1 && \"a\"\n | ^\nERROR: <input>:1:6: "
     "expected type 'bool' but found 'string'\n | 1 && \"a\"\n | .....^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "true ? 1 : \"a\"",
     "ERROR: <input>:1:6: found no matching overload for '_?_:_' applied to '(bool, int, string)'\n | true ? "
     "1 : \"a\"\n | .....^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "1 ? 2 : 3",
     "ERROR: <input>:1:3: found no matching overload for '_?_:_' applied to '(int, int, int)'\n | 1 ? 2 : "
     "3\n | ..^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "size(1)",
     "ERROR: <input>:1:5: found no matching overload for 'size' applied to '(int)'\n | size(1)\n | ....^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "1.size()",
     "ERROR: <input>:1:7: found no matching overload for 'size' applied to 'int.()'\n | 1.size()\n | "
     "......^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "\"abc\".startsWith(1)",
     "ERROR: <input>:1:17: found no matching overload for 'startsWith' applied to 'string.(int)'\n | "
     "\"abc\".startsWith(1)\n | ................^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "[1, \"a\"]",
     "ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, \"a\"]\n | ....^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "{\"a\": 1, \"b\": \"c\"}",
     "ERROR: <input>:1:15: expected type 'int' but found 'string'\n | {\"a\": 1, \"b\": \"c\"}\n | "
     "..............^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "[1, dyn(\"a\")]",
     "ERROR: <input>:1:8: expected type 'int' but found 'dyn'\n | [1, dyn(\"a\")]\n | .......^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "[1, 2.0]",
     "ERROR: <input>:1:5: expected type 'int' but found 'double'\n | [1, 2.0]\n | ....^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "[[1], [\"a\"]]",
     "ERROR: <input>:1:7: expected type 'list(int)' but found 'list(string)'\n | [[1], [\"a\"]]\n | ......^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "[1].a",
     "ERROR: <input>:1:4: type 'list(int)' does not support field selection\n | [1].a\n | ...^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "\"a\".b",
     "ERROR: <input>:1:4: type 'string' does not support field selection\n | \"a\".b\n | ...^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "quantity(\"1\").x",
     "ERROR: <input>:1:14: unexpected failed resolution of 'kubernetes.Quantity'\n | quantity(\"1\").x\n | "
     ".............^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "ip(\"::1\").x",
     "ERROR: <input>:1:10: type 'net.IP' does not support field selection\n | ip(\"::1\").x\n | .........^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "[1].all(x, x)",
     "ERROR: <input>:1:12: expected type 'bool' but found 'int'\n | [1].all(x, x)\n | ...........^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "1.all(x, true)",
     "ERROR: <input>:1:1: expression of type 'int' cannot be range of a comprehension (must be list, map, or "
     "dynamic)\n | 1.all(x, true)\n | ^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "[1].exists(x, y)",
     "ERROR: <input>:1:15: undeclared reference to 'y' (in container '')\n | [1].exists(x, y)\n | "
     "..............^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "[1].map(x, x + \"a\")",
     "ERROR: <input>:1:14: found no matching overload for '_+_' applied to '(int, string)'\n | [1].map(x, x "
     "+ \"a\")\n | .............^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "{\"a\": 1}.transformMap(k, v, v + 1)", "map(string, int)"},
    {CEL_PARAMS | CEL_AUTHORIZER, "{\"a\": 1}.all(k, v, k == v)",
     "ERROR: <input>:1:22: found no matching overload for '_==_' applied to '(string, int)'\n | {\"a\": "
     "1}.all(k, v, k == v)\n | .....................^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "[\"b\", \"a\"].sortBy(x, x)", "list(string)"},
    {CEL_PARAMS | CEL_AUTHORIZER, "object.?a.orValue(1)", "dyn"},
    {CEL_PARAMS | CEL_AUTHORIZER, "request.?name.orValue(\"\")", "string"},
    {CEL_PARAMS | CEL_AUTHORIZER, "optional.of(1).optMap(x, x + 1)", "optional_type(int)"},
    {CEL_PARAMS | CEL_AUTHORIZER, "optional.of(1).optMap(x, y)",
     "ERROR: <input>:1:26: undeclared reference to 'y' (in container '')\n | optional.of(1).optMap(x, y)\n | "
     ".........................^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "has(request.zz)",
     "ERROR: <input>:1:4: undefined field 'zz'\n | has(request.zz)\n | ...^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "has(object.a.b)", "bool"},
    {CEL_PARAMS | CEL_AUTHORIZER, "type(1)", "type(int)"},
    {CEL_PARAMS | CEL_AUTHORIZER, "int", "type(int)"},
    {CEL_PARAMS | CEL_AUTHORIZER, "[]", "list(dyn)"},
    {CEL_PARAMS | CEL_AUTHORIZER, "{}", "map(dyn, dyn)"},
    {CEL_PARAMS | CEL_AUTHORIZER, "bool{}",
     "ERROR: <input>:1:5: 'bool' is not a message type\n | bool{}\n | ....^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "foo{}",
     "ERROR: <input>:1:4: undeclared reference to 'foo' (in container '')\n | foo{}\n | ...^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "request{}",
     "ERROR: <input>:1:8: 'kubernetes.AdmissionRequest' is not a type\n | request{}\n | .......^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "duration(\"1h\")", "google.protobuf.Duration"},
    {CEL_PARAMS | CEL_AUTHORIZER, "duration(\"1x\")",
     "ERROR: <input>:1:10: invalid duration argument\n | duration(\"1x\")\n | .........^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "timestamp(\"2020\")",
     "ERROR: <input>:1:11: invalid timestamp argument\n | timestamp(\"2020\")\n | ..........^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "\"a\".matches(\"[\")",
     "ERROR: <input>:1:13: invalid matches argument\n | \"a\".matches(\"[\")\n | ............^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "\"%d\".format([\"a\"])",
     "ERROR: <input>:1:14: error during formatting: decimal clause can only be used on integers, was given "
     "string\n | \"%d\".format([\"a\"])\n | .............^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "\"%s %s\".format([1])",
     "ERROR: <input>:1:15: index 1 out of range\n | \"%s %s\".format([1])\n | ..............^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "\"%s\".format([1, \"a\"])",
     "ERROR: <input>:1:12: too many arguments supplied to string.format (expected 1, got 2)\n | "
     "\"%s\".format([1, \"a\"])\n | ...........^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "null == request.name",
     "ERROR: <input>:1:6: found no matching overload for '_==_' applied to '(null, string)'\n | null == "
     "request.name\n | .....^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "1 in [\"a\"]",
     "ERROR: <input>:1:3: found no matching overload for '@in' applied to '(int, list(string))'\n | 1 in "
     "[\"a\"]\n | ..^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "1 in [1]", "bool"},
    {CEL_PARAMS | CEL_AUTHORIZER, "sets.contains([1], [\"a\"])",
     "ERROR: <input>:1:14: found no matching overload for 'sets.contains' applied to '(list(int), "
     "list(string))'\n | sets.contains([1], [\"a\"])\n | .............^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "url(\"https://a\").getHost()", "string"},
    {CEL_PARAMS | CEL_AUTHORIZER, "cidr(\"10.0.0.0/8\").containsIP(\"10.1.1.1\")", "bool"},
    {CEL_PARAMS | CEL_AUTHORIZER, "semver(\"1.0.0\").isGreaterThan(\"1\")",
     "ERROR: <input>:1:30: found no matching overload for 'isGreaterThan' applied to "
     "'kubernetes.Semver.(string)'\n | semver(\"1.0.0\").isGreaterThan(\"1\")\n | "
     ".............................^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "format.dns1123Label().validate(\"a\").hasValue()", "bool"},
    {CEL_PARAMS | CEL_AUTHORIZER, "[1].lastIndexOf(\"a\")",
     "ERROR: <input>:1:16: found no matching overload for 'lastIndexOf' applied to 'list(int).(string)'\n | "
     "[1].lastIndexOf(\"a\")\n | ...............^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "\"a b\".split(\" \").join()", "string"},
    {CEL_PARAMS | CEL_AUTHORIZER, ".object", "dyn"},
    {CEL_PARAMS | CEL_AUTHORIZER, "Object{}",
     "ERROR: <input>:1:7: undeclared reference to 'Object' (in container '')\n | Object{}\n | ......^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "jsonpatch.escapeKey(\"a\")",
     "ERROR: <input>:1:1: undeclared reference to 'jsonpatch' (in container '')\n | "
     "jsonpatch.escapeKey(\"a\")\n | ^\nERROR: <input>:1:20: undeclared reference to 'escapeKey' (in "
     "container '')\n | jsonpatch.escapeKey(\"a\")\n | ...................^"},
    {CEL_PARAMS | CEL_AUTHORIZER, "cel.bind(x, 1, x)",
     "ERROR: <input>:1:1: undeclared reference to 'cel' (in container '')\n | cel.bind(x, 1, x)\n | "
     "^\nERROR: <input>:1:9: undeclared reference to 'bind' (in container '')\n | cel.bind(x, 1, x)\n | "
     "........^\nERROR: <input>:1:10: undeclared reference to 'x' (in container '')\n | cel.bind(x, 1, x)\n "
     "| .........^\nERROR: <input>:1:16: undeclared reference to 'x' (in container '')\n | cel.bind(x, 1, "
     "x)\n | ...............^"},
    {CEL_PARAMS | CEL_AUTHORIZER | CEL_PATCHES, "Object{spec: Object.spec{replicas: 1}}", "Object"},
    {CEL_PARAMS | CEL_AUTHORIZER | CEL_PATCHES, "JSONPatch{op: \"add\", path: 1}",
     "ERROR: <input>:1:26: expected type of field 'path' is 'string' but provided type is 'int'\n | "
     "JSONPatch{op: \"add\", path: 1}\n | .........................^"},
    {CEL_PARAMS | CEL_AUTHORIZER | CEL_PATCHES, "[JSONPatch{op: \"add\"}]", "list(JSONPatch)"},
    {CEL_PARAMS | CEL_AUTHORIZER | CEL_PATCHES, "jsonpatch.escapeKey(\"a/b\")", "string"},
    {CEL_PATCHES, "[Object.some.where.deep, type(Object.other.place{}.x.y)]",
     "ERROR: <input>:1:30: expected type 'type(Object.some.where.deep)' but found 'type(dyn)'\n | "
     "[Object.some.where.deep, type(Object.other.place{}.x.y)]\n | .............................^"},
    {CEL_PATCHES, "Object.some.where.deep", "type(Object.some.where.deep)"},
    {0, "params", "ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params\n | ^"},
    {0, "authorizer",
     "ERROR: <input>:1:1: undeclared reference to 'authorizer' (in container '')\n | authorizer\n | ^"},
    {DEVICE, "device.attributes[\"a\"].b", "google.protobuf.Any"},
    {DEVICE, "device.capacity[\"a\"].b.isGreaterThan(quantity(\"1\"))", "bool"},
    {DEVICE, "device.nope", "ERROR: <input>:1:7: undefined field 'nope'\n | device.nope\n | ......^"},
    {DEVICE, "cel.bind(x, device.attributes[\"a\"], x.b && x.c)", "bool"},
    {DEVICE, "object",
     "ERROR: <input>:1:1: undeclared reference to 'object' (in container '')\n | object\n | ^"},
    {DEVICE, "device.attributes[\"a\"].b.all(x, x)",
     "ERROR: <input>:1:23: expression of type 'any' cannot be range of a comprehension (must be list, map, "
     "or dynamic)\n | device.attributes[\"a\"].b.all(x, x)\n | ......................^"},
};

static void test_types(void **state)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct arena *a = arena_new(0);
        struct cel_source *s = cel_source_new(a, str_of(cases[i].text));
        struct cel_env env = cases[i].where == DEVICE ? cel_env_device() : cel_env_admission(cases[i].where);
        struct cel_expr *e = cel_compile(s, &env);

        assert_string_equal(e ? cel_type_full_text(a, e->type) : arena_cstr(a, cel_source_errors(s)),
                            cases[i].result);
        arena_free(a);
    }
}

/* Each doubles what it is called on. */
static void test_doubling_is_bounded(void **state)
{
    struct arena *a = arena_new(0);
    char text[1024] = "object";
    struct cel_env env = cel_env_admission(0);
    struct cel_source *s;

    for (int i = 0; i < 60; i++)
        strcat(text, ".optMap(x, x)");
    s = cel_source_new(a, str_of(text));
    assert_null(cel_compile(s, &env));
    assert_non_null(strstr(arena_cstr(a, cel_source_errors(s)), "expanded expression size exceeds limit"));
    assert_true(arena_bytes(a) < 64 << 20);
    arena_free(a);
}

/* So does each of these with the type. */
static void test_doubling_types_are_bounded(void **state)
{
    struct arena *a = arena_new(0);
    char text[4096] = "[{1: 1}]";
    struct cel_env env = cel_env_admission(0);

    for (int i = 0; i < 200; i++)
        strcat(text, ".map(x, {x: x})");
    assert_non_null(cel_compile(cel_source_new(a, str_of(text)), &env));
    assert_true(arena_bytes(a) < 64 << 20);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_doubling_is_bounded),
        cmocka_unit_test(test_doubling_types_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
