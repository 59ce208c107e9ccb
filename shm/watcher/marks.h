/* Revisions that nothing else has: writes of a key that nobody reads, each of which makes one. */
#ifndef SHM_WATCHER_MARKS_H
#define SHM_WATCHER_MARKS_H

#include <stdint.h>
#include "shm/base/str.h"
#include "shm/store/etcd/client.h"

#define MARKS_MAX 256

struct marks;

/* Writes n times, at once; done is called from the client's turn when all are answered, or after two seconds:
 * some may be missing. The key is copied. Never NULL. */
struct marks *marks_new(struct etcd_client *c, struct str key, int n, void (*done)(void *arg), void *arg);
/* done is not called any more. NULL is allowed. */
void marks_free(struct marks *m);
int marks_count(const struct marks *m);
/* Ascending. */
int64_t marks_at(const struct marks *m, int i);

#endif
