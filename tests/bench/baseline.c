#include "tests/bench/baseline.h"

#include <jansson.h>
#include <string.h>
#include "tests/bench/instructions.h"

#define CPU_MORE 1.25          /* a ratio of two times that were both measured: noisy */
#define INSTRUCTIONS_MORE 1.05 /* counted */
#define TRIES 3
#define CPU_KEY "CPU, times h2o"
#define COUNTS_KEY "instructions"
#define H2O_GET "get the same, HTTP/1.1"

static void put_lowest(json_t *o, const char *name, double v)
{
    json_t *had = json_object_get(o, name);
    if (v > 0 && (!had || json_real_value(had) > v))
        json_object_set_new(o, name, json_real(v));
}

/* Keeps the least CPU time of every row of every server, a tree each by name. */
static int measure_cpu(const struct settings *given, json_t *cubed, json_t *h2o)
{
    struct settings s = *given;
    struct results rs = {0};
    struct field f = {0};
    s.yardstick = true;
    int rc = field_open(&f, &s);
    if (rc == 0)
        rc = field_run_all(&f, &s, "same,list,nodelist,watch-fanout,create", &rs);
    field_close(&f);
    for (int i = 0; i < rs.n && rc == 0; i++) {
        bool ours = strcmp(rs.r[i].server, "cubed") == 0, theirs = strcmp(rs.r[i].server, "h2o") == 0;
        if (ours || theirs)
            put_lowest(ours ? cubed : h2o, rs.r[i].name, rs.r[i].cpu_us);
    }
    results_free(&rs);
    return rc;
}

/* As a multiple of h2o's for the same; where h2o has no such thing, of its GET. */
static json_t *ratios(json_t *cubed, json_t *h2o)
{
    json_t *out = json_object(), *v;
    const char *name;
    double get = json_real_value(json_object_get(h2o, H2O_GET));
    json_object_foreach(cubed, name, v)
    {
        json_t *same = json_object_get(h2o, name);
        double yard = same ? json_real_value(same) : get;
        if (yard > 0)
            json_object_set_new(out, name, json_real(json_real_value(v) / yard));
    }
    return out;
}

static int measure_instructions(const struct settings *s, json_t *counts)
{
    struct results rs = {0};
    int rc = instructions_run(s, &rs);
    for (int i = 0; i < rs.n && rc == 0; i++) {
        double n = result_get(&rs.r[i], "instructions");
        if (strcmp(rs.r[i].scenario, INSTRUCTIONS_STAGE) != 0)
            put_lowest(counts, rs.r[i].name, n);
        else
            printf("%-50s %10.0f\n", rs.r[i].name, n);
    }
    results_free(&rs);
    return rc;
}

int baseline_save(const struct settings *s, const char *file)
{
    json_t *cubed = json_object(), *h2o = json_object(), *counts = json_object();
    int rc = measure_instructions(s, counts);
    for (int i = 0; i < TRIES && rc == 0; i++)
        rc = measure_cpu(s, cubed, h2o);
    json_t *all = json_pack("{s:o,s:o}", CPU_KEY, ratios(cubed, h2o), COUNTS_KEY, counts);
    if (rc == 0 && json_dump_file(all, file, JSON_INDENT(2) | JSON_REAL_PRECISION(4)) < 0) {
        fprintf(stderr, "cubed-bench: %s: cannot be written\n", file);
        rc = -1;
    }
    json_decref(all);
    json_decref(cubed);
    json_decref(h2o);
    return rc;
}

/* How many values are more than so many times what they were; tell: a line each. A value that is gone counts.
 */
static int dearer(json_t *was, json_t *is, double more, bool tell)
{
    const char *name;
    json_t *old;
    int n = 0;
    json_object_foreach(was, name, old)
    {
        double before = json_real_value(old), now = json_real_value(json_object_get(is, name));
        bool bad = now <= 0 || now > before * more;
        n += bad;
        if (tell)
            printf("%-8s %-32s %12.2f -> %12.2f  x %.2f (at most %.2f)\n", bad ? "DEARER" : "ok", name,
                   before, now, now / before, more);
    }
    return n;
}

static json_t *read_baseline(const char *file)
{
    json_error_t e;
    json_t *t = json_load_file(file, JSON_DECODE_INT_AS_REAL, &e);
    if (!t)
        fprintf(stderr, "cubed-bench: %s: %s\n", file, e.text);
    return t;
}

int baseline_check(const struct settings *s, const char *file)
{
    json_t *was = read_baseline(file);
    if (!was)
        return -1;
    json_t *cubed = json_object(), *h2o = json_object(), *counts = json_object(), *now = json_object();
    json_t *was_cpu = json_object_get(was, CPU_KEY), *was_counts = json_object_get(was, COUNTS_KEY);
    int rc = measure_instructions(s, counts), bad = 1;
    for (int i = 0; i < TRIES && rc == 0 && bad; i++) {
        rc = measure_cpu(s, cubed, h2o);
        json_decref(now);
        now = ratios(cubed, h2o);
        bad = dearer(was_cpu, now, CPU_MORE, false);
    }
    if (rc == 0) {
        puts("instructions of the worker:");
        bad = dearer(was_counts, counts, INSTRUCTIONS_MORE, true);
        puts("CPU time of all processes, as a multiple of h2o's:");
        bad += dearer(was_cpu, now, CPU_MORE, true);
    }
    json_decref(cubed);
    json_decref(h2o);
    json_decref(now);
    json_decref(counts);
    json_decref(was);
    return rc < 0 ? -1 : bad > 0;
}
