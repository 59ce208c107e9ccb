/* What a client is warned of although its write is accepted: deprecated fields, and values that do not do
 * what they seem to. */
#ifndef REGISTRY_STRATEGY_WARNINGS_H
#define REGISTRY_STRATEGY_WARNINGS_H

#include "registry/strategy/strategy.h"

/* Adds to c->warnings (NULL: does nothing) what the kind has to say about obj, which is valid; old is NULL
 * for a create. Rule: WarningsOnCreate and WarningsOnUpdate of pkg/registry/GROUP/RESOURCE/strategy.go. */
void warnings_collect(const struct strategy_call *c, const json_t *obj, const json_t *old);
/* Of a pod or a pod's template (podwarnings.c); prefix: where it is, "" or "spec.template.". Rule:
 * pkg/api/pod/warnings.go. */
void warnings_of_pod(const struct strategy_call *c, const char *prefix, const json_t *pod);
/* Of the key of a node's label: the advice, or NULL. Rule: pkg/api/node/util.go. */
const char *warnings_node_label(struct str key);
/* A formatted warning. */
void warnings_add(const struct strategy_call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
