/* Names, labels and annotations: what the API accepts. Each check returns NULL, or the reference's message
 * (static or in the arena). */
#ifndef REGISTRY_RULES_NAMES_H
#define REGISTRY_RULES_NAMES_H

#include "shm/base/arena.h"
#include "shm/base/str.h"

/* prefix: the name is the beginning of a generated one (may end in '-'). rule: as in schema_resource.name_rule. */
const char *name_check(const char *rule, struct str name, bool prefix);
const char *name_dns_label(struct str s, bool prefix);
const char *name_dns1035_label(struct str s, bool prefix);
const char *name_dns_subdomain(struct str s, bool prefix);
const char *name_path_segment(struct str s, bool prefix);
const char *name_qualified(struct arena *a, struct str s); /* label and annotation keys */
const char *name_label_value(struct str s);

#endif
