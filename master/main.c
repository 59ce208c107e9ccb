/* cubed's first process. It decides, in this order: flags, data directory, sockets, certificates, shared
 * memory, children; and then only watches over them. No request, object or page of the store ever passes
 * through here, so nothing a client sends can bring down what brings the others back. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "master/cachedir.h"
#include "master/flags.h"
#include "master/instance.h"
#include "master/notify.h"
#include "master/pki.h"
#include "master/settings.h"
#include "master/signals.h"
#include "master/sockets.h"
#include "master/supervise.h"
#include "master/title.h"
#include "shm/area.h"
#include "shm/base/arena.h"
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "worker/storetool.h"
#include "worker/worker.h"

#define LOCK_WAIT_MS 5000
/* Workers open what the watcher makes. They are started without it after this time, to answer health checks
 * while a long load goes on. */
#define STORE_FIRST_MS 500
#define READY_POLL_MS 10
#define RENEW_CHECK_MS (12 * 3600 * 1000)
/* a drain ends by itself at --shutdown-drain; only then are processes killed */
#define DRAIN_GRACE_MS 2000

enum phase { PHASE_STORE, PHASE_START, PHASE_SERVE, PHASE_STOP };
enum stage { STAGE_CLIENTS, STAGE_STORE };

struct master {
    struct options options;
    struct settings settings;
    struct arena *arena; /* what lives as long as the process */
    struct title title;
    struct signals signals;
    struct area *area;
    struct sockets *sockets;
    struct supervise *supervise;
    struct supervise_row *rows;
    int nrows;
    int lock_fd;
    enum phase phase;
    int exit_status;
    int stops_seen;
    int64_t store_first_until, watchdog_ms, watchdog_next, renew_next;
};

/* A child begins: only what it needs stays open. worker -1: it listens on nothing. */
static void become(struct master *m, const char *name, int worker, bool keeps_lock)
{
    char text[64];
    snprintf(text, sizeof(text), "cubed: %s", name);
    title_set(&m->title, text);
    signals_close(&m->signals);
    sockets_keep_only(m->sockets, worker);
    unsetenv("NOTIFY_SOCKET");
    if (!keeps_lock)
        close(m->lock_fd);
}

static int enter_worker(void *arg, int index)
{
    struct master *m = arg;
    struct worker_start w = {.area = m->area, .options = &m->options, .index = index};
    become(m, m->rows[1 + index].name, index, false);
    w.listeners = sockets_of(m->sockets, index, &w.nlisteners);
    return worker_main(&w);
}

/* Watcher and keeper use the store: as long as one of them lives no other cubed may have it. */
static int enter_watcher(void *arg, int index)
{
    struct master *m = arg;
    become(m, "watcher", -1, true);
    return watcher_main(m->area, &m->options);
}

static int enter_keeper(void *arg, int index)
{
    struct master *m = arg;
    become(m, "keeper", -1, true);
    return keeper_main(m->area, &m->options);
}

static void make_rows(struct master *m)
{
    int workers = (int)m->options.workers;
    m->nrows = workers + (m->options.read_only ? 1 : 2);
    m->rows = arena_alloc(m->arena, ((size_t)workers + 2) * sizeof(*m->rows));
    m->rows[0] = (struct supervise_row){
        .name = "watcher", .slot = workers + 1, .stage = STAGE_STORE, .entry = enter_watcher, .arg = m};
    m->rows[workers + 1] = (struct supervise_row){
        .name = "keeper", .slot = workers, .stage = STAGE_CLIENTS, .entry = enter_keeper, .arg = m};
    for (int i = 0; i < workers; i++) {
        const char *name = arena_printf(m->arena, "worker %d", i);
        m->rows[1 + i] = (struct supervise_row){
            .name = name, .slot = i, .stage = STAGE_CLIENTS, .entry = enter_worker, .arg = m, .index = i};
    }
}

static int fail(const char *line)
{
    fprintf(stderr, "cubed: %s\n", line);
    return 1;
}

static void raise_file_limit(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) || l.rlim_cur == l.rlim_max)
        return;
    l.rlim_cur = l.rlim_max;
    setrlimit(RLIMIT_NOFILE, &l);
}

