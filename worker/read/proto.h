/* The protobuf side of form.h: objects in their envelope, items of lists, and the list around them. Where the
 * record has its message in the form asked for, these are its bytes; else a tree is written. */
#ifndef WORKER_READ_PROTO_H
#define WORKER_READ_PROTO_H

#include "worker/read/form.h"

/* Sets what the other functions need of the form; the form and the resource are known. */
void proto_init(struct reply_form *f, struct arena *a);
/* As form_views; 0: this record has no such bytes, it must be built. */
int proto_views(const struct reply_form *f, struct snapshot *snap, const struct record *r, bool item,
                struct segment *seg);
/* Appends the object, in its envelope or as an item of a list, from the record's bytes. false: nothing was
 * written, there are none in this form. */
bool proto_put_record(const struct reply_form *f, struct buf *out, struct snapshot *snap,
                      const struct record *r, bool item);
/* The same from a tree in the version asked for. */
void proto_put_tree(const struct reply_form *f, struct arena *a, struct buf *out, const json_t *obj,
                    bool item);
/* What stands before the items of a list, whose bytes are counted in m, and behind them. */
void proto_list_frame(const struct reply_form *f, struct arena *a, const struct form_list_meta *m,
                      struct str *head, struct str *tail);

#endif
