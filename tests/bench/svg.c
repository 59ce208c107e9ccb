#include "tests/bench/svg.h"

#include <math.h>
#include <string.h>

#define W 420
#define H 260
#define LEFT 58
#define RIGHT 20
#define Y_STEPS 4
#define TOP 28
#define BOTTOM 42
#define BAR_W 300
#define BAR_H 16

void svg_text(FILE *f, const char *s)
{
    for (; *s; s++) {
        if (*s == '<')
            fputs("&lt;", f);
        else if (*s == '>')
            fputs("&gt;", f);
        else if (*s == '&')
            fputs("&amp;", f);
        else if (*s == '"')
            fputs("&quot;", f);
        else
            fputc(*s, f);
    }
}

const char *svg_colour(const char *label)
{
    static const struct {
        const char *begin, *colour;
    } known[] = {{"cubed", "#1f6fb4"}, {"nginx", "#2a9d5c"}, {"h2o", "#e07b1a"}, {"against", "#9b3fb5"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strncmp(label, known[i].begin, strlen(known[i].begin)) == 0)
            return known[i].colour;
    }
    return "#777777";
}

struct axis {
    double min, max; /* of what is drawn: logarithms where log */
    bool log;
    int from, to; /* pixels */
};

static double scaled(const struct axis *a, double v)
{
    return a->log ? log10(v) : v;
}

static double place(const struct axis *a, double v)
{
    return a->from + (scaled(a, v) - a->min) / (a->max - a->min) * (a->to - a->from);
}

/* What a person would draw a line at: the next of 1, 2, 2.5 and 5 times a power of ten. */
static double round_step(double v)
{
    static const double nice[] = {1, 2, 2.5, 5, 10};
    double power = pow(10, floor(log10(v)));
    size_t i = 0;
    while (i + 1 < sizeof nice / sizeof *nice && nice[i] * power < v * 0.9999)
        i++;
    return nice[i] * power;
}

static struct axis axis_of(const double *v, int n, bool log, int from, int to)
{
    struct axis a = {.log = log, .from = from, .to = to, .min = log ? INFINITY : 0, .max = -INFINITY};
    for (int i = 0; i < n; i++) {
        if (log && v[i] <= 0)
            continue;
        a.min = fmin(a.min, scaled(&a, v[i]));
        a.max = fmax(a.max, scaled(&a, v[i]));
    }
    if (log) {
        a.min = floor(a.min);
        a.max = ceil(a.max);
    } else if (a.max > 0) {
        a.max = round_step(a.max * 1.05 / Y_STEPS) * Y_STEPS;
    }
    if (!isfinite(a.min) || !isfinite(a.max) || a.max <= a.min) {
        a.min = isfinite(a.min) ? a.min : 0;
        a.max = a.min + 1;
    }
    return a;
}

/* Short enough to stand beside an axis. */
static const char *number(double v, char text[static 32])
{
    const char *unit = v >= 1e6 ? "M" : v >= 1e4 ? "k" : "";
    snprintf(text, 32, v >= 1e3 && v < 1e4 ? "%.4g%s" : "%.3g%s",
             v >= 1e6   ? v / 1e6
             : v >= 1e4 ? v / 1e3
                        : v,
             unit);
    return text;
}

static void x_tick(FILE *f, const struct axis *x, double at, const char *text)
{
    double px = place(x, at);
    fprintf(f, "<line x1='%.1f' y1='%d' x2='%.1f' y2='%d' class='grid'/>", px, TOP, px, H - BOTTOM);
    fprintf(f, "<text x='%.1f' y='%d' class='tick' text-anchor='middle'>%s</text>\n", px, H - BOTTOM + 14,
            text);
}

static void y_tick(FILE *f, const struct axis *y, double at)
{
    char text[32];
    double py = place(y, at);
    fprintf(f, "<line x1='%d' y1='%.1f' x2='%d' y2='%.1f' class='grid'/>", LEFT, py, W - RIGHT, py);
    fprintf(f, "<text x='%d' y='%.1f' class='tick' text-anchor='end'>%s</text>\n", LEFT - 4, py + 3,
            number(at, text));
}

