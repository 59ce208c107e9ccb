/* One page without anything from elsewhere. Rows of one name (the servers side by side) share a bar group and
 * a latency curve; rows with an axis are points of a growth plot. */
#include "tests/bench/report.h"

#include <errno.h>
#include <string.h>
#include "shm/base/clock.h"
#include "tests/bench/svg.h"

#define SERIES_MAX 8

static const char head[] =
    "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><title>cubed-bench</title><style>\n"
    "body { font: 14px sans-serif; margin: 2em; max-width: 90em; color: #222 }\n"
    "table { border-collapse: collapse } td, th { padding: 2px 8px; border-bottom: 1px solid #ddd; "
    "text-align: right }\n"
    "td:first-child, th:first-child, td:nth-child(2), th:nth-child(2) { text-align: left }\n"
    "td.more { text-align: left; color: #666; font-size: 12px }\n"
    ".tick { font: 11px sans-serif; } .title { font: bold 12px sans-serif } .grid { stroke: #e4e4e4 }\n"
    ".frame { fill: none; stroke: #999 } svg { margin: 2px 10px 2px 0 } .group { margin-bottom: 8px }\n"
    "</style></head><body>\n";

static bool same(const struct result *a, const struct result *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->axis ? a->axis : "", b->axis ? b->axis : "") == 0;
}

/* The first of its kind. */
static bool leads(const struct results *rs, int i)
{
    for (int k = 0; k < i; k++) {
        if (same(&rs->r[k], &rs->r[i]))
            return false;
    }
    return true;
}

/* A heading with a line below it, before the first of what it stands for. */
static void put_heading(FILE *f, bool *told, const char *heading, const char *line)
{
    if (!*told)
        fprintf(f, "<h2>%s</h2><p>%s</p>\n", heading, line);
    *told = true;
}

static void put_cell(FILE *f, double v, bool known)
{
    if (known)
        fprintf(f, v >= 1e5 ? "<td>%.0f</td>" : "<td>%.5g</td>", v);
    else
        fputs("<td></td>", f);
}

static void put_row(FILE *f, const struct result *r)
{
    fputs("<tr><td>", f);
    svg_text(f, r->name);
    if (r->axis)
        fprintf(f, " (%.0f %s)", r->at, r->axis);
    fputs("</td><td>", f);
    svg_text(f, r->server);
    fputs("</td>", f);
    put_cell(f, r->seconds > 0 ? (double)r->ops / r->seconds : 0, r->ops > 0);
    put_cell(f, r->cpu_us, r->cpu_us >= 0);
    static const double shown[] = {0.5, 0.9, 0.99, 0.999, 1.0};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        put_cell(f, result_ms(r, shown[i]), r->timed);
    put_cell(f, r->bytes, r->bytes > 0);
    put_cell(f, r->private_mib, r->private_mib >= 0);
    fprintf(f, "<td>%llu</td><td class='more'>", (unsigned long long)r->failed);
    for (int i = 0; i < r->extras; i++)
        fprintf(f, "%s%s %.6g", i ? ", " : "", r->extra[i].name, r->extra[i].value);
    fputs("</td></tr>\n", f);
}

static void put_table(FILE *f, const struct results *rs)
{
    fputs("<h2>Figures</h2><table><tr><th>scenario</th><th>server</th><th>operations/s</th><th>CPU "
          "µs</th><th>p50 ms</th>"
          "<th>p90</th><th>p99</th><th>p99.9</th><th>max</th><th>bytes</th><th>private "
          "MiB</th><th>failed</th><th></th>"
          "</tr>\n",
          f);
    for (int i = 0; i < rs->n; i++) {
        for (int k = i; k < rs->n && leads(rs, i); k++) {
            if (same(&rs->r[k], &rs->r[i]))
                put_row(f, &rs->r[k]);
        }
    }
    fputs("</table>\n", f);
}

