/* Which ports of a range are taken, as kube-apiserver stores it: a number whose bit N says whether port
 * first+N is taken, big-endian, without leading zero bytes. Rule: pkg/registry/core/service/allocator. */
#ifndef REGISTRY_RULES_PORTMAP_H
#define REGISTRY_RULES_PORTMAP_H

#include <stdbool.h>
#include <stdint.h>
#include "shm/base/arena.h"
#include "shm/base/buf.h"
#include "shm/base/str.h"

/* The one object that holds it. */
#define PORTMAP_RESOURCE "/rangeallocations"
#define PORTMAP_NAME "servicenodeports"

struct portmap {
    int first, last;
    uint8_t *taken; /* a byte a port; in the arena */
};

/* "30000-32767", "30000+100" or one port. false: no range, or one beyond the ports there are. */
bool portmap_range(struct str text, int *first, int *last);
/* All free. */
void portmap_init(struct portmap *m, struct arena *a, int first, int last);
/* From the stored form: the range it is of, and the bits in base64. What lies beyond m's range is left out.
 */
void portmap_load(struct portmap *m, struct arena *a, struct str range, struct str base64);
/* The stored form, in base64; appended. */
void portmap_store(const struct portmap *m, struct buf *out);
/* Whether the port is one of the range. */
bool portmap_holds(const struct portmap *m, int64_t port);
/* Whether it is taken; no for one beyond the range. */
bool portmap_has(const struct portmap *m, int64_t port);
/* Nothing for one beyond the range. */
void portmap_set(struct portmap *m, int64_t port, bool taken);
/* What other has taken is taken in m too. Both are of the same range. */
void portmap_add(struct portmap *m, const struct portmap *other);
/* A free one: of those at the beginning, which are kept for whoever asks for them, only when the others are
 * taken. random says where to look first. 0: none is free. */
int portmap_free(const struct portmap *m, uint32_t random);

#endif
