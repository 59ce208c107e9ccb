/* The parts of an OpenAPI document, for openapi*.c only. v2 and v3 differ in where things are written, not in
 * what is said. */
#ifndef REGISTRY_WALK_OPENAPI_PARTS_H
#define REGISTRY_WALK_OPENAPI_PARTS_H

#include "registry/schema.h"
#include "shm/base/buf.h"

struct openapi {
    struct buf *out;
    bool v3;
    bool *wanted;    /* by position in schema_types(): what is referred to so far, and all it refers to */
    const char *sep; /* what goes before the next member of the object being written: "" or "," */
    const struct schema_group_version *only; /* v3: whose document this is; NULL: the whole */
};

/* ,"NAME": with the comma only where one is due. */
void openapi_key(struct openapi *o, const char *name);
/* The same with a JSON string as value. */
void openapi_text(struct openapi *o, const char *name, const char *text);
void openapi_open(struct openapi *o, const char *name, char bracket);
void openapi_close(struct openapi *o, char bracket);

/* openapi_schema.c: {"$ref":...}; the type and what it needs are wanted from now on. */
void openapi_ref(struct openapi *o, const struct schema_type *t);
/* "NAME":{...},... of all wanted types. */
void openapi_definitions(struct openapi *o);

/* openapi_paths.c: all paths of a group version's resources. */
void openapi_resource_paths(struct openapi *o, const struct schema_group_version *v);

/* One operation, as openapi_operation.c writes it. */
struct openapi_operation {
    const char *method, *action, *id, *tag, *description; /* action NULL: none */
    const char *group, *version, *kind;                   /* of the body; kind NULL: none */
    const struct schema_type *body;
    bool body_optional, patch;
    const struct schema_type *answer;  /* NULL: a string */
    bool created, accepted;            /* may answer 201, 202 */
    unsigned parameters;               /* set of enum openapi_parameters */
    const struct schema_type *options; /* connect: the query parameters are its fields */
    const char *const *produces;       /* NULL-terminated */
};
enum openapi_parameters {
    PARAM_LIST = 1,
    PARAM_COLLECTION = 2,
    PARAM_WRITE = 4,
    PARAM_APPLY = 8,
    PARAM_DELETE = 16,
};
void openapi_put_operation(struct openapi *o, const struct openapi_operation *op);
/* "parameters":[...] of a path: those of its {name}, {namespace} and {path}, and pretty where asked for. */
void openapi_path_parameters(struct openapi *o, const char *path, bool pretty);
extern const char *const openapi_media_object[],
    *const openapi_media_watch[], *const openapi_media_json[], *const openapi_media_any[],
                                                                   *const openapi_media_log[],
                                                                       *const openapi_media_keys[];
/* "CoreV1", "RbacAuthorizationV1" / "core_v1", "rbacAuthorization_v1". version may be NULL. */
void openapi_title(char out[128], const char *group, const char *version);
void openapi_tag(char out[128], const char *group, const char *version);

#endif
