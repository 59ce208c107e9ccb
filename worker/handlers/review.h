/* Resources of which nothing is stored: a question is posted, the answer is its status. */
#ifndef WORKER_HANDLERS_REVIEW_H
#define WORKER_HANDLERS_REVIEW_H

#include "worker/request/request.h"

/* NULL: nobody answers this verb. */
stage_fn review_handler(const struct schema_resource *r, struct str verb);

#endif
