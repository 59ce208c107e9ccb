/* What a dying process was doing: left in shared memory, where the master finds it. */
#ifndef WORKER_PIPELINE_CRASH_H
#define WORKER_PIPELINE_CRASH_H

#include "shm/area.h"
#include "shm/base/str.h"

/* Installs handlers of SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT: they write area_note(child) and die as
 * before. */
void crash_watch(struct area *area, int child);
/* Work on this request begins: method and path without query are remembered (cut). */
void crash_request(struct str method, struct str path);

#endif
