/* What webhooks, wherever they are configured, and admission rules share. Private to this folder. Rule:
 * apiserver/pkg/util/webhook/validation.go, pkg/apis/admissionregistration/validation. */
#ifndef REGISTRY_VALIDATION_HOOKS_H
#define REGISTRY_VALIDATION_HOOKS_H

#include "registry/validation/check.h"
#include "registry/validation/expressions.h"

/* ValidateWebhookURL. */
void check_webhook_url(struct check *c, const struct at *at, struct str url);
/* ValidateWebhookService; service: a reference with namespace, name, path and port. swapped: the reference
 * mixes up name and namespace here. */
void check_webhook_service(struct check *c, const struct at *at, const json_t *service, bool swapped);
/* validateRuleWithOperations. */
void check_rule_with_operations(struct check *c, const struct at *at, const json_t *rule);
/* validateMatchConditions. */
void check_match_conditions(struct check *c, const struct at *at, const json_t *list,
                            const struct expressions *x);
/* A text that must be there, blanks aside. */
bool check_expression(struct check *c, const struct at *up, const json_t *obj, const char *name,
                      const char *detail);
/* A member that must be one of the texts, and be there. */
void check_required_enum(struct check *c, const struct at *up, const json_t *obj, const char *name,
                         const char *const *valid, int n);
/* Every mistake in one cause, joined by commas. */
bool check_name_joined(struct check *c, const struct at *at, struct str shown, struct str v, const char *rule,
                       const char *before);

#endif
