/* What a client is told when something is wrong: a Status (meta/v1) before it is encoded. Filled where the
 * error is found, sent by the worker. Texts and codes as apimachinery's api/errors and util/validation/field
 * decide. */
#ifndef REGISTRY_STATUS_H
#define REGISTRY_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include "shm/base/arena.h"
#include "shm/base/buf.h"

#define STATUS_CAUSES_MAX 1024
#define STATUS_CAUSES_BYTES_MAX (1u << 20) /* of their texts; the one that passes it is the last */

struct status_cause {
    const char *reason; /* FieldValueInvalid, ... */
    const char *message;
    const char *field;
};

/* Zero-initialised plus .arena is "no error". Strings live in the arena or are static. */
struct status {
    struct arena *arena;
    int code;           /* HTTP; 0: no error */
    const char *reason; /* "" is allowed: the reference sends no reason then */
    const char *message;
    const char *group, *kind, *name,
        *uid; /* details; NULL: absent. kind is the resource's name for most errors */
    bool has_details;
    int retry_after_s;
    struct status_cause *causes;
    int ncauses, cap;
    const char
        *list_continue; /* metadata.continue: the token that an expired page goes on with; NULL: none */
    size_t causes_bytes;
};

static inline bool status_failed(const struct status *st)
{
    return st->code != 0;
}

/* Sets code, reason and a formatted message; keeps causes. Returns st's code. */
int status_set(struct status *st, int code, const char *reason, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void status_details(struct status *st, const char *group, const char *kind, const char *name);
void status_add_cause(struct status *st, const char *reason, const char *field, const char *message);
/* No further cause is taken: a client decides how much is wrong, so loops over its items end here. */
bool status_full(const struct status *st);

/* The constructors of api/errors. `resource` is the plural ("pods"), qualified with the group in messages
 * ("deployments.apps \"x\" not found"). */
void status_not_found(struct status *st, const char *group, const char *resource, struct str name);
void status_already_exists(struct status *st, const char *group, const char *resource, struct str name);
void status_conflict(struct status *st, const char *group, const char *resource, struct str name,
                     const char *why);
void status_forbidden(struct status *st, const char *group, const char *resource, struct str name,
                      const char *why);
void status_bad_request(struct status *st, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void status_method_not_supported(struct status *st, const char *group, const char *resource,
                                 const char *verb);
void status_internal(struct status *st, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void status_expired(struct status *st, const char *message);
void status_too_large_rv(struct status *st, int64_t wanted, int64_t current);
void status_timeout(struct status *st, const char *group, const char *resource, const char *verb,
                    int retry_s);
void status_too_many(struct status *st, int retry_s, const char *message);
void status_unauthorized(struct status *st);
void status_not_acceptable(struct status *st, const char *accepted);
void status_unsupported_media(struct status *st, const char *accepted);
void status_too_large(struct status *st, int64_t limit_bytes);
void status_generate_name_conflict(struct status *st, const char *group, const char *resource,
                                   struct str name, int retry_s);
/* The reference's stock text for a code, with empty details: 404 for unknown paths, 405, 422 for a patch that
 * can't be applied, ... */
void status_generic(struct status *st, int code);

/* Field errors, collected: st->code stays 0 until status_invalid_done. path as the reference prints it
 * ("spec.containers[0].name"). The value is printed as Go's field.Error does (strings quoted, ...):
 * value_text is that text, ready. */
void field_required(struct status *st, const char *path, const char *detail);
void field_invalid(struct status *st, const char *path, const char *value_text, const char *detail);
void field_invalid_str(struct status *st, const char *path, struct str value, const char *detail);
void field_not_supported(struct status *st, const char *path, struct str value, const char *const *valid,
                         int n);
void field_not_supported_text(struct status *st, const char *path, const char *value_text,
                              const char *const *valid, int n);
void field_forbidden(struct status *st, const char *path, const char *detail);
void field_duplicate(struct status *st, const char *path, const char *value_text);
void field_not_found(struct status *st, const char *path, const char *value_text);
void field_too_long(struct status *st, const char *path, int max);
void field_too_many(struct status *st, const char *path, int actual, int max);
void field_type_invalid(struct status *st, const char *path, const char *value_text, const char *detail);
/* The causes as one text: "[a: ..., b: ...]" without repetitions, or the only one without brackets. */
const char *status_aggregate(const struct status *st);
/* With causes collected: turns st into 422 Invalid ('Kind.group "name" is invalid: ...'). group may be "". */
bool status_invalid_done(struct status *st, const char *group, const char *kind, struct str name);

/* {"kind":"Status","apiVersion":"v1","metadata":{},...} without a newline. */
void status_encode(const struct status *st, struct buf *out);

#endif
