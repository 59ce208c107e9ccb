/* Discovery and OpenAPI documents, built once a worker at first use, with their ETags. */
#ifndef WORKER_HANDLERS_DOCUMENTS_H
#define WORKER_HANDLERS_DOCUMENTS_H

#include "shm/base/buf.h"
#include "worker/request/context.h"

struct documents *documents_new(struct context *ctx);
void documents_free(struct documents *d);

struct document {
    struct str body;
    const char *etag; /* quoted; of the bytes, so that all workers and all starts agree */
};

/* Writes a document; false: there is none of this name. */
typedef bool (*document_make)(struct context *ctx, struct buf *out, struct str name);
/* The document of this kind and name, made if it is the first time; lives as long as the worker. NULL: make
 * said false. kind is a constant that tells documents of one name apart ("v3", "v3 yaml"). */
const struct document *documents_get(struct documents *d, const char *kind, struct str name,
                                     document_make make);

#endif
