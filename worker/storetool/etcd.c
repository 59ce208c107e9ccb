/* etcd's side. A batch is one transaction: if none of its keys exists, all are put; else they are read, and
 * what is missing is put by the next one. So it may be sent again, whatever became of it before. Each call is
 * waited for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shm/base/buf.h"
#include "shm/base/must.h"
#include "shm/store/etcd/kv.h"
#include "worker/storetool/tool.h"
#include "worker/write/etcdkey.h"
#include "worker/write/stored.h"

#define PAGE 500
#define WAIT_MS 100 /* between looks at whether to go on */
#define TRIES 5
#define PUTS_MAX 128 /* etcd's --max-txn-ops */

struct side {
    struct tool *tool;
    struct etcd_client *client;
    struct buf note_key, end, from, plain;
    /* the call under way */
    bool waits, ok, more, retry;
    int error;
    int64_t revision, keys;
    struct tool_visit *visit;
    struct buf note; /* as read */
    const struct tool_entry *entries;
    int at[PUTS_MAX], left; /* of them, which are to be put */
    struct etcd_write_reply written;
};

static void close_side(void *store)
{
    struct side *s = store;
    struct buf *all[] = {&s->note_key, &s->end, &s->from, &s->plain, &s->note};

    etcd_client_free(s->client);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        buf_free(all[i]);
    free(s);
}

static void *open_side(struct tool *t, bool writes)
{
    const struct options *o = t->options;
    struct etcd_options eo = {.servers = o->etcd_servers,
                              .cafile = o->etcd_cafile,
                              .certfile = o->etcd_certfile,
                              .keyfile = o->etcd_keyfile};
    struct side *s = calloc(1, sizeof(*s));
    struct str prefix = etcdkey_prefix(t->keys);

    must(s != NULL);
    s->tool = t;
    buf_str(&s->note_key, prefix);
    buf_puts(&s->note_key, TOOL_NOTE_KEY);
    s->end.n = etcd_prefix_end(prefix, buf_reserve(&s->end, prefix.n));
    s->client = etcd_client_new(&eo, t->err, sizeof(t->err));
    if (s->client)
        return s;
    close_side(s);
    return NULL;
}

/* ---- one call ---- */

static bool ended(struct side *s, const struct etcd_status *st)
{
    s->waits = false;
    s->error = st->error;
    if (st->error)
        return tool_fail(s->tool, "etcd: %s", *st->text ? st->text : strerror(-st->error));
    return true;
}

/* rc: of what started the call. */
static bool wait_for(struct side *s, int rc)
{
    s->ok = rc == 0 || tool_fail(s->tool, "etcd: %s", strerror(-rc));
    s->waits = s->ok;
    while (s->waits)
        if (!tool_goes_on(s->tool) || etcd_client_wait(s->client, NULL, 0, WAIT_MS) < 0)
            return tool_fail(s->tool, "etcd: cannot wait for its answer");
    return s->ok;
}

/* ---- reading ---- */

static bool visit_key(struct side *s, const struct etcd_kv *kv)
{
    const struct schema_resource *r;
    struct str ns, name, prefix = etcdkey_prefix(s->tool->keys);
    char why[256];

    if (kv->lease) {
        s->visit->short_lived++;
        return true;
    }
    if (!etcdkey_read(s->tool->keys, kv->key, &r, &ns, &name)) {
        s->visit->left_out += !str_eq(kv->key, buf_view(&s->note_key));
        return true;
    }
    buf_clear(&s->plain);
    if (stored_unseal(s->tool->stored, kv->key, r, kv->value, &s->plain, why, sizeof(why)))
        return tool_fail(s->tool, "%.*s cannot be decrypted: %s", STR_ARG(kv->key), why);
    struct tool_entry e = {.key = {kv->key.p + prefix.n, kv->key.n - prefix.n},
                           .value = buf_view(&s->plain),
                           .create_revision = kv->create_revision,
                           .mod_revision = kv->mod_revision};
    return s->visit->entry(s->visit->arg, &e);
}

