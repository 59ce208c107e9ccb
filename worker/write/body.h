/* A client's body on its way to a checked tree. */
#ifndef WORKER_WRITE_BODY_H
#define WORKER_WRITE_BODY_H

#include <jansson.h>
#include "registry/strategy/strategy.h"
#include "worker/request/negotiate.h"
#include "worker/write/options.h"

/* True once the body is here (or too large: st is the 413). False: *out is what the stage has to return;
 * `again` is called when the body came. */
bool body_here(struct request *rq, stage_fn again, enum stage_result *out, struct status *st);

/* What a body has to be. */
/* Where the kinds of bodies are registered, as messages name it. */
#define BODY_SCHEME "k8s/pkg/api/legacyscheme/scheme.go:30"

struct body_want {
    const char *group, *version, *kind, *api_version;
    const struct schema_type *type;
    const char *also; /* another version that is taken for it; NULL: none */
};
/* The kind of the resource, or of its subresource when that has another. */
struct body_want body_want(const struct schema_resource *r, const struct schema_subresource *sub);

/* Reads, checks apiVersion and kind, decodes; what fieldValidation finds becomes warnings or the refusal. New
 * reference, or NULL with st filled as the reference fills it. */
json_t *body_object(struct request *rq, enum media media, const struct body_want *want,
                    const struct write_options *o, struct status *st);
/* Findings of decoding as warnings of the answer. */
void body_warn(struct request *rq, const struct findings *f);

/* metadata.namespace is that of the request, or absent: then it is set. false: 400. */
bool body_namespace(json_t *obj, const struct schema_resource *r, struct str ns, struct status *st);
/* metadata.name is that of the URL. false: 400. */
bool body_name(const json_t *obj, struct str name, struct status *st);
/* The call that strategies get. */
struct strategy_call body_call(struct request *rq, const struct schema_resource *r, const char *sub);

#endif
