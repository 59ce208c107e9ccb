/* Changes come from the ring, as to any watcher; each loop says what it wants looked at, the queue keeps
 * that, and jobs do it, many at a time, through the same optimistic writes as requests. What fails comes
 * again later, so a loop only has to make things better, never to get them right in one go. Everything is
 * looked at once at the start, and again only when the log has lost what was missed. */
#include "worker/keeper/loops.h"

#include <errno.h>
#include <stdlib.h>
#include "registry/walk/tree.h"
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "worker/write/commit.h"

#define SLOTS_MAX 512 /* per turn */

struct snapshot *keeper_snapshot(struct keeper *k)
{
    return snapshot_get(k->ctx->snapshots);
}

const struct schema_resource *keeper_resource(const char *group, const char *version, const char *plural)
{
    return schema_resource(str_of(group), str_of(version), str_of(plural));
}

/* ---- jobs ---- */

static void (*const RUN[TASKS])(struct job *j) = {
    [TASK_BOOTSTRAP] = bootstrap_run,       [TASK_EXPIRE] = expiry_run,
    [TASK_NAMESPACE] = namespaces_run,      [TASK_DEPENDENT] = garbage_dependent,
    [TASK_FOREGROUND] = garbage_foreground, [TASK_ORPHAN] = garbage_orphan,
    [TASK_PROTECTED] = garbage_protected,   [TASK_SERVICE] = ranges_service,
    [TASK_ADDRESS] = ranges_address,        [TASK_PORTS] = ranges_ports,
    [TASK_IDENTITY] = identity_run,         [TASK_MASTERLEASE] = masterleases_run,
    [TASK_FLOW] = flowcontrol_run,          [TASK_DEFINITION] = definitions_run,
    [TASK_APISERVICE] = apiservices_run,
};

/* Tasks of kube-controller-manager, when there is one. */
static bool is_controllers(enum task t)
{
    return t != TASK_BOOTSTRAP && t != TASK_EXPIRE && t < TASK_SERVICE;
}

static void job_free(struct job *j)
{
    struct keeper *k = j->k;

    for (int i = 0; i < KEEPER_RUNNING_MAX; i++) {
        if (k->jobs[i] == j)
            k->jobs[i] = NULL;
    }
    k->running--;
    arena_free(j->arena);
    free(j);
}

/* Called when no write is under way: goes on, or ends. */
static void job_settle(struct job *j)
{
    while (j->writes == 0) {
        if (!j->failed && j->next && j->next(j))
            continue;
        if (j->writes)
            return;
        queue_done(j->k->queue, j->work, !j->failed, loop_now_ms(j->k->ctx->loop));
        job_free(j);
        return;
    }
}

static void write_over(struct job *j, struct write *w)
{
    j->writes--;
    if (!status_failed(&w->st) || w->st.code == 404)
        return;
    j->failed = true;
    log_debug("keeper: write failed resource=%s namespace=%.*s name=%.*s: %s", w->stored->plural,
              STR_ARG(w->ns), STR_ARG(w->name), w->st.message);
}

static void wake(struct write *w)
{
    struct job *j = w->owner;

    if (!write_run(w))
        return;
    write_over(j, w);
    job_settle(j);
}

static void run_write(struct job *j, struct write *w)
{
    w->owner = j;
    w->wake = wake;
    j->writes++;
    if (write_run(w))
        write_over(j, w);
}

void job_write(struct job *j, const struct schema_resource *r, struct str ns, struct str name,
               enum write_verdict (*step)(struct write *, const json_t *, json_t **), void *arg)
{
    struct write *w =
        write_new(j->k->ctx, j->arena, NULL, r, arena_str(j->arena, ns), arena_str(j->arena, name));

    w->step = step;
    w->arg = arg;
    run_write(j, w);
}

void job_delete(struct job *j, const struct schema_resource *r, struct str ns, struct str name,
                const struct delete_options *o)
{
    struct deletion *d =
        deletion_new(j->k->ctx, j->arena, NULL, r, arena_str(j->arena, ns), arena_str(j->arena, name), o);

    run_write(j, d->w);
}

json_t *keeper_tree(struct job *j, const struct schema_resource *r, struct str ns, struct str name)
{
    struct snapshot *s = keeper_snapshot(j->k);
    const struct record *rec;
    json_t *obj = NULL;
    struct key k;

    if (!s)
        return NULL;
    key_make(&k, r->id, ns, name);
    rec = snapshot_object(s, &k);
    if (rec)
        obj = write_keep_tree(j->arena, record_tree(j->arena, rec));
    snapshot_unref(s);
    return obj;
}

