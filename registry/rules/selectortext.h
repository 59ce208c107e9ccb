/* Selectors as the reference prints them: in tables and in the status of a Scale. Rule: labels.Selector's
 * String. */
#ifndef REGISTRY_RULES_SELECTORTEXT_H
#define REGISTRY_RULES_SELECTORTEXT_H

#include <jansson.h>
#include <stdbool.h>
#include "shm/base/buf.h"

/* A LabelSelector: terms in order of their keys ("a=b,c in (x,y),!d"). Nothing for an absent or empty one.
 * false: an operator that there is not, or values that it can't have; what was put then is of no use. */
bool selector_put_text(struct buf *out, const json_t *selector);
/* Map of labels: "k=v" each, in order of the whole text. */
void selector_put_map(struct buf *out, const json_t *labels);

#endif
