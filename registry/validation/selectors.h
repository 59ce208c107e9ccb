/* Selectors of labels and nodes. Rule: apimachinery/pkg/apis/meta/v1/validation, ValidateNodeSelector of
 * pkg/apis/core/validation. */
#ifndef REGISTRY_VALIDATION_SELECTORS_H
#define REGISTRY_VALIDATION_SELECTORS_H

#include "registry/validation/check.h"

/* ValidateLabelSelector: selector may be NULL. lax: bad values are allowed, because the old object had some.
 */
void check_label_selector(struct check *c, const struct at *at, const json_t *selector, bool lax);
/* LabelSelectorHasInvalidLabelValue: what to give as lax for an update. */
bool label_selector_is_lax(const json_t *selector);
/* No terms at all: selects everything. */
bool label_selector_is_empty(const json_t *selector);
/* Whether LabelSelectorAsSelector refuses it. */
bool label_selector_is_wrong(const struct check *c, const json_t *selector);
/* Whether it selects an object with these labels. None at all (NULL) selects nothing. */
bool label_selector_selects(const json_t *selector, const json_t *labels);

/* ValidateNodeSelector, and of one term. lax as above. */
void check_node_selector(struct check *c, const struct at *at, const json_t *selector, bool lax);
void check_node_selector_term(struct check *c, const struct at *at, const json_t *term, bool lax);

#endif
