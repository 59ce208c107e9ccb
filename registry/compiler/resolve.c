/* Names to what they mean, and whether it all fits together. After this the model can be written as it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "registry/compiler/model.h"
#include "shm/base/hash.h"

static const struct type basic[] = {
    {.name = "string", .kind = SCHEMA_STRING},   {.name = "bool", .kind = SCHEMA_BOOL},
    {.name = "int32", .kind = SCHEMA_INT32},     {.name = "int64", .kind = SCHEMA_INT64},
    {.name = "float64", .kind = SCHEMA_FLOAT64}, {.name = "bytes", .kind = SCHEMA_BYTES},
};

static struct package *package_named(const struct model *m, const char *name)
{
    for (int i = 0; i < m->packages.n; i++) {
        struct package *k = m->packages.p[i];
        if (!strcmp(k->name, name))
            return k;
    }
    return NULL;
}

static struct type *named(const struct model *m, const struct package *k, const char *name)
{
    for (int i = 0; i < m->nnamed; i++) {
        struct type *t = m->types.p[i];
        if (t->package == k && !strcmp(t->name, name))
            return t;
    }
    return NULL;
}

static struct type *unnamed(struct model *m, enum schema_kind kind, const struct type *elem)
{
    for (int i = m->nnamed; i < m->types.n; i++) {
        struct type *t = m->types.p[i];
        if (t->kind == kind && t->elem == elem)
            return t;
    }
    const char *prefix = kind == SCHEMA_LIST ? "[]" : kind == SCHEMA_MAP ? "map[string]" : "";
    const char *name = elem ? elem->name : "";
    struct type *t = make(sizeof *t);
    char *text = make(strlen(prefix) + strlen(name) + 1);
    strcat(strcpy(text, prefix), name);
    *t = (struct type){.name = text, .kind = kind, .elem = elem, .description = "", .state = 2};
    vec_add(&m->types, t);
    return t;
}

static const struct type *basic_type(struct model *m, const char *text)
{
    for (size_t i = 0; i < sizeof basic / sizeof *basic; i++) {
        if (strcmp(basic[i].name, text))
            continue;
        struct type *t = unnamed(m, basic[i].kind, NULL);
        t->name = basic[i].name;
        return t;
    }
    return NULL;
}

/* Packages that are searched for a name without a package. */
static const struct type *anywhere(const struct model *m, const struct package *k, const char *name)
{
    static const char *const common[] = {"meta/v1", "resource", "intstr", "runtime", "types"};
    const struct type *t = named(m, k, name);
    for (size_t i = 0; !t && i < sizeof common / sizeof *common; i++) {
        const struct package *c = package_named(m, common[i]);
        t = c ? named(m, c, name) : NULL;
    }
    return t;
}

/* "[]core/v1.Pod", "map[string]Quantity", "string", "Pod". */
static const struct type *type_of(struct model *m, struct place at, const struct package *k, const char *text)
{
    if (!strncmp(text, "[]", 2))
        return unnamed(m, SCHEMA_LIST, type_of(m, at, k, text + 2));
    if (!strncmp(text, "map[string]", 11))
        return unnamed(m, SCHEMA_MAP, type_of(m, at, k, text + 11));
    const struct type *t = basic_type(m, text);
    if (t)
        return t;
    const char *dot = strrchr(text, '.');
    if (!dot) {
        t = anywhere(m, k, text);
    } else {
        const char *pkg = copy(text, (size_t)(dot - text));
        k = package_named(m, pkg);
        if (!k)
            fail(at, "unknown package \"%s\"", pkg);
        t = named(m, k, dot + 1);
    }
    if (!t)
        fail(at, "unknown type \"%s\"", text);
    return t;
}

static void resolve_field(struct model *m, const struct package *k, struct field *f)
{
    size_t n = strlen(f->type_text);
    if (n && f->type_text[n - 1] == '?') {
        f->flags |= FIELD_POINTER;
        n--;
    }
    f->type = type_of(m, f->at, k, copy(f->type_text, n));
    if (f->list == LIST_ATOMIC && (f->type->kind == SCHEMA_MAP || f->type->kind == SCHEMA_STRUCT))
        f->list = MAP_ATOMIC;
}

