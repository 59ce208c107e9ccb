/* /metrics speaks for the whole server, whichever worker answers: request statistics and counters are added
 * up over all processes in shared memory, process figures over the children and the master. */
#include "worker/handlers/handlers.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "shm/base/clock.h"
#include "worker/handlers/storagemetrics.h"
#include "worker/request/stats.h"
#include "worker/watch/delivery.h"

static void put_head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_gauge(struct buf *out, const char *name, const char *help, double v)
{
    put_head(out, name, "gauge", help);
    buf_printf(out, "%s %.17g\n", name, v);
}

/* ---- processes ---- */

struct usage {
    double cpu_s;
    int64_t private_pages, shared_pages_max, virtual_pages, fds;
};

static bool read_proc(pid_t pid, const char *file, char *text, size_t bytes)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, bytes - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    return n > 0;
}

static int64_t count_fds(pid_t pid)
{
    char path[64];
    int64_t n = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));)
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

/* proc(5): the 14th and 15th field of stat are user and system time; a command may hold blanks and brackets.
 */
static void add_process(struct usage *u, pid_t pid)
{
    char text[1024];
    unsigned long long user, system;
    long long size, resident, shared;
    if (pid <= 0 || !read_proc(pid, "stat", text, sizeof(text)))
        return;
    const char *p = strrchr(text, ')');
    if (p && sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) == 2)
        u->cpu_s += (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    if (read_proc(pid, "statm", text, sizeof(text)) &&
        sscanf(text, "%lld %lld %lld", &size, &resident, &shared) == 3) {
        u->private_pages += resident - shared;
        u->shared_pages_max = shared > u->shared_pages_max ? shared : u->shared_pages_max;
        u->virtual_pages += size;
    }
    u->fds += count_fds(pid);
}

static void put_processes(struct context *ctx, struct buf *out)
{
    struct usage u = {0};
    struct rlimit fds = {0}, space = {0};
    double page = (double)sysconf(_SC_PAGESIZE);
    add_process(&u, getppid());
    for (int i = 0; i <= ctx->area->consumers; i++)
        add_process(&u, atomic_load_explicit(&ctx->area->child[i].pid, memory_order_relaxed));
    getrlimit(RLIMIT_NOFILE, &fds);
    getrlimit(RLIMIT_AS, &space);
    put_head(out, "process_cpu_seconds_total", "counter",
             "User and system time of all processes in seconds.");
    buf_printf(out, "process_cpu_seconds_total %.2f\n", u.cpu_s);
    put_gauge(out, "process_max_fds", "Descriptors that one process may have open.", (double)fds.rlim_cur);
    put_gauge(out, "process_open_fds", "Descriptors that all processes have open.", (double)u.fds);
    put_gauge(out, "process_resident_memory_bytes", "Resident memory; what the processes share counts once.",
              (double)(u.private_pages + u.shared_pages_max) * page);
    put_gauge(out, "process_virtual_memory_bytes", "Address space of all processes.",
              (double)u.virtual_pages * page);
    put_gauge(out, "process_virtual_memory_max_bytes", "Address space that one process may have.",
              (double)space.rlim_cur);
    put_gauge(out, "process_start_time_seconds", "When this worker started, in seconds since 1970.",
              (double)ctx->started_s);
}

/* ---- shared counters, cache ---- */

static void put_counters(struct context *ctx, struct buf *out)
{
    static const struct {
        const char *name, *help;
    } rows[AREA_COUNTERS] = {
#define AREA_COUNTER(id, metric, help) [AREA_##id] = {metric, help},
#include "shm/base/metrics.def"
#undef AREA_COUNTER
    };
    for (int i = 0; i < AREA_COUNTERS; i++) {
        put_head(out, rows[i].name, "counter", rows[i].help);
        buf_printf(out, "%s %llu\n", rows[i].name,
                   (unsigned long long)area_total(ctx->area, (enum area_counter)i));
    }
    put_head(out, "apiserver_tls_handshake_errors_total", "counter", "Failed TLS handshakes.");
    buf_printf(out, "apiserver_tls_handshake_errors_total %llu\n",
               (unsigned long long)area_total(ctx->area, AREA_TLS_ERRORS));
    put_head(out, "cubed_watch_delivery_seconds", "histogram",
             "Seconds from an event's publication to the sockets of those who watch it.");
    delivery_put(ctx->area, out, "cubed_watch_delivery_seconds");
    uint64_t restarts = 0;
    for (int i = 0; i <= ctx->area->consumers; i++)
        restarts += atomic_load_explicit(&ctx->area->child[i].restarts, memory_order_relaxed);
    put_head(out, "cubed_restarts_total", "counter", "Processes that died and were replaced.");
    buf_printf(out, "cubed_restarts_total %llu\n", (unsigned long long)restarts);
}

