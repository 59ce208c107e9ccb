/* Calls of the Cluster and Maintenance services; see client.h for how they end. */
#include "shm/store/etcd/cluster.h"

static void on_status(const struct etcd_waiter *w, const struct etcd_status *st, struct str message)
{
    struct etcd_status_reply r;
    struct etcd_status s = *st;
    bool ok = etcd_reply_decode(&message_status_reply, message, &r, &s);
    ((etcd_status_done)w->done)(w->arg, &s, ok ? &r : NULL);
}

static void on_members(const struct etcd_waiter *w, const struct etcd_status *st, struct str message)
{
    struct etcd_members_reply r;
    struct etcd_status s = *st;
    bool ok = etcd_reply_decode(&message_members_reply, message, &r, &s);
    ((etcd_members_done)w->done)(w->arg, &s, ok ? &r : NULL);
}

static void on_alarm(const struct etcd_waiter *w, const struct etcd_status *st, struct str message)
{
    struct etcd_alarm_reply r;
    struct etcd_status s = *st;
    bool ok = etcd_reply_decode(&message_alarm_reply, message, &r, &s);
    ((etcd_alarm_done)w->done)(w->arg, &s, ok ? &r : NULL);
}

static const struct etcd_nothing nothing;

int etcd_member_status(struct etcd_client *c, int member, int64_t timeout_ms, etcd_status_done done,
                       void *arg, uint64_t *ticket)
{
    struct etcd_call o = {.method = "/etcdserverpb.Maintenance/Status",
                          .type = &message_nothing,
                          .request = &nothing,
                          .member = member,
                          .timeout_ms = timeout_ms};
    struct etcd_waiter w = {on_status, (void (*)(void))done, arg, 0};
    return etcd_client_call(c, &o, &w, ticket);
}

int etcd_member_list(struct etcd_client *c, int64_t timeout_ms, etcd_members_done done, void *arg,
                     uint64_t *ticket)
{
    struct etcd_call o = {.method = "/etcdserverpb.Cluster/MemberList",
                          .type = &message_nothing,
                          .request = &nothing,
                          .member = ETCD_ANY_MEMBER,
                          .timeout_ms = timeout_ms};
    struct etcd_waiter w = {on_members, (void (*)(void))done, arg, 0};
    return etcd_client_call(c, &o, &w, ticket);
}

int etcd_alarm(struct etcd_client *c, const struct etcd_alarm *a, int64_t timeout_ms, etcd_alarm_done done,
               void *arg, uint64_t *ticket)
{
    struct etcd_call o = {.method = "/etcdserverpb.Maintenance/Alarm",
                          .type = &message_alarm,
                          .request = a,
                          .write = a->action != ETCD_ALARM_GET,
                          .member = ETCD_ANY_MEMBER,
                          .timeout_ms = timeout_ms};
    struct etcd_waiter w = {on_alarm, (void (*)(void))done, arg, 0};
    return etcd_client_call(c, &o, &w, ticket);
}
