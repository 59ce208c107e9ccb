/* What is wrong with an expression whose types are right: literals that can only fail, lists and maps of many
 * types. Rule: cel-go cel/validator.go, ext/formatting.go. */
#ifndef REGISTRY_CEL_LITERALS_H
#define REGISTRY_CEL_LITERALS_H

#include "registry/cel/ast.h"

/* e has its final types; mistakes go to the source. */
void cel_check_literals(struct cel_source *source, struct cel_expr *e);
/* e: a call of format(): whether the text it is called on goes with its arguments, where both are literals.
 */
void cel_check_format(struct cel_source *source, const struct cel_expr *e);

#endif
