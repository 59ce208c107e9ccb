/* What an object's key is called in etcd, and back: kube-apiserver's names, PREFIX/RESOURCE/[NAMESPACE/]NAME
 * with what the schema says of a resource (services lie under services/specs, nodes under minions). */
#ifndef WORKER_WRITE_ETCDKEY_H
#define WORKER_WRITE_ETCDKEY_H

#include "registry/schema.h"
#include "shm/base/buf.h"
#include "shm/cache/key.h"
#include "shm/cache/record.h"

struct etcdkey; /* read-only */

/* prefix: --etcd-prefix as given ("/registry", "registry/"). Never NULL. */
struct etcdkey *etcdkey_new(const char *prefix);
/* NULL is allowed. */
void etcdkey_free(struct etcdkey *e);
/* The prefix with one slash on either side. */
struct str etcdkey_prefix(const struct etcdkey *e);
/* Appends the key of an object. */
void etcdkey_write(const struct etcdkey *e, const struct schema_resource *stored, struct str ns,
                   struct str name, struct buf *out);
/* The resource that a key of etcd is an object of, and that object's names, as views. false: none of what is
 * served (custom resources, leases of masters, ranges, ...). */
bool etcdkey_read(const struct etcdkey *e, struct str etcd_key, const struct schema_resource **r,
                  struct str *ns, struct str *name);

#endif
