/* The forms an object can be answered in: as stored, converted to another version, Table,
 * PartialObjectMetadata; as JSON, indented JSON, YAML or protobuf. "As stored" in JSON or protobuf, and
 * metadata alone in JSON, are views; all else is built. */
#ifndef WORKER_READ_FORM_H
#define WORKER_READ_FORM_H

#include "shm/cache/snapshot.h"
#include "worker/read/table.h"
#include "worker/request/negotiate.h"
#include "worker/request/request.h"

struct reply_form {
    struct accept accept;
    enum table_include include;
    const struct schema_resource *resource; /* as asked for */
    const struct schema_subresource *sub;   /* scale: the object is answered as a Scale */
    const struct columns *columns;          /* FORM_TABLE */
    const char *hidden;                     /* annotation that metadata alone is told without, or NULL */
    bool converts;                          /* told in another version than stored, or as another kind */
    bool views;               /* an item is the record's own bytes between fixed ones: form_views */
    const char *partial_head; /* FORM_PARTIAL: what stands before the metadata */
    struct str proto_head;    /* MEDIA_PROTOBUF: what stands before the object in its envelope */
    const struct schema_type *proto_type; /* and the object's message */
};

/* Negotiates. false: st is the answer (406, or 400 for includeObject). */
bool form_init(struct reply_form *f, struct request *rq, struct status *st);

/* The metadata of a list cannot be had of one object (list false), nor that of an object of a list: then st
 * is 406. The reference sees that when all is done and only the answer is left, so this is asked then. */
bool form_refuses(const struct reply_form *f, bool list, struct status *st);

/* snap, here and below: what the record was read from; NULL of a record that is whole in any case.
 *
 * What to send for one object in a form with views: up to FORM_SEGMENTS. item: as an item of a list (built-in
 * kinds without kind and apiVersion). Returns how many; 0: this record must be built all the same. */
int form_views(const struct reply_form *f, struct snapshot *snap, const struct record *r, bool item,
               struct segment *seg);
#define FORM_SEGMENTS 4

/* Compact JSON of one object in the form, without newline (protobuf: its envelope, an item's field of the
 * list). item: as an item of a list (a Table's row). headers: with column definitions. */
void form_object(const struct reply_form *f, struct arena *a, struct buf *out, struct snapshot *snap,
                 const struct record *r, bool headers);
void form_item(const struct reply_form *f, struct arena *a, struct buf *out, struct snapshot *snap,
               const struct record *r);
/* Whether the items of a list stand in another order than that of their keys: a Table's rows of some kinds.
 */
bool form_ranks(const struct reply_form *f);
/* Whether form_list_frame must know if the list is empty. */
bool form_asks_empty(const struct reply_form *f);
/* Where an item stands then: lower numbers first. */
int64_t form_rank(const struct reply_form *f, struct arena *a, const struct record *r);
/* The same for an object given as tree (a bookmark): metadata is its metadata as text, text the whole.
 * marked: a Table's row has its object's metadata even under includeObject=None. */
void form_given(const struct reply_form *f, struct arena *a, struct buf *out, const json_t *obj,
                struct str text, bool headers, bool marked);

/* Turns compact JSON into the answer's bytes: newline, indented, or YAML. Protobuf stays as it is. */
void form_finish(const struct reply_form *f, struct arena *a, struct buf *out, struct str json);

/* ---- lists ---- */
struct form_list_meta {
    int64_t revision;
    struct str token;  /* continue; empty: none */
    int64_t remaining; /* -1: not said */
    uint64_t bytes;    /* of all items; only protobuf needs to know */
};
/* What stands before and behind the items, and between. Indented and YAML forms differ for an empty list. */
void form_list_frame(const struct reply_form *f, struct arena *a, const struct form_list_meta *m, bool empty,
                     struct str *head, struct str *tail);
/* One built item as it stands in the list, separator included. */
void form_list_item(const struct reply_form *f, struct arena *a, struct buf *out, struct str json,
                    bool first);

#endif
