/* JSON text <-> jansson trees, with the reference's messages: what Go's decoder says about bad text,
 * duplicate keys reported instead of swallowed, depth and size bounded. */
#ifndef REGISTRY_WALK_JSON_H
#define REGISTRY_WALK_JSON_H

#include <jansson.h>
#include "registry/status.h"
#include "shm/base/arena.h"
#include "shm/base/buf.h"

#define JSON_DEPTH_MAX 10000    /* as Go's decoder; the reader must not recurse natively that deep */
#define JSON_COST_MAX (5 << 18) /* per document: a scalar costs 1, a list 4, an object 8 */
#define YAML_WRITE_MAX (64u << 20)
#define FINDINGS_MAX 100              /* the reference stops collecting there */
#define FINDINGS_BYTES_MAX (1u << 20) /* of texts looked at, repetitions included */
#define FINDINGS_PATH_MAX 4096        /* a longer path is cut */

/* Findings that fieldValidation decides about: in order, e.g. `unknown field "spec.foo"`, `duplicate field
 * "spec.x"`; from YAML `line 7: key "a" already set in map`. Each is the text of one warning. */
struct findings {
    struct arena *arena;
    const char **text;
    int n, cap;
    size_t bytes; /* of all texts that were offered */
    bool
        by_type; /* json_read only notes what was given twice: decode_tree finds it, in the order of all else,
                    where the type has such a member, and makes one value of both as the reference does */
    struct json_twice *twice; /* at most FINDINGS_MAX; beyond, the last value alone stays */
    int ntwice;
};
/* A member of an object was given before; the value it had then. */
struct json_twice {
    const json_t *in;
    struct str key;
    json_t *before; /* of the arena */
};
/* A text that is there already is not added again, nor anything once findings_full. The text is copied. */
void findings_add(struct findings *f, const char *text);
/* Those from the first on by their texts. */
void findings_sort(struct findings *f, int first);
/* Nothing more is taken: a client decides how much there is to find, so texts are not even made then. */
bool findings_full(const struct findings *f);
/* The findings as fieldValidation=Strict reports them, without the "strict decoding error: " in front. */
const char *findings_text(const struct findings *f);

/* Reads one JSON value (whole text; trailing blanks allowed). Integers that fit become integers, all other
 * numbers reals; bad UTF-8 becomes U+FFFD as Go does. dups may be NULL. Returns a new reference, or NULL with
 * *err an arena text such as "invalid character 'x' looking for beginning of value". Of a key given twice the
 * last value stays. Bounded by JSON_DEPTH_MAX and JSON_COST_MAX. */
json_t *json_read(struct arena *a, struct str text, struct findings *dups, const char **err);
/* YAML (the first document) to the same tree, as sigs.k8s.io/yaml converts it: YAML 1.1 scalars, merge keys,
 * keys to strings. No text at all gives null. Aliases are bounded. Errors begin with "yaml: " as the
 * reference's decoder says them ("yaml: line 2: mapping values are not allowed in this context"). */
json_t *yaml_read(struct arena *a, struct str text, struct findings *dups, const char **err);
/* Tree to text as Go's encoder writes it (HTML characters escaped, map keys in tree order); indent 0:
 * compact. */
void json_write(struct buf *out, const json_t *v, int indent);
/* A JSON string with quotes and escapes. */
void json_write_string(struct buf *out, struct str s);
/* What Go's decoder calls a value in its errors: "object", "array", "string", "number", "bool". */
const char *json_word(const json_t *v);
/* Tree to YAML text as sigs.k8s.io/yaml writes it (keys sorted). false: it would be longer than
 * YAML_WRITE_MAX, and what is in out then is incomplete. */
bool yaml_write(struct buf *out, const json_t *v);

#endif