static void put_ticks(FILE *f, const struct svg_plot *p, const struct axis *x, const struct axis *y)
{
    char text[32];
    for (const struct svg_tick *t = p->x_ticks; t && t->text; t++)
        x_tick(f, x, t->at, t->text);
    for (int e = (int)x->min; !p->x_ticks && x->log && e <= (int)x->max; e++) {
        x_tick(f, x, pow(10, e), number(pow(10, e), text));
    }
    for (int e = (int)y->min; y->log && e <= (int)y->max; e++)
        y_tick(f, y, pow(10, e));
    for (int i = 0; !y->log && i <= Y_STEPS; i++)
        y_tick(f, y, y->max * i / Y_STEPS);
}

/* Outside the frame, where no line runs through it. */
static void put_legend(FILE *f, const struct svg_series *s, int n)
{
    fprintf(f, "<text x='%d' y='16' class='tick' text-anchor='end'>", W - RIGHT);
    for (int k = 0; k < n; k++) {
        fprintf(f, " <tspan fill='%s'>", svg_colour(s[k].label));
        svg_text(f, s[k].label);
        fputs("</tspan>", f);
    }
    fputs("</text>\n", f);
}

static void put_series(FILE *f, const struct svg_series *s, const struct axis *x, const struct axis *y)
{
    const char *colour = svg_colour(s->label);
    char begin = 'M';
    fprintf(f, "<path fill='none' stroke='%s' stroke-width='2' d='", colour);
    for (int i = 0; i < s->n; i++) {
        if ((x->log && s->x[i] <= 0) || (y->log && s->y[i] <= 0))
            continue;
        fprintf(f, "%c%.1f %.1f ", begin, place(x, s->x[i]), place(y, s->y[i]));
        begin = 'L';
    }
    fputs("'/>\n", f);
    for (int i = 0; i < s->n; i++) {
        if ((!x->log || s->x[i] > 0) && (!y->log || s->y[i] > 0))
            fprintf(f, "<circle cx='%.1f' cy='%.1f' r='2.5' fill='%s'/>", place(x, s->x[i]),
                    place(y, s->y[i]), colour);
    }
}

void svg_lines(FILE *f, const struct svg_plot *p, const struct svg_series *s, int n)
{
    double xs[SVG_POINTS * 8], ys[SVG_POINTS * 8];
    int points = 0;
    for (int k = 0; k < n && k < 8; k++) {
        memcpy(xs + points, s[k].x, (size_t)s[k].n * sizeof *xs);
        memcpy(ys + points, s[k].y, (size_t)s[k].n * sizeof *ys);
        points += s[k].n;
    }
    struct axis x = axis_of(xs, points, p->log_x, LEFT, W - RIGHT),
                y = axis_of(ys, points, p->log_y, H - BOTTOM, TOP);
    fprintf(f, "<svg width='%d' height='%d' viewBox='0 0 %d %d'><text x='%d' y='16' class='title'>", W, H, W,
            H, LEFT);
    svg_text(f, p->title);
    fprintf(f, "</text>\n<rect x='%d' y='%d' width='%d' height='%d' class='frame'/>\n", LEFT, TOP,
            W - LEFT - RIGHT, H - TOP - BOTTOM);
    put_ticks(f, p, &x, &y);
    for (int k = 0; k < n; k++)
        put_series(f, &s[k], &x, &y);
    put_legend(f, s, n);
    fprintf(f, "<text x='%d' y='%d' class='tick' text-anchor='middle'>%s</text>", (LEFT + W - RIGHT) / 2,
            H - 8, p->x_label);
    fprintf(
        f,
        "<text transform='translate(12 %d) rotate(-90)' class='tick' text-anchor='middle'>%s</text></svg>\n",
        (TOP + H - BOTTOM) / 2, p->y_label);
}

void svg_bar(FILE *f, const char *label, double value, double max)
{
    double w = max > 0 ? value / max * BAR_W : 0;
    fprintf(f, "<svg width='%d' height='%d'><rect width='%.1f' height='%d' fill='%s'/>", BAR_W + 160,
            BAR_H + 2, w, BAR_H, svg_colour(label));
    fprintf(f, "<text x='%.1f' y='%d' class='tick'>%.4g µs ", w + 5, BAR_H - 4, value);
    svg_text(f, label);
    fputs("</text></svg>\n", f);
}
