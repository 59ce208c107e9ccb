/* JSON text <-> jansson trees, with the reference's messages: what Go's decoder says about bad text, duplicate
 * keys reported instead of swallowed, depth and size bounded. */
#ifndef REGISTRY_WALK_JSON_H
#define REGISTRY_WALK_JSON_H

#include <jansson.h>
#include "registry/status.h"
#include "shm/base/arena.h"
#include "shm/base/buf.h"

#define JSON_DEPTH_MAX 10000 /* as Go's decoder; the reader must not recurse natively that deep */

/* Findings that fieldValidation decides about: in order, e.g. `unknown field "spec.foo"`, `duplicate field "spec.x"`. */
struct findings {
    struct arena *arena;
    const char **text;
    int n, cap;
};
void findings_add(struct findings *f, const char *text);

/* Reads one JSON value (whole text; trailing blanks allowed). Integers that fit become integers, all other numbers
 * reals; bad UTF-8 becomes U+FFFD as Go does. dups may be NULL. Returns a new reference, or NULL with *err an
 * arena text such as "invalid character 'x' looking for beginning of value". Bounded by max_nodes (0: default
 * 1 Mi values). */
json_t *json_read(struct arena *a, struct str text, struct findings *dups, const char **err);
/* YAML (one document) to the same tree, as sigs.k8s.io/yaml converts it; aliases are bounded. */
json_t *yaml_read(struct arena *a, struct str text, struct findings *dups, const char **err);
/* Tree to text as Go's encoder writes it (HTML characters escaped, map keys in tree order); indent 0: compact. */
void json_write(struct buf *out, const json_t *v, int indent);
/* A JSON string with quotes and escapes. */
void json_write_string(struct buf *out, struct str s);
/* Tree to YAML text as sigs.k8s.io/yaml writes it (keys sorted). */
void yaml_write(struct buf *out, const json_t *v);

#endif
