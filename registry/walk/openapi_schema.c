/* Types as OpenAPI schemas: what kubectl explain shows and what clients merge and validate with. */
#include "registry/walk/openapi_parts.h"
#include <stdlib.h>
#include "registry/walk/json.h"
#include "shm/base/must.h"

static const struct {
    const char *type, *format;
} plain[] = {
    [SCHEMA_STRING] = {"string", NULL},
    [SCHEMA_BOOL] = {"boolean", NULL},
    [SCHEMA_INT32] = {"integer", "int32"},
    [SCHEMA_INT64] = {"integer", "int64"},
    [SCHEMA_FLOAT64] = {"number", "double"},
    [SCHEMA_BYTES] = {"string", "byte"},
    [SCHEMA_TIME] = {"string", "date-time"},
    [SCHEMA_MICROTIME] = {"string", "date-time"},
    [SCHEMA_DURATION] = {"string", NULL},
    [SCHEMA_QUANTITY] = {"string", NULL},
    [SCHEMA_INTORSTRING] = {"string", "int-or-string"},
    [SCHEMA_RAW] = {"object", NULL},
    [SCHEMA_FIELDS] = {"object", NULL},
};

void openapi_key(struct openapi *o, const char *name)
{
    buf_printf(o->out, "%s\"%s\":", o->sep, name);
    o->sep = ",";
}

void openapi_text(struct openapi *o, const char *name, const char *text)
{
    openapi_key(o, name);
    json_write_string(o->out, str_of(text));
}

void openapi_open(struct openapi *o, const char *name, char bracket)
{
    if (name)
        openapi_key(o, name);
    else
        buf_puts(o->out, o->sep);
    buf_putc(o->out, bracket);
    o->sep = "";
}

void openapi_close(struct openapi *o, char bracket)
{
    buf_putc(o->out, bracket);
    o->sep = ",";
}

