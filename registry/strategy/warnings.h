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
/* Of the volumes of a pod: paths inside one that hide each other (volumewarnings.c). */
void warnings_of_volumes(const struct strategy_call *c, const json_t *spec);
/* Of the storage that a claim's spec asks for; prefix: where that is, with a dot behind it. */
void warnings_of_claim(const struct strategy_call *c, const char *prefix, const json_t *spec);
/* Of the expressions of a node selector's term; of a preferred one the values are looked at, too: nothing
 * else checks them. */
void warnings_of_node_term(const struct strategy_call *c, const char *path, const json_t *term,
                           bool preferred);
/* Of the addresses, or ranges of them, that a pattern finds in v: "spec.externalIPs[]"; what begins with a
 * tilde is not shown. prefix: where v is, or "" (addresswarnings.c). */
void warnings_addresses(const struct strategy_call *c, const char *prefix, const json_t *v,
                        const char *pattern);
void warnings_ranges(const struct strategy_call *c, const char *prefix, const json_t *v, const char *pattern);
/* A formatted warning. */
void warnings_add(const struct strategy_call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
