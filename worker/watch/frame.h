/* The bytes of one watch event. In the stored form they are views between fixed texts; what has to be built
 * is built once for an event and form and shared by all watches of the turn. */
#ifndef WORKER_WATCH_FRAME_H
#define WORKER_WATCH_FRAME_H

#include "shm/cache/log.h"
#include "worker/watch/watch.h"

enum frame_type {
    FRAME_NONE,
    FRAME_ADDED,
    FRAME_MODIFIED,
    FRAME_DELETED,
    FRAME_LEFT /* DELETED: matches no more */
};

struct frame {
    int refs;
    int64_t revision;
    uint32_t sub;
    uint64_t form_id;
    int variant;
    size_t n;
    char bytes[];
};

void frame_unref(struct frame *f);

/* What an event means to a watch: FRAME_NONE when it is none of its. */
enum frame_type frame_type_for(const struct watch *w, const struct event *e);
/* Pushes the frame of an event; the views live under the request's pin. Returns its bytes. */
size_t frame_push(struct watch *w, const struct event *e, enum frame_type type);
/* Pushes an ADDED of a record that is in the initial state (into w->built where it has to be built). */
size_t frame_push_initial(struct watch *w, const struct record *r);
/* Pushes what frame_push_initial gathered in w->built. */
void frame_flush_built(struct watch *w);
/* Forgets the frames of the former slice; its segments are consumed. */
void frames_release(struct watch *w);
/* Appends an event of a type ("BOOKMARK") with an object as form_object writes it. */
void frame_put(const struct reply_form *f, struct buf *out, const char *type, struct str object);
/* An ERROR event with the status, in the arena. */
struct str frame_error(const struct reply_form *f, struct arena *a, const struct status *st);
/* Watches with equal ids get the same bytes for the same event. */
uint64_t frame_form_id(const struct reply_form *f);

#endif
