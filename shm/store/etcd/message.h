/* Protobuf messages by field tables: what etcd's gRPC API (etcdserverpb/rpc.proto, mvccpb/kv.proto) carries,
 * as C structs, one walker to write a request and one to read a reply. Nothing is allocated for a reply: its
 * bytes and lists are views into the message, which is checked whole before the first field is handed out. */
#ifndef SHM_STORE_ETCD_MESSAGE_H
#define SHM_STORE_ETCD_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>
#include "shm/base/buf.h"
#include "shm/base/str.h"

enum message_kind {
    MESSAGE_INT,    /* int64_t, uint64_t, enum: varint; 0 is not written */
    MESSAGE_ALWAYS, /* the same, written even when 0: a member of a oneof */
    MESSAGE_BOOL,   /* bool */
    MESSAGE_BYTES,  /* struct str; empty is not written */
    MESSAGE_SUB,    /* requests: const void * to the struct, NULL is not written */
    MESSAGE_SUBS,   /* requests: struct message_array */
    MESSAGE_HERE,   /* replies: the struct itself; `has` is where a bool says that it came */
    MESSAGE_LIST,   /* replies: struct message_list; of NULL: strings */
};

struct message;
struct message_field {
    uint8_t number, kind;
    uint16_t at, has; /* offsets in the struct; has 0: nobody asks */
    const struct message *of;
};
struct message {
    const struct message_field *fields;
    uint16_t nfields;
    uint16_t bytes; /* of the struct */
};

struct message_array {
    const void *first;
    size_t n;
};

/* Elements of a repeated field, read one by one out of the message that holds them. */
struct message_list {
    struct str in;
    const struct message *of;
    uint32_t count;
    uint8_t number;
};

/* Appends the encoding of a request struct. */
void message_encode(struct buf *out, const struct message *m, const void *from);
/* Reads a whole message, nested ones and list elements checked too. Unknown fields are skipped, of a repeated
 * single field the last counts. Returns 0 or -EPROTO (cut, a wrong wire type, a number out of range); `to` is
 * zeroed first and its views point into bytes. */
int message_decode(const struct message *m, struct str bytes, void *to);
/* The next element of a list of a decoded message: *at starts at 0; false at the end. */
bool message_next(const struct message_list *l, size_t *at, void *to);

/* ---- what etcd says; names and numbers are those of rpc.proto ---- */

struct etcd_header {
    uint64_t cluster_id, member_id;
    int64_t revision;
    uint64_t raft_term;
};

struct etcd_kv {
    struct str key, value;
    int64_t create_revision, mod_revision, version, lease;
};

enum etcd_event_type { ETCD_EVENT_PUT = 0, ETCD_EVENT_DELETE = 1 };
struct etcd_event {
    int64_t type;
    struct etcd_kv kv, prev;
    bool has_kv, has_prev;
};

/* end: empty for one key, "\0" for everything from key on, else the first key behind the range. */
struct etcd_range {
    struct str key, end;
    int64_t limit, revision; /* 0: none, newest */
    int64_t min_mod_revision;
    bool serializable, keys_only, count_only;
};
struct etcd_range_reply {
    struct etcd_header header;
    struct message_list kvs; /* struct etcd_kv */
    bool more;
    int64_t count; /* of the whole range, whatever the limit */
};

struct etcd_put {
    struct str key, value;
    int64_t lease;
    bool prev_kv;
};
struct etcd_put_reply {
    struct etcd_header header;
    struct etcd_kv prev;
    bool has_prev;
};

struct etcd_delete {
    struct str key, end;
    bool prev_kv;
};
struct etcd_delete_reply {
    struct etcd_header header;
    int64_t deleted;
    struct message_list prevs; /* struct etcd_kv */
};

enum etcd_compare_result { ETCD_EQUAL = 0, ETCD_GREATER = 1, ETCD_LESS = 2, ETCD_NOT_EQUAL = 3 };
enum etcd_compare_target { ETCD_VERSION = 0, ETCD_CREATE = 1, ETCD_MOD = 2 };
struct etcd_compare {
    int64_t result, target;
    struct str key;
    int64_t mod_revision; /* target ETCD_MOD */
    int64_t version;      /* target ETCD_VERSION; the one that is not asked for is ignored */
};
/* One of the three. */
struct etcd_op {
    const struct etcd_range *range;
    const struct etcd_put *put;
    const struct etcd_delete *del;
};
struct etcd_txn {
    struct message_array compare;          /* struct etcd_compare */
    struct message_array success, failure; /* struct etcd_op */
};
struct etcd_op_reply {
    struct etcd_range_reply range;
    struct etcd_put_reply put;
    struct etcd_delete_reply del;
    bool has_range, has_put, has_del;
};
struct etcd_txn_reply {
    struct etcd_header header;
    bool succeeded;
    struct message_list responses; /* struct etcd_op_reply */
};

struct etcd_compact {
    int64_t revision;
    bool physical;
};

struct etcd_watch_create {
    struct str key, end;
    int64_t start_revision;
    bool progress_notify, prev_kv, fragment;
};
struct etcd_watch_cancel {
    int64_t watch_id;
};
/* One of the three; progress points to anything. */
struct etcd_watch_request {
    const struct etcd_watch_create *create;
    const struct etcd_watch_cancel *cancel;
    const void *progress;
};
struct etcd_watch_reply {
    struct etcd_header header;
    bool has_header;
    int64_t watch_id;
    bool created, canceled, fragment;
    int64_t compact_revision;
    struct str cancel_reason;
    struct message_list events; /* struct etcd_event */
};

/* Grant (ttl and id), revoke and keep-alive (id alone) use it. */
struct etcd_lease {
    int64_t ttl_s, id;
};
struct etcd_lease_id {
    int64_t id;
};
struct etcd_lease_reply {
    struct etcd_header header;
    int64_t id, ttl_s;
    struct str error;
};

struct etcd_nothing {
    char none;
};
struct etcd_header_reply {
    struct etcd_header header;
};
struct etcd_status_reply {
    struct etcd_header header;
    struct str version;
    int64_t db_bytes, db_bytes_used;
    uint64_t leader, raft_index, raft_term, raft_applied;
    struct message_list errors; /* struct str */
    bool learner;
};
struct etcd_member {
    uint64_t id;
    struct str name;
    struct message_list peer_urls, client_urls; /* struct str */
    bool learner;
};
struct etcd_members_reply {
    struct etcd_header header;
    struct message_list members; /* struct etcd_member */
};
enum etcd_alarm_action { ETCD_ALARM_GET = 0, ETCD_ALARM_CLEAR = 2 };
enum etcd_alarm_type { ETCD_ALARM_NONE = 0, ETCD_ALARM_NOSPACE = 1, ETCD_ALARM_CORRUPT = 2 };
struct etcd_alarm {
    int64_t action;
    uint64_t member;
    int64_t alarm;
};
struct etcd_alarm_member {
    uint64_t member;
    int64_t alarm;
};
struct etcd_alarm_reply {
    struct etcd_header header;
    struct message_list alarms; /* struct etcd_alarm_member */
};

extern const struct message message_range, message_range_reply, message_put, message_put_reply,
    message_delete, message_delete_reply, message_txn, message_txn_reply, message_compact, message_watch,
    message_watch_reply, message_lease, message_lease_id, message_lease_reply, message_keepalive_reply,
    message_nothing, message_header_reply, message_status_reply, message_members_reply, message_alarm,
    message_alarm_reply;

#endif
