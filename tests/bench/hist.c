#include "tests/bench/hist.h"

static int index_of(uint64_t ns)
{
    if (ns < HIST_STEPS)
        return (int)ns;
    int octave = 63 - __builtin_clzll(ns) - 5; /* ns >> octave lies in [32, 64) */
    int i = octave * (HIST_STEPS / 2) + (int)(ns >> octave);
    int last = HIST_OCTAVES * HIST_STEPS - 1;
    return i > last ? last : i;
}

static uint64_t upper_of(int i)
{
    if (i < HIST_STEPS)
        return (uint64_t)i;
    int octave = i / (HIST_STEPS / 2) - 1;
    uint64_t step = (uint64_t)(i - octave * (HIST_STEPS / 2));
    return ((step + 1) << octave) - 1;
}

void hist_add(struct hist *h, uint64_t ns)
{
    h->count++;
    if (ns > h->max_ns)
        h->max_ns = ns;
    h->bucket[index_of(ns)]++;
}

void hist_merge(struct hist *into, const struct hist *from)
{
    into->count += from->count;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
    for (int i = 0; i < HIST_OCTAVES * HIST_STEPS; i++)
        into->bucket[i] += from->bucket[i];
}

uint64_t hist_quantile(const struct hist *h, double q)
{
    uint64_t want = (uint64_t)(q * (double)h->count + 0.5), seen = 0;
    if (want < 1)
        want = 1;
    for (int i = 0; i < HIST_OCTAVES * HIST_STEPS; i++) {
        seen += h->bucket[i];
        if (seen >= want)
            return upper_of(i) < h->max_ns ? upper_of(i) : h->max_ns;
    }
    return h->max_ns;
}