static void on_page(void *arg, const struct etcd_status *st, const struct etcd_range_reply *r)
{
    struct side *s = arg;
    struct etcd_kv kv;
    size_t at = 0;

    if (st->error == -EMSGSIZE) {
        s->waits = false;
        s->error = st->error;
        return;
    }
    s->ok = ended(s, st);
    if (!s->ok)
        return;
    if (!s->revision) {
        s->revision = r->header.revision;
        s->ok = !s->visit->begin || s->visit->begin(s->visit->arg, s->revision);
    }
    s->more = r->more;
    while (s->ok && message_next(&r->kvs, &at, &kv)) {
        s->ok = visit_key(s, &kv);
        buf_clear(&s->from);
        buf_str(&s->from, kv.key);
        buf_putc(&s->from, 0);
    }
}

static bool read_all(void *store, struct tool_visit *v)
{
    struct side *s = store;
    int64_t page = PAGE;

    s->visit = v;
    s->revision = 0;
    s->more = true;
    buf_clear(&s->from);
    buf_str(&s->from, etcdkey_prefix(s->tool->keys));
    while (s->more) {
        struct etcd_range r = {
            .key = buf_view(&s->from), .end = buf_view(&s->end), .limit = page, .revision = s->revision};
        s->error = 0;
        if (!wait_for(s, etcd_range(s->client, &r, 0, on_page, s, NULL)))
            return false;
        if (s->error == -EMSGSIZE && page == 1)
            return tool_fail(s->tool, "etcd: the value behind %.*s is too large",
                             STR_ARG(buf_view(&s->from)));
        if (s->error == -EMSGSIZE)
            page /= 2;
    }
    return true;
}

/* ---- the note ---- */

static void on_count(void *arg, const struct etcd_status *st, const struct etcd_range_reply *r)
{
    struct side *s = arg;

    s->ok = ended(s, st);
    s->keys = s->ok ? r->count : 0;
}

static void on_note(void *arg, const struct etcd_status *st, const struct etcd_range_reply *r)
{
    struct side *s = arg;
    struct etcd_kv kv;
    size_t at = 0;

    buf_clear(&s->note);
    s->ok = ended(s, st);
    if (s->ok && message_next(&r->kvs, &at, &kv))
        buf_str(&s->note, kv.value);
}

static void on_write(void *arg, const struct etcd_status *st, const struct etcd_write_reply *r)
{
    struct side *s = arg;

    s->ok = ended(s, st);
    if (s->ok)
        s->written = *r;
}

static bool begin(void *store, const char *sha, int64_t revision)
{
    struct side *s = store;
    struct etcd_range note = {.key = buf_view(&s->note_key)};
    struct etcd_range all = {
        .key = etcdkey_prefix(s->tool->keys), .end = buf_view(&s->end), .count_only = true};
    struct etcd_write w = {
        .verb = ETCD_PUT, .key = buf_view(&s->note_key), .value = str_of(sha), .expect = ETCD_EXPECT_ABSENT};

    if (!wait_for(s, etcd_range(s->client, &note, 0, on_note, s, NULL)))
        return false;
    if (s->note.n)
        return str_is(buf_view(&s->note), sha) ||
               tool_fail(s->tool, "an import of another file was begun in etcd and is not done");
    if (!wait_for(s, etcd_range(s->client, &all, 0, on_count, s, NULL)))
        return false;
    if (s->keys)
        return tool_fail(s->tool, "etcd is not empty: %lld keys begin with %.*s", (long long)s->keys,
                         STR_ARG(etcdkey_prefix(s->tool->keys)));
    return wait_for(s, etcd_write(s->client, &w, 0, on_write, s, NULL)) &&
           (s->written.done || tool_fail(s->tool, "another import into etcd has just begun"));
}

static bool finish(void *store)
{
    struct side *s = store;
    struct etcd_write w = {.verb = ETCD_DELETE, .key = buf_view(&s->note_key), .expect = ETCD_EXPECT_ANY};

    return wait_for(s, etcd_write(s->client, &w, 0, on_write, s, NULL));
}

/* ---- batches ---- */

static bool same(struct side *s, const struct tool_entry *e, const struct etcd_kv *kv)
{
    const struct schema_resource *r;
    struct str ns, name;
    char why[256];

    buf_clear(&s->plain);
    if (etcdkey_read(s->tool->keys, kv->key, &r, &ns, &name) &&
        stored_unseal(s->tool->stored, kv->key, r, kv->value, &s->plain, why, sizeof(why)) == 0 &&
        str_eq(buf_view(&s->plain), e->value))
        return true;
    return tool_fail(s->tool, "etcd: %.*s is there already, with another content", STR_ARG(kv->key));
}

