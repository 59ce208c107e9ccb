/* A pod's status is read off its containers: what kubectl shows as STATUS is no field, but what the container
 * that holds the pod up says. Rule: printPod of pkg/printers/internalversion. */
#include "registry/columns/rows.h"

#include <stdio.h>
#include "registry/columns/age.h"
#include "shm/base/clock.h"

#define REASON_BYTES 64

/* What was found out so far. The reason is a view of the object, or of text with prefix "Init:" or a code. */
struct pod_view {
    const json_t *obj;
    int64_t ready, total;
    int64_t restarts, sidecar_restarts;
    int64_t last_restart_us, last_sidecar_restart_us; /* 0: never */
    const char *prefix;
    struct str reason;
    char made[REASON_BYTES]; /* a reason that is written nowhere */
};

static void set_reason(struct pod_view *v, const char *prefix, struct str reason)
{
    v->prefix = prefix;
    v->reason = reason;
}

static void make_reason(struct pod_view *v, const char *prefix, const char *what, int64_t number)
{
    snprintf(v->made, sizeof(v->made), "%s:%lld", what, (long long)number);
    set_reason(v, prefix, str_of(v->made));
}

/* Why it ended: reason, signal or exit code. */
static void set_terminated(struct pod_view *v, const char *prefix, const json_t *terminated)
{
    struct str reason = tree_str(terminated, "reason");
    int64_t signal = tree_int(terminated, "signal", 0);
    if (reason.n)
        set_reason(v, prefix, reason);
    else if (signal)
        make_reason(v, prefix, "Signal", signal);
    else
        make_reason(v, prefix, "ExitCode", tree_int(terminated, "exitCode", 0));
}

static void count_restarts(const json_t *status, int64_t *restarts, int64_t *last_us)
{
    int64_t us;
    *restarts += tree_int(status, "restartCount", 0);
    if (age_parse(tree_str(status, "lastState.terminated.finishedAt"), &us) && us > *last_us)
        *last_us = us;
}

/* An init container that keeps running beside the others. */
static bool is_sidecar(const json_t *container)
{
    return str_is(tree_str(container, "restartPolicy"), "Always");
}

static bool names_sidecar(const json_t *init_containers, struct str name)
{
    bool sidecar = false;
    for (size_t i = 0; i < json_array_size(init_containers); i++) {
        const json_t *c = json_array_get(init_containers, i);
        if (str_eq(tree_str(c, "name"), name))
            sidecar = is_sidecar(c);
    }
    return sidecar;
}

/* True: this one is what the pod waits for. */
static bool look_at_init(struct pod_view *v, const json_t *status, bool sidecar, size_t i, size_t n)
{
    const json_t *terminated = tree_get(status, "state.terminated");
    struct str waiting = tree_str(status, "state.waiting.reason");
    if (terminated && tree_int(terminated, "exitCode", 0) == 0)
        return false;
    if (sidecar && tree_bool(status, "started", false)) {
        v->ready += tree_bool(status, "ready", false);
        return false;
    }
    if (terminated) {
        set_terminated(v, "Init:", terminated);
    } else if (waiting.n && !str_is(waiting, "PodInitializing")) {
        set_reason(v, "Init:", waiting);
    } else {
        snprintf(v->made, sizeof(v->made), "%zu/%zu", i, n);
        set_reason(v, "Init:", str_of(v->made));
    }
    return true;
}

/* True while one of the init containers has not done its work. */
static bool look_at_inits(struct pod_view *v)
{
    const json_t *inits = tree_get(v->obj, "spec.initContainers");
    const json_t *statuses = tree_get(v->obj, "status.initContainerStatuses");
    size_t n = json_array_size(inits);
    for (size_t i = 0; i < n; i++)
        v->total += is_sidecar(json_array_get(inits, i));
    for (size_t i = 0; i < json_array_size(statuses); i++) {
        const json_t *s = json_array_get(statuses, i);
        bool sidecar = names_sidecar(inits, tree_str(s, "name"));
        count_restarts(s, &v->restarts, &v->last_restart_us);
        if (sidecar)
            count_restarts(s, &v->sidecar_restarts, &v->last_sidecar_restart_us);
        if (look_at_init(v, s, sidecar, i, n))
            return true;
    }
    return false;
}

/* The first container says the most: from the last to the first, later findings replace earlier ones. */
static void look_at_containers(struct pod_view *v)
{
    const json_t *statuses = tree_get(v->obj, "status.containerStatuses");
    struct pod_view failed = {0};
    bool running = false;
    v->restarts = v->sidecar_restarts;
    v->last_restart_us = v->last_sidecar_restart_us;
    for (size_t i = json_array_size(statuses); i-- > 0;) {
        const json_t *s = json_array_get(statuses, i), *terminated = tree_get(s, "state.terminated");
        struct str waiting = tree_str(s, "state.waiting.reason");
        count_restarts(s, &v->restarts, &v->last_restart_us);
        if (waiting.n) {
            set_reason(v, "", waiting);
        } else if (terminated) {
            set_terminated(v, "", terminated);
            if (tree_int(terminated, "exitCode", 0))
                set_terminated(&failed, "", terminated);
        } else if (tree_bool(s, "ready", false) && tree_get(s, "state.running")) {
            running = true;
            v->ready++;
        }
    }
    if (v->prefix[0] || !str_is(v->reason, "Completed"))
        return;
    if (running && condition_true(v->obj, "status.conditions", "Ready")) {
        set_reason(v, "", STR("Running"));
    } else if (failed.reason.n) {
        memcpy(v->made, failed.made, sizeof(v->made));
        set_reason(v, "", failed.reason.p == failed.made ? str_of(v->made) : failed.reason);
    } else if (running) {
        set_reason(v, "", STR("NotReady"));
    }
}

