/* Model to C: constant tables for the structs of registry/schema.h, every list a static array of its own,
 * types and resources one array each that the others point into. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "registry/compiler/model.h"

static const char *const kind_names[] = {
    "SCHEMA_STRUCT",   "SCHEMA_LIST",        "SCHEMA_MAP",       "SCHEMA_STRING",
    "SCHEMA_BOOL",     "SCHEMA_INT32",       "SCHEMA_INT64",     "SCHEMA_FLOAT64",
    "SCHEMA_BYTES",    "SCHEMA_TIME",        "SCHEMA_MICROTIME", "SCHEMA_DURATION",
    "SCHEMA_QUANTITY", "SCHEMA_INTORSTRING", "SCHEMA_RAW",       "SCHEMA_FIELDS",
};

static void put_string(FILE *o, const char *s)
{
    if (!s) {
        fputs("NULL", o);
        return;
    }
    fputc('"', o);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            fputc('\\', o);
        fputc(*s, o);
    }
    fputc('"', o);
}

static void put_type(FILE *o, const struct type *t)
{
    if (t)
        fprintf(o, "&T[%d]", t->index);
    else
        fputs("NULL", o);
}

/* static const char *const NAME[] = {..., NULL}; */
static void put_strings(FILE *o, const char *name, const struct vec *v)
{
    fprintf(o, "static const char *const %s[] = {", name);
    for (int i = 0; i < v->n; i++) {
        put_string(o, v->p[i]);
        fputs(", ", o);
    }
    fputs("NULL};\n", o);
}

/* varint 0, fixed64 1, length-delimited 2. */
static int wire(const struct type *t)
{
    switch (t->kind) {
    case SCHEMA_LIST:
        return t->package ? 2 : wire(t->elem);
    case SCHEMA_BOOL:
    case SCHEMA_INT32:
    case SCHEMA_INT64:
        return 0;
    case SCHEMA_FLOAT64:
        return 1;
    default:
        return 2;
    }
}

static void put_field(FILE *o, const struct type *t, int i)
{
    const struct field *f = t->flat.p[i];
    bool repeated = f->type->kind == SCHEMA_MAP || (f->type->kind == SCHEMA_LIST && !f->type->package);
    fputs("    {", o);
    put_string(o, f->json);
    fprintf(o, ", %zu, %u, %d, %u, %d, %d, %d, %d, ", strlen(f->json), f->flags, f->number, f->inline_number,
            wire(f->type), repeated, f->list, f->patch);
    put_string(o, f->patch_key);
    if (f->list_keys.n)
        fprintf(o, ", k%d_%d, ", t->index, i);
    else
        fputs(", NULL, ", o);
    put_string(o, f->dflt);
    fputs(", ", o);
    put_string(o, f->description);
    fputs(", ", o);
    put_type(o, f->type);
    fputs(", ", o);
    put_string(o, f->embedded);
    fputs("},\n", o);
}

static int by_json(const void *a, const void *b, void *arg)
{
    const struct type *t = arg;
    const struct field *x = t->flat.p[*(const int *)a], *y = t->flat.p[*(const int *)b];
    return strcmp(x->json, y->json);
}

/* The order on the wire: an embedded message stands where its own number is. */
static unsigned long wire_place(const struct field *f)
{
    unsigned long outer = f->inline_number & 0xff, inner = f->inline_number >> 8, n = (unsigned)f->number;
    if (!outer)
        return n << 32;
    return inner ? outer << 32 | inner << 16 | n : outer << 32 | n << 16;
}

static int by_wire(const void *a, const void *b, void *arg)
{
    const struct type *t = arg;
    unsigned long x = wire_place(t->flat.p[*(const int *)a]), y = wire_place(t->flat.p[*(const int *)b]);
    return (x > y) - (x < y);
}

static void put_order(FILE *o, const struct type *t, const char *name,
                      int (*cmp)(const void *, const void *, void *))
{
    int *order = make((size_t)t->flat.n * sizeof *order);
    for (int i = 0; i < t->flat.n; i++)
        order[i] = i;
    qsort_r(order, (size_t)t->flat.n, sizeof *order, cmp, (void *)t);
    fprintf(o, "static const uint16_t %s%d[] = {", name, t->index);
    for (int i = 0; i < t->flat.n; i++)
        fprintf(o, "%s%d", i ? ", " : "", order[i]);
    fputs("};\n", o);
}

/* The arrays that one type points to. */
static void put_parts(FILE *o, const struct type *t)
{
    char name[48];
    if (t->values.n) {
        snprintf(name, sizeof name, "v%d", t->index);
        put_strings(o, name, &t->values);
    }
    if (t->union_fields.n) {
        snprintf(name, sizeof name, "uf%d", t->index);
        put_strings(o, name, &t->union_fields);
        fprintf(o, "static const struct schema_union u%d = {", t->index);
        put_string(o, t->union_discriminator);
        fprintf(o, ", %s};\n", name);
    }
    if (!t->flat.n)
        return;
    for (int i = 0; i < t->flat.n; i++) {
        const struct field *f = t->flat.p[i];
        snprintf(name, sizeof name, "k%d_%d", t->index, i);
        if (f->list_keys.n)
            put_strings(o, name, &f->list_keys);
    }
    fprintf(o, "static const struct schema_field f%d[] = {\n", t->index);
    for (int i = 0; i < t->flat.n; i++)
        put_field(o, t, i);
    fputs("};\n", o);
    put_order(o, t, "n", by_json);
    put_order(o, t, "w", by_wire);
}

