/* The field tables: a row a field, numbers from etcd's rpc.proto and kv.proto. Fields that nobody here reads
 * have no row and are skipped. */
#include "shm/store/etcd/message.h"

#include <stddef.h>

#define ROW(number, kind, type, member, of)                                                                  \
    {                                                                                                        \
        number, MESSAGE_##kind, offsetof(struct type, member), 0, of                                         \
    }
#define HERE(number, type, member, has, of)                                                                  \
    {                                                                                                        \
        number, MESSAGE_HERE, offsetof(struct type, member), offsetof(struct type, has), of                  \
    }
#define TABLE(name, type, ...)                                                                               \
    static const struct message_field name##_fields[] = {__VA_ARGS__};                                       \
    const struct message message_##name = {name##_fields, sizeof(name##_fields) / sizeof(name##_fields[0]),  \
                                           sizeof(struct type)}
#define INNER(name, type, ...)                                                                               \
    static const struct message_field name##_fields[] = {__VA_ARGS__};                                       \
    static const struct message name = {name##_fields, sizeof(name##_fields) / sizeof(name##_fields[0]),     \
                                        sizeof(struct type)}

INNER(header, etcd_header, ROW(1, INT, etcd_header, cluster_id, NULL),
      ROW(2, INT, etcd_header, member_id, NULL), ROW(3, INT, etcd_header, revision, NULL),
      ROW(4, INT, etcd_header, raft_term, NULL));

INNER(kv, etcd_kv, ROW(1, BYTES, etcd_kv, key, NULL), ROW(2, INT, etcd_kv, create_revision, NULL),
      ROW(3, INT, etcd_kv, mod_revision, NULL), ROW(4, INT, etcd_kv, version, NULL),
      ROW(5, BYTES, etcd_kv, value, NULL), ROW(6, INT, etcd_kv, lease, NULL));

INNER(event, etcd_event, ROW(1, INT, etcd_event, type, NULL), HERE(2, etcd_event, kv, has_kv, &kv),
      HERE(3, etcd_event, prev, has_prev, &kv));

TABLE(range, etcd_range, ROW(1, BYTES, etcd_range, key, NULL), ROW(2, BYTES, etcd_range, end, NULL),
      ROW(3, INT, etcd_range, limit, NULL), ROW(4, INT, etcd_range, revision, NULL),
      ROW(7, BOOL, etcd_range, serializable, NULL), ROW(8, BOOL, etcd_range, keys_only, NULL),
      ROW(9, BOOL, etcd_range, count_only, NULL), ROW(10, INT, etcd_range, min_mod_revision, NULL));

TABLE(range_reply, etcd_range_reply, ROW(1, HERE, etcd_range_reply, header, &header),
      ROW(2, LIST, etcd_range_reply, kvs, &kv), ROW(3, BOOL, etcd_range_reply, more, NULL),
      ROW(4, INT, etcd_range_reply, count, NULL));

TABLE(put, etcd_put, ROW(1, BYTES, etcd_put, key, NULL), ROW(2, BYTES, etcd_put, value, NULL),
      ROW(3, INT, etcd_put, lease, NULL), ROW(4, BOOL, etcd_put, prev_kv, NULL));

TABLE(put_reply, etcd_put_reply, ROW(1, HERE, etcd_put_reply, header, &header),
      HERE(2, etcd_put_reply, prev, has_prev, &kv));

TABLE(delete, etcd_delete, ROW(1, BYTES, etcd_delete, key, NULL), ROW(2, BYTES, etcd_delete, end, NULL),
      ROW(3, BOOL, etcd_delete, prev_kv, NULL));

TABLE(delete_reply, etcd_delete_reply, ROW(1, HERE, etcd_delete_reply, header, &header),
      ROW(2, INT, etcd_delete_reply, deleted, NULL), ROW(3, LIST, etcd_delete_reply, prevs, &kv));

/* Of what can be compared the last one counts: a version that is asked for, or else the revision; absent, it
 * is 0 whatever the target. */
INNER(compare_mod, etcd_compare, ROW(1, INT, etcd_compare, result, NULL),
      ROW(2, INT, etcd_compare, target, NULL), ROW(3, BYTES, etcd_compare, key, NULL),
      ROW(6, ALWAYS, etcd_compare, mod_revision, NULL), ROW(4, INT, etcd_compare, version, NULL));

INNER(op, etcd_op, ROW(1, SUB, etcd_op, range, &message_range), ROW(2, SUB, etcd_op, put, &message_put),
      ROW(3, SUB, etcd_op, del, &message_delete));

TABLE(txn, etcd_txn, ROW(1, SUBS, etcd_txn, compare, &compare_mod), ROW(2, SUBS, etcd_txn, success, &op),
      ROW(3, SUBS, etcd_txn, failure, &op));

