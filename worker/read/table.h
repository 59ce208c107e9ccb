/* meta.k8s.io Table: what kubectl get prints. Rule: apiserver/pkg/endpoints/handlers/response.go. */
#ifndef WORKER_READ_TABLE_H
#define WORKER_READ_TABLE_H

#include <jansson.h>
#include "registry/schema.h"
#include "registry/strategy/strategy.h"
#include "shm/base/buf.h"
#include "worker/request/request.h"

enum table_include { INCLUDE_METADATA, INCLUDE_OBJECT, INCLUDE_NONE };

/* includeObject= of the query. false: st is the 400. */
bool table_include_parse(struct request *rq, enum table_include *out, struct status *st);
/* [{"name":..},..] of the resource's kind. */
void table_columns(struct buf *out, const struct schema_resource *r);
/* Whether cells of this resource need the object as a tree. */
bool table_needs_tree(const struct schema_resource *r);
/* ["a","5m"]: obj may be NULL when no tree is needed; metadata is the object's metadata as text. */
void table_cells(struct buf *out, const struct strategy_call *c, const json_t *obj, struct str metadata);
/* Time since an RFC 3339 time as the reference prints ages ("5m", "3h20m", "<unknown>"). */
void table_age(char out[24], struct str rfc3339, int64_t now_s);

#endif
