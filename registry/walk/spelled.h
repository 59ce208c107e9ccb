/* How a writer spelled JSON that is kept as it was sent (RawExtension: blanks, order, numbers). It is stored
 * so, and whoever may not change such a value may not spell it anew either. Clients never see it: they get
 * the value compact. Where the spelling is another than json_write's it stands in the tree, in a member
 * beside the value that no schema knows and no client can plant: decoding drops what is unknown, all walkers
 * pass over it, copies of the tree have it too. */
#ifndef REGISTRY_WALK_SPELLED_H
#define REGISTRY_WALK_SPELLED_H

#include <jansson.h>
#include "registry/schema.h"
#include "shm/base/buf.h"
#include "shm/base/str.h"

/* Whether an object of this type can hold such values: a few kinds do, and only for them the rest is worth
 * calling. */
bool spelled_in(const struct schema_type *t);
/* Whether values of this type are kept as they were sent. */
bool spelled_type(const struct schema_type *t);
/* obj was read from this JSON text, and decoded. */
void spelled_from_text(json_t *obj, const struct schema_type *t, struct str text);
/* obj was read from this message (without tag and length). */
void spelled_from_message(json_t *obj, const struct schema_type *t, struct str message);
/* The value of a field of obj, as it was spelled; appended. Nothing when it is not there. */
void spelled_put(struct buf *out, const json_t *obj, const struct schema_field *f);
/* The spelling, where it is not json_write's; empty: it is. */
struct str spelled_own(const json_t *obj, const struct schema_field *f);
/* Whether all such values of both are spelled alike; both are the same but for that. */
bool spelled_same(const json_t *a, const json_t *b, const struct schema_type *t);
/* obj is written out for somebody who changes it: from now on it is spelled as json_write does. */
void spelled_forget(json_t *obj, const struct schema_type *t);
/* obj was made of values that have no order: the keys of such values are sorted, too. */
void spelled_anew(json_t *obj, const struct schema_type *t);

#endif
