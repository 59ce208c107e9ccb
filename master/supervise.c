/* The table and its rules. Back-off: a child that lived 10 s starts again at once; else after 0, 100, 200,
 * ... ms, at most 5 s, so that a crash loop leaves the machine to the others. SIGKILL comes from outside, an
 * operator or the kernel short of memory, and says nothing about the child: such deaths never wait longer
 * than 200 ms.
 *
 * Stopping has stages because requests under way need the watcher: workers and keeper drain first. */
#include "master/supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "master/signals.h"
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "worker/worker.h"

#define SUPERVISE_MAGIC 0x5ebe7215u
#define ALIVE_RESET_MS 10000
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 5000
#define BACKOFF_KILLED_MS 200
#define LAST_STAGE_MS                                                                                        \
    10000 /* the watcher syncs its last batch; that is bounded by the disk, not by clients */
#define STOP_NOW_MS 500

struct child {
    struct supervise_row row;
    pid_t pid; /* 0: not running */
    int64_t started_ms;
    int64_t due_ms;     /* when to start again, while not running */
    int64_t backoff_ms; /* what the next early death waits */
    bool planned;
};

enum stop_state { RUNNING, STOPPING, STOPPING_NOW };

struct supervise {
    unsigned magic;
    struct area *area;
    pid_t master;
    enum stop_state state;
    int stage;
    int64_t drain_ms, kill_at_ms;
    bool killed;
    int n;
    struct child child[];
};

struct supervise *supervise_new(struct area *area, const struct supervise_row *rows, int n)
{
    struct supervise *s = calloc(1, sizeof(*s) + (size_t)n * sizeof(s->child[0]));
    must(s);
    *s = (struct supervise){.magic = SUPERVISE_MAGIC, .area = area, .master = getpid(), .n = n};
    for (int i = 0; i < n; i++)
        s->child[i].row = rows[i];
    return s;
}

void supervise_free(struct supervise *s)
{
    free(s);
}

_Noreturn static void run_child(const struct supervise *s, const struct child *c)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != s->master) /* died before the line above could hold */
        _exit(0);
    signals_child();
    log_name(c->row.name);
    exit(c->row.entry(c->row.arg, c->row.index));
}

int supervise_start(struct supervise *s, int i)
{
    must_be(s, SUPERVISE_MAGIC);
    must(i >= 0 && i < s->n && s->child[i].pid == 0);
    struct child *c = &s->child[i];
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        run_child(s, c);
    if (pid < 0) {
        int rc = -errno;
        log_error("cannot start %s: %s", c->row.name, strerror(-rc));
        c->planned = true;
        c->due_ms = clock_ms() + BACKOFF_FIRST_MS;
        return rc;
    }
    c->pid = pid;
    c->started_ms = clock_ms();
    c->planned = false;
    atomic_store(&s->area->child[c->row.slot].pid, pid);
    log_debug("started %s pid=%d", c->row.name, (int)pid);
    return 0;
}

int supervise_start_all(struct supervise *s)
{
    int rc = 0;
    for (int i = 0; i < s->n && !rc; i++)
        if (!s->child[i].pid)
            rc = supervise_start(s, i);
    return rc;
}

static int64_t next_backoff(struct child *c, int64_t now, bool killed)
{
    if (now - c->started_ms >= ALIVE_RESET_MS)
        c->backoff_ms = 0;
    int64_t wait = c->backoff_ms;
    int64_t max = killed ? BACKOFF_KILLED_MS : BACKOFF_MAX_MS;
    c->backoff_ms = wait ? wait * 2 : BACKOFF_FIRST_MS;
    if (c->backoff_ms > max)
        c->backoff_ms = max;
    return wait < max ? wait : max;
}

static void describe(int status, char *out, size_t bytes)
{
    if (WIFSIGNALED(status))
        snprintf(out, bytes, "signal=%d (%s%s)", WTERMSIG(status), strsignal(WTERMSIG(status)),
                 WCOREDUMP(status) ? ", core dumped" : "");
    else
        snprintf(out, bytes, "status=%d", WEXITSTATUS(status));
}

/* The note is the last words of a process that may have died while writing them: print what can be printed.
 */