static const char *joined(const char *outer, const char *inner)
{
    char *text;
    if (!inner)
        return outer;
    text = make(strlen(outer) + strlen(inner) + 2);
    sprintf(text, "%s.%s", outer, inner);
    return text;
}

static void add_flat(struct type *t, const struct field *f, const struct field *via)
{
    struct field *c = make(sizeof *c);
    *c = *f;
    if (via) {
        c->flags |= FIELD_INLINED;
        c->inline_number = (unsigned)via->number | f->inline_number << 8;
        c->embedded = joined(via->type->name, f->embedded);
        if (!via->number)
            c->number = 0; /* TypeMeta: not in protobuf */
        if (via->number && f->inline_number > 255)
            fail(via->at, "%s is inlined too deep", f->json);
    }
    for (int i = 0; i < t->flat.n; i++) {
        const struct field *o = t->flat.p[i];
        if (!strcmp(o->json, c->json))
            fail(f->at, "field %s of type %s is there twice", f->json, t->name);
        if (c->number && o->number == c->number && o->inline_number == c->inline_number)
            fail(f->at, "fields %s and %s of type %s have the same number", o->json, c->json, t->name);
        if (c->inline_number && !o->inline_number && (unsigned)o->number == (c->inline_number & 255))
            fail(f->at, "the inlined struct of %s has the number of field %s", c->json, o->json);
    }
    vec_add(&t->flat, c);
}

static void flatten(struct type *t)
{
    if (t->state == 2)
        return;
    if (t->state == 1)
        fail(t->at, "type %s inlines itself", t->name);
    t->state = 1;
    for (int i = 0; i < t->fields.n; i++) {
        struct field *f = t->fields.p[i];
        if (!f->inlined) {
            add_flat(t, f, NULL);
            continue;
        }
        struct type *in = (struct type *)f->type;
        if (in->kind != SCHEMA_STRUCT)
            fail(f->at, "%s is no struct: it cannot be inlined", in->name);
        flatten(in);
        for (int j = 0; j < in->flat.n; j++)
            add_flat(t, in->flat.p[j], f);
    }
    t->state = 2;
}

static const struct field *flat_field(const struct type *t, const char *json, size_t n)
{
    for (int i = 0; i < t->flat.n; i++) {
        const struct field *f = t->flat.p[i];
        if (strlen(f->json) == n && !strncmp(f->json, json, n))
            return f;
    }
    return NULL;
}

static void check_keys(const struct field *f)
{
    const struct type *e = f->type->elem;
    if (f->list == LIST_MAP && !f->list_keys.n)
        fail(f->at, "list=map of %s needs keys: list=map(name)", f->json);
    if (f->list == LIST_SET && f->type->kind != SCHEMA_LIST)
        fail(f->at, "list=set, but %s is no list", f->json);
    for (int i = 0; i < f->list_keys.n; i++) {
        const char *key = f->list_keys.p[i];
        if (f->type->kind != SCHEMA_LIST || !flat_field(e, key, strlen(key)))
            fail(f->at, "list key %s: items of %s have no such field", key, f->json);
    }
    if (f->patch_key && (f->type->kind != SCHEMA_LIST || !flat_field(e, f->patch_key, strlen(f->patch_key))))
        fail(f->at, "patch key %s: items of %s have no such field", f->patch_key, f->json);
}

static void check_default(const struct field *f)
{
    char c = f->dflt ? f->dflt[0] : '\0';
    bool fits;
    switch (f->type->kind) {
    case SCHEMA_STRING:
        fits = c == '"' && f->dflt[strlen(f->dflt) - 1] == '"';
        break;
    case SCHEMA_BOOL:
        fits = f->dflt && (!strcmp(f->dflt, "true") || !strcmp(f->dflt, "false"));
        break;
    case SCHEMA_INT32:
    case SCHEMA_INT64:
    case SCHEMA_INTORSTRING:
        fits = c == '-' || (c >= '0' && c <= '9') || (c == '"' && f->type->kind == SCHEMA_INTORSTRING);
        break;
    default:
        fits = false;
    }
    if (f->dflt && !fits)
        fail(f->at, "default %s does not fit the type of %s", f->dflt, f->json);
}

