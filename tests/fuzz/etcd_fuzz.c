/* What an etcd member might send. The first byte chooses: header lines and a status, frames, a message of
 * each type. Whatever was accepted is walked to its end, and each list must have as many elements as it says.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "shm/store/etcd/endpoints.h"
#include "shm/store/etcd/grpc.h"
#include "shm/store/etcd/message.h"
#include "shm/store/etcd/watch.h"

static volatile unsigned sink;

static void touch(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        sink += (unsigned char)s.p[i];
}

static void touch_kv(const struct etcd_kv *kv)
{
    touch(kv->key);
    touch(kv->value);
}

static void kvs(const struct message_list *l)
{
    struct etcd_kv kv;
    uint32_t n = 0;
    for (size_t at = 0; message_next(l, &at, &kv); n++)
        touch_kv(&kv);
    if (n != l->count)
        abort();
}

static void strings(const struct message_list *l)
{
    struct str s;
    uint32_t n = 0;
    for (size_t at = 0; message_next(l, &at, &s); n++)
        touch(s);
    if (n != l->count)
        abort();
}

static void range(struct str m)
{
    struct etcd_range_reply r;
    if (!message_decode(&message_range_reply, m, &r))
        kvs(&r.kvs);
}

static void txn(struct str m)
{
    struct etcd_txn_reply r;
    struct etcd_op_reply op;
    if (message_decode(&message_txn_reply, m, &r))
        return;
    for (size_t at = 0; message_next(&r.responses, &at, &op);) {
        kvs(&op.range.kvs);
        kvs(&op.del.prevs);
        touch_kv(&op.put.prev);
    }
}

/* The same events seen from any revision are a tail of them. */
static void watch(struct str m)
{
    struct etcd_watch_reply r;
    struct etcd_event e;
    if (message_decode(&message_watch_reply, m, &r))
        return;
    touch(r.cancel_reason);
    struct etcd_batch b = {.events = r.events, .from = r.watch_id, .skip = (uint32_t)r.compact_revision};
    uint32_t n = 0;
    for (size_t at = 0; message_next(&r.events, &at, &e); n++) {
        touch_kv(&e.kv);
        touch_kv(&e.prev);
    }
    if (n != r.events.count)
        abort();
    struct etcd_batch_at at = {0};
    for (uint32_t k = 0; etcd_batch_next(&b, &at, &e); k++)
        if (k >= n || e.kv.mod_revision < b.from)
            abort();
}

static void others(struct str m)
{
    struct etcd_members_reply members;
    struct etcd_member member;
    struct etcd_status_reply status;
    struct etcd_alarm_reply alarm;
    struct etcd_alarm_member raised;
    struct etcd_lease_reply lease;
    if (!message_decode(&message_members_reply, m, &members))
        for (size_t at = 0; message_next(&members.members, &at, &member);)
            strings(&member.client_urls);
    if (!message_decode(&message_status_reply, m, &status)) {
        strings(&status.errors);
        sink += (unsigned)endpoint_version(status.version.p, status.version.n);
    }
    if (!message_decode(&message_alarm_reply, m, &alarm))
        for (size_t at = 0; message_next(&alarm.alarms, &at, &raised);)
            sink += (unsigned)raised.alarm;
    if (!message_decode(&message_lease_reply, m, &lease))
        touch(lease.error);
}

static void message(struct str m)
{
    range(m);
    txn(m);
    watch(m);
    others(m);
}

static void lines(struct str bytes)
{
    struct grpc_head h;
    struct str line;
    grpc_head_init(&h);
    while (str_next(&bytes, '\n', &line)) {
        struct str value = line, name;
        str_next(&value, ' ', &name);
        grpc_head_field(&h, name, value);
    }
    int code = grpc_head_code(&h);
    if (strnlen(h.text, sizeof(h.text)) == sizeof(h.text) || code < GRPC_OK || code > GRPC_UNAUTHENTICATED)
        abort();
    int rc = grpc_errno(code, h.text, true);
    if ((rc == 0) != (code == GRPC_OK) || rc > 0)
        abort();
}

static void frames(struct str bytes)
{
    struct str m;
    size_t at = 0;
    while (grpc_next(bytes, &at, &m) == 1)
        message(m);
    if (at > bytes.n)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const what[])(struct str) = {lines, frames, message};
    if (size == 0)
        return 0;
    char *copy = malloc(size); /* exact, so that a step too far is seen */
    memcpy(copy, data + 1, size - 1);
    what[data[0] % 3]((struct str){copy, size - 1});
    free(copy);
    return 0;
}
