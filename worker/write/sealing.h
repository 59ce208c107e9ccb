/* --encryption-provider-config: which resources are encrypted in etcd, and by what. Rules and texts as
 * kube-apiserver's (server/options/encryptionconfig, apis/apiserver/validation); KMS providers are refused.
 */
#ifndef WORKER_WRITE_SEALING_H
#define WORKER_WRITE_SEALING_H

#include "shm/store/etcd/seal.h"

struct sealing;

/* Reads the file. NULL and a line in err, which names it and never shows a key. A file that others may read
 * gets a warning in the log. */
struct sealing *sealing_load(const char *path, char *err, size_t err_bytes);
/* Its text; path is only named. */
struct sealing *sealing_read(struct str text, const char *path, char *err, size_t err_bytes);
/* NULL is allowed. */
void sealing_free(struct sealing *s);
/* Stands for the text it was read from; 0: s is NULL. */
int64_t sealing_digest(const struct sealing *s);
/* What seals a resource; NULL: nothing does (s may be NULL, too). */
const struct seal *sealing_of(const struct sealing *s, struct str group, struct str plural);

#endif
