/* Formats that a definition's schemas name and nothing checks. Rule:
 * apiextensions-apiserver/pkg/apiserver/validation/formats.go. */
#include "registry/strategy/warningrows.h"
#include "registry/strategy/warnings.h"

#include <stdlib.h>
#include "registry/rules/text.h"
#include "registry/walk/tree.h"

#define DEPTH_MAX 500

/* As they are compared: without dashes. */
static const char *const OF_STRINGS[] = {
    "bsonobjectid", "byte",        "cidr",         "creditcard", "date",     "datetime", "duration",
    "email",        "hexcolor",    "hostname",     "ipv4",       "ipv6",     "isbn",     "isbn10",
    "isbn13",       "k8slongname", "k8sshortname", "mac",        "password", "rgbcolor", "ssn",
    "uri",          "uuid",        "uuid3",        "uuid4",      "uuid5",
};
static const char *const OF_INTEGERS[] = {"int32", "int64"};
static const char *const OF_NUMBERS[] = {"float", "double"};

#define KNOWN(table, text) is_one(table, sizeof(table) / sizeof((table)[0]), text)

static bool is_one(const char *const *texts, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(texts[i], text) == 0)
            return true;
    }
    return false;
}

static bool is_known(struct str type, const char *format, char *room)
{
    char *to = room;

    if (str_is(type, "integer"))
        return KNOWN(OF_INTEGERS, format);
    if (str_is(type, "number"))
        return KNOWN(OF_NUMBERS, format);
    if (type.n && !str_is(type, "string"))
        return false;
    for (const char *p = format; *p; p++) {
        if (*p != '-')
            *to++ = *p;
    }
    *to = '\0';
    return KNOWN(OF_STRINGS, room);
}

struct formats {
    const struct strategy_call *c;
    json_t *found; /* as keys */
};

static void look(struct formats *f, const json_t *schema, int depth);

static void look_at_list(struct formats *f, const json_t *list, int depth)
{
    json_t *v;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)list, i, v) look(f, v, depth);
}

static void look_at_map(struct formats *f, const json_t *map, int depth)
{
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)map, key, v) look(f, v, depth);
}

static void look(struct formats *f, const json_t *schema, int depth)
{
    static const char *const ONE[] = {"not", "items", "additionalProperties", "additionalItems"};
    static const char *const LISTS[] = {"items", "allOf", "anyOf", "oneOf"};
    static const char *const MAPS[] = {"properties", "patternProperties", "definitions", "dependencies"};
    const char *format = tree_string(schema, "format");

    if (!json_is_object(schema) || depth > DEPTH_MAX)
        return;
    if (format && *format &&
        !is_known(tree_str(schema, "type"), format, arena_raw(f->c->arena, strlen(format) + 1)))
        json_object_set_new(f->found, format, json_true());
    for (int i = 0; i < 4; i++) {
        look_at_list(f, json_object_get(schema, LISTS[i]), depth + 1);
        look_at_map(f, json_object_get(schema, MAPS[i]), depth + 1);
        look(f, json_object_get(schema, ONE[i]), depth + 1);
    }
}

static json_t *formats_of(const struct strategy_call *c, const json_t *definition)
{
    struct formats f = {c, json_object()};
    json_t *version;
    size_t i;

    json_array_foreach(tree_get(definition, "spec.versions"), i, version)
        look(&f, tree_get(version, "schema.openAPIV3Schema"), 0);
    return f.found;
}

void warn_of_definition(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    json_t *now = formats_of(c, obj), *before = old ? formats_of(c, old) : json_object(), *v;
    const char *format;

    json_object_foreach(now, format, v)
    {
        if (!json_object_get(before, format))
            warnings_add(c, "unrecognized format %s", text_quoted(c->arena, str_of(format)));
    }
    json_decref(now);
    json_decref(before);
}