static void on_batch(void *arg, const struct etcd_status *st, const struct etcd_txn_reply *r)
{
    struct side *s = arg;
    struct etcd_op_reply op;
    size_t at = 0;
    int was = s->left, i = 0;

    if (st->error == -ETIMEDOUT && s->retry) {
        s->waits = false;
        return;
    }
    s->ok = ended(s, st);
    if (!s->ok)
        return;
    s->left = 0;
    for (; !r->succeeded && s->ok && i < was && message_next(&r->responses, &at, &op); i++) {
        struct etcd_kv kv;
        size_t first = 0;
        if (message_next(&op.range.kvs, &first, &kv))
            s->ok = same(s, &s->entries[s->at[i]], &kv);
        else
            s->at[s->left++] = s->at[i];
    }
    if (s->ok && !r->succeeded && i < was)
        s->ok = tool_fail(s->tool, "etcd: its answer is no valid one");
}

struct puts {
    struct buf bytes;
    struct etcd_compare compare[PUTS_MAX];
    struct etcd_put put[PUTS_MAX];
    struct etcd_range read[PUTS_MAX];
    struct etcd_op act[PUTS_MAX], otherwise[PUTS_MAX];
    size_t key_at[PUTS_MAX], value_at[PUTS_MAX], end_at[PUTS_MAX];
};

static bool encode(struct side *s, struct puts *p)
{
    const struct schema_resource *r;
    struct str ns, name, key;

    buf_clear(&p->bytes);
    for (int i = 0; i < s->left; i++) {
        const struct tool_entry *e = &s->entries[s->at[i]];
        p->key_at[i] = p->bytes.n;
        buf_str(&p->bytes, etcdkey_prefix(s->tool->keys));
        buf_str(&p->bytes, e->key);
        p->value_at[i] = p->bytes.n;
        struct buf copy = {0};
        buf_put(&copy, p->bytes.p + p->key_at[i], p->bytes.n - p->key_at[i]);
        key = buf_view(&copy);
        bool ok = etcdkey_read(s->tool->keys, key, &r, &ns, &name)
                      ? stored_seal(s->tool->stored, key, r, e->value, &p->bytes) == 0 ||
                            tool_fail(s->tool, "%.*s cannot be encrypted", STR_ARG(key))
                      : tool_fail(s->tool, "%.*s: it is no object that cubed serves", STR_ARG(key));
        buf_free(&copy);
        if (!ok)
            return false;
        p->end_at[i] = p->bytes.n;
    }
    return true;
}

static bool send(struct side *s, struct puts *p)
{
    struct etcd_txn t = {.compare = {p->compare, (size_t)s->left},
                         .success = {p->act, (size_t)s->left},
                         .failure = {p->otherwise, (size_t)s->left}};

    if (!encode(s, p))
        return false;
    for (int i = 0; i < s->left; i++) {
        struct str key = {p->bytes.p + p->key_at[i], p->value_at[i] - p->key_at[i]};
        p->compare[i] = (struct etcd_compare){.result = ETCD_EQUAL, .target = ETCD_VERSION, .key = key};
        p->put[i] = (struct etcd_put){.key = key,
                                      .value = {p->bytes.p + p->value_at[i], p->end_at[i] - p->value_at[i]}};
        p->read[i] = (struct etcd_range){.key = key};
        p->act[i] = (struct etcd_op){.put = &p->put[i]};
        p->otherwise[i] = (struct etcd_op){.range = &p->read[i]};
    }
    return wait_for(s, etcd_txn(s->client, &t, 0, on_batch, s, NULL));
}

static bool put(void *store, const struct tool_entry *e, int n, struct tool_sum *sum)
{
    struct side *s = store;
    struct puts *p = calloc(1, sizeof(*p));
    bool ok = true;

    must(p != NULL && n <= PUTS_MAX);
    s->entries = e;
    s->left = n;
    for (int i = 0; i < n; i++)
        s->at[i] = i;
    for (int tries = 0; ok && s->left; tries++) {
        s->retry = tries < TRIES;
        ok = send(s, p);
    }
    for (int i = 0; i < n && ok; i++)
        tool_sum_add(sum, e[i].key, e[i].value);
    buf_free(&p->bytes);
    free(p);
    return ok;
}

const struct tool_store tool_etcd = {open_side, close_side, read_all, begin, put, finish};
