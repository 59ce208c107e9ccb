/* Bytes that pass record_ok must be safe to view, to look up, and to finish at any revision; the finished
 * record must pass again. Tables are walked even when the rest was refused: their walkers check their own
 * steps. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "shm/cache/log.h"
#include "shm/cache/record.h"

static volatile unsigned sink;

static void touch(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        sink += (unsigned char)s.p[i];
}

static void walk(struct record_table_view t)
{
    struct str key, value;
    size_t at = 0;
    int slot;
    bool indexed;
    while (record_table_next(t, &at, &slot, &key, &value, &indexed)) {
        touch(key);
        touch(value);
        if (record_table_label(t, key, &value))
            touch(value);
        if (slot >= 0)
            touch(record_table_field(t, (uint16_t)slot));
    }
}

static void finish(const struct record *r, int64_t revision)
{
    size_t n = record_finished_bytes(r, revision);
    char *out = malloc(n);
    record_finish(out, r, revision, 0);
    const struct record *done = (const struct record *)out;
    if (!record_ok((struct str){out, n}) || done->bytes != n || done->mod_revision != revision)
        abort();
    /* and back to where it was */
    char *again = malloc(record_finished_bytes(done, r->mod_revision < 0 ? 0 : r->mod_revision));
    record_finish(again, done, r->mod_revision < 0 ? 0 : r->mod_revision, 0);
    if (!record_ok((struct str){again, ((struct record *)again)->bytes}))
        abort();
    free(again);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1); /* exact, so that a step too far is seen */
    memcpy(copy, data, size);
    struct str bytes = {copy, size};
    struct event e;
    const struct record *before;
    if (record_ok(bytes)) {
        const struct record *r = (const struct record *)copy;
        touch(record_json(r));
        touch(record_body(r));
        touch(record_ns(r));
        touch(record_name(r));
        touch(record_proto(r));
        touch(record_proto_meta(record_proto(r)));
        walk(record_table_view(r));
        finish(r, 0);
        finish(r, INT64_MAX);
    }
    walk((struct record_table_view){bytes, 65535, 65535});
    if (log_decode(7, bytes, &e, &before)) {
        touch(e.key);
        touch(record_json(e.record));
        if (before)
            touch(record_json(before));
    }
    free(copy);
    return 0;
}
