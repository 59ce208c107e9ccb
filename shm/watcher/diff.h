/* What a list of etcd's keys says against the cache: which objects differ, which are gone. */
#ifndef SHM_WATCHER_DIFF_H
#define SHM_WATCHER_DIFF_H

#include "shm/base/buf.h"
#include "shm/cache/cache.h"
#include "shm/cache/key.h"
#include "shm/watcher/marks.h"

struct diff;

/* Looks at the cache as it is now. NULL when it cannot be read. */
struct diff *diff_new(struct cache *c);
void diff_free(struct diff *d);
/* What the cache holds up to here is what etcd held then, and its log ends here or before. */
int64_t diff_floor(const struct diff *d);
/* etcd holds this key, made and changed last at these revisions. Views are copied. */
void diff_seen(struct diff *d, const struct key *k, struct str etcd_key, int64_t create_revision,
               int64_t mod_revision);
/* After the last one: how many keys of the cache were not seen, but by `before` (NULL: all of them). */
size_t diff_gone_count(struct diff *d, const struct diff *before);
/* After the last one: sorts what differs by revision, and says at which each deletion is told. A client that
 * has seen a revision, here or from another server, asks for what comes behind it, so none may be told at a
 * revision below its own, which etcd does not know any more, and better none at the revision of anything
 * else.
 *
 *   gone, and not seen by `before` (NULL: there is none)   a mark, as long as there are some: they were made
 *                after that list; the last one for the rest
 *   else         the newest revision that no key and no mark has, before the key was made anew, or up to
 * `at`, that of the list: a deletion's own is one of these, or an older one
 *
 * Two deletions share one where there is no other that is surely not below their own. Returns how many keys
 * have to be read. */
size_t diff_sort(struct diff *d, int64_t at, const struct diff *before, const struct marks *marks);
/* The i-th of them. */
struct str diff_key(const struct diff *d, size_t i, struct key *k);
/* The next deletion that is told at this revision or before; false: there is none. */
bool diff_gone(struct diff *d, int64_t upto, struct key *k, int64_t *revision);

#endif