static int position(const struct schema_type *t)
{
    int n, lo = 0;
    const struct schema_type *const *types = schema_types(&n);
    for (int hi = n; lo < hi;) {
        int mid = (lo + hi) / 2;
        int d = strcmp(t->group_version, types[mid]->group_version);
        if (!d)
            d = strcmp(t->name, types[mid]->name);
        if (!d)
            return mid;
        if (d < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    must(false);
    return -1;
}

static void want(struct openapi *o, const struct schema_type *t)
{
    if (t->elem)
        want(o, t->elem);
    if (!t->openapi)
        return;
    int i = position(t);
    if (o->wanted[i])
        return;
    o->wanted[i] = true;
    if (t->kind != SCHEMA_STRUCT)
        return;
    for (int j = 0; j < t->nfields; j++)
        want(o, t->fields[j].type);
}

static void put_ref_member(struct openapi *o, const struct schema_type *t)
{
    want(o, t);
    openapi_key(o, "$ref");
    buf_printf(o->out, "\"#/%s/%s\"", o->v3 ? "components/schemas" : "definitions", t->openapi);
}

void openapi_ref(struct openapi *o, const struct schema_type *t)
{
    buf_putc(o->out, '{');
    o->sep = "";
    put_ref_member(o, t);
    openapi_close(o, '}');
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_enum(struct openapi *o, const struct schema_type *t)
{
    const char *values[128];
    must(t->nvalues <= (int)(sizeof values / sizeof *values));
    for (int i = 0; i < t->nvalues; i++)
        values[i] = t->values[i];
    qsort(values, (size_t)t->nvalues, sizeof *values, by_text);
    openapi_open(o, "enum", '[');
    for (int i = 0; i < t->nvalues; i++) {
        buf_puts(o->out, i ? "," : "");
        json_write_string(o->out, str_of(values[i]));
    }
    openapi_close(o, ']');
}

/* The members that say what a value is, without braces. */
static void put_value(struct openapi *o, const struct schema_type *t);

static void put_elem(struct openapi *o, const char *name, const struct schema_type *t)
{
    if (t->openapi) {
        openapi_key(o, name);
        openapi_ref(o, t);
        return;
    }
    openapi_open(o, name, '{');
    put_value(o, t);
    openapi_close(o, '}');
}

static void put_value(struct openapi *o, const struct schema_type *t)
{
    if (t->kind == SCHEMA_LIST) {
        openapi_text(o, "type", "array");
        put_elem(o, "items", t->elem);
        return;
    }
    if (t->kind == SCHEMA_MAP) {
        openapi_text(o, "type", "object");
        put_elem(o, "additionalProperties", t->elem);
        return;
    }
    openapi_text(o, "type", plain[t->kind].type);
    if (plain[t->kind].format)
        openapi_text(o, "format", plain[t->kind].format);
    if (t->nvalues && !t->open_values)
        put_enum(o, t);
}

static void put_strings(struct openapi *o, const char *name, const char *const *list)
{
    openapi_open(o, name, '[');
    for (int i = 0; list[i]; i++)
        buf_printf(o->out, "%s\"%s\"", i ? "," : "", list[i]);
    openapi_close(o, ']');
}

/* v3 only: a declared default, or what a value that is always there is when nobody sets it. */
static const char *default_of(const struct schema_field *f)
{
    static const char *const zero[] = {
        [SCHEMA_STRING] = "\"\"", [SCHEMA_BOOL] = "false", [SCHEMA_INT32] = "0",
        [SCHEMA_INT64] = "0",     [SCHEMA_FLOAT64] = "0",
    };
    if (f->dflt || (f->flags & FIELD_POINTER))
        return f->dflt;
    if (f->type->kind == SCHEMA_STRUCT)
        return "{}";
    if ((f->flags & FIELD_OMITEMPTY) || (size_t)f->type->kind >= sizeof zero / sizeof *zero)
        return NULL;
    return zero[f->type->kind];
}

static const char *list_type(uint8_t list)
{
    static const char *const names[] = {[LIST_ATOMIC] = "atomic", [LIST_SET] = "set", [LIST_MAP] = "map"};
    return list < sizeof names / sizeof *names ? names[list] : NULL;
}

static void put_patch(struct openapi *o, const struct schema_field *f)
{
    static const struct {
        unsigned bit;
        const char *name;
    } words[] = {{PATCH_MERGE, "merge"}, {PATCH_REPLACE, "replace"}, {PATCH_RETAIN_KEYS, "retainKeys"}};
    char text[64] = "";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!(f->patch & words[i].bit))
            continue;
        if (*text)
            strcat(text, ",");
        strcat(text, words[i].name);
    }
    if (*text)
        openapi_text(o, "x-kubernetes-patch-strategy", text);
    if (f->patch_key)
        openapi_text(o, "x-kubernetes-patch-merge-key", f->patch_key);
}

static void put_merge_rules(struct openapi *o, const struct schema_field *f)
{
    if (f->list_keys)
        put_strings(o, "x-kubernetes-list-map-keys", f->list_keys);
    if (list_type(f->list))
        openapi_text(o, "x-kubernetes-list-type", list_type(f->list));
    if (f->list == MAP_ATOMIC || f->list == MAP_GRANULAR)
        openapi_text(o, "x-kubernetes-map-type", f->list == MAP_ATOMIC ? "atomic" : "granular");
    put_patch(o, f);
}

static void put_property(struct openapi *o, const struct schema_field *f)
{
    const char *dflt = o->v3 ? default_of(f) : NULL;
    bool alone = !*f->description && !dflt && !f->list && !f->patch;
    openapi_open(o, f->json, '{');
    if (*f->description)
        openapi_text(o, "description", f->description);
    if (!f->type->openapi) {
        put_value(o, f->type);
    } else if (o->v3 && !alone) { /* nothing may stand beside $ref in v3 */
        openapi_open(o, "allOf", '[');
        openapi_ref(o, f->type);
        openapi_close(o, ']');
    } else {
        put_ref_member(o, f->type);
    }
    if (dflt) {
        openapi_key(o, "default");
        buf_puts(o->out, dflt);
    }
    put_merge_rules(o, f);
    openapi_close(o, '}');
}

static void put_gvk(struct openapi *o, const char *group, const char *version, const char *kind)
{
    openapi_open(o, NULL, '{');
    openapi_text(o, "group", group);
    openapi_text(o, "version", version);
    openapi_text(o, "kind", kind);
    openapi_close(o, '}');
}

/* These are known under every group version, so that a client finds them next to its kind. */
static bool in_every_group(const struct schema_type *t)
{
    return !strcmp(t->group_version, "meta/v1") &&
           (!strcmp(t->name, "DeleteOptions") || !strcmp(t->name, "WatchEvent"));
}

static void put_kinds(struct openapi *o, const struct schema_type *t)
{
    const struct schema_field *kind = schema_field(t, STR("kind"));
    bool everywhere = in_every_group(t);
    if (!everywhere && (!kind || kind->number || !(kind->flags & FIELD_INLINED)))
        return;
    const char *slash = strchr(t->group_version, '/');
    char group[128] = "";
    if (strncmp(t->group_version, "meta/", 5) && strncmp(t->group_version, "core/", 5))
        snprintf(group, sizeof group, "%.*s", (int)(slash - t->group_version), t->group_version);
    openapi_open(o, "x-kubernetes-group-version-kind", '[');
    put_gvk(o, group, slash + 1, t->name);
    int n;
    const struct schema_group *g = schema_groups(&n);
    for (int i = 0; everywhere && i < n; i++) {
        for (int j = 0; j < g[i].nversions; j++) {
            const struct schema_group_version *v = &g[i].versions[j];
            if (*v->group && (!o->only || o->only == v))
                put_gvk(o, v->group, v->version, t->name);
        }
    }
    openapi_close(o, ']');
}

static void put_required(struct openapi *o, const struct schema_type *t)
{
    bool any = false;
    for (int i = 0; i < t->nfields; i++) {
        if (!(t->fields[i].flags & FIELD_REQUIRED))
            continue;
        if (!any)
            openapi_open(o, "required", '[');
        any = true;
        buf_puts(o->out, o->sep);
        json_write_string(o->out, str_of(t->fields[i].json));
        o->sep = ",";
    }
    if (any)
        openapi_close(o, ']');
}

/* Each field with the name that the discriminator has for it: its own, with a capital. */
static void put_union(struct openapi *o, const struct schema_union *u)
{
    openapi_open(o, "x-kubernetes-unions", '[');
    openapi_open(o, NULL, '{');
    if (u->discriminator)
        openapi_text(o, "discriminator", u->discriminator);
    openapi_open(o, "fields-to-discriminateBy", '{');
    for (int i = 0; u->fields[i]; i++) {
        char value[64];
        snprintf(value, sizeof value, "%s", u->fields[i]);
        if (*value >= 'a' && *value <= 'z')
            *value = (char)(*value - 32);
        openapi_text(o, u->fields[i], value);
    }
    openapi_close(o, '}');
    openapi_close(o, '}');
    openapi_close(o, ']');
}

static void put_struct(struct openapi *o, const struct schema_type *t)
{
    openapi_text(o, "type", "object");
    if (t->nfields) {
        openapi_open(o, "properties", '{');
        for (int i = 0; i < t->nfields; i++)
            put_property(o, &t->fields[t->by_name[i]]);
        openapi_close(o, '}');
    }
    put_required(o, t);
    if (t->atomic)
        openapi_text(o, "x-kubernetes-map-type", "atomic");
    if (t->one_of)
        put_union(o, t->one_of);
    put_kinds(o, t);
}

/* Values with two JSON forms: v2 has no word for that. */
static void put_scalar(struct openapi *o, const struct schema_type *t)
{
    if (t->kind == SCHEMA_RAW && strstr(t->openapi, "apiextensions"))
        return; /* any JSON at all, not only objects */
    if (!o->v3 || (t->kind != SCHEMA_QUANTITY && t->kind != SCHEMA_INTORSTRING)) {
        put_value(o, t);
        return;
    }
    openapi_key(o, "oneOf");
    if (t->kind == SCHEMA_QUANTITY) {
        buf_puts(o->out, "[{\"type\":\"string\"},{\"type\":\"number\"}]");
        return;
    }
    buf_puts(o->out, "[{\"type\":\"integer\"},{\"type\":\"string\"}]");
    openapi_text(o, "format", "int-or-string");
}

void openapi_definitions(struct openapi *o)
{
    int n;
    const struct schema_type *const *types = schema_types(&n);
    for (int i = 0; i < n; i++) {
        if (!o->wanted[i])
            continue;
        openapi_open(o, types[i]->openapi, '{');
        if (*types[i]->description)
            openapi_text(o, "description", types[i]->description);
        if (types[i]->kind == SCHEMA_STRUCT)
            put_struct(o, types[i]);
        else
            put_scalar(o, types[i]);
        openapi_close(o, '}');
    }
}
