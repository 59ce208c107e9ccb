/* Standard base64 with padding (RFC 4648, section 4), as byte fields travel in JSON. */
#ifndef REGISTRY_RULES_BASE64_H
#define REGISTRY_RULES_BASE64_H

#include "shm/base/arena.h"
#include "shm/base/buf.h"
#include "shm/base/str.h"

/* Line breaks inside are skipped. false: *bad_at is the offset that the reference names. *out is in the
 * arena. */
bool base64_decode(struct arena *a, struct str text, struct str *out, size_t *bad_at);
void base64_encode(struct buf *out, struct str bytes);

#endif
