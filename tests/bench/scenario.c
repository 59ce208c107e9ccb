#include "tests/bench/scenario.h"

#include <stdio.h>
#include <string.h>
#include "shm/base/str.h"
#include "tests/bench/fleet.h"
#include "tests/bench/request.h"
#include "tests/bench/storm.h"
#include "tests/bench/watching.h"

#define REQUEST(group, text, http2, n, c, f, k)                                                              \
    {                                                                                                        \
        .scenario = group, .name = text, .run = request_run, .h2 = http2, .streams = n, .connections = c,    \
        .files = f, .kind = &k                                                                               \
    }
#define OTHER(group, text, fn, http2, n)                                                                     \
    {                                                                                                        \
        .scenario = group, .name = text, .run = fn, .h2 = http2, .streams = n                                \
    }

/* Memory first: what a server has once used it uses again. */
const struct row scenario_rows[] = {
    OTHER("idle", "idle watch, HTTP/1.1", watching_idle, false, 1),
    OTHER("idle", "idle watch, HTTP/2", watching_idle, true, 1),
    REQUEST("get", "get, HTTP/1.1", false, 1, 0, true, request_get),
    REQUEST("get", "get, HTTP/2, 1 stream", true, 1, 0, true, request_get),
    REQUEST("get", "get, HTTP/2, 16 streams", true, 16, 0, true, request_get),
    REQUEST("same", "get the same, HTTP/1.1", false, 1, 0, true, request_get_same),
    REQUEST("same", "get the same, HTTP/2, 1 stream", true, 1, 0, true, request_get_same),
    REQUEST("same", "get the same, HTTP/2, 16 streams", true, 16, 0, true, request_get_same),
    REQUEST("list", "list of 500, HTTP/1.1", false, 1, 2, true, request_list),
    REQUEST("list", "list of 500, HTTP/2", true, 1, 2, true, request_list),
    REQUEST("listall", "list of all, HTTP/1.1", false, 1, 1, false, request_list_all),
    REQUEST("listall", "list of all, HTTP/2", true, 1, 1, false, request_list_all),
    REQUEST("nodelist", "a node's pods, HTTP/1.1", false, 1, 0, false, request_nodelist),
    REQUEST("nodelist", "a node's pods, HTTP/2", true, 1, 0, false, request_nodelist),
    OTHER("watch-fanout", "event to all, HTTP/1.1", watching_fanout, false, 1),
    OTHER("watch-fanout", "event to all, HTTP/2", watching_fanout, true, 100),
    OTHER("watch-sparse", "event to one, HTTP/2", watching_sparse, true, 100),
    REQUEST("connect", "connect and get, HTTP/1.1", false, 1, 0, true, request_connect),
    REQUEST("connect", "connect and get, HTTP/2", true, 1, 0, true, request_connect),
    REQUEST("create", "create, HTTP/2, 16 streams", true, 16, 0, false, request_create),
    REQUEST("apply", "server-side apply, HTTP/2, 16 streams", true, 16, 0, false, request_apply),
    REQUEST("churn", "create, report, delete, HTTP/2", true, 4, 0, false, request_churn),
    OTHER("mixed", "kubelets' everyday load", fleet_run, true, 1),
    OTHER("storm", "all kubelets reconnect", storm_run, true, 1),
    OTHER("slow", "event to all, next to bad ones", watching_slow, false, 1),
    OTHER("many", "a watch a connection", watching_many, false, 1),
};
const int scenario_count = sizeof scenario_rows / sizeof *scenario_rows;

/* Run only when named: what needs sizes of its own. */
static const char *const only_named = "many";

const struct row *scenario_find(const char *name)
{
    for (int i = 0; i < scenario_count; i++) {
        if (strcmp(scenario_rows[i].name, name) == 0)
            return &scenario_rows[i];
    }
    return NULL;
}

bool scenario_wanted(const struct row *row, const char *list)
{
    struct str rest = str_of(list), piece;
    if (!list)
        return strcmp(row->scenario, only_named) != 0;
    while (str_next(&rest, ',', &piece)) {
        if (str_is(piece, row->scenario))
            return true;
    }
    return false;
}

const char *scenario_unknown(const char *list)
{
    struct str rest = str_of(list), piece;
    while (list && str_next(&rest, ',', &piece)) {
        int i = 0;
        while (i < scenario_count && !str_is(piece, scenario_rows[i].scenario))
            i++;
        if (i == scenario_count)
            return piece.p;
    }
    return NULL;
}

int scenario_run(struct bench *b, const struct row *row, struct results *out)
{
    struct result *r = results_add(out, b->subject->target.name, row->scenario, row->name);
    char what[128];
    snprintf(what, sizeof what, "%s: %s", b->subject->target.name, row->name);
    progress_begin(b->progress, what, 0);
    int rc = row->run(b, row, r);
    progress_end(b->progress);
    if (b->subject->procs.n)
        r->private_mib = (double)procs_anon(&b->subject->procs) / 1048576;
    if (rc < 0)
        fprintf(stderr, "cubed-bench: %s did not work\n", what);
    return rc;
}