static void put_type_entry(FILE *o, const struct type *t)
{
    bool model = t->package && !t->no_message && t->kind != SCHEMA_LIST;
    fputs("    {", o);
    put_string(o, t->name);
    fputs(", ", o);
    put_string(o, t->package && (!t->no_message || t->kind == SCHEMA_STRING) ? t->package->name : NULL);
    fputs(", ", o);
    if (model)
        fprintf(o, "\"%s.%s\"", t->package->openapi, t->name);
    else
        fputs("NULL", o);
    fputs(", ", o);
    put_string(o, t->description);
    fprintf(o, ", %s, ", kind_names[t->kind]);
    put_type(o, t->elem);
    if (t->flat.n)
        fprintf(o, ", f%d, %d, n%d, ", t->index, t->flat.n, t->index);
    else
        fputs(", NULL, 0, NULL, ", o);
    if (t->values.n)
        fprintf(o, "v%d, %d, ", t->index, t->values.n);
    else
        fputs("NULL, 0, ", o);
    fprintf(o, "%d, %d, ", t->open_values, t->atomic);
    if (t->union_fields.n)
        fprintf(o, "&u%d, ", t->index);
    else
        fputs("NULL, ", o);
    if (t->flat.n)
        fprintf(o, "w%d},\n", t->index);
    else
        fputs("NULL},\n", o);
}

static void put_types(FILE *o, const struct model *m)
{
    fprintf(o, "static const struct schema_type T[%d];\n\n", m->types.n);
    for (int i = 0; i < m->types.n; i++)
        put_parts(o, m->types.p[i]);
    fprintf(o, "\nstatic const struct schema_type T[%d] = {\n", m->types.n);
    for (int i = 0; i < m->types.n; i++)
        put_type_entry(o, m->types.p[i]);
    fputs("};\n\nstatic const struct schema_type *const named[] = {\n", o);
    for (int i = 0; i < m->nnamed; i++) {
        const struct type *t = m->types.p[i];
        if (!t->no_message)
            fprintf(o, "    &T[%d],\n", i);
    }
    fputs("};\n\n", o);
}

static void put_subresources(FILE *o, const struct resource *r)
{
    if (!r->subresources.n)
        return;
    fprintf(o, "static const struct schema_subresource sub%d[] = {\n", r->index);
    for (int i = 0; i < r->subresources.n; i++) {
        const struct subresource *s = r->subresources.p[i];
        fputs("    {", o);
        put_string(o, s->name);
        fputs(", ", o);
        put_string(o, s->kind);
        fputs(", ", o);
        put_string(o, s->group);
        fputs(", ", o);
        put_string(o, s->version);
        fprintf(o, ", %u, ", s->verbs);
        put_type(o, s->type);
        fputs("},\n", o);
    }
    fputs("};\n", o);
}

static void put_resource_parts(FILE *o, const struct resource *r)
{
    char name[48];
    snprintf(name, sizeof name, "short%d", r->index);
    put_strings(o, name, &r->short_names);
    snprintf(name, sizeof name, "cat%d", r->index);
    put_strings(o, name, &r->categories);
    if (r->selectable.n) {
        fprintf(o, "static const struct schema_selectable sel%d[] = {\n", r->index);
        for (int i = 0; i < r->selectable.n; i++) {
            const struct selectable *s = r->selectable.p[i];
            fprintf(o, "    {\"%s\", \"%s\", %d},\n", s->label, s->path, s->indexed);
        }
        fputs("};\n", o);
    }
    put_subresources(o, r);
}

static void put_resource_entry(FILE *o, const struct resource *r)
{
    fprintf(o, "    {0x%08xu, \"%s\", \"%s\", \"%s\", \"%s\", \"%s\", ", r->id, r->group, r->version,
            r->plural, r->singular, r->kind);
    fprintf(o, "\"%s%s%s\", ", r->group, *r->group ? "/" : "", r->version);
    put_string(o, r->type->description);
    fprintf(o, ", %u, %u, short%d, cat%d, &T[%d], ", r->verbs, r->flags, r->index, r->index, r->type->index);
    if (r->selectable.n)
        fprintf(o, "sel%d, %d, ", r->index, r->selectable.n);
    else
        fputs("NULL, 0, ", o);
    if (r->subresources.n)
        fprintf(o, "sub%d, %d, ", r->index, r->subresources.n);
    else
        fputs("NULL, 0, ", o);
    fprintf(o, "&R[%d], ", r->storage->index);
    put_string(o, r->name_rule);
    fputs(", ", o);
    put_string(o, r->etcd_prefix);
    fputs(", ", o);
    put_string(o, r->etcd_version);
    fputs(", ", o);
    put_string(o, r->warning);
    fputs("},\n", o);
}

