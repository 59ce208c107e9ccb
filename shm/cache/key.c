/* Keys sort as (resource, namespace, name): no field can hold a NUL, so the separator sorts before any longer
 * namespace. Names too long for LMDB end in a hash instead of their last bytes; those few keys sort by what
 * is left of them, which is stable and that is all a scan needs. */
#include "shm/cache/key.h"

#include "shm/base/hash.h"

#define RESOURCE_BYTES 4
#define HASH_DIGITS 16

static void put_resource(struct key *k, uint32_t resource)
{
    for (int i = 0; i < RESOURCE_BYTES; i++)
        k->b[i] = (unsigned char)(resource >> (24 - 8 * i));
    k->n = RESOURCE_BYTES;
}

/* Adds what fits; the rest is dropped. */
static void put(struct key *k, const char *p, size_t n)
{
    size_t room = (size_t)KEY_MAX - k->n;
    n = n < room ? n : room;
    if (n)
        memcpy(k->b + k->n, p, n);
    k->n = (uint16_t)(k->n + n);
}

static void put_hash(struct key *k, uint64_t h)
{
    k->n = KEY_MAX - HASH_DIGITS;
    for (int i = HASH_DIGITS - 1; i >= 0; i--, h >>= 4)
        k->b[KEY_MAX - HASH_DIGITS + i] = (unsigned char)"0123456789abcdef"[h & 15];
    k->n = KEY_MAX;
}

void key_make(struct key *k, uint32_t resource, struct str ns, struct str name)
{
    put_resource(k, resource);
    put(k, ns.p, ns.n);
    put(k, "", 1);
    put(k, name.p, name.n);
    if (RESOURCE_BYTES + ns.n + 1 + name.n <= KEY_MAX)
        return;
    put_hash(k, hash_more(hash_more(hash_str(ns), (struct str){"", 1}), name));
}

void key_prefix(struct key *k, uint32_t resource, struct str ns)
{
    put_resource(k, resource);
    if (!ns.n)
        return;
    put(k, ns.p, ns.n);
    put(k, "", 1);
}

bool key_parse(struct str k, uint32_t *resource, struct str *ns, struct str *name)
{
    if (k.n <= RESOURCE_BYTES || k.n > KEY_MAX)
        return false;
    struct str rest = {k.p + RESOURCE_BYTES, k.n - RESOURCE_BYTES};
    ptrdiff_t end = str_find(rest, 0);
    if (end < 0)
        return false;
    const unsigned char *b = (const unsigned char *)k.p;
    *resource = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    *ns = (struct str){rest.p, (size_t)end};
    *name = (struct str){rest.p + end + 1, rest.n - (size_t)end - 1};
    return true;
}
