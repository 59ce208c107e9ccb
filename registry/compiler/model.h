/* What schemac knows between reading the text and writing the tables. A build-time program: nothing is freed,
 * and the first error ends it. */
#ifndef REGISTRY_COMPILER_MODEL_H
#define REGISTRY_COMPILER_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include "registry/schema.h"

struct place {
    const char *file;
    int line;
};

/* A growing array of pointers. */
struct vec {
    void **p;
    int n, cap;
};

struct package {
    struct place at;
    const char *name;     /* "core/v1", "resource" */
    const char *openapi;  /* "io.k8s.api.core.v1" */
    struct vec resources; /* struct resource */
};

struct field {
    struct place at;
    const char *json, *type_text;
    bool inlined; /* an `inline TYPE NUMBER` line; json is "" */
    int number;
    unsigned flags;
    int list, patch;
    struct vec list_keys; /* char */
    const char *patch_key, *dflt, *description;
    /* resolved */
    const struct type *type;
    unsigned inline_number;
    const char *embedded; /* names of the types it came out of, dotted; NULL: it is the type's own */
};

struct type {
    struct place at;
    struct package *package; /* NULL: unnamed list or map */
    const char *name;
    enum schema_kind kind;
    const char *elem_text; /* type NAME = []ELEM */
    bool open_values, atomic;
    bool no_message; /* an enum: not found under its name by schema_type(), not in OpenAPI */
    const char *union_discriminator;
    struct vec union_fields; /* char */
    struct vec values;       /* char */
    struct vec fields;       /* struct field, as written */
    const char *description;
    /* resolved */
    const struct type *elem;
    struct vec flat; /* struct field */
    int state;       /* 0 not flattened, 1 being flattened, 2 done */
    int index;       /* in the emitted table */
};

struct selectable {
    const char *label, *path;
    bool indexed;
};

struct subresource {
    struct place at;
    const char *name, *kind_text;
    unsigned verbs;
    bool stream;
    /* resolved */
    const char *kind, *group, *version; /* group NULL: the parent's */
    const struct type *type;
};

struct resource {
    struct place at;
    struct package *package;
    const char *plural, *kind, *singular;
    unsigned verbs, flags;
    struct vec short_names, categories; /* char */
    const char *name_rule, *etcd_prefix, *etcd_version, *stored_text, *warning;
    struct vec selectable;   /* struct selectable */
    struct vec subresources; /* struct subresource */
    /* resolved */
    const char *group, *version;
    const struct type *type;
    const struct resource *storage;
    uint32_t id;
    int index;
};

struct model {
    struct vec packages;   /* struct package */
    struct vec types;      /* struct type: named ones, then (after resolving) unnamed ones */
    struct vec served;     /* struct package, in discovery order */
    struct vec serve_text; /* struct served_line */
    struct vec internal;   /* struct resource: stored, not served; taken out of their packages */
    int nnamed;
};

struct served_line {
    struct place at;
    const char *package;
};

/* util.c */
_Noreturn void fail(struct place at, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void *make(size_t n); /* zeroed */
char *copy(const char *s, size_t n);
void vec_add(struct vec *v, void *item);

/* parse.c: adds one file to the model. */
void parse_file(struct model *m, const char *path);
/* resolve.c: finds what names refer to, flattens inlined structs, checks consistency. */
void resolve(struct model *m);
/* emit.c */
void emit(const struct model *m, const char *path);

#endif
