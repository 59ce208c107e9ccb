#include "tests/bench/workdir.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define REMOVE_TRIES 100
#define REMOVE_EVERY_US 50000

int workdir_make(char *out, const char *what)
{
    const char *base = getenv("TMPDIR");
    int n = snprintf(out, WORKDIR_BYTES, "%s/%s-XXXXXX", base && *base ? base : "/tmp", what);
    if (n < WORKDIR_BYTES && mkdtemp(out))
        return 0;
    if (n >= WORKDIR_BYTES)
        errno = ENAMETOOLONG;
    out[0] = 0;
    return -1;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

void workdir_remove(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Waits for the child; a signal to end ends it first. */
static int mind(pid_t pid, const sigset_t *signals)
{
    int status = 0;
    for (;;) {
        int sig = sigwaitinfo(signals, NULL);
        if (sig == SIGINT || sig == SIGTERM)
            kill(pid, SIGKILL);
        if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    }
}

int workdir_run(int (*work)(void *arg), void *arg)
{
    char dir[WORKDIR_BYTES];
    sigset_t signals, before;
    if (workdir_make(dir, "cubed-bench") < 0) {
        perror("cubed-bench: a temporary directory");
        return 1;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, &before);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        setpgid(0, 0); /* a terminal's ^C goes to the parent alone */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sigprocmask(SIG_SETMASK, &before, NULL);
        if (getppid() != parent || setenv("TMPDIR", dir, 1) < 0)
            _exit(1);
        exit(work(arg));
    }
    int rc = pid > 0 ? mind(pid, &signals) : 1;
    workdir_remove(dir);
    for (int i = 0; i < REMOVE_TRIES && access(dir, F_OK) == 0; i++) {
        usleep(REMOVE_EVERY_US); /* interrupted servers are still at it */
        workdir_remove(dir);
    }
    return rc;
}