INNER(op_reply, etcd_op_reply, HERE(1, etcd_op_reply, range, has_range, &message_range_reply),
      HERE(2, etcd_op_reply, put, has_put, &message_put_reply),
      HERE(3, etcd_op_reply, del, has_del, &message_delete_reply));

TABLE(txn_reply, etcd_txn_reply, ROW(1, HERE, etcd_txn_reply, header, &header),
      ROW(2, BOOL, etcd_txn_reply, succeeded, NULL), ROW(3, LIST, etcd_txn_reply, responses, &op_reply));

TABLE(compact, etcd_compact, ROW(1, INT, etcd_compact, revision, NULL),
      ROW(2, BOOL, etcd_compact, physical, NULL));

TABLE(nothing, etcd_nothing, {0});

INNER(watch_create, etcd_watch_create, ROW(1, BYTES, etcd_watch_create, key, NULL),
      ROW(2, BYTES, etcd_watch_create, end, NULL), ROW(3, INT, etcd_watch_create, start_revision, NULL),
      ROW(4, BOOL, etcd_watch_create, progress_notify, NULL), ROW(6, BOOL, etcd_watch_create, prev_kv, NULL),
      ROW(8, BOOL, etcd_watch_create, fragment, NULL));

INNER(watch_cancel, etcd_watch_cancel, ROW(1, INT, etcd_watch_cancel, watch_id, NULL));

TABLE(watch, etcd_watch_request, ROW(1, SUB, etcd_watch_request, create, &watch_create),
      ROW(2, SUB, etcd_watch_request, cancel, &watch_cancel),
      ROW(3, SUB, etcd_watch_request, progress, &message_nothing));

TABLE(watch_reply, etcd_watch_reply, HERE(1, etcd_watch_reply, header, has_header, &header),
      ROW(2, INT, etcd_watch_reply, watch_id, NULL), ROW(3, BOOL, etcd_watch_reply, created, NULL),
      ROW(4, BOOL, etcd_watch_reply, canceled, NULL), ROW(5, INT, etcd_watch_reply, compact_revision, NULL),
      ROW(6, BYTES, etcd_watch_reply, cancel_reason, NULL), ROW(7, BOOL, etcd_watch_reply, fragment, NULL),
      ROW(11, LIST, etcd_watch_reply, events, &event));

TABLE(lease, etcd_lease, ROW(1, INT, etcd_lease, ttl_s, NULL), ROW(2, INT, etcd_lease, id, NULL));

TABLE(lease_id, etcd_lease_id, ROW(1, INT, etcd_lease_id, id, NULL));

TABLE(lease_reply, etcd_lease_reply, ROW(1, HERE, etcd_lease_reply, header, &header),
      ROW(2, INT, etcd_lease_reply, id, NULL), ROW(3, INT, etcd_lease_reply, ttl_s, NULL),
      ROW(4, BYTES, etcd_lease_reply, error, NULL));

TABLE(header_reply, etcd_header_reply, ROW(1, HERE, etcd_header_reply, header, &header));

TABLE(status_reply, etcd_status_reply, ROW(1, HERE, etcd_status_reply, header, &header),
      ROW(2, BYTES, etcd_status_reply, version, NULL), ROW(3, INT, etcd_status_reply, db_bytes, NULL),
      ROW(4, INT, etcd_status_reply, leader, NULL), ROW(5, INT, etcd_status_reply, raft_index, NULL),
      ROW(6, INT, etcd_status_reply, raft_term, NULL), ROW(7, INT, etcd_status_reply, raft_applied, NULL),
      ROW(8, LIST, etcd_status_reply, errors, NULL), ROW(9, INT, etcd_status_reply, db_bytes_used, NULL),
      ROW(10, BOOL, etcd_status_reply, learner, NULL));

INNER(member, etcd_member, ROW(1, INT, etcd_member, id, NULL), ROW(2, BYTES, etcd_member, name, NULL),
      ROW(3, LIST, etcd_member, peer_urls, NULL), ROW(4, LIST, etcd_member, client_urls, NULL),
      ROW(5, BOOL, etcd_member, learner, NULL));

TABLE(members_reply, etcd_members_reply, ROW(1, HERE, etcd_members_reply, header, &header),
      ROW(2, LIST, etcd_members_reply, members, &member));

TABLE(alarm, etcd_alarm, ROW(1, INT, etcd_alarm, action, NULL), ROW(2, INT, etcd_alarm, member, NULL),
      ROW(3, INT, etcd_alarm, alarm, NULL));

INNER(alarm_member, etcd_alarm_member, ROW(1, INT, etcd_alarm_member, member, NULL),
      ROW(2, INT, etcd_alarm_member, alarm, NULL));

TABLE(alarm_reply, etcd_alarm_reply, ROW(1, HERE, etcd_alarm_reply, header, &header),
      ROW(2, LIST, etcd_alarm_reply, alarms, &alarm_member));