static void take_note(struct area_child *a, char out[AREA_CRASH_NOTE_BYTES + 1])
{
    memcpy(out, a->crash_note, AREA_CRASH_NOTE_BYTES);
    out[AREA_CRASH_NOTE_BYTES] = '\0';
    memset(a->crash_note, 0, AREA_CRASH_NOTE_BYTES);
    for (char *p = out; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
}

static bool wants_successor(int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == WORKER_ANEW;
}

static void plan_successor(struct supervise *s, struct child *c, pid_t pid, int status)
{
    int64_t now = clock_ms();
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    char why[96], note[AREA_CRASH_NOTE_BYTES + 1];
    int64_t wait = wants_successor(status) ? 0 : next_backoff(c, now, killed);
    describe(status, why, sizeof(why));
    take_note(&s->area->child[c->row.slot], note);
    c->planned = true;
    c->due_ms = now + wait;
    atomic_fetch_add(&s->area->child[c->row.slot].restarts, 1);
    if (wants_successor(status)) {
        log_info("%s begins anew", c->row.name);
        return;
    }
    log_line(status == 0 ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR,
             "%s died pid=%d %s alive_ms=%lld restart_in_ms=%lld%s%s%s", c->row.name, (int)pid, why,
             (long long)(now - c->started_ms), (long long)wait, *note ? " note=\"" : "", note,
             *note ? "\"" : "");
}

static void log_stopped(struct supervise *s, const struct child *c, pid_t pid, int status)
{
    char why[96], note[AREA_CRASH_NOTE_BYTES + 1];
    take_note(&s->area->child[c->row.slot], note);
    if (status == 0 || wants_successor(status) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM)) {
        log_debug("%s stopped pid=%d", c->row.name, (int)pid);
        return;
    }
    describe(status, why, sizeof(why));
    log_warn("%s did not stop cleanly pid=%d %s%s%s%s", c->row.name, (int)pid, why, *note ? " note=\"" : "",
             note, *note ? "\"" : "");
}

int supervise_reap(struct supervise *s)
{
    int status, failed = 0;
    pid_t pid;
    must_be(s, SUPERVISE_MAGIC);
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < s->n; i++) {
            struct child *c = &s->child[i];
            if (c->pid != pid)
                continue;
            c->pid = 0;
            atomic_store(&s->area->child[c->row.slot].pid, 0);
            failed += WIFEXITED(status) && WEXITSTATUS(status) != 0 && !wants_successor(status);
            if (s->state == RUNNING)
                plan_successor(s, c, pid, status);
            else
                log_stopped(s, c, pid, status);
        }
    }
    return failed;
}

static int running_in(const struct supervise *s, int stage)
{
    int n = 0;
    for (int i = 0; i < s->n; i++)
        n += s->child[i].pid != 0 && (stage < 0 || s->child[i].row.stage == stage);
    return n;
}

static void signal_stage(struct supervise *s, int stage, int signo)
{
    for (int i = 0; i < s->n; i++)
        if (s->child[i].pid && (stage < 0 || s->child[i].row.stage == stage))
            kill(s->child[i].pid, signo);
}

static bool stages_left(const struct supervise *s)
{
    for (int i = 0; i < s->n; i++)
        if (s->child[i].row.stage > s->stage)
            return true;
    return false;
}

static int64_t tick_stopping(struct supervise *s, int64_t now)
{
    while (s->state == STOPPING && !running_in(s, s->stage) && stages_left(s)) {
        s->stage++;
        s->killed = false;
        s->kill_at_ms = now + LAST_STAGE_MS;
        signal_stage(s, s->stage, SIGTERM);
    }
    if (supervise_stopped(s) || s->killed)
        return -1;
    if (now < s->kill_at_ms)
        return s->kill_at_ms - now;
    int stage = s->state == STOPPING ? s->stage : -1;
    log_warn("%d processes did not drain in time: killing them", running_in(s, stage));
    signal_stage(s, stage, SIGKILL);
    s->killed = true;
    return -1;
}

int64_t supervise_tick(struct supervise *s)
{
    int64_t now = clock_ms(), wait = -1;
    must_be(s, SUPERVISE_MAGIC);
    if (s->state != RUNNING)
        return tick_stopping(s, now);
    for (int i = 0; i < s->n; i++) {
        struct child *c = &s->child[i];
        if (c->pid || !c->planned)
            continue;
        if (c->due_ms <= now)
            supervise_start(s, i);
        if (!c->pid && (wait < 0 || c->due_ms - now < wait))
            wait = c->due_ms > now ? c->due_ms - now : 1;
    }
    return wait;
}

void supervise_signal(struct supervise *s, int signo)
{
    must_be(s, SUPERVISE_MAGIC);
    signal_stage(s, -1, signo);
}

bool supervise_all_up(const struct supervise *s)
{
    must_be(s, SUPERVISE_MAGIC);
    return running_in(s, -1) == s->n;
}

void supervise_stop(struct supervise *s, int64_t drain_ms)
{
    must_be(s, SUPERVISE_MAGIC);
    s->state = STOPPING;
    s->stage = 0;
    s->kill_at_ms = clock_ms() + drain_ms;
    signal_stage(s, 0, SIGTERM);
}

void supervise_stop_now(struct supervise *s)
{
    must_be(s, SUPERVISE_MAGIC);
    s->state = STOPPING_NOW;
    s->killed = false;
    s->kill_at_ms = clock_ms() + STOP_NOW_MS;
    /* two: the first of a child that was not asked yet only begins its drain. Pending signals merge, so they
     * must differ. */
    signal_stage(s, -1, SIGTERM);
    signal_stage(s, -1, SIGINT);
}

bool supervise_stopped(const struct supervise *s)
{
    must_be(s, SUPERVISE_MAGIC);
    return s->state != RUNNING && running_in(s, -1) == 0;
}
