/* Small plots as inline SVG. */
#ifndef BENCH_SVG_H
#define BENCH_SVG_H

#include <stdbool.h>
#include <stdio.h>

#define SVG_POINTS 32

struct svg_series {
    const char *label; /* its colour goes by it */
    double x[SVG_POINTS], y[SVG_POINTS];
    int n;
};

struct svg_tick {
    double at;
    const char *text;
};

struct svg_plot {
    const char *title, *x_label, *y_label;
    bool log_x, log_y;              /* linear axes begin at 0 */
    const struct svg_tick *x_ticks; /* ends with a NULL text; NULL: powers of ten */
};

/* Lines with points. Values that an axis cannot show (not above 0 on a logarithmic one) are left out. */
void svg_lines(FILE *f, const struct svg_plot *p, const struct svg_series *s, int n);
/* One bar of value out of max, with its number. */
void svg_bar(FILE *f, const char *label, double value, double max);
/* Text with what HTML needs escaped. */
void svg_text(FILE *f, const char *s);
/* Of a server's name: the same wherever it appears. */
const char *svg_colour(const char *label);

#endif
