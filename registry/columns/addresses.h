/* Addresses as services and ingresses tell them. Private to this folder. */
#ifndef REGISTRY_COLUMNS_ADDRESSES_H
#define REGISTRY_COLUMNS_ADDRESSES_H

#include <jansson.h>
#include "shm/base/buf.h"

/* IPs and host names of status.loadBalancer, each once, in order. */
void put_balancer(struct buf *b, const json_t *obj);

/* A list of which the first three are told. */
struct some {
    int n;
};
void put_some(struct buf *b, struct some *s, struct str text);
/* " + 2 more..." when there were more than those. */
void put_some_more(struct buf *b, const struct some *s);

#endif