static void job_begin(struct keeper *k, struct work *work)
{
    struct job *j = calloc(1, sizeof(*j));

    must(j != NULL);
    *j = (struct job){.k = k, .work = work, .arena = arena_new(0)};
    for (int i = 0; i < KEEPER_RUNNING_MAX; i++) {
        if (!k->jobs[i]) {
            k->jobs[i] = j;
            break;
        }
    }
    k->running++;
    /* Held by one until the first round is begun, so that writes that end at once do not end the job. */
    j->writes++;
    RUN[work->task](j);
    j->writes--;
    job_settle(j);
}

static bool is_of_leaving(enum task t)
{
    return t == TASK_IDENTITY || t == TASK_MASTERLEASE || t == TASK_BOOTSTRAP;
}

static void begin_work(struct keeper *k)
{
    int64_t now = loop_now_ms(k->ctx->loop);
    struct work *w;

    while (k->running < KEEPER_RUNNING_MAX && (w = queue_take(k->queue, now))) {
        if ((is_controllers(w->task) && !keeper_alone(k)) || (k->leaving && !is_of_leaving(w->task)))
            queue_done(k->queue, w, true, now);
        else
            job_begin(k, w);
    }
}

/* ---- who else is there ---- */

static bool lease_is_fresh(const json_t *lease)
{
    struct str renewed = tree_str(lease, "spec.renewTime");
    int64_t us, seconds = tree_int(lease, "spec.leaseDurationSeconds", 15);

    return tree_str(lease, "spec.holderIdentity").n && clock_parse_rfc3339(renewed.p, renewed.n, &us) == 0 &&
           us + seconds * 1000000 > clock_wall_us();
}

bool keeper_alone(struct keeper *k)
{
    const struct schema_resource *leases = keeper_resource("coordination.k8s.io", "v1", "leases");
    json_t *lease = leases ? k->ctx->world.get(k->ctx->world.arg, leases, STR("kube-system"),
                                               STR("kube-controller-manager"))
                           : NULL;
    bool alone = !lease || !lease_is_fresh(lease);

    json_decref(lease);
    return alone;
}

/* ---- news ---- */

static void deliver(struct keeper *k, const struct event *e)
{
    bootstrap_event(k, e);
    expiry_event(k, e);
    namespaces_event(k, e);
    garbage_event(k, e);
    ranges_event(k, e);
    masterleases_event(k, e);
    flowcontrol_event(k, e);
    definitions_event(k, e);
}

/* Everything there is, as if it had just come. */
static void look_at_all(struct keeper *k, struct snapshot *s)
{
    static const struct key ALL = {0};
    const struct record *rec;
    struct scan scan;
    struct str key;

    if (scan_open(&scan, s, &ALL, NULL, false))
        return;
    while ((rec = scan_next(&scan, &key))) {
        struct event e = {.revision = rec->mod_revision,
                          .type = EVENT_ADDED,
                          .resource = rec->resource,
                          .key = key,
                          .record = rec};

        deliver(k, &e);
    }
    scan_close(&scan);
    k->scanned = true;
}

static bool at_least(struct keeper *k, int64_t revision, struct snapshot **s)
{
    *s = keeper_snapshot(k);
    if (*s && snapshot_revision(*s) >= revision)
        return true;
    snapshot_unref(*s);
    snapshots_turn(k->ctx->snapshots);
    *s = keeper_snapshot(k);
    return *s != NULL;
}

/* What the ring did not keep is in the log; what the log did not keep is looked at anew. */
static void catch_up(struct keeper *k)
{
    struct snapshot *s;
    struct log_scan scan;
    struct event e;
    int rc;

    if (!at_least(k, INT64_MAX, &s))
        return;
    rc = log_scan_open(&scan, s, k->consumer.revision);
    if (rc == 0) {
        while (log_scan_next(&scan, &e))
            deliver(k, &e);
        log_scan_close(&scan);
    } else if (rc == -ESTALE) {
        look_at_all(k, s);
    }
    consumer_caught_up(&k->consumer, snapshot_revision(s));
    snapshot_unref(s);
}

