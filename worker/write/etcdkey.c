/* Prefixes have one segment or two (services/specs, apiregistration.k8s.io/apiservices), and none begins
 * another: a key is looked up by its first segment, then by its first two, in a sorted table. */
#include "worker/write/etcdkey.h"

#include <stdlib.h>
#include "shm/base/must.h"

#define ETCDKEY_MAGIC 0x65746b79u

struct row {
    struct str prefix;
    const struct schema_resource *resource;
};

struct etcdkey {
    unsigned magic;
    struct buf prefix;
    struct row *rows; /* by prefix */
    int nrows;
};

static int row_cmp(const void *a, const void *b)
{
    return str_cmp(((const struct row *)a)->prefix, ((const struct row *)b)->prefix);
}

static void put_prefix(struct buf *out, const char *given)
{
    struct str rest = str_of(given), piece;

    buf_putc(out, '/');
    while (str_next(&rest, '/', &piece)) {
        if (piece.n == 0)
            continue;
        buf_str(out, piece);
        buf_putc(out, '/');
    }
}

struct etcdkey *etcdkey_new(const char *prefix)
{
    struct etcdkey *e = calloc(1, sizeof(*e));
    int n;
    const struct schema_resource *const *all = schema_stored(&n);

    must(e != NULL);
    e->magic = ETCDKEY_MAGIC;
    put_prefix(&e->prefix, prefix);
    e->rows = calloc((size_t)n, sizeof(*e->rows));
    must(e->rows != NULL);
    for (int i = 0; i < n; i++) {
        if (all[i]->etcd_prefix)
            e->rows[e->nrows++] = (struct row){str_of(all[i]->etcd_prefix), all[i]};
    }
    qsort(e->rows, (size_t)e->nrows, sizeof(*e->rows), row_cmp);
    return e;
}

void etcdkey_free(struct etcdkey *e)
{
    if (!e)
        return;
    must_be(e, ETCDKEY_MAGIC);
    buf_free(&e->prefix);
    free(e->rows);
    e->magic = 0;
    free(e);
}

struct str etcdkey_prefix(const struct etcdkey *e)
{
    must_be(e, ETCDKEY_MAGIC);
    return buf_view(&e->prefix);
}

void etcdkey_write(const struct etcdkey *e, const struct schema_resource *stored, struct str ns,
                   struct str name, struct buf *out)
{
    must_be(e, ETCDKEY_MAGIC);
    buf_str(out, buf_view(&e->prefix));
    buf_puts(out, stored->etcd_prefix);
    buf_putc(out, '/');
    if (stored->flags & RESOURCE_NAMESPACED) {
        buf_str(out, ns);
        buf_putc(out, '/');
    }
    buf_str(out, name);
}

static const struct row *row_of(const struct etcdkey *e, struct str prefix)
{
    struct row want = {.prefix = prefix};

    return bsearch(&want, e->rows, (size_t)e->nrows, sizeof(want), row_cmp);
}

bool etcdkey_read(const struct etcdkey *e, struct str etcd_key, const struct schema_resource **r,
                  struct str *ns, struct str *name)
{
    struct str rest = etcd_key, piece;
    const struct row *row = NULL;

    must_be(e, ETCDKEY_MAGIC);
    if (!str_starts(etcd_key, buf_view(&e->prefix)))
        return false;
    rest = (struct str){etcd_key.p + e->prefix.n, etcd_key.n - e->prefix.n};
    for (int segments = 0; segments < 2 && !row && str_next(&rest, '/', &piece); segments++) {
        const char *begin = etcd_key.p + e->prefix.n;

        row = row_of(e, (struct str){begin, (size_t)(piece.p + piece.n - begin)});
    }
    if (!row || !rest.p)
        return false;
    *r = row->resource;
    *ns = STR_NONE;
    if (row->resource->flags & RESOURCE_NAMESPACED && (!str_next(&rest, '/', ns) || ns->n == 0 || !rest.p))
        return false;
    *name = rest;
    return name->n > 0 && str_find(*name, '/') < 0;
}
