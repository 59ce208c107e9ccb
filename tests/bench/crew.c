#include "tests/bench/crew.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t shared_bytes(int n)
{
    return sizeof(bool) * 64 + (size_t)n * sizeof(struct crew_book);
}

int crew_start(struct crew *c, int n, void (*job)(struct crew_job *j), void *arg)
{
    *c = (struct crew){.n = n > CREW_MAX ? CREW_MAX : n};
    char *shared = mmap(NULL, shared_bytes(c->n), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return -errno;
    c->stop = (bool *)shared;
    c->book = (struct crew_book *)(shared + 64 * sizeof(bool));
    pid_t parent = getpid();
    for (int i = 0; i < c->n; i++) {
        c->pid[i] = fork();
        if (c->pid[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != parent)
                _exit(1);
            struct crew_job j = {.index = i, .count = c->n, .book = &c->book[i], .stop = c->stop, .arg = arg};
            job(&j);
            _exit(0);
        }
        if (c->pid[i] < 0) {
            int rc = -errno;
            crew_end(c);
            return rc;
        }
    }
    return 0;
}

int64_t crew_sum(const struct crew *c, size_t offset)
{
    int64_t sum = 0;
    for (int i = 0; i < c->n; i++)
        sum += *(volatile int64_t *)((char *)&c->book[i] + offset);
    return sum;
}

void crew_hist(const struct crew *c, size_t offset, struct hist *into)
{
    memset(into, 0, sizeof *into);
    for (int i = 0; i < c->n; i++)
        hist_merge(into, (const struct hist *)((const char *)&c->book[i] + offset));
}

void crew_reset(struct crew *c)
{
    for (int i = 0; i < c->n; i++) {
        c->book[i].ops = c->book[i].bytes = 0;
        memset(&c->book[i].latency, 0, sizeof c->book[i].latency);
        memset(&c->book[i].events, 0, sizeof c->book[i].events);
    }
}

bool crew_broken(struct crew *c)
{
    for (int i = 0; i < c->n; i++) {
        if (c->pid[i] > 0 && waitpid(c->pid[i], NULL, WNOHANG) == c->pid[i]) {
            c->pid[i] = 0;
            return true;
        }
    }
    return false;
}

void crew_end(struct crew *c)
{
    if (!c->stop)
        return;
    *c->stop = true;
    for (int i = 0; i < c->n; i++) {
        if (c->pid[i] > 0)
            waitpid(c->pid[i], NULL, 0);
    }
    munmap(c->stop, shared_bytes(c->n));
    c->stop = NULL;
}
