/* Each number of objects gets a server of its own with 30 pods a node, as clusters have them: so a node's
 * list has the same length everywhere, and its pods are as scattered as they would be. */
#include "tests/bench/growth.h"

#include <string.h>

#define FEWEST_OBJECTS 1000
#define FEWEST_WATCHERS 100
#define PODS_A_NODE 30
#define FANOUT_MOST 10000 /* an event to more than that is mostly waiting for the load processes */
#define EVENTS 20

static int run_at(struct field *f, const struct settings *s, const char *name, const char *axis, int at,
                  struct results *out)
{
    if (field_run(f, s, scenario_find(name), out) < 0)
        return -1;
    out->r[out->n - 1].axis = axis;
    out->r[out->n - 1].at = at;
    return 0;
}

static int with_objects(const struct settings *given, int objects, struct results *out)
{
    static const char *const names[] = {"get, HTTP/1.1",
                                        "get, HTTP/2, 16 streams",
                                        "list of 500, HTTP/2",
                                        "a node's pods, HTTP/2",
                                        "event to one, HTTP/2",
                                        "event to all, HTTP/2",
                                        "create, HTTP/2, 16 streams"};
    struct settings s = *given;
    struct field f = {0};
    s.size.pods = objects;
    s.size.nodes = objects / PODS_A_NODE + 1;
    s.size.watchers = FEWEST_OBJECTS;
    s.size.events = EVENTS;
    int rc = field_open(&f, &s);
    for (size_t i = 0; i < sizeof names / sizeof *names && rc == 0; i++)
        rc = run_at(&f, &s, names[i], "objects", objects, out);
    field_close(&f);
    return rc;
}

static int with_watchers(const struct settings *given, struct results *out)
{
    struct settings s = *given;
    struct field f = {0};
    s.size.pods = FEWEST_OBJECTS;
    s.size.nodes = FEWEST_OBJECTS / PODS_A_NODE + 1;
    s.size.events = EVENTS;
    int rc = field_open(&f, &s);
    for (int n = FEWEST_WATCHERS; n <= given->size.watchers && rc == 0; n *= 10) {
        s.size.watchers = n;
        rc = run_at(&f, &s, "event to one, HTTP/2", "watchers", n, out);
        if (rc == 0 && n <= FANOUT_MOST)
            rc = run_at(&f, &s, "event to all, HTTP/2", "watchers", n, out);
    }
    field_close(&f);
    return rc;
}

int growth_run(const struct settings *s, struct results *out)
{
    int rc = 0;
    for (int n = FEWEST_OBJECTS; n <= s->size.pods && rc == 0; n *= 10)
        rc = with_objects(s, n, out);
    return rc | with_watchers(s, out);
}

static bool one_series(const struct result *a, const struct result *b)
{
    return a->axis && b->axis && strcmp(a->name, b->name) == 0 && strcmp(a->axis, b->axis) == 0;
}

void growth_summary(FILE *f, const struct results *rs)
{
    for (int i = 0; i < rs->n; i++) {
        const struct result *first = &rs->r[i], *last = first;
        int k = 0;
        while (k < i && !one_series(&rs->r[k], first))
            k++;
        if (k < i || !first->axis)
            continue;
        for (k = i; k < rs->n; k++)
            last = one_series(&rs->r[k], first) ? &rs->r[k] : last;
        if (last != first && first->cpu_us > 0)
            fprintf(f, "%-28s %7.0f -> %7.0f %-8s: CPU %9.2f -> %9.2f us, x %.2f\n", first->name, first->at,
                    last->at, first->axis, first->cpu_us, last->cpu_us, last->cpu_us / first->cpu_us);
    }
}
