/* Which form the client wants (reference: endpoints/handlers/negotiation). */
#ifndef WORKER_REQUEST_NEGOTIATE_H
#define WORKER_REQUEST_NEGOTIATE_H

#include "worker/request/request.h"

enum media { MEDIA_JSON, MEDIA_YAML, MEDIA_PROTOBUF, MEDIA_CBOR, MEDIA_TEXT /* pages for people alone */ };
enum form {
    FORM_OBJECT,
    FORM_TABLE,
    FORM_PARTIAL /* PartialObjectMetadata(List) */,
    FORM_DISCOVERY,
    FORM_PAGE
};

struct accept {
    enum media media;
    enum form form;
    bool of_list;                    /* PARTIAL: that of a list was asked for, not that of one object */
    int pretty;                      /* indent: 0 or 2 */
    const char *as_version;          /* "v1" or "v1beta1" of meta.k8s.io for TABLE and PARTIAL */
    const char *content_type;        /* of a single answer */
    const char *stream_content_type; /* of a watch */
};

/* Which conversions an endpoint knows: none; PartialObjectMetadata(List) of meta.k8s.io; Table as well; the
 * aggregated discovery list (which is then required); a page for people that is text, or an object when the
 * clause names its kind. */
enum transform {
    TRANSFORM_NONE,
    TRANSFORM_PARTIAL,
    TRANSFORM_META,
    TRANSFORM_DISCOVERY,
    TRANSFORM_STATUSZ,
    TRANSFORM_FLAGZ
};
/* false: st is 406 with the list of what is served. A clause that asks for a form or media that is not served
 * is passed over for the next one. */
bool negotiate_accept(struct request *rq, enum transform t, struct accept *out, struct status *st);
/* The same without a Status: false when no clause of Accept can be met. */
bool negotiate_media(struct request *rq, enum transform t, struct accept *out);
/* What the reference's router checks before the handler does: one of Accept's media types must literally be
 * in the list (comma separated, as in the message), or be everything. false: st is the router's 406. */
bool negotiate_route(struct request *rq, const char *produces, struct status *st);
/* For handlers with media types of their own ("application/json", ...): which of the n is wanted most, or -1.
 */
int negotiate_type(struct request *rq, const char *const *types, int n);
#define NEGOTIATE_TYPES "application/json, application/yaml, application/vnd.kubernetes.protobuf"
#define NEGOTIATE_PAGE_TYPES "application/json, application/yaml, text/plain"
#define NEGOTIATE_STREAM_TYPES                                                                               \
    "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"

/* The body's form; false: st is 415. Absent means JSON. */
bool negotiate_body(struct request *rq, enum media *out, struct status *st);

#endif
