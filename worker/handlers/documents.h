/* Discovery and OpenAPI documents, built once a worker at first use, with their ETags. */
#ifndef WORKER_HANDLERS_DOCUMENTS_H
#define WORKER_HANDLERS_DOCUMENTS_H

#include "worker/request/context.h"

struct documents *documents_new(struct context *ctx);
void documents_free(struct documents *d);

#endif
