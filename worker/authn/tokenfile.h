/* --token-auth-file: CSV, one token a line: token,user,uid,"group1,group2" (reference:
 * apiserver/pkg/authentication/token/tokenfile). */
#ifndef WORKER_AUTHN_TOKENFILE_H
#define WORKER_AUTHN_TOKENFILE_H

#include "worker/request/request.h"

struct tokens;

/* NULL with one line in err: not readable, or a line that is wrong. */
struct tokens *tokens_read(const char *path, char *err, size_t err_bytes);
/* The same from memory; name is for messages. */
struct tokens *tokens_parse(struct str text, const char *name, char *err, size_t err_bytes);
void tokens_free(struct tokens *t);
int tokens_count(const struct tokens *t);
/* The user, copied into the arena, with system:authenticated; false: not there. Takes the same time wherever
 * the token differs. */
bool tokens_find(const struct tokens *t, struct str token, struct arena *a, struct user *out);

#endif
