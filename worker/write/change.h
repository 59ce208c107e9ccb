/* What a create, an update and a patch have in common: the request's target, its options and form, and the
 * way of an object from the client's form to the stored one. */
#ifndef WORKER_WRITE_CHANGE_H
#define WORKER_WRITE_CHANGE_H

#include "worker/write/answer.h"
#include "worker/write/body.h"

struct change {
    struct reply_form form;
    const struct schema_resource *r, *stored; /* as asked for; as stored */
    const char *sub;                          /* "" for the main resource */
    struct write_options o;
    json_t *in;    /* the object as sent, in the form of stored; NULL for patches */
    json_t *plain; /* a create: the same before anything was chosen for it; NULL: nothing is */
    struct str patch_type;
    json_t *patch;
    bool generated; /* the name was made here */
    int names;      /* how many were tried */
    /* From the stored state to the object that is wanted, in the form of stored; new reference. NULL: w->st.
     */
    json_t *(*updated)(struct change *c, struct write *w, const json_t *old);
    bool checks_uid; /* a uid in the object is a precondition */
    bool creates;    /* updated() makes a new object when there is none */
    bool tracked;    /* updated() knows who owns what */
};

/* Fills form, resources and options from the request. false: st is the answer. */
bool change_init(struct change *c, struct request *rq, enum options_kind kind, struct status *st);
/* Defaults, then the stored form. Takes obj; NULL with st filled. */
json_t *change_to_stored(struct change *c, struct request *rq, json_t *obj, struct status *st);
/* A copy of a stored tree in the form asked for. */
json_t *change_to_served(struct change *c, struct arena *a, const json_t *old, struct status *st);
/* Admission and preparation of a new object, in place. false: st. */
bool change_admit_new(struct change *c, struct request *rq, json_t *obj, struct status *st);
/* The answer to a write that was meant for an object of another uid. */
void change_uid_conflict(struct write *w, const struct schema_resource *r, struct str wanted, struct str is);
/* The step and the end of an update, for struct write; w->arg is the change. */
enum write_verdict change_step(struct write *w, const json_t *old, json_t **out);
enum stage_result change_over(struct request *rq, struct write *w);

#endif
