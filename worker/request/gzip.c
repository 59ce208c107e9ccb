/* zlib behind four pointers: the body is compressed on its way into the socket's buffer, never as a whole. */
#include "worker/request/gzip.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>
#include "shm/base/must.h"

#define LEVEL 1
#define GZIP_WINDOW_BITS (15 + 16) /* 16: gzip and not zlib framing */
#define MEMORY_LEVEL 8

struct gzip {
    z_stream z;
    bool done;
};

struct gzip *gzip_new(void)
{
    struct gzip *g = calloc(1, sizeof(*g));
    must(g != NULL);
    must(deflateInit2(&g->z, LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK);
    return g;
}

void gzip_free(struct gzip *g)
{
    if (!g)
        return;
    deflateEnd(&g->z);
    free(g);
}

static unsigned clip(size_t n)
{
    return n > UINT_MAX ? UINT_MAX : (unsigned)n;
}

void gzip_run(struct gzip *g, const char **p, size_t *n, char **dst, size_t *room, bool last)
{
    unsigned in = clip(*n), out = clip(*room);
    g->z.next_in = (Bytef *)(uintptr_t)*p;
    g->z.avail_in = in;
    g->z.next_out = (Bytef *)*dst;
    g->z.avail_out = out;
    int rc = deflate(&g->z, last && in == *n ? Z_FINISH : Z_NO_FLUSH);
    must(rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR);
    g->done = rc == Z_STREAM_END;
    *p += in - g->z.avail_in;
    *n -= in - g->z.avail_in;
    *dst += out - g->z.avail_out;
    *room -= out - g->z.avail_out;
}

bool gzip_done(const struct gzip *g)
{
    return g->done;
}
