/* Directories for what a run leaves behind: gone when it is over, also when it was interrupted. */
#ifndef BENCH_WORKDIR_H
#define BENCH_WORKDIR_H

#include <stddef.h>

#define WORKDIR_BYTES 160

/* Makes a directory (under TMPDIR, or /tmp) and runs work in a child process, whose own TMPDIR it is. SIGINT
 * and SIGTERM end the child; servers it has started ask the kernel to be ended with it. Returns work's result
 * as exit status, 1 when it was interrupted or could not begin. */
int workdir_run(int (*work)(void *arg), void *arg);
/* A new directory under TMPDIR; out has WORKDIR_BYTES. 0, or -1 with errno. */
int workdir_make(char *out, const char *what);
/* A directory with all in it. */
void workdir_remove(const char *path);

#endif