static void put_bars(FILE *f, const struct results *rs)
{
    bool told = false;
    for (int i = 0; i < rs->n; i++) {
        double max = 0;
        if (rs->r[i].axis || rs->r[i].cpu_us < 0 || !leads(rs, i))
            continue;
        for (int k = i; k < rs->n; k++)
            max = same(&rs->r[k], &rs->r[i]) && rs->r[k].cpu_us > max ? rs->r[k].cpu_us : max;
        put_heading(f, &told, "CPU time of an operation", "All processes of the server, user and system.");
        fputs("<div class='group'><div>", f);
        svg_text(f, rs->r[i].name);
        fputs("</div>", f);
        for (int k = i; k < rs->n; k++) {
            if (same(&rs->r[k], &rs->r[i])) {
                svg_bar(f, rs->r[k].server, rs->r[k].cpu_us, max);
                fputs("<br>", f);
            }
        }
        fputs("</div>\n", f);
    }
}

/* Percentiles stand as far apart as HdrHistogram's plots have them: each further nine is one step. */
static void curve(const struct result *r, struct svg_series *s)
{
    *s = (struct svg_series){.label = r->server};
    for (int i = 0; i < RESULT_QUANTILES; i++) {
        if (result_quantiles[i] >= 1)
            continue;
        s->x[s->n] = 1 / (1 - result_quantiles[i]);
        s->y[s->n++] = r->ms[i];
    }
}

static void put_curves(FILE *f, const struct results *rs)
{
    static const struct svg_tick ticks[] = {{1, "0"},
                                            {2, "50"},
                                            {10, "90"},
                                            {100, "99"},
                                            {1000, "99.9"},
                                            {10000, "99.99"},
                                            {.at = 0, .text = NULL}};
    bool told = false;
    for (int i = 0; i < rs->n; i++) {
        struct svg_series s[SERIES_MAX];
        int n = 0;
        if (rs->r[i].axis || !rs->r[i].timed || !leads(rs, i))
            continue;
        for (int k = i; k < rs->n && n < SERIES_MAX; k++) {
            if (same(&rs->r[k], &rs->r[i]) && rs->r[k].timed)
                curve(&rs->r[k], &s[n++]);
        }
        put_heading(f, &told, "Latency by percentile", "From the moment each operation was due (open loop).");
        struct svg_plot p = {rs->r[i].name, "percentile", "ms", true, true, ticks};
        svg_lines(f, &p, s, n);
    }
}

static void put_growth(FILE *f, const struct results *rs)
{
    bool told = false;
    for (int i = 0; i < rs->n; i++) {
        const struct result *r = &rs->r[i];
        struct svg_series s = {.label = r->server};
        if (!r->axis || !leads(rs, i))
            continue;
        for (int k = i; k < rs->n && s.n < SVG_POINTS; k++) {
            if (same(&rs->r[k], r) && rs->r[k].cpu_us >= 0) {
                s.x[s.n] = rs->r[k].at;
                s.y[s.n++] = rs->r[k].cpu_us;
            }
        }
        put_heading(f, &told, "Growth", "CPU time of an operation against how much there is: flat is good.");
        struct svg_plot p = {r->name, r->axis, "CPU µs an operation", true, false, NULL};
        svg_lines(f, &p, &s, 1);
    }
}

int report_html(const char *file, const struct results *rs, const char *title)
{
    char now[21];
    FILE *f = fopen(file, "w");
    if (!f) {
        fprintf(stderr, "cubed-bench: %s: %s\n", file, strerror(errno));
        return -1;
    }
    clock_rfc3339(clock_wall_s(), now);
    fputs(head, f);
    fputs("<h1>cubed-bench</h1><p>", f);
    svg_text(f, title);
    fprintf(f, ", %s</p>\n", now);
    put_growth(f, rs);
    put_bars(f, rs);
    put_curves(f, rs);
    put_table(f, rs);
    fputs("</body></html>\n", f);
    bool failed = ferror(f) != 0;
    if (fclose(f) == 0 && !failed)
        return 0;
    fprintf(stderr, "cubed-bench: %s: could not be written\n", file);
    return -1;
}
