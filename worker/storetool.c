/* An import is three walks: over the file, to believe it; over the file again, to write; over the store, to
 * see that all arrived. Until the last one is done the store keeps a note of whose import it is. */
#include "worker/storetool.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "shm/base/buf.h"
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "worker/storetool/file.h"
#include "worker/storetool/tool.h"
#include "worker/write/etcdkey.h"
#include "worker/write/stored.h"

#define BATCH_OBJECTS 100
#define BATCH_BYTES (1u << 20) /* etcd takes requests of 1.5 MiB */

struct move {
    struct tool tool;
    const struct tool_store *ops;
    void *store;
    const char *file;
    struct file_writer *out;
    struct file_info info;
    struct tool_sum expected, found;
    /* the batch that is being filled */
    struct buf bytes;
    size_t key_at[BATCH_OBJECTS], value_at[BATCH_OBJECTS], end_at[BATCH_OBJECTS];
    int n;
};

static void say_left_out(const struct tool_visit *v)
{
    if (v->short_lived)
        fprintf(stderr, "left out %lld objects that expire by themselves (events)\n",
                (long long)v->short_lived);
    if (v->left_out)
        fprintf(stderr, "left out %lld keys that hold none of the objects cubed serves\n",
                (long long)v->left_out);
}

/* ---- export ---- */

static bool export_begin(void *arg, int64_t revision)
{
    struct move *m = arg;

    return file_begin(m->out, etcdkey_prefix(m->tool.keys), revision);
}

static bool export_entry(void *arg, const struct tool_entry *e)
{
    struct move *m = arg;
    struct buf whole = {0};
    struct tool_entry named = *e;
    bool ok;

    buf_str(&whole, etcdkey_prefix(m->tool.keys));
    buf_str(&whole, e->key);
    named.key = buf_view(&whole);
    ok = file_entry(m->out, &named);
    buf_free(&whole);
    tool_progress(&m->tool, "read", file_count(m->out), 0);
    return ok;
}

static bool run_export(struct move *m)
{
    struct tool_visit v = {.arg = m, .begin = export_begin, .entry = export_entry};
    bool ok = (m->store = m->ops->open(&m->tool, false)) && (m->out = file_new(&m->tool, m->file)) &&
              m->ops->read(m->store, &v) && file_finish(m->out);

    tool_progress_end(&m->tool);
    if (ok) {
        say_left_out(&v);
        fprintf(stderr, "exported %lld objects to %s\n", (long long)file_count(m->out), m->file);
    }
    return ok;
}

/* ---- import ---- */

static bool flush(struct move *m)
{
    struct tool_entry e[BATCH_OBJECTS];
    int n = m->n;

    for (int i = 0; i < n; i++) {
        e[i] = (struct tool_entry){.key = {m->bytes.p + m->key_at[i], m->value_at[i] - m->key_at[i]},
                                   .value = {m->bytes.p + m->value_at[i], m->end_at[i] - m->value_at[i]}};
    }
    if (n && !m->ops->put(m->store, e, n, &m->expected))
        return false;
    m->n = 0;
    buf_clear(&m->bytes);
    tool_progress(&m->tool, "wrote", m->expected.count, m->info.count);
    return true;
}

static bool import_entry(void *arg, const struct tool_entry *e)
{
    struct move *m = arg;

    if ((m->n == BATCH_OBJECTS || m->bytes.n + e->key.n + e->value.n > BATCH_BYTES) && !flush(m))
        return false;
    m->key_at[m->n] = m->bytes.n;
    buf_str(&m->bytes, e->key);
    m->value_at[m->n] = m->bytes.n;
    buf_str(&m->bytes, e->value);
    m->end_at[m->n++] = m->bytes.n;
    return true;
}

static bool found_entry(void *arg, const struct tool_entry *e)
{
    struct move *m = arg;

    tool_sum_add(&m->found, e->key, e->value);
    tool_progress(&m->tool, "verified", m->found.count, m->info.count);
    return true;
}

static bool verify(struct move *m)
{
    struct tool_visit v = {.arg = m, .entry = found_entry};

    if (!m->ops->read(m->store, &v))
        return false;
    if (m->found.count != m->expected.count)
        return tool_fail(&m->tool,
                         "the store holds %lld objects now, the file %lld: somebody else writes to it",
                         (long long)m->found.count, (long long)m->expected.count);
    return memcmp(m->found.part, m->expected.part, sizeof(m->found.part)) == 0 ||
           tool_fail(&m->tool,
                     "what the store holds now is not what was written: somebody else writes to it");
}

static bool run_import(struct move *m)
{
    struct tool_visit writes = {.arg = m, .entry = import_entry};
    bool ok = file_read(&m->tool, m->file, &m->info, NULL) && (m->store = m->ops->open(&m->tool, true)) &&
              m->ops->begin(m->store, m->info.sha, m->info.revision) &&
              file_read(&m->tool, m->file, &m->info, &writes) && flush(m) && verify(m) &&
              m->ops->finish(m->store);

    tool_progress_end(&m->tool);
    if (ok)
        fprintf(stderr, "imported and verified %lld objects of %s\n", (long long)m->info.count, m->file);
    return ok;
}

/* ---- both ---- */

static void block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int storetool_main(const struct options *o, const char *what, const char *file)
{
    struct move m = {.tool = {.options = o, .terminal = isatty(STDERR_FILENO)}, .file = file};
    bool ok = false;

    log_name("store");
    umask(077);
    block_signals();
    m.tool.said_ms = clock_ms();
    m.ops = *o->etcd_servers ? &tool_etcd : &tool_embedded;
    m.tool.keys = etcdkey_new(o->etcd_prefix);
    m.tool.stored = stored_new(o, m.tool.err, sizeof(m.tool.err));
    if (m.tool.stored)
        ok = strcmp(what, "export") == 0 ? run_export(&m) : run_import(&m);
    if (!ok)
        fprintf(stderr, "cubed store %s: %s\n", what, m.tool.err);
    file_free(m.out);
    if (m.store)
        m.ops->close(m.store);
    stored_free(m.tool.stored);
    etcdkey_free(m.tool.keys);
    buf_free(&m.bytes);
    return ok ? 0 : 1;
}
