/* What the files of this room share: where a check stands in the object, and one function per sort of
 * complaint. Rule: apimachinery/pkg/util/validation/field. */
#ifndef REGISTRY_VALIDATION_CHECK_H
#define REGISTRY_VALIDATION_CHECK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "registry/schema.h"
#include "registry/status.h"
#include "registry/world.h"

/* Handed through all checks of one object. Complaints are collected in st, bounded there. */
struct check {
    struct status *st;
    struct arena *arena;
    const struct schema_resource *resource; /* of the storage form, in which the object is */
    const struct schema_resource *served;   /* in whose form the client wrote */
    const char *subresource;                /* "": of the main resource */
    const struct world *world;
};

/* A place in the object, on the stack of whoever goes there; becomes text only in a complaint. */
struct at {
    const struct at *up; /* NULL: the object itself */
    const char *field;   /* ".field"; may be dotted; NULL: an index or a key */
    struct str key;      /* "[key]", when key.p is set */
    size_t index;        /* else "[index]" */
};

static inline struct at at_field(const struct at *up, const char *field)
{
    return (struct at){.up = up, .field = field};
}
static inline struct at at_index(const struct at *up, size_t index)
{
    return (struct at){.up = up, .index = index};
}
static inline struct at at_key(const struct at *up, struct str key)
{
    return (struct at){.up = up, .key = key};
}
/* "[]", the reference's word for the object as a whole. */
static inline struct at at_whole(void)
{
    return at_key(NULL, STR(""));
}
/* "spec.containers[0].name", in the arena. */
const char *at_text(struct arena *a, const struct at *at);

/* ---- complaints ---- */

/* v as the reference prints a value: quoted when a string, else compact JSON; null when NULL. */
const char *check_value_text(struct check *c, const json_t *v);

/* Any text in Go's quotes, in the arena. */
const char *check_quoted(struct check *c, struct str s);

void check_required(struct check *c, const struct at *at, const char *detail);
void check_forbidden(struct check *c, const struct at *at, const char *detail);
void check_invalid(struct check *c, const struct at *at, const json_t *v, const char *detail);
void check_invalid_str(struct check *c, const struct at *at, struct str v, const char *detail);
/* The same for a string of a named type (an enum, an operator, a resource name): quoted as JSON, not as Go
 * quotes. */
void check_invalid_word(struct check *c, const struct at *at, struct str v, const char *detail);
void check_invalid_int(struct check *c, const struct at *at, int64_t v, const char *detail);
/* value_text: ready to be shown. */
void check_invalid_text(struct check *c, const struct at *at, const char *value_text, const char *detail);
/* v: of a named type. */
void check_not_supported(struct check *c, const struct at *at, struct str v, const char *const *valid, int n);
/* Of a value that is no plain string: value_text is ready to be shown. */
void check_not_supported_text(struct check *c, const struct at *at, const char *value_text,
                              const char *const *valid, int n);
/* v: a string like any other. */
void check_not_supported_str(struct check *c, const struct at *at, struct str v, const char *const *valid,
                             int n);
void check_duplicate(struct check *c, const struct at *at, const json_t *v);
void check_duplicate_str(struct check *c, const struct at *at, struct str v);
void check_duplicate_text(struct check *c, const struct at *at, const char *value_text);
void check_not_found(struct check *c, const struct at *at, struct str v);
void check_too_long(struct check *c, const struct at *at, int max);
void check_too_many(struct check *c, const struct at *at, int actual, int max);
/* Whether there is no use in looking on: a client decides how long lists are. */
static inline bool check_full(const struct check *c)
{
    return status_full(c->st);
}

/* ---- reading ---- */

/* A member as a view; empty when absent or no string. */
struct str check_str(const json_t *obj, const char *name);
/* Whether the member is there at all: null counts as absent. */
bool check_has(const json_t *obj, const char *name);
int64_t check_int(const json_t *obj, const char *name, int64_t otherwise);
bool check_bool(const json_t *obj, const char *name);

/* The members of a list, as views; empty when it is no string. */
static inline struct str check_item(const json_t *list, size_t i)
{
    const json_t *v = json_array_get(list, i);

    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)} : STR("");
}

/* A value as a view; empty when it is no string. */
static inline struct str check_value_str(const json_t *v)
{
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)} : STR("");
}
/* s with ASCII capitals made small, in the arena. */
struct str check_lower(struct check *c, struct str s);
bool check_one_of(struct str s, const char *const *texts, int n);

/* ---- checks that many kinds have ---- */

/* "Required value" when the string member is absent or empty; returns whether it is there. */
bool check_needed(struct check *c, const struct at *up, const json_t *obj, const char *member);
/* Metadata as the kinds check it themselves: on update once more (validation.checks_metadata), and every
 * mistake is a cause each time it is found. */
void check_metadata(struct check *c, const json_t *obj);
void check_metadata_update(struct check *c, const json_t *obj, const json_t *old);

/* Complains unless v is one of n texts (NULL-free); an empty v is complained about as well. */
bool check_enum(struct check *c, const struct at *at, struct str v, const char *const *valid, int n);
/* IsDNS1123Label and its like, by the rule names of registry/rules/names.h: every way in which v is wrong. */
bool check_name(struct check *c, const struct at *at, struct str v, const char *rule);
/* The same; complaints show another text than the one that is looked at. */
bool check_name_as(struct check *c, const struct at *at, struct str v, const char *rule, struct str shown);
bool check_qualified_name(struct check *c, const struct at *at, struct str v);
bool check_label_value(struct check *c, const struct at *at, struct str v);
/* A map of labels: keys and values (ValidateLabels). */
void check_labels(struct check *c, const struct at *at, const json_t *labels);
/* ValidateAnnotations. */
void check_annotations(struct check *c, const struct at *at, const json_t *annotations);
/* >= 0. */
void check_nonnegative(struct check *c, const struct at *at, int64_t v);
/* 1..65535. */
void check_port(struct check *c, const struct at *at, int64_t port);
/* "field is immutable" unless both are the same as JSON: for scalars. Other types: check_immutable_of
 * (printed.h). */
void check_immutable(struct check *c, const struct at *at, const json_t *now, const json_t *old);

/* ---- the rows ---- */

struct validation {
    const char *group, *plural;
    /* The updates below check metadata where the reference's do; else that was done before them. */
    bool checks_metadata;
    bool creates_metadata; /* the create below does: else that was done before it */
    bool any_finalizer;    /* short ones, too */
    /* Of the whole object; metadata aside, see above. */
    void (*create)(struct check *c, const json_t *obj);
    /* Of a write of the main resource; NULL: none. The reference's Validate...Update often begins with the
     * checks of a create: then it calls them. */
    void (*update)(struct check *c, const json_t *obj, const json_t *old);
    /* Of a write of the status subresource; NULL: none. */
    void (*update_status)(struct check *c, const json_t *obj, const json_t *old);
    /* Of a write of another subresource, which c->subresource names; NULL: none. */
    void (*update_part)(struct check *c, const json_t *obj, const json_t *old);
};

/* The row of a resource (of the storage form), or NULL. */
const struct validation *validation_for(const struct schema_resource *r);

#endif
