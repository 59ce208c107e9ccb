/* apiserver_request_duration_seconds and etcd_request_duration_seconds have the same bounds, in ms here. */
#include "worker/request/durations.h"

static const int bounds_ms[DURATIONS] = {5,    25,    50,    100,   200,   400,   600,  800,
                                         1000, 1250,  1500,  2000,  3000,  4000,  5000, 6000,
                                         8000, 10000, 15000, 20000, 30000, 45000, 60000};

unsigned durations_bucket(int64_t ns)
{
    unsigned b = 0;
    while (b < DURATIONS && ns > (int64_t)bounds_ms[b] * 1000000)
        b++;
    return b;
}

void durations_put_bound(struct buf *out, unsigned b)
{
    if (b < DURATIONS)
        buf_printf(out, "%g", bounds_ms[b] / 1000.0);
    else
        buf_puts(out, "+Inf");
}
