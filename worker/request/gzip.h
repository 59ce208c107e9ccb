/* Streaming gzip of a response body. */
#ifndef WORKER_REQUEST_GZIP_H
#define WORKER_REQUEST_GZIP_H

#include <stdbool.h>
#include <stddef.h>

struct gzip;

/* Level 1, as the reference's. About 256 KiB while it lives. */
struct gzip *gzip_new(void);
void gzip_free(struct gzip *g);
/* Compresses *n bytes at *p into *room bytes at *dst and moves all four on. last: nothing comes after these.
 */
void gzip_run(struct gzip *g, const char **p, size_t *n, char **dst, size_t *room, bool last);
/* The last byte of the stream is out. */
bool gzip_done(const struct gzip *g);

#endif
