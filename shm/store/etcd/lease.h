/* Leases: keys that go with them when they are not kept alive. */
#ifndef SHM_STORE_ETCD_LEASE_H
#define SHM_STORE_ETCD_LEASE_H

#include "shm/store/etcd/client.h"

/* ttl_s: what etcd granted, or what is left. On an error r is NULL; -ENOENT: the lease is gone, -EEXIST: the
 * id is taken, -ERANGE: the time is too long. */
typedef void (*etcd_lease_done)(void *arg, const struct etcd_status *st, int64_t id, int64_t ttl_s);

/* id 0: etcd chooses. ttl_s at least 1. */
int etcd_lease_grant(struct etcd_client *c, int64_t id, int64_t ttl_s, int64_t timeout_ms,
                     etcd_lease_done done, void *arg, uint64_t *ticket);
/* Deletes the keys too. */
int etcd_lease_revoke(struct etcd_client *c, int64_t id, int64_t timeout_ms, etcd_lease_done done, void *arg,
                      uint64_t *ticket);
/* Once: call it again before ttl_s is over. */
int etcd_lease_keep(struct etcd_client *c, int64_t id, int64_t timeout_ms, etcd_lease_done done, void *arg,
                    uint64_t *ticket);

/* Leases for many short-lived keys: keys with nearly the same time to live share one, so that etcd does not
 * count each. A shared lease is up to a twentieth, and at most 60 s, longer than asked for, and holds at most
 * 1,000 keys; these are the reference's numbers (apiserver/pkg/storage/etcd3/lease_manager.go). */
struct lease_pool {
    int64_t id;
    int64_t expires_ms; /* monotonic */
    int keys;
};
/* The id of a lease that lasts at least ttl_s from now and can take one more key, which is counted; 0: grant
 * a new one of lease_pool_ttl(ttl_s) and lease_pool_add it. */
int64_t lease_pool_take(struct lease_pool *p, int64_t ttl_s, int64_t now_ms);
int64_t lease_pool_ttl(int64_t ttl_s);
void lease_pool_add(struct lease_pool *p, int64_t id, int64_t ttl_s, int64_t granted_ms);

#endif
