/* Texts that were met: a client decides how many there are, so that looking one up does not depend on it. */
#ifndef REGISTRY_VALIDATION_SEEN_H
#define REGISTRY_VALIDATION_SEEN_H

#include "registry/validation/check.h"

/* Goes with the arena of the check. */
struct seen;
struct seen *seen_new(struct check *c);
bool seen_has(const struct seen *s, struct str text); /* s may be NULL: nothing was */
/* Whether it was there already; now it is. */
bool seen_add(struct seen *s, struct str text);
/* The texts of a list of strings, or of a string member of its items (member not NULL). */
void seen_add_list(struct seen *s, const json_t *list, const char *member);
size_t seen_count(const struct seen *s);
/* In byte order with sep between them, in the arena. */
const char *seen_joined(struct check *c, const struct seen *s, const char *sep);
/* The number that goes with a text: 0 unless one was set. The text must be there. */
void seen_set(struct seen *s, struct str text, size_t number);
size_t seen_get(const struct seen *s, struct str text);

#endif