static uint64_t entries(MDB_txn *txn, MDB_dbi dbi)
{
    MDB_stat st;
    return mdb_stat(txn, dbi, &st) == 0 ? st.ms_entries : 0;
}

static uint64_t pages(MDB_txn *txn, MDB_dbi dbi)
{
    MDB_stat st;
    return mdb_stat(txn, dbi, &st) == 0 ? st.ms_branch_pages + st.ms_leaf_pages + st.ms_overflow_pages : 0;
}

static void put_cache(struct context *ctx, struct buf *out)
{
    struct cache *c = ctx->cache;
    MDB_txn *txn;
    MDB_envinfo info;
    MDB_stat st;
    if (mdb_txn_begin(c->env, NULL, MDB_RDONLY, &txn))
        return;
    mdb_env_info(c->env, &info);
    mdb_env_stat(c->env, &st);
    put_gauge(out, "cubed_cache_bytes", "Bytes of the cache that are or were used.",
              (double)(info.me_last_pgno + 1) * st.ms_psize);
    put_gauge(out, "cubed_cache_objects", "Objects in the cache.", (double)entries(txn, c->objects));
    put_gauge(out, "cubed_cache_object_bytes", "Bytes of the pages that hold objects.",
              (double)(pages(txn, c->objects) + pages(txn, c->rests) + pages(txn, c->tails)) * st.ms_psize);
    put_gauge(out, "cubed_window_events", "Events in the watch window.", (double)entries(txn, c->log));
    put_gauge(out, "cubed_window_bytes", "Bytes of the pages that hold the watch window.",
              (double)pages(txn, c->log) * st.ms_psize);
    if (!ctx->fresh) {
        put_head(out, "apiserver_storage_size_bytes", "gauge", "Size of the store.");
        buf_printf(out, "apiserver_storage_size_bytes{storage_cluster_id=\"embedded\"} %.17g\n",
                   (double)(info.me_last_pgno + 1) * st.ms_psize);
    }
    mdb_txn_abort(txn);
    put_gauge(out, "cubed_store_revision", "Newest revision.",
              (double)atomic_load_explicit(ctx->area->revision, memory_order_relaxed));
}

static void put_gauges(struct context *ctx, struct buf *out)
{
    struct stats_gauges g = stats_gauges_total(ctx->stats);
    uint64_t batches = area_total(ctx->area, AREA_STORE_BATCHES),
             writes = area_total(ctx->area, AREA_STORE_WRITES);
    put_gauge(out, "cubed_connections", "Connections open.", (double)g.connections);
    put_gauge(out, "cubed_watches", "Watches open.", (double)g.watches);
    put_gauge(out, "cubed_snapshot_age_seconds", "Age of the oldest snapshot in use.",
              (double)g.snapshot_age_ms / 1000);
    put_gauge(out, "cubed_store_batch_writes", "Writes in a batch, on average since the start.",
              batches ? (double)writes / (double)batches : 0);
}

static void put_build(struct buf *out)
{
    put_head(out, "kubernetes_build_info", "gauge", "What this server is.");
    buf_puts(out, "kubernetes_build_info{build_date=\"\",compiler=\"cc\",git_commit=\"\",git_tree_state=\"\","
                  "git_version=\"v" CUBED_VERSION "\",go_version=\"none\",major=\"1\",minor=\"36\","
                  "platform=\"linux\"} 1\n");
}

static enum stage_result reset(struct request *rq)
{
    stats_reset(rq->ctx->stats);
    response_bytes(rq, 200, "text/plain; charset=utf-8", STR("metrics reset\n"));
    return STAGE_DONE;
}

static enum stage_result write_all(struct request *rq)
{
    struct buf out = {0};
    stats_write(rq->ctx->stats, &out);
    put_counters(rq->ctx, &out);
    put_cache(rq->ctx, &out);
    storagemetrics_write(rq->stage_state, &out);
    put_gauges(rq->ctx, &out);
    put_processes(rq->ctx, &out);
    put_build(&out);
    struct str text = arena_str(rq->arena, buf_view(&out));
    buf_free(&out);
    response_bytes(rq, 200, METRICS_CONTENT_TYPE, text);
    return STAGE_DONE;
}

enum stage_result handler_metrics(struct request *rq)
{
    struct storagemetrics *m;
    if (str_is(rq->method, "DELETE"))
        return reset(rq);
    bool waits = storagemetrics_gather(rq, &m);
    rq->stage_state = m;
    if (!waits)
        return write_all(rq);
    rq->resume = write_all;
    return STAGE_SUSPEND;
}