/* Certificates and files; at start, at SIGHUP and now and then. 0, 1 if something was written, or -1. */
static int settle_files(struct master *m, char *err, size_t err_bytes)
{
    int n = pki_ensure(&m->settings.pki, err, err_bytes);
    if (n < 0 || pki_check_files(&m->options, err, err_bytes))
        return -1;
    if (n > 0)
        log_info("wrote certificates dir=%s/pki files=%d", m->options.data_dir, n);
    return n > 0;
}

/* Everything up to the first fork. 0, or -1 with one line in err. */
static int prepare(struct master *m, char *err, size_t err_bytes)
{
    log_name("master");
    log_set_level(m->options.v >= 4 ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
    umask(077);
    raise_file_limit();
    m->lock_fd = instance_lock(m->options.data_dir, LOCK_WAIT_MS, err, err_bytes);
    if (m->lock_fd < 0)
        return -1;
    settings_complete(&m->settings, m->arena, &m->options);
    if (*m->options.etcd_servers && cachedir_ensure(m->options.cache_dir, err, err_bytes))
        return -1;
    m->sockets = sockets_open(&m->options, (int)m->options.workers, err, err_bytes);
    if (!m->sockets || settle_files(m, err, err_bytes) < 0)
        return -1;
    m->area = area_new((int)m->options.workers);
    if (!m->area) {
        snprintf(err, err_bytes, "cannot make shared memory for %d workers: %s", (int)m->options.workers,
                 strerror(errno));
        return -1;
    }
    int rc = signals_open(&m->signals);
    if (rc) {
        snprintf(err, err_bytes, "cannot take signals: %s", strerror(-rc));
        return -1;
    }
    make_rows(m);
    if (m->options.read_only)
        atomic_store(m->area->bootstrapped, 1); /* by whoever writes */
    m->supervise = supervise_new(m->area, m->rows, m->nrows);
    return 0;
}

static bool store_ready(const struct master *m)
{
    return atomic_load(m->area->store_ready) != 0;
}

/* What /readyz says yes to. */
static bool all_ready(const struct master *m)
{
    return store_ready(m) && atomic_load(m->area->bootstrapped) != 0 && supervise_all_up(m->supervise);
}

static void say_ready(struct master *m)
{
    char status[128];
    snprintf(status, sizeof(status), "Serving %s with %d workers.", m->settings.pki.server_url,
             (int)m->options.workers);
    notify_ready(status);
}

static void start_stop(struct master *m, int exit_status)
{
    if (m->phase == PHASE_STOP)
        return;
    m->phase = PHASE_STOP;
    m->exit_status = exit_status;
    notify_stopping();
    supervise_stop(m->supervise, m->options.shutdown_drain + DRAIN_GRACE_MS);
}

static void reload(struct master *m)
{
    char err[512];
    notify_reloading();
    if (settle_files(m, err, sizeof(err)) < 0) {
        log_error("reload refused, what was loaded before stays: %s", err);
    } else {
        supervise_signal(m->supervise, SIGHUP);
        log_info("reloaded certificates and files");
    }
    if (m->phase == PHASE_SERVE)
        say_ready(m);
}

static void act_on_signals(struct master *m)
{
    struct signals *s = &m->signals;
    signals_take(s);
    if (s->children) {
        s->children = false;
        int failed = supervise_reap(m->supervise);
        /* nothing was ever served: what is wrong is the machine or the settings, and was said by the child */
        if (failed && (m->phase == PHASE_STORE || m->phase == PHASE_START)) {
            log_error("a process failed during start: stopping");
            start_stop(m, 1);
        }
    }
    if (s->stops > m->stops_seen) {
        bool first = m->phase != PHASE_STOP;
        if (first) {
            log_info("stopping drain_ms=%lld", (long long)m->options.shutdown_drain);
            start_stop(m, 0);
        }
        if (!first || s->stops > m->stops_seen + 1) {
            log_info("stopping at once");
            supervise_stop_now(m->supervise);
        }
        m->stops_seen = s->stops;
    }
    if (s->reload) {
        s->reload = false;
        if (m->phase != PHASE_STOP)
            reload(m);
    }
}

static void advance_start(struct master *m, int64_t now)
{
    if (m->phase == PHASE_STORE && (store_ready(m) || now >= m->store_first_until)) {
        m->phase = PHASE_START;
        supervise_start_all(m->supervise);
    }
    if (m->phase == PHASE_START && all_ready(m)) {
        m->phase = PHASE_SERVE;
        say_ready(m);
        log_info("ready url=%s workers=%d store=%s data_dir=%s", m->settings.pki.server_url,
                 (int)m->options.workers, *m->options.etcd_servers ? "etcd" : "embedded",
                 m->options.data_dir);
    }
}

static int64_t sooner(int64_t a, int64_t b)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    return a < b ? a : b;
}

