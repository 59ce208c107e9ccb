/* When watches have to be looked at: bookmarks and ends, a quarter second exact, at no cost a turn. */
#ifndef WORKER_WATCH_WHEEL_H
#define WORKER_WATCH_WHEEL_H

#include "worker/watch/watch.h"

struct wheel;

/* Its timer runs only while there is a watch. */
struct wheel *wheel_new(struct loop *l);
void wheel_free(struct wheel *t);
void wheel_add(struct wheel *t, struct watch *w, int64_t at_ms);
void wheel_remove(struct wheel *t, struct watch *w);
/* Calls watch_tick of what is due at now_ms; the timer does. */
void wheel_turn(struct wheel *t, int64_t now_ms);

#endif
