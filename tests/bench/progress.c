#include "tests/bench/progress.h"

#include <stdio.h>
#include "shm/base/clock.h"

#define BAR 30
#define REDRAW_NS 100000000ll

static void draw(struct progress *p, int64_t done)
{
    char bar[BAR + 1];
    int full = p->total > 0 ? (int)(done * BAR / p->total) : 0;
    for (int i = 0; i < BAR; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR] = 0;
    if (p->total > 0)
        fprintf(stderr, "\r%-40.40s [%s] %3d %%", p->what, bar, (int)(done * 100 / p->total));
    else
        fprintf(stderr, "\r%-80.80s", p->what);
    p->drawn_ns = clock_ns();
}

void progress_begin(struct progress *p, const char *what, int64_t total)
{
    snprintf(p->what, sizeof p->what, "%s", what);
    p->total = total;
    if (p->terminal)
        draw(p, 0);
}

void progress_at(struct progress *p, int64_t done)
{
    if (p->terminal && clock_ns() - p->drawn_ns > REDRAW_NS)
        draw(p, done < p->total || p->total == 0 ? done : p->total);
}

void progress_end(struct progress *p)
{
    if (p->terminal)
        fprintf(stderr, "\r%80s\r", "");
}
