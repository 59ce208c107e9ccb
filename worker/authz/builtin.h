/* The rules that hold before any role is read: the reference's bootstrap roles for everyone
 * (system:public-info-viewer, system:discovery, system:basic-user, system:monitoring). */
#ifndef WORKER_AUTHZ_BUILTIN_H
#define WORKER_AUTHZ_BUILTIN_H

#include "worker/authz/union.h"

enum authz_answer builtin_decide(const struct authz *a, const struct authz_question *q, struct arena *arena,
                                 const char **reason);
void builtin_rules(const struct user *u, void (*fn)(void *arg, const struct authz_rule *r), void *arg);

#endif
