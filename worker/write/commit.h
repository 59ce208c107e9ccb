/* A write on its way: tree -> record -> store, parked until answered, retried where the rules allow. Used by
 * the handlers and by the keeper (which has no request). */
#ifndef WORKER_WRITE_COMMIT_H
#define WORKER_WRITE_COMMIT_H

#include <jansson.h>
#include "registry/schema.h"
#include "registry/status.h"
#include "registry/walk/kept.h"
#include "shm/store/store.h"
#include "worker/request/context.h"

/* Encodes a tree (storage version) as a draft record into out. kept: what its stored form held beyond the
 * schema, of record_kept or kept_find; NULL: nothing. expires_s as in the record. */
void record_make(struct buf *out, struct arena *a, const json_t *obj, const struct schema_resource *r,
                 const struct kept *kept, int64_t expires_s);
/* A draft that takes the place of an object nobody can open: its names, and why. */
void record_make_unreadable(struct buf *out, struct arena *a, const struct schema_resource *r, struct str ns,
                            struct str name, struct str etcd_key, const char *why);
/* What obj, made of the record's tree old, has to keep of it; NULL: nothing. Views into the record. */
struct kept *record_kept(struct arena *a, const struct record *rec, const struct schema_resource *r,
                         const json_t *old, json_t *obj);
/* A record's object as a tree; new reference. Table output, patches and updates use it; plain reads never. */
json_t *record_tree(struct arena *a, const struct record *rec);

#endif
