/* FNV-1a: one stable hash for keys on disk, ring slots and tables. */
#ifndef SHM_BASE_HASH_H
#define SHM_BASE_HASH_H

#include <stdint.h>
#include "shm/base/str.h"

#define HASH_SEED 0xcbf29ce484222325ull

static inline uint64_t hash_more(uint64_t h, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3ull;
    return h;
}

static inline uint64_t hash_str(struct str s)
{
    return hash_more(HASH_SEED, s);
}

/* Folded to 32 bits; used for resource ids, so it must never change. */
static inline uint32_t hash_str32(struct str s)
{
    uint64_t h = hash_str(s);
    return (uint32_t)(h ^ (h >> 32));
}

#endif
