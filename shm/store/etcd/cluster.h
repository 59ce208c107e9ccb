/* What a cluster says about itself. */
#ifndef SHM_STORE_ETCD_CLUSTER_H
#define SHM_STORE_ETCD_CLUSTER_H

#include "shm/store/etcd/client.h"

/* Of one member (0..etcd_client_members() - 1), answered from its memory. r is NULL on an error. */
typedef void (*etcd_status_done)(void *arg, const struct etcd_status *st, const struct etcd_status_reply *r);
int etcd_member_status(struct etcd_client *c, int member, int64_t timeout_ms, etcd_status_done done,
                       void *arg, uint64_t *ticket);

typedef void (*etcd_members_done)(void *arg, const struct etcd_status *st,
                                  const struct etcd_members_reply *r);
int etcd_member_list(struct etcd_client *c, int64_t timeout_ms, etcd_members_done done, void *arg,
                     uint64_t *ticket);

/* Alarms that are raised (ETCD_ALARM_GET, for all members with member 0), or clears one. */
typedef void (*etcd_alarm_done)(void *arg, const struct etcd_status *st, const struct etcd_alarm_reply *r);
int etcd_alarm(struct etcd_client *c, const struct etcd_alarm *a, int64_t timeout_ms, etcd_alarm_done done,
               void *arg, uint64_t *ticket);

#endif
