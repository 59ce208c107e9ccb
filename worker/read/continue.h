/* continue tokens: base64url of {"v":"meta.k8s.io/v1","rv":N,"start":"ns/name\0"}, as the reference writes
 * them (apiserver/pkg/storage/continue.go). The start key is relative to the listed range. */
#ifndef WORKER_READ_CONTINUE_H
#define WORKER_READ_CONTINUE_H

#include <stdbool.h>
#include <stdint.h>
#include "shm/base/arena.h"
#include "shm/cache/key.h"

struct continue_token {
    int64_t revision; /* > 0: exactly this state; < 0: any newest state; never 0 */
    struct str ns, name;
    bool after; /* behind that key; else from it on */
};

/* scoped: the list is of one namespace or of a cluster-scoped resource, so the start key is a name alone.
 * false: *why is the reference's text (in the arena), to follow "invalid continue token: ". */
bool continue_decode(struct arena *a, struct str text, bool scoped, struct continue_token *out,
                     const char **why);
/* Token that goes on behind this object; in the arena. ns is left out where the list is scoped. */
struct str continue_encode(struct arena *a, int64_t revision, bool scoped, struct str ns, struct str name);

#endif
