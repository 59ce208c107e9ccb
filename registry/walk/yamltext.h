/* Inside the YAML reader and writer: what a plain scalar means (YAML 1.1, as go-yaml v2 resolves it). */
#ifndef REGISTRY_WALK_YAMLTEXT_H
#define REGISTRY_WALK_YAMLTEXT_H

#include <jansson.h>
#include "shm/base/arena.h"
#include "shm/base/str.h"

enum yaml_kind { YAML_IS_NULL, YAML_IS_BOOL, YAML_IS_INT, YAML_IS_UINT, YAML_IS_FLOAT, YAML_IS_STRING };

struct yaml_scalar {
    enum yaml_kind kind;
    bool b;
    int64_t i;
    uint64_t u;
    double f;
    struct str s;
};

/* tag: the full one or NULL; plain: not quoted. false: *err is the message. */
bool yaml_scalar_read(struct arena *a, struct str text, const char *tag, bool plain, struct yaml_scalar *out,
                      const char **err);
/* As a JSON value: a whole float becomes an integer, as it would on its way through JSON text. NULL: *err. */
json_t *yaml_scalar_json(const struct yaml_scalar *v, const char **err);
/* As the key of an object, and as Go's %#v shows it in findings. false: null can't be a key. */
bool yaml_scalar_key(struct arena *a, const struct yaml_scalar *v, struct str *key, const char **shown);
/* Whether a string must be quoted to be read back as one. */
bool yaml_needs_quotes(struct str s);

#endif
