/* A write on its way: tree -> record -> store, parked until answered, retried where the rules allow. Used by
 * the handlers and by the keeper (which has no request). */
#ifndef WORKER_WRITE_COMMIT_H
#define WORKER_WRITE_COMMIT_H

#include <jansson.h>
#include "registry/schema.h"
#include "registry/status.h"
#include "shm/store/store.h"
#include "worker/request/context.h"

/* Encodes a tree (storage version) as a draft record into out. expires_s as in the record. */
void record_make(struct buf *out, struct arena *a, const json_t *obj, const struct schema_resource *r,
                 int64_t expires_s);
/* A record's object as a tree; new reference. Table output, patches and updates use it; plain reads never. */
json_t *record_tree(struct arena *a, const struct record *rec);

#endif
