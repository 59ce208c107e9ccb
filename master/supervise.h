/* The children: one row each. A row that dies is started again, at once the first time, later and later when
 * it keeps dying. */
#ifndef MASTER_SUPERVISE_H
#define MASTER_SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>
#include "shm/area.h"

struct supervise_row {
    const char *name; /* "worker 0"; kept by the caller */
    int slot;         /* row of area->child */
    int stage;        /* stopping: all of stage 0 are gone before stage 1 is asked to stop */
    int (*entry)(void *arg, int index); /* runs in the child; its result is the exit status */
    void *arg;
    int index;
};

struct supervise;

/* rows are copied; area lives longer. Starts nothing. */
struct supervise *supervise_new(struct area *area, const struct supervise_row *rows, int n);
void supervise_free(struct supervise *s);

/* Starts row i, or all that do not run. The child is in a process group of its own (a terminal's ^C is for
 * the master to order), gets SIGTERM when the master dies, has default signals and its row's name. 0 or
 * negative errno; a failed fork is tried again by supervise_tick. */
int supervise_start(struct supervise *s, int i);
int supervise_start_all(struct supervise *s);

/* After SIGCHLD: takes the dead, logs why each died, plans its successor. Returns how many ended by
 * themselves with an exit status other than 0. */
int supervise_reap(struct supervise *s);
/* Starts what is due, kills what drains too long, goes on to the next stage of a stop. Returns ms until it
 * wants to be called again, -1: never. */
int64_t supervise_tick(struct supervise *s);

void supervise_signal(struct supervise *s, int signo);
/* Every row runs. */
bool supervise_all_up(const struct supervise *s);

/* Asks stage 0 to stop (SIGTERM); a child that is not gone after drain_ms is killed. Nothing is started any
 * more. */
void supervise_stop(struct supervise *s, int64_t drain_ms);
/* A second SIGTERM to all stages at once, and SIGKILL after half a second. */
void supervise_stop_now(struct supervise *s);
bool supervise_stopped(const struct supervise *s);

#endif
