/* Encryption of stored values, byte for byte as kube-apiserver's (storage/value/encrypt): a value is
 *
 *   k8s:enc:aescbc:v1:KEY:     16 bytes IV, AES-CBC of the plain value with PKCS#7 padding
 *   k8s:enc:aesgcm:v1:KEY:     12 bytes nonce, AES-GCM with the key in etcd as authenticated data, 16 bytes
 * tag k8s:enc:secretbox:v1:KEY:  24 bytes nonce, 16 bytes Poly1305, XSalsa20 anything else              not
 * encrypted; values never begin with k8s:enc: by themselves
 *
 * A provider that asks another process (KMS) would be one more row of the table in seal.c, whose functions
 * may then have to wait. */
#ifndef SHM_STORE_ETCD_SEAL_H
#define SHM_STORE_ETCD_SEAL_H

#include <stdbool.h>
#include "shm/base/buf.h"
#include "shm/base/str.h"

enum seal_kind { SEAL_IDENTITY, SEAL_AESCBC, SEAL_AESGCM, SEAL_SECRETBOX };

struct seal; /* the providers of a resource, in order: the first one writes, all read */

struct seal *seal_new(void);
/* Wipes the keys. NULL is allowed. */
void seal_free(struct seal *s);
/* One more provider, behind the others. */
void seal_add(struct seal *s, enum seal_kind kind);
/* One more key of the provider added last; copied. false: the cipher has no keys of that length. */
bool seal_add_key(struct seal *s, struct str name, struct str secret);

/* Appends what is stored at etcd_key for a plain value. s NULL: the value itself. 0 or -EIO. */
int seal_value(const struct seal *s, struct str etcd_key, struct str plain, struct buf *out);
/* What a stored value holds: *plain, a view into stored or into out, to which it was appended. *stale: a
 * write would not give it this form now (another provider or key). s NULL: the value itself, unless it is
 * encrypted. false: err says why, in the reference's words. */
bool seal_open(const struct seal *s, struct str etcd_key, struct str stored, struct buf *out,
               struct str *plain, bool *stale, char *err, size_t err_bytes);

#endif
