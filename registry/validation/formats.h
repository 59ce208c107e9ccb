/* Kinds of strings beyond those that check_name knows. Each function complains of every way in which v is
 * wrong and returns whether it is right. Rule: apimachinery/pkg/util/validation. */
#ifndef REGISTRY_VALIDATION_FORMATS_H
#define REGISTRY_VALIDATION_FORMATS_H

#include "registry/validation/check.h"

/* IsRelaxedEnvVarName. */
bool check_env_name(struct check *c, const struct at *at, struct str v);
/* IsHTTPHeaderName. */
bool check_header_name(struct check *c, const struct at *at, struct str v);
/* IsDNS1123SubdomainWithUnderscore. */
bool check_subdomain_underscore(struct check *c, const struct at *at, struct str v);
/* IsCIdentifier. */
bool check_c_identifier(struct check *c, const struct at *at, struct str v);
/* IsFullyQualifiedName: three segments or more; empty is a required value. */
bool check_qualified_domain(struct check *c, const struct at *at, struct str v);
/* IsFullyQualifiedDomainName: two segments or more; a dot at the end is allowed. */
bool check_domain(struct check *c, const struct at *at, struct str v);
/* IsDomainPrefixedPath ("acme.io/foo"). */
bool check_prefixed_path(struct check *c, const struct at *at, struct str v);
/* IsDomainPrefixedKey. */
bool check_prefixed_key(struct check *c, const struct at *at, struct str v);
/* IsValidPercent; the message, or NULL. */
const char *percent_error(struct str v);
/* IsValidSocketAddr and its like: lo..hi; says "must be between LO and HI, inclusive". */
bool check_range(struct check *c, const struct at *at, int64_t v, int64_t lo, int64_t hi);

#endif