static void check_struct(const struct type *t)
{
    for (int i = 0; i < t->flat.n; i++) {
        check_keys(t->flat.p[i]);
        check_default(t->flat.p[i]);
    }
    for (int i = 0; i < t->union_fields.n; i++) {
        const char *name = t->union_fields.p[i];
        if (!flat_field(t, name, strlen(name)))
            fail(t->at, "union field %s: type %s has no such field", name, t->name);
    }
    for (int i = 0; i < t->values.n; i++) {
        for (int j = 0; j < i; j++) {
            if (!strcmp(t->values.p[i], t->values.p[j]))
                fail(t->at, "value \"%s\" of %s is there twice", (const char *)t->values.p[i], t->name);
        }
    }
}

static int by_package_and_name(const void *a, const void *b)
{
    const struct type *x = *(const struct type *const *)a, *y = *(const struct type *const *)b;
    int d = strcmp(x->package->name, y->package->name);
    return d ? d : strcmp(x->name, y->name);
}

static void resolve_types(struct model *m)
{
    m->nnamed = m->types.n;
    qsort(m->types.p, (size_t)m->nnamed, sizeof *m->types.p, by_package_and_name);
    for (int i = 0; i < m->nnamed; i++) {
        struct type *t = m->types.p[i];
        if (i && !by_package_and_name(&m->types.p[i - 1], &m->types.p[i]))
            fail(t->at, "type %s is there twice", t->name);
        if (t->elem_text)
            t->elem = type_of(m, t->at, t->package, t->elem_text);
        for (int j = 0; j < t->fields.n; j++)
            resolve_field(m, t->package, t->fields.p[j]);
    }
    for (int i = 0; i < m->nnamed; i++)
        flatten(m->types.p[i]);
    for (int i = 0; i < m->nnamed; i++)
        check_struct(m->types.p[i]);
}

static void group_version(const struct package *k, const char **group, const char **version)
{
    const char *slash = strchr(k->name, '/');
    if (!slash)
        fail(k->at, "package %s has resources, but no version", k->name);
    *group = !strncmp(k->name, "core/", 5) ? "" : copy(k->name, (size_t)(slash - k->name));
    *version = slash + 1;
}

static void check_selectable(const struct resource *r, const struct selectable *s)
{
    const struct type *t = r->type;
    for (const char *p = s->path;;) {
        size_t n = strcspn(p, ".");
        const struct field *f = t->kind == SCHEMA_STRUCT ? flat_field(t, p, n) : NULL;
        if (!f)
            fail(r->at, "selectable %s of %s: no field at \"%s\"", s->label, r->plural, p);
        if (!p[n])
            return;
        t = f->type;
        p += n + 1;
    }
}

static void resolve_subresource(struct model *m, const struct resource *r, struct subresource *s)
{
    const char *dot = strrchr(s->kind_text, '.');
    s->kind = dot ? dot + 1 : s->kind_text;
    const struct type *t = type_of(m, s->at, r->package, s->kind_text);
    if (t->kind != SCHEMA_STRUCT)
        fail(s->at, "%s is no kind", s->kind_text);
    if (t->package != r->package)
        group_version(t->package, &s->group, &s->version);
    s->type = s->stream ? NULL : t;
}

static void resolve_resource(struct model *m, struct resource *r)
{
    group_version(r->package, &r->group, &r->version);
    r->type = named(m, r->package, r->kind);
    if (!r->type || r->type->kind != SCHEMA_STRUCT)
        fail(r->at, "resource %s: unknown type %s", r->plural, r->kind);
    if (!r->singular) {
        char *s = copy(r->kind, strlen(r->kind));
        for (char *c = s; *c; c++)
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
        r->singular = s;
    }
    if (!(r->flags & RESOURCE_VIRTUAL) && (!r->name_rule || (!r->etcd_prefix && !r->stored_text)))
        fail(r->at, "resource %s needs a name-rule and an etcd prefix (or stored)", r->plural);
    if (!r->name_rule)
        r->name_rule = "path-segment";
    for (int i = 0; i < r->selectable.n; i++)
        check_selectable(r, r->selectable.p[i]);
    for (int i = 0; i < r->subresources.n; i++)
        resolve_subresource(m, r, r->subresources.p[i]);
}

