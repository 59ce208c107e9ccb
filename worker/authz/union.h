/* Who may do it: authorizers in order (--authorization-mode), members of system:masters before all of them.
 * What is asked is the same whether a request asks it or a review does. */
#ifndef WORKER_AUTHZ_UNION_H
#define WORKER_AUTHZ_UNION_H

#include "worker/request/request.h"

struct authz_question {
    const struct user *user;
    bool is_resource;
    struct str verb;
    struct str group, version, resource, subresource, ns, name; /* of a resource */
    struct str path;                                            /* of anything else */
};

enum authz_answer { AUTHZ_NO_OPINION, AUTHZ_ALLOW, AUTHZ_DENY };

/* One authorizer. reason: "" or a text in the arena or static. */
struct authz_row {
    const char *mode; /* as in --authorization-mode */
    enum authz_answer (*decide)(const struct authz *a, const struct authz_question *q, struct arena *arena,
                                const char **reason);
};

/* NULL with one line in err: a mode that is not known. */
struct authz *authz_new(struct context *ctx, char *err, size_t err_bytes);
void authz_free(struct authz *a);
/* The first answer that is not NO_OPINION; NO_OPINION when nobody has one. reason is never NULL. */
enum authz_answer authz_decide(const struct authz *a, const struct authz_question *q, struct arena *arena,
                               const char **reason);
/* What a request asks. */
struct authz_question authz_question_of(const struct request *rq);
/* The reference's 403 to a question (endpoints/handlers/responsewriters/errors.go). */
void authz_forbidden(struct status *st, const struct authz_question *q, const char *reason);
/* Stage: NEXT, or the 403. */
enum stage_result authz_stage(struct request *rq);

/* The rules every user has without any role being looked up, for SelfSubjectRulesReview: calls fn for each
 * that applies to the user. Lists are NULL-terminated; groups NULL: a rule on paths. */
struct authz_rule {
    const char *const *verbs, *const *groups, *const *resources, *const *paths;
};
void authz_rules(const struct authz *a, const struct user *u,
                 void (*fn)(void *arg, const struct authz_rule *r), void *arg);

#endif
