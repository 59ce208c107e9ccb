/* What etcd holds of an object, and the object: kube-apiserver's bytes, a protobuf envelope or JSON, whoever
 * wrote them and in whichever version. The one place where values are read and made: what changes their form
 * (encryption) goes in here. */
#ifndef WORKER_WRITE_STORED_H
#define WORKER_WRITE_STORED_H

#include <jansson.h>
#include "registry/schema.h"
#include "shm/base/arena.h"
#include "shm/base/buf.h"
#include "shm/base/options.h"
#include "shm/cache/record.h"

struct stored; /* one a process */

/* From --storage-media-type and --encryption-provider-config. NULL and a line in err. */
struct stored *stored_new(const struct options *o, char *err, size_t err_bytes);
/* NULL is allowed. */
void stored_free(struct stored *s);

/* A value as a tree in the form of the storage resource r, with the defaults of what is absent (an older
 * version may have written it). etcd_key: where it lies. New reference; NULL and *err, a text in the arena,
 * when it is no such object. */
json_t *stored_tree(struct stored *s, struct arena *a, struct str etcd_key, const struct schema_resource *r,
                    struct str value, const char **err);
/* A value as a draft, appended. ns, name: of the key, which the object must have. 0; or -EACCES and a line in
 * err: it cannot be opened or is no such object, and the draft (record_make_unreadable) says so. */
int stored_draft(struct stored *s, struct str etcd_key, const struct schema_resource *r, struct str ns,
                 struct str name, struct str value, struct buf *out, char *err, size_t err_bytes);
/* Reads the configuration of encryption again. 1: it is another one now; 0: it is the same; -1 and a line in err:
 * what was read before stays. */
int stored_reload(struct stored *s, char *err, size_t err_bytes);
/* Whether values of a resource are encrypted, or were before the last reload. */
bool stored_seals(const struct stored *s, const struct schema_resource *r);
/* Stands for all that decides how values are read: a cache filled with another one is to be filled anew. */
int64_t stored_way(const struct stored *s);
/* Appends the value of a draft, for this key. 0 or negative errno. */
int stored_value(struct stored *s, struct str etcd_key, const struct record *draft, struct buf *out);

/* The bytes under the encryption, whatever they are, appended. 0; or -EACCES and a line in err. */
int stored_unseal(struct stored *s, struct str etcd_key, const struct schema_resource *r, struct str value,
                  struct buf *out, char *err, size_t err_bytes);
/* The way back: such bytes as etcd shall hold them, appended. 0 or negative errno. */
int stored_seal(struct stored *s, struct str etcd_key, const struct schema_resource *r, struct str plain,
                struct buf *out);

#endif