static bool take_slots(struct keeper *k)
{
    struct ring_slot slot;
    struct snapshot *s;
    struct event e;

    for (int i = 0; i < SLOTS_MAX; i++) {
        enum consumer_result r = consumer_next(&k->consumer, &slot);

        if (r == CONSUMER_EMPTY)
            return false;
        if (r == CONSUMER_LAPPED) {
            catch_up(k);
        } else if (at_least(k, slot.revision, &s)) {
            if (log_get(s, slot.revision, slot.sub, &e))
                deliver(k, &e);
            snapshot_unref(s);
        }
    }
    return true;
}

/* The master waits for it before it says that the server is ready. */
static void say_bootstrapped(struct keeper *k)
{
    _Atomic int32_t *said = k->ctx->area->bootstrapped;
    struct snapshot *s = atomic_load(said) ? NULL : keeper_snapshot(k);

    if (s && bootstrap_done(s))
        atomic_store(said, 1);
    snapshot_unref(s);
}

bool keeper_poll(struct keeper *k)
{
    bool more;

    must_be(k, KEEPER_MAGIC);
    more = take_slots(k);
    say_bootstrapped(k);
    begin_work(k);
    return more;
}

/* When kube-controller-manager has gone its part is ours, including what it left. */
static void watch_lease(struct keeper *k)
{
    bool alone = keeper_alone(k);
    struct snapshot *s = alone && !k->alone ? keeper_snapshot(k) : NULL;

    if (s)
        look_at_all(k, s);
    snapshot_unref(s);
    k->alone = alone;
}

void keeper_tick(struct keeper *k)
{
    must_be(k, KEEPER_MAGIC);
    watch_lease(k);
    expiry_tick(k);
    ranges_tick(k);
    compaction_tick(k->compaction);
    identity_tick(k);
    masterleases_tick(k);
    servers_tick(k);
    begin_work(k);
}

void keeper_leave(struct keeper *k)
{
    must_be(k, KEEPER_MAGIC);
    k->leaving = true;
    identity_leave(k);
    masterleases_leave(k);
    servers_leave(k);
    begin_work(k);
}

bool keeper_left(struct keeper *k)
{
    int64_t due = queue_due_ms(k->queue);

    must_be(k, KEEPER_MAGIC);
    return k->leaving && k->running == 0 && due != 0 && (due < 0 || due > loop_now_ms(k->ctx->loop));
}

int64_t keeper_due_ms(const struct keeper *k)
{
    return k->running < KEEPER_RUNNING_MAX ? queue_due_ms(k->queue) : -1;
}

bool keeper_sleep(struct keeper *k)
{
    return consumer_sleep(&k->consumer);
}

void keeper_awake(struct keeper *k)
{
    consumer_awake(&k->consumer);
}

struct keeper *keeper_new(struct context *ctx, struct etcd_client *etcd)
{
    struct keeper *k = calloc(1, sizeof(*k));
    struct snapshot *s;

    must(k != NULL);
    *k = (struct keeper){.magic = KEEPER_MAGIC, .ctx = ctx, .etcd = etcd};
    k->queue = queue_new();
    k->graph = graph_new();
    k->expiry = expiry_new();
    k->ports = ports_new();
    k->definitions = definitions_new();
    k->compaction = compaction_new(k);
    k->identity = identity_new();
    k->masterleases = masterleases_new(k);
    bootstrap_start(k);
    flowcontrol_start(k);
    apiservices_start(k);
    k->alone = keeper_alone(k);
    s = keeper_snapshot(k);
    consumer_init(&k->consumer, ctx->area, ctx->index, s ? snapshot_revision(s) : 0);
    if (s)
        look_at_all(k, s);
    snapshot_unref(s);
    say_bootstrapped(k);
    return k;
}

void keeper_free(struct keeper *k)
{
    if (!k)
        return;
    must_be(k, KEEPER_MAGIC);
    for (int i = 0; i < KEEPER_RUNNING_MAX; i++) {
        if (k->jobs[i]) {
            arena_free(k->jobs[i]->arena);
            free(k->jobs[i]);
        }
    }
    compaction_free(k->compaction);
    identity_free(k->identity);
    masterleases_free(k->masterleases);
    expiry_free(k->expiry);
    ports_free(k->ports);
    definitions_free(k->definitions);
    graph_free(k->graph);
    queue_free(k->queue);
    k->magic = 0;
    free(k);
}
