/* Who is asking: authenticators in order (x509, token file), one table; nobody known: anonymous. */
#ifndef WORKER_AUTHN_UNION_H
#define WORKER_AUTHN_UNION_H

#include "worker/request/request.h"

struct tokens; /* worker/authn/tokenfile.h */

struct authn {
    unsigned magic;
    struct context *ctx;
    struct tokens *tokens; /* NULL: no --token-auth-file */
};

enum authn_answer {
    AUTHN_NONE,    /* no credentials of this kind */
    AUTHN_USER,    /* rq->user is filled */
    AUTHN_REFUSED, /* credentials that are wrong */
};

/* One authenticator. */
struct authn_row {
    const char *name;
    enum authn_answer (*ask)(struct authn *a, struct request *rq);
};

struct authn *authn_new(struct context *ctx, char *err, size_t err_bytes);
/* Token file anew; on failure the old stays and the reason is in err. */
int authn_reload(struct authn *a, char *err, size_t err_bytes);
void authn_free(struct authn *a);
/* Stage: fills rq->user; 401 when credentials are wrong, or needed and not there. */
enum stage_result authn_stage(struct request *rq);
bool user_in_group(const struct user *u, const char *group);
/* The user of a bearer token, copied into the arena; false: nobody's. For TokenReview. */
bool authn_token(struct authn *a, struct arena *arena, struct str token, struct user *out);
/* The token of an Authorization header; n is 0 when it carries none. */
struct str authn_bearer(struct str header);

#endif