static int compare(const char *g1, const char *g2, const char *v1, const char *v2, const char *n1,
                   const char *n2)
{
    int d = strcmp(g1, g2);
    if (!d)
        d = strcmp(v1, v2);
    return d ? d : strcmp(n1, n2);
}

static int by_plural(const void *a, const void *b)
{
    const struct resource *x = *(const struct resource *const *)a, *y = *(const struct resource *const *)b;
    return compare(x->group, y->group, x->version, y->version, x->plural, y->plural);
}

static int by_kind(const void *a, const void *b)
{
    const struct resource *x = *(const struct resource *const *)a, *y = *(const struct resource *const *)b;
    return compare(x->group, y->group, x->version, y->version, x->kind, y->kind);
}

static int by_id(const void *a, const void *b)
{
    const struct resource *x = *(const struct resource *const *)a, *y = *(const struct resource *const *)b;
    return (x->id > y->id) - (x->id < y->id);
}

static void put_index(FILE *o, const char *name, struct vec v, int (*cmp)(const void *, const void *))
{
    if (cmp)
        qsort(v.p, (size_t)v.n, sizeof *v.p, cmp);
    fprintf(o, "static const struct schema_resource *const %s[] = {", name);
    for (int i = 0; i < v.n; i++)
        fprintf(o, "%s&R[%d],", i % 12 ? " " : "\n    ", ((struct resource *)v.p[i])->index);
    fputs("\n};\n", o);
}

static struct vec resources_of(const struct model *m)
{
    struct vec all = {0};
    for (int i = 0; i < m->served.n; i++) {
        const struct package *k = m->served.p[i];
        for (int j = 0; j < k->resources.n; j++) {
            struct resource *r = k->resources.p[j];
            vec_add(&all, r);
        }
    }
    return all;
}

static int put_resources(FILE *o, const struct model *m)
{
    struct vec served = resources_of(m), all = {0}, stored = {0};
    for (int i = 0; i < served.n + m->internal.n; i++) {
        struct resource *r = i < served.n ? served.p[i] : m->internal.p[i - served.n];
        r->index = i;
        vec_add(&all, r);
    }
    fprintf(o, "static const struct schema_resource R[%d];\n\n", all.n);
    for (int i = 0; i < all.n; i++)
        put_resource_parts(o, all.p[i]);
    fprintf(o, "\nstatic const struct schema_resource R[%d] = {\n", all.n);
    for (int i = 0; i < all.n; i++) {
        const struct resource *r = all.p[i];
        put_resource_entry(o, r);
        if (r->storage == r)
            vec_add(&stored, all.p[i]);
    }
    fputs("};\n\n", o);
    put_index(o, "in_order", served, NULL);
    put_index(o, "sorted_by_plural", served, by_plural);
    put_index(o, "sorted_by_kind", served, by_kind);
    put_index(o, "sorted_by_id", stored, by_id);
    return stored.n;
}

static const struct resource *first_of(const struct package *k)
{
    return k->resources.p[0];
}

/* Group versions in serve order; a group starts where its first version is served. */
static int put_groups(FILE *o, const struct model *m)
{
    int groups = 0;
    fputs("\nstatic const struct schema_group_version GV[] = {\n", o);
    for (int i = 0; i < m->served.n; i++) {
        const struct package *k = m->served.p[i];
        const struct resource *r = first_of(k);
        fprintf(o, "    {\"%s\", \"%s\", in_order + %d, %d},\n", r->group, r->version, r->index,
                k->resources.n);
    }
    fputs("};\n\nstatic const struct schema_group G[] = {\n", o);
    for (int i = 0, n; i < m->served.n; i += n, groups++) {
        const char *group = first_of(m->served.p[i])->group;
        for (n = 1; i + n < m->served.n && !strcmp(first_of(m->served.p[i + n])->group, group); n++)
            ;
        fprintf(o, "    {\"%s\", GV + %d, %d},\n", group, i, n);
    }
    fputs("};\n\n", o);
    return groups;
}

void emit(const struct model *m, const char *path)
{
    struct place at = {path, 0};
    FILE *o = fopen(path, "w");
    if (!o)
        fail(at, "cannot write");
    int types = 0;
    for (int i = 0; i < m->types.n; i++) {
        struct type *t = m->types.p[i];
        t->index = i;
        types += i < m->nnamed && !t->no_message;
    }
    fputs("/* Made by schemac from registry/schema; changes belong there. */\n", o);
    fputs("#include <stddef.h>\n#include \"registry/compiler/tables.h\"\n\n", o);
    put_types(o, m);
    int stored = put_resources(o, m);
    int groups = put_groups(o, m);
    fprintf(o, "const struct schema_tables schema_builtin = {\n    named, %d,\n", types);
    fputs("    in_order, sorted_by_plural, sorted_by_kind, (int)(sizeof in_order / sizeof *in_order),\n", o);
    fprintf(o, "    sorted_by_id, %d,\n    G, %d,\n};\n", stored, groups);
    if (fclose(o))
        fail(at, "cannot write");
}
