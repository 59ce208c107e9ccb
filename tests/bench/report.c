#include "tests/bench/report.h"

#include <jansson.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define YARDSTICK "h2o"

/* The first row of each name leads those of the other servers. */
static bool leads(const struct results *rs, int i)
{
    for (int k = 0; k < i; k++) {
        if (strcmp(rs->r[k].name, rs->r[i].name) == 0)
            return false;
    }
    return true;
}

static void put_cell(FILE *f, int width, int digits, double v, bool known)
{
    if (known)
        fprintf(f, " %*.*f", width, digits, v);
    else
        fprintf(f, " %*s", width, "-");
}

static void put_row(FILE *f, const struct results *rs, const struct result *r, bool first)
{
    const struct result *y = results_find(rs, YARDSTICK, r->name);
    bool ratio = y && y->cpu_us > 0 && r->cpu_us > 0;
    char at[80] = "";
    if (r->axis)
        snprintf(at, sizeof at, "%s (%.0f %s)", r->name, r->at, r->axis);
    fprintf(f, "%-42.42s %-8.8s", r->axis ? at : first ? r->name : "", r->server);
    put_cell(f, 9, 0, r->seconds > 0 ? (double)r->ops / r->seconds : 0, r->ops > 0);
    put_cell(f, 9, 2, r->cpu_us, r->cpu_us >= 0);
    put_cell(f, 6, 2, ratio ? r->cpu_us / y->cpu_us : 0, ratio);
    static const double shown[] = {0.5, 0.9, 0.99, 0.999, 1.0};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        put_cell(f, 8, 3, result_ms(r, shown[i]), r->timed);
    put_cell(f, 9, 0, r->bytes, r->bytes > 0);
    put_cell(f, 7, 1, r->private_mib, r->private_mib >= 0);
    fprintf(f, " %6llu\n", (unsigned long long)r->failed);
    if (r->extras == 0)
        return;
    fputs("    ", f);
    for (int i = 0; i < r->extras; i++)
        fprintf(f, "%s%s %.6g", i ? ", " : "", r->extra[i].name, r->extra[i].value);
    fputc('\n', f);
}

void report_table(FILE *f, const struct results *rs)
{
    fprintf(f, "%-42s %-8s %9s %9s %6s %8s %8s %8s %8s %8s %9s %7s %6s\n", "scenario", "server", "ops/s",
            "CPU us/op", "x " YARDSTICK, "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms", "bytes/op",
            "MiB", "failed");
    for (int i = 0; i < rs->n; i++) {
        if (rs->r[i].axis)
            put_row(f, rs, &rs->r[i], true);
        else if (leads(rs, i)) {
            for (int k = i; k < rs->n; k++) {
                if (!rs->r[k].axis && strcmp(rs->r[k].name, rs->r[i].name) == 0)
                    put_row(f, rs, &rs->r[k], k == i);
            }
        }
    }
    fflush(f);
}

static json_t *result_tree(const struct result *r)
{
    json_t *o =
        json_pack("{s:s,s:s,s:s,s:I,s:I,s:f}", "server", r->server, "scenario", r->scenario, "name", r->name,
                  "ops", (json_int_t)r->ops, "failed", (json_int_t)r->failed, "seconds", r->seconds);
    if (r->axis)
        json_object_set_new(o, r->axis, json_real(r->at));
    if (r->cpu_us >= 0)
        json_object_set_new(o, "cpu_us", json_real(r->cpu_us));
    if (r->private_mib >= 0)
        json_object_set_new(o, "private_mib", json_real(r->private_mib));
    json_object_set_new(o, "bytes", json_real(r->bytes));
    if (r->timed) {
        json_t *ms = json_object();
        for (int i = 0; i < RESULT_QUANTILES; i++) {
            char key[16];
            snprintf(key, sizeof key, "p%g", result_quantiles[i] * 100);
            json_object_set_new(ms, key, json_real(r->ms[i]));
        }
        json_object_set_new(o, "ms", ms);
    }
    for (int i = 0; i < r->extras; i++)
        json_object_set_new(o, r->extra[i].name, json_real(r->extra[i].value));
    return o;
}

void report_json(FILE *f, const struct results *rs)
{
    for (int i = 0; i < rs->n; i++) {
        json_t *o = result_tree(&rs->r[i]);
        json_dumpf(o, f, JSON_COMPACT | JSON_REAL_PRECISION(6));
        fputc('\n', f);
        json_decref(o);
    }
    fflush(f);
}

void report_machine(char *out, size_t n)
{
    char line[256], model[128] = "unknown processor";
    struct utsname u = {0};
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && fgets(line, sizeof line, f) && sscanf(line, "model name : %127[^\n]", model) != 1)
        ;
    if (f)
        fclose(f);
    uname(&u);
    int major = 0, minor = 0;
    sscanf(u.release, "%d.%d", &major, &minor);
    snprintf(out, n, "%ld cores of %s, %s %d.%d", sysconf(_SC_NPROCESSORS_ONLN), model, u.sysname, major,
             minor);
}
