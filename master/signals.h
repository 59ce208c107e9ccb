/* Signals as something to read: none interrupts the master, it looks when it is awake. */
#ifndef MASTER_SIGNALS_H
#define MASTER_SIGNALS_H

#include <stdbool.h>

struct signals {
    unsigned magic;
    int fd;        /* readable when a signal waits */
    int stops;     /* SIGTERM and SIGINT so far */
    bool reload;   /* SIGHUP came; the reader clears it */
    bool children; /* SIGCHLD came; the reader clears it */
};

/* Blocks the signals above and opens the descriptor; ignores SIGPIPE. 0 or negative errno. */
int signals_open(struct signals *s);
void signals_close(struct signals *s);
/* Takes all waiting signals and counts them into *s. Never blocks. */
void signals_take(struct signals *s);
/* In a child right after fork: nothing blocked, default actions. SIGPIPE and SIGHUP stay ignored: a reload
 * may be sent before the child has its own handler, and must not kill it. */
void signals_child(void);

#endif