/* Does what is due; returns ms to sleep, -1: until a signal. */
static int64_t tick(struct master *m)
{
    int64_t now = clock_ms();
    advance_start(m, now);
    int64_t wait = supervise_tick(m->supervise);
    if (m->watchdog_ms) {
        if (now >= m->watchdog_next) {
            notify_watchdog();
            m->watchdog_next = now + m->watchdog_ms;
        }
        wait = sooner(wait, m->watchdog_next - now);
    }
    if (m->phase == PHASE_STORE || m->phase == PHASE_START)
        wait = sooner(wait, READY_POLL_MS);
    if (m->phase == PHASE_SERVE) {
        if (now >= m->renew_next) {
            char err[512];
            int rc = settle_files(m, err, sizeof(err));
            if (rc < 0)
                log_error("certificates: %s", err);
            else if (rc > 0)
                supervise_signal(m->supervise, SIGHUP);
            m->renew_next = now + RENEW_CHECK_MS;
        }
        wait = sooner(wait, m->renew_next - now);
    }
    return wait;
}

static int run(struct master *m)
{
    int64_t now = clock_ms();
    m->watchdog_ms = notify_watchdog_ms();
    m->watchdog_next = now;
    m->renew_next = now + RENEW_CHECK_MS;
    m->store_first_until = now + STORE_FIRST_MS;
    notify_status("Opening the store.");
    supervise_start(m->supervise, 0);
    while (!supervise_stopped(m->supervise)) {
        int64_t wait = tick(m);
        struct pollfd p = {.fd = m->signals.fd, .events = POLLIN};
        poll(&p, 1, wait < 0 ? -1 : (int)wait);
        act_on_signals(m);
    }
    log_info("stopped");
    return m->exit_status;
}

static void release(struct master *m)
{
    supervise_free(m->supervise);
    sockets_free(m->sockets);
    if (m->area)
        area_free(m->area);
    title_end();
    arena_free(m->arena);
}

static int serve(struct master *m, int argc, char **argv)
{
    char err[512];
    title_init(&m->title, m->arena, argc, argv);
    return prepare(m, err, sizeof(err)) ? fail(err) : run(m);
}

/* cubed store export|import FILE [flags] */
static int store_command(struct master *m, int argc, char **args)
{
    char err[512] = "";
    if (argc < 4 || (strcmp(args[2], "export") != 0 && strcmp(args[2], "import") != 0) || args[3][0] == '-')
        return fail("usage: cubed store export|import FILE [--flag=value ...] (see cubed-store(8))");
    if (flags_parse(&m->options, argc - 3, args + 3, err, sizeof(err)) != FLAGS_RUN)
        return fail(*err ? err : "cubed store takes a file and the flags of the store (see cubed-store(8))");
    return storetool_main(&m->options, args[2], args[3]);
}

int main(int argc, char **argv)
{
    struct master m = {.arena = arena_new(0), .lock_fd = -1};
    char err[512];
    int status = 0;
    /* ps's words overwrite argv later; the options keep pointing at these */
    char **args = arena_alloc(m.arena, ((size_t)argc + 1) * sizeof(*args));
    for (int i = 0; i < argc; i++)
        args[i] = arena_cstr(m.arena, str_of(argv[i]));

    if (argc > 1 && !strcmp(args[1], "store")) {
        status = store_command(&m, argc, args);
        release(&m);
        return status;
    }
    switch (flags_parse(&m.options, argc, args, err, sizeof(err))) {
    case FLAGS_HELP:
        flags_help(stdout);
        break;
    case FLAGS_VERSION:
        printf("cubed v%s\n", CUBED_VERSION);
        break;
    case FLAGS_BAD:
        status = fail(err);
        break;
    case FLAGS_RUN:
        status = serve(&m, argc, argv);
        break;
    }
    release(&m);
    return status;
}
