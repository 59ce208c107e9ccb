/* What a writer is told: the object in the form that was negotiated, or a Status. */
#ifndef WORKER_WRITE_ANSWER_H
#define WORKER_WRITE_ANSWER_H

#include "worker/read/form.h"
#include "worker/write/write.h"

/* The object of a write that is over and did not fail. */
enum stage_result answer_write(struct request *rq, const struct reply_form *f, const struct write *w,
                               int code);
/* A tree in the form of the storage resource; borrowed. */
enum stage_result answer_tree(struct request *rq, const struct reply_form *f, json_t *tree, int code);
/* The failure, with the warnings collected so far. */
enum stage_result answer_status(struct request *rq, const struct status *st);
/* {"kind":"Status",...,"status":"Success"}: of a deletion (details), or plain with a code (bindings). */
enum stage_result answer_deleted(struct request *rq, const struct reply_form *f,
                                 const struct schema_resource *r, struct str name, struct str uid);
enum stage_result answer_done(struct request *rq, const struct reply_form *f, int code);

#endif
