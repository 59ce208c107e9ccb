/* Handlers that set flags race with the sleep that follows them; a signalfd does not. The loop polls it next
 * to its timers and acts on what it finds. */
#include "master/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "shm/base/must.h"

#define SIGNALS_MAGIC 0x5169a1f1u

static const int taken[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};

int signals_open(struct signals *s)
{
    sigset_t set;
    sigemptyset(&set);
    for (unsigned i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        sigaddset(&set, taken[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return -errno;
    signal(SIGPIPE, SIG_IGN);
    /* an inherited SIG_IGN (nohup) would swallow them even while blocked */
    signal(SIGHUP, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    *s = (struct signals){.magic = SIGNALS_MAGIC, .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
    return s->fd < 0 ? -errno : 0;
}

void signals_close(struct signals *s)
{
    must_be(s, SIGNALS_MAGIC);
    close(s->fd);
    s->fd = -1;
}

void signals_take(struct signals *s)
{
    struct signalfd_siginfo info;
    must_be(s, SIGNALS_MAGIC);
    while (read(s->fd, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGHUP)
            s->reload = true;
        else if (info.ssi_signo == SIGCHLD)
            s->children = true;
        else
            s->stops++;
    }
}

void signals_child(void)
{
    sigset_t none;
    for (unsigned i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        signal(taken[i], SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}
