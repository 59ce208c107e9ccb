/* meta.k8s.io Table: what kubectl get prints. Rule: apiserver/pkg/endpoints/handlers/response.go. */
#ifndef WORKER_READ_TABLE_H
#define WORKER_READ_TABLE_H

#include <jansson.h>
#include "registry/columns/columns.h"
#include "shm/base/buf.h"
#include "worker/request/request.h"

enum table_include { INCLUDE_METADATA, INCLUDE_OBJECT, INCLUDE_NONE };

/* includeObject= of the query. false: st is the 400. */
bool table_include_parse(struct request *rq, enum table_include *out, struct status *st);
/* [{"name":..},..] */
void table_columns(struct buf *out, const struct columns *c);
/* The beginning of a row without its brace: "cells":["a","5m"], and conditions if it has any. obj is in the
 * form it is stored in. */
void table_row(struct buf *out, const struct columns *c, const json_t *obj);

#endif
