/* Inside --encryption-provider-config: names of resources, names of providers, and what is wrong with them.
 */
#ifndef WORKER_WRITE_SEALINGCHECK_H
#define WORKER_WRITE_SEALINGCHECK_H

#include <jansson.h>
#include "registry/status.h"
#include "shm/store/etcd/seal.h"

/* "pods" "deployments.apps" "*.apps" "*." "*.*" */
struct sealing_name {
    struct str plural, group;
};

struct sealing_name sealing_split(struct str s);
/* What an entry of a list of providers is, and its keys (NULL: it has none). false: nothing that is known. */
bool sealing_kind(const json_t *provider, enum seal_kind *kind, const json_t **keys);
/* Everything that is wrong with a decoded EncryptionConfiguration, as causes of st. */
void sealing_check(const json_t *config, struct status *st);

#endif
