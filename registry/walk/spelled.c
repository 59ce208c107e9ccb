/* The text was read once already, so it is known to be JSON, and is only skimmed for the places the tree
 * leads to. */
#include "registry/walk/spelled.h"

#include <string.h>
#include "registry/walk/json.h"
#include "registry/walk/tree.h"
#include "registry/walk/wire.h"

#define MARK '\1' /* begins the name of the member that holds a spelling */
#define NAME_BYTES 64

static const char *const ROOTS[] = {"ControllerRevision", "ResourceClaim", "ResourceClaimTemplate",
                                    "DeviceClass"};

bool spelled_in(const struct schema_type *t)
{
    for (size_t i = 0; i < sizeof(ROOTS) / sizeof(ROOTS[0]); i++)
        if (strcmp(t->name, ROOTS[i]) == 0)
            return true;
    return false;
}

bool spelled_type(const struct schema_type *t)
{
    return t->kind == SCHEMA_RAW && t->nfields == 0;
}

static struct str name_of(char *room, const struct schema_field *f)
{
    size_t n = f->json_n < NAME_BYTES - 1 ? f->json_n : NAME_BYTES - 1;

    room[0] = MARK;
    memcpy(room + 1, f->json, n);
    return (struct str){room, n + 1};
}

static void note(json_t *obj, const struct schema_field *f, struct str text)
{
    const json_t *v = json_object_get(obj, f->json);
    char room[NAME_BYTES];
    struct str name = name_of(room, f);
    struct buf plain = {0};

    json_object_deln(obj, name.p, name.n);
    if (!v)
        return;
    json_write(&plain, v, 0);
    if (!str_eq(buf_view(&plain), text))
        json_object_setn_new_nocheck(obj, name.p, name.n, json_stringn_nocheck(text.p, text.n));
    buf_free(&plain);
}

struct str spelled_own(const json_t *obj, const struct schema_field *f)
{
    char room[NAME_BYTES];
    struct str name = name_of(room, f);
    const json_t *v = json_object_getn(obj, name.p, name.n);

    return v ? (struct str){json_string_value(v), json_string_length(v)} : STR_NONE;
}

void spelled_put(struct buf *out, const json_t *obj, const struct schema_field *f)
{
    const json_t *v = json_object_get(obj, f->json);
    struct str own = spelled_own(obj, f);

    if (own.n)
        buf_str(out, own);
    else if (v && !json_is_null(v))
        json_write(out, v, 0);
}

/* ---- from text ---- */

struct skim {
    const char *p, *end;
};

static char next(struct skim *s)
{
    while (s->p < s->end && strchr(" \t\r\n", *s->p))
        s->p++;
    return s->p < s->end ? *s->p : '\0';
}

/* At an opening quote; the content as it stands. */
static struct str string(struct skim *s)
{
    const char *from = ++s->p;
    struct str text;

    while (s->p < s->end && *s->p != '"')
        s->p += *s->p == '\\' ? 2 : 1;
    text = (struct str){from, (size_t)(s->p - from)};
    s->p++;
    return text;
}

static struct str value(struct skim *s)
{
    char first = next(s);
    const char *from = s->p;
    int depth = 0;

    if (first == '"') {
        string(s);
    } else if (first != '{' && first != '[') {
        while (s->p < s->end && !strchr(",]} \t\r\n", *s->p))
            s->p++;
    } else {
        do {
            if (*s->p == '"') {
                string(s);
                continue;
            }
            depth += *s->p == '{' || *s->p == '[' ? 1 : *s->p == '}' || *s->p == ']' ? -1 : 0;
            s->p++;
        } while (depth > 0 && s->p < s->end);
    }
    return (struct str){from, (size_t)(s->p - from)};
}

/* Enters a container, or goes on to its next value; false: there is none. */
static bool more(struct skim *s)
{
    char c = next(s);

    if (c == '\0' || c == ']' || c == '}')
        return false;
    if (c == '{' || c == '[' || c == ',')
        s->p++;
    c = next(s);
    return c != '\0' && c != ']' && c != '}';
}

static void from_text(json_t *v, const struct schema_type *t, struct str text);

