/* The name a process shows in ps and top. */
#ifndef MASTER_TITLE_H
#define MASTER_TITLE_H

#include "shm/base/arena.h"

struct title {
    char *start;
    unsigned long bytes;
};

/* Called once, early: finds the room that the arguments and the environment take, and moves the environment
 * to the arena. argv itself must not be used any more after title_set: keep copies. */
void title_init(struct title *t, struct arena *arena, int argc, char **argv);
/* "cubed: worker 0" in ps; the same, shortened to 15 characters, as the thread's name. */
void title_set(const struct title *t, const char *text);

/* Before the arena goes: takes back the environment that title_init moved into it, since libraries still ask
 * for it when the process exits. Afterwards it is empty. */
void title_end(void);

#endif