static struct resource *resource_in(const struct package *k, const char *plural)
{
    for (int i = 0; k && i < k->resources.n; i++) {
        struct resource *r = k->resources.p[i];
        if (!strcmp(r->plural, plural))
            return r;
    }
    return NULL;
}

/* The storage resource, the id, and what follows from them. */
static void resolve_storage(struct model *m, struct resource *r)
{
    char text[256];
    const struct resource *s = r;
    if (r->stored_text)
        s = resource_in(package_named(m, r->stored_text), r->plural);
    if (!s || s->stored_text)
        fail(r->at, "stored %s: no resource %s is stored there", r->stored_text, r->plural);
    if (r->selectable.n > s->selectable.n)
        fail(r->at, "%s has more selectable fields than the resource it is stored as", r->plural);
    r->storage = s;
    snprintf(text, sizeof text, "%s/%s", s->group, s->plural);
    r->id = hash_str32(str_of(text));
    r->etcd_prefix = s->etcd_prefix;
    if (s->etcd_version || (s->flags & RESOURCE_VIRTUAL)) {
        r->etcd_version = s->etcd_version;
        return;
    }
    snprintf(text, sizeof text, "%s%s%s", s->group, *s->group ? "/" : "", s->version);
    r->etcd_version = copy(text, strlen(text));
}

static void check_ids(const struct model *m)
{
    struct vec all = {0};
    for (int i = 0; i < m->served.n; i++) {
        const struct package *k = m->served.p[i];
        for (int j = 0; j < k->resources.n; j++)
            vec_add(&all, k->resources.p[j]);
    }
    for (int i = 0; i < all.n; i++) {
        const struct resource *a = all.p[i];
        for (int j = 0; j < i; j++) {
            const struct resource *b = all.p[j];
            bool internal = (a->flags | b->flags) & RESOURCE_INTERNAL; /* found by id, not by kind */
            if (a->package == b->package &&
                (!strcmp(a->plural, b->plural) || (!internal && !strcmp(a->kind, b->kind))))
                fail(a->at, "%s %s is there twice", a->plural, a->kind);
            if (a->id == b->id && a->storage != b->storage)
                fail(a->at, "the ids of %s and %s collide", a->plural, b->plural);
        }
    }
}

static void resolve_resources(struct model *m)
{
    for (int i = 0; i < m->serve_text.n; i++) {
        const struct served_line *s = m->serve_text.p[i];
        struct package *k = package_named(m, s->package);
        if (!k || !k->resources.n)
            fail(s->at, "serve %s: no such package with resources", s->package);
        vec_add(&m->served, k);
        for (int j = 0; j < k->resources.n; j++)
            resolve_resource(m, k->resources.p[j]);
    }
    for (int i = 0; i < m->packages.n; i++) {
        const struct package *k = m->packages.p[i];
        bool served = !k->resources.n;
        for (int j = 0; j < m->served.n; j++)
            served = served || m->served.p[j] == k;
        if (!served)
            fail(k->at, "package %s has resources, but no serve line", k->name);
        for (int j = 0; j < k->resources.n; j++)
            resolve_storage(m, k->resources.p[j]);
    }
    check_ids(m);
}

/* Whatever goes over the resources of a package goes over those that are served. */
static void set_internal_apart(struct model *m)
{
    for (int i = 0; i < m->served.n; i++) {
        struct package *k = m->served.p[i];
        struct vec all = k->resources;

        k->resources = (struct vec){0};
        for (int j = 0; j < all.n; j++) {
            struct resource *r = all.p[j];

            vec_add(r->flags & RESOURCE_INTERNAL ? &m->internal : &k->resources, r);
        }
    }
}

void resolve(struct model *m)
{
    for (int i = 0; i < m->packages.n; i++) {
        const struct package *k = m->packages.p[i];
        if (package_named(m, k->name) != k)
            fail(k->at, "package %s is there twice", k->name);
    }
    resolve_types(m);
    resolve_resources(m);
    set_internal_apart(m);
}