static void struct_text(json_t *v, const struct schema_type *t, struct skim *s)
{
    while (more(s)) {
        struct str key = string(s), text;
        const struct schema_field *f = schema_field(t, key);

        next(s);
        s->p++; /* the colon */
        text = value(s);
        if (f && spelled_type(f->type))
            note(v, f, text);
        else if (f)
            from_text(json_object_get(v, f->json), f->type, text);
    }
}

static void list_text(json_t *v, const struct schema_type *t, struct skim *s)
{
    for (size_t i = 0; more(s); i++)
        from_text(json_array_get(v, i), t->elem, value(s));
}

static void from_text(json_t *v, const struct schema_type *t, struct str text)
{
    struct skim s = {text.p, text.p + text.n};

    if (t->kind == SCHEMA_STRUCT && json_is_object(v) && next(&s) == '{')
        struct_text(v, t, &s);
    else if (t->kind == SCHEMA_LIST && t->elem->kind == SCHEMA_STRUCT && json_is_array(v) && next(&s) == '[')
        list_text(v, t, &s);
}

void spelled_from_text(json_t *obj, const struct schema_type *t, struct str text)
{
    from_text(obj, t, text);
}

/* ---- from a message ---- */

static void from_message(json_t *v, const struct schema_type *t, uint16_t path, struct str in)
{
    const struct schema_field *last = NULL;
    const char *err = NULL;
    struct wire_piece p;
    size_t item = 0;

    while (wire_next(&in, &p, &err)) {
        bool embedded;
        const struct schema_field *f = wire_field(t, path, p.number, &embedded);
        struct wire_piece raw;

        if (p.wire != WIRE_LEN)
            continue;
        item = f && f == last ? item + 1 : 0;
        last = f;
        if (embedded)
            from_message(v, t, wire_path(path, p.number), p.bytes);
        else if (f && spelled_type(f->type) && wire_next(&p.bytes, &raw, &err) && raw.number == 1)
            note(v, f, raw.bytes);
        else if (f && f->type->kind == SCHEMA_STRUCT)
            from_message(json_object_get(v, f->json), f->type, 0, p.bytes);
        else if (f && f->type->kind == SCHEMA_LIST && f->type->elem->kind == SCHEMA_STRUCT)
            from_message(json_array_get(json_object_get(v, f->json), item), f->type->elem, 0, p.bytes);
    }
}

void spelled_from_message(json_t *obj, const struct schema_type *t, struct str message)
{
    from_message(obj, t, 0, message);
}

/* ---- all of them ---- */

bool spelled_same(const json_t *a, const json_t *b, const struct schema_type *t)
{
    if (t->kind == SCHEMA_LIST && t->elem->kind == SCHEMA_STRUCT) {
        for (size_t i = 0; i < json_array_size(a); i++)
            if (!spelled_same(json_array_get(a, i), json_array_get(b, i), t->elem))
                return false;
        return true;
    }
    for (int i = 0; t->kind == SCHEMA_STRUCT && json_is_object(a) && i < t->nfields; i++) {
        const struct schema_field *f = &t->fields[i];

        if (spelled_type(f->type)
                ? !str_eq(spelled_own(a, f), spelled_own(b, f))
                : !spelled_same(json_object_get(a, f->json), json_object_get(b, f->json), f->type))
            return false;
    }
    return true;
}

static void forget(json_t *obj, const struct schema_type *t, bool sorts)
{
    json_t *item;
    size_t i;

    if (t->kind == SCHEMA_LIST && t->elem->kind == SCHEMA_STRUCT) {
        json_array_foreach(obj, i, item) forget(item, t->elem, sorts);
        return;
    }
    for (int k = 0; t->kind == SCHEMA_STRUCT && json_is_object(obj) && k < t->nfields; k++) {
        const struct schema_field *f = &t->fields[k];
        char room[NAME_BYTES];
        struct str name = name_of(room, f);

        if (!spelled_type(f->type)) {
            forget(json_object_get(obj, f->json), f->type, sorts);
            continue;
        }
        json_object_deln(obj, name.p, name.n);
        if (sorts)
            tree_sort_all_keys(json_object_get(obj, f->json));
    }
}

void spelled_forget(json_t *obj, const struct schema_type *t)
{
    forget(obj, t, false);
}

void spelled_anew(json_t *obj, const struct schema_type *t)
{
    forget(obj, t, true);
}
