/* Keys of the objects database: resource id (u32, big endian) + namespace + NUL + name. One resource, and one
 * namespace of it, is one contiguous scan in (namespace, name) byte order. LMDB keys end at 511 bytes: a
 * longer namespace+name keeps its first bytes and ends in a 16-digit hash of the whole. */
#ifndef SHM_CACHE_KEY_H
#define SHM_CACHE_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include "shm/base/str.h"

#define KEY_MAX 511

struct key {
    uint16_t n;
    unsigned char b[KEY_MAX];
};

/* ns is empty for cluster-scoped resources. */
void key_make(struct key *k, uint32_t resource, struct str ns, struct str name);
/* Prefix of all keys of a resource (ns empty) or of one namespace of it. */
void key_prefix(struct key *k, uint32_t resource, struct str ns);
/* Splits a key; views into k. Of a hashed key the name is the cut one: names come from the record then. */
bool key_parse(struct str k, uint32_t *resource, struct str *ns, struct str *name);

static inline struct str key_str(const struct key *k)
{
    return (struct str){(const char *)k->b, k->n};
}

#endif
