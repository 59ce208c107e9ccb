/* These documents change with the binary only, so a worker makes each once, when somebody first asks, and
 * serves the same bytes ever after. Names that do not exist are not remembered: what is kept is bounded by
 * what there is. */
#include "worker/handlers/documents.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include "shm/base/hash.h"
#include "shm/base/must.h"

#define DOCUMENTS_MAGIC 0x646f6373u
#define BUCKETS 256
#define ETAG_BYTES (2 * SHA256_DIGEST_LENGTH + 3)

struct entry {
    struct entry *next;
    const char *kind;
    struct str name;
    struct document doc;
    char etag[ETAG_BYTES];
};

struct documents {
    unsigned magic;
    struct context *ctx;
    struct entry *bucket[BUCKETS];
};

struct documents *documents_new(struct context *ctx)
{
    struct documents *d = calloc(1, sizeof(*d));
    must(d != NULL);
    d->magic = DOCUMENTS_MAGIC;
    d->ctx = ctx;
    return d;
}

void documents_free(struct documents *d)
{
    if (!d)
        return;
    must_be(d, DOCUMENTS_MAGIC);
    for (int i = 0; i < BUCKETS; i++)
        for (struct entry *e = d->bucket[i], *next; e; e = next) {
            next = e->next;
            free((char *)(uintptr_t)e->doc.body.p);
            free(e);
        }
    d->magic = 0;
    free(d);
}

static void set_etag(struct entry *e)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)e->doc.body.p, e->doc.body.n, hash);
    char *p = e->etag;
    *p++ = '"';
    for (int i = 0; i < SHA256_DIGEST_LENGTH; i++) {
        *p++ = "0123456789ABCDEF"[hash[i] >> 4];
        *p++ = "0123456789ABCDEF"[hash[i] & 15];
    }
    *p++ = '"';
    *p = 0;
    e->doc.etag = e->etag;
}

static struct entry *make_entry(struct documents *d, const char *kind, struct str name, document_make make)
{
    struct buf b = {0};
    if (!make(d->ctx, &b, name)) {
        buf_free(&b);
        return NULL;
    }
    struct entry *e = calloc(1, sizeof(*e) + name.n + 1);
    must(e != NULL);
    char *copy = (char *)(e + 1);
    if (name.n)
        memcpy(copy, name.p, name.n);
    e->kind = kind;
    e->name = (struct str){copy, name.n};
    char *exact = realloc(b.p, b.n ? b.n : 1);
    e->doc.body = (struct str){exact ? exact : b.p, b.n};
    set_etag(e);
    return e;
}

const struct document *documents_get(struct documents *d, const char *kind, struct str name,
                                     document_make make)
{
    must_be(d, DOCUMENTS_MAGIC);
    struct entry **bucket = &d->bucket[hash_more(hash_str(str_of(kind)), name) % BUCKETS];
    for (struct entry *e = *bucket; e; e = e->next)
        if (strcmp(e->kind, kind) == 0 && str_eq(e->name, name))
            return &e->doc;
    struct entry *e = make_entry(d, kind, name, make);
    if (!e)
        return NULL;
    e->next = *bucket;
    *bucket = e;
    return &e->doc;
}