static bool scheduling_gated(const json_t *obj)
{
    const json_t *conditions = tree_get(obj, "status.conditions");
    for (size_t i = 0; i < json_array_size(conditions); i++) {
        const json_t *c = json_array_get(conditions, i);
        if (str_is(tree_str(c, "type"), "PodScheduled") && str_is(tree_str(c, "reason"), "SchedulingGated"))
            return true;
    }
    return false;
}

static void look(struct pod_view *v, const json_t *obj)
{
    struct str phase = tree_str(obj, "status.phase"), reason = tree_str(obj, "status.reason");
    v->obj = obj;
    v->total = (int64_t)tree_size(obj, "spec.containers");
    set_reason(v, "", scheduling_gated(obj) ? STR("SchedulingGated") : reason.n ? reason : phase);
    bool initializing = look_at_inits(v);
    if (!initializing || condition_true(obj, "status.conditions", "Initialized"))
        look_at_containers(v);
    if (!tree_get(obj, "metadata.deletionTimestamp"))
        return;
    if (str_is(reason, "NodeLost"))
        set_reason(v, "", STR("Unknown"));
    else if (!str_is(phase, "Failed") && !str_is(phase, "Succeeded"))
        set_reason(v, "", STR("Terminating"));
}

static void put_restarts(struct cells *c, const struct pod_view *v)
{
    char ago[AGE_TEXT_BYTES];
    if (v->restarts == 0 || v->last_restart_us == 0) {
        cell_printf(c, "%lld", (long long)v->restarts);
        return;
    }
    age_text(ago, c->now_us - v->last_restart_us);
    cell_printf(c, "%lld (%s ago)", (long long)v->restarts, ago);
}

static void put_gates(struct cells *c, const json_t *obj)
{
    const json_t *gates = tree_get(obj, "spec.readinessGates");
    size_t n = json_array_size(gates), open = 0;
    for (size_t i = 0; i < n; i++) {
        const char *type = tree_string(json_array_get(gates, i), "conditionType");
        open += condition_true(obj, "status.conditions", type ? type : "");
    }
    if (n)
        cell_printf(c, "%zu/%zu", open, n);
    else
        cell_text(c, "<none>");
}

static void put_pod(struct cells *c, const json_t *obj)
{
    struct pod_view v = {0};
    look(&v, obj);
    cell_name(c, obj);
    cell_printf(c, "%lld/%lld", (long long)v.ready, (long long)v.total);
    struct buf *b = cell_open(c);
    buf_puts(b, v.prefix);
    buf_str(b, v.reason);
    cell_close(c, "");
    put_restarts(c, &v);
    cell_age(c, obj);
    cell_at(c, json_array_get(tree_get(obj, "status.podIPs"), 0), "ip", "<none>");
    cell_at(c, obj, "spec.nodeName", "<none>");
    cell_at(c, obj, "status.nominatedNodeName", "<none>");
    put_gates(c, obj);
}

static bool completed(const json_t *obj, const char **reason, const char **message)
{
    struct str phase = tree_str(obj, "status.phase");
    bool succeeded = str_is(phase, "Succeeded");
    *reason = succeeded ? "Succeeded" : "Failed";
    *message = succeeded ? "The pod has completed successfully." : "The pod failed.";
    return succeeded || str_is(phase, "Failed");
}

static const struct column pod_columns[] = {
    COLUMN_NAME,
    {TEXT("Ready"), "How many of the pod's containers are ready."},
    {TEXT("Status"), "Where the pod stands, or what its containers wait for."},
    {TEXT("Restarts"), "How often containers were started again, and when last."},
    COLUMN_AGE,
    {WIDE("IP"), "Address of the pod."},
    {WIDE("Node"), "Node that the pod runs on."},
    {WIDE("Nominated Node"), "Node where others make room for the pod."},
    {WIDE("Readiness Gates"), "How many of the pod's readiness gates are open."},
};

static void put_template(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_containers(c, tree_get(obj, "template.spec.containers"));
    cell_labels(c, tree_get(obj, "template.metadata.labels"));
}

static const struct column template_columns[] = {
    COLUMN_NAME,
    {TEXT("Containers"), "Names of the containers of the template."},
    {TEXT("Images"), "Images of the containers of the template."},
    {TEXT("Pod Labels"), "Labels that pods made from the template get."},
};

static const struct columns rows[] = {
    ROW_WITH("", "pods", pod_columns, put_pod, .completed = completed),
    ROW("", "podtemplates", template_columns, put_template),
};

const struct columns_rows columns_rows_pods = COLUMNS_ROWS(rows);
