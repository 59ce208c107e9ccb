/* Names, labels and annotations: what the API accepts. Each check returns NULL, or the reference's message
 * (static or in the arena). */
#ifndef REGISTRY_RULES_NAMES_H
#define REGISTRY_RULES_NAMES_H

#include "shm/base/arena.h"
#include "shm/base/str.h"

/* rule NULL or "any" is "path-segment": what every name must be.
 * prefix: the name is the beginning of a generated one (may end in '-'). rule: as in
 * schema_resource.name_rule; besides these: "config-map-key", "port-name", "wildcard-dns-subdomain". */
const char *name_check(const char *rule, struct str name, bool prefix);
const char *name_dns_label(struct str s, bool prefix);
const char *name_dns1035_label(struct str s, bool prefix);
const char *name_dns_subdomain(struct str s, bool prefix);
const char *name_path_segment(struct str s, bool prefix);
const char *name_qualified(struct arena *a, struct str s); /* label and annotation keys */
const char *name_label_value(struct str s);

/* A value may be wrong in several ways, each a cause of its own; the functions above return the first one. */
#define NAME_ERRORS_MAX 5
struct name_errors {
    const char *text[NAME_ERRORS_MAX];
    int n;
};
void name_errors(struct arena *a, const char *rule, struct str name, bool prefix, struct name_errors *out);
void name_qualified_errors(struct arena *a, struct str s, struct name_errors *out);
void name_label_value_errors(struct str s, struct name_errors *out);

#endif
