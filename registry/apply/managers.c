#include "registry/apply/managers.h"

#include <stdlib.h>
#include "registry/apply/fieldsettext.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"

#define ANCIENT "ancient-changes"

static void put_member(struct buf *out, const char *key, struct str value)
{
    if (!value.n)
        return;
    buf_printf(out, "%s\"%s\":", out->n > 1 ? "," : "", key);
    json_write_string(out, value);
}

struct str managers_id(struct arena *a, struct str name, bool applies, struct str version,
                       struct str subresource)
{
    struct buf b = {0};
    struct str id;

    buf_putc(&b, '{');
    put_member(&b, "manager", name);
    put_member(&b, "operation", applies ? STR("Apply") : STR("Update"));
    put_member(&b, "apiVersion", applies ? STR_NONE : version);
    put_member(&b, "subresource", subresource);
    buf_putc(&b, '}');
    id = arena_str(a, buf_view(&b));
    buf_free(&b);
    return id;
}

static int cmp_ids(const void *a, const void *b)
{
    const struct manager *x = a, *y = b;
    int c = str_cmp(x->id, y->id);

    return c ? c : x->at - y->at;
}

/* Of entries with one identity the last one counts. */
static void sort_by_id(struct managers *ms)
{
    int n = 0;

    for (int i = 0; i < ms->n; i++)
        ms->m[i].at = i;
    qsort(ms->m, (size_t)ms->n, sizeof(*ms->m), cmp_ids);
    for (int i = 0; i < ms->n; i++) {
        if (n && str_eq(ms->m[n - 1].id, ms->m[i].id))
            n--;
        ms->m[n++] = ms->m[i];
    }
    ms->n = n;
}

/* A set that was written but is not stored yet is still text. */
static bool read_set(struct managers *ms, const json_t *v, bool stored, const struct fieldset **out)
{
    const char *err;
    json_t *parsed;

    if (!stored || !json_is_string(v))
        return fieldset_read(ms->arena, v, out);
    parsed = json_read(ms->arena, (struct str){json_string_value(v), json_string_length(v)}, NULL, &err);
    return tree_keep(ms->arena, parsed) && fieldset_read(ms->arena, parsed, out);
}

static bool read_entry(struct managers *ms, const json_t *entry, int at, bool stored, const char **err)
{
    struct str operation = tree_str(entry, "operation"), type = tree_str(entry, "fieldsType");
    struct manager m = {.name = tree_str(entry, "manager"),
                        .version = tree_str(entry, "apiVersion"),
                        .subresource = tree_str(entry, "subresource"),
                        .applies = str_is(operation, "Apply"),
                        .time = tree_str(entry, "time")};

    if (!m.applies && !str_is(operation, "Update"))
        *err = "operation must be `Apply` or `Update`";
    else if (!m.version.n)
        *err = "apiVersion must not be empty";
    else if (!type.n)
        *err = arena_printf(ms->arena, "missing fieldsType in managed fields entry %d", at);
    else if (!str_is(type, "FieldsV1"))
        *err = arena_printf(ms->arena, "invalid fieldsType \"%.*s\" in managed fields entry %d",
                            STR_ARG(type), at);
    else if (!read_set(ms, tree_get(entry, "fieldsV1"), stored, &m.set))
        *err = arena_printf(ms->arena, "error decoding set in managed fields entry %d", at);
    if (*err)
        return false;
    m.stored = stored ? tree_get(entry, "fieldsV1") : NULL;
    m.id = managers_id(ms->arena, m.name, m.applies, m.version, m.subresource);
    ms->m[ms->n++] = m;
    return true;
}

bool managers_read(struct managers *out, struct arena *a, const json_t *list, bool stored, const char **err)
{
    size_t n = json_array_size(list);

    *out = (struct managers){.arena = a, .cap = (int)n + 4};
    *err = NULL;
    out->m = arena_raw(a, (size_t)out->cap * sizeof(*out->m));
    for (size_t i = 0; i < n; i++) {
        if (!read_entry(out, json_array_get(list, i), (int)i, stored, err)) {
            out->n = 0;
            return false;
        }
    }
    sort_by_id(out);
    return true;
}

struct managers managers_copy(const struct managers *ms)
{
    struct managers copy = *ms;

    copy.m = arena_raw(ms->arena, (size_t)copy.cap * sizeof(*copy.m));
    memcpy(copy.m, ms->m, (size_t)ms->n * sizeof(*copy.m));
    return copy;
}

/* Where the id is or belongs. */
static int place_of(const struct managers *ms, struct str id)
{
    int lo = 0, hi = ms->n;

    while (lo < hi) {
        int mid = (lo + hi) / 2;

        if (str_cmp(ms->m[mid].id, id) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct manager *managers_find(struct managers *ms, struct str id)
{
    int at = place_of(ms, id);

    return at < ms->n && str_eq(ms->m[at].id, id) ? &ms->m[at] : NULL;
}

struct manager *managers_add(struct managers *ms, struct str id)
{
    int at = place_of(ms, id);

    if (at < ms->n && str_eq(ms->m[at].id, id))
        return &ms->m[at];
    if (ms->n == ms->cap) {
        struct manager *more;

        ms->cap = 2 * ms->cap + 4;
        more = arena_raw(ms->arena, (size_t)ms->cap * sizeof(*more));
        if (ms->n)
            memcpy(more, ms->m, (size_t)ms->n * sizeof(*more));
        ms->m = more;
    }
    memmove(ms->m + at + 1, ms->m + at, (size_t)(ms->n - at) * sizeof(*ms->m));
    ms->n++;
    ms->m[at] = (struct manager){.id = id};
    return &ms->m[at];
}

void managers_remove(struct managers *ms, struct manager *m)
{
    size_t at = (size_t)(m - ms->m);

    memmove(m, m + 1, ((size_t)ms->n - at - 1) * sizeof(*m));
    ms->n--;
}

void manager_set(struct manager *m, const struct fieldset *set)
{
    if (m->stored && !fieldset_same(m->set, set))
        m->stored = NULL;
    m->set = set;
}

static int64_t seconds(const struct manager *m)
{
    int64_t us;

    return m->time.n && clock_parse_rfc3339(m->time.p, m->time.n, &us) == 0 ? us / 1000000 : 0;
}

struct aged {
    struct manager m;
    int64_t s;
};

static int cmp_aged(const void *a, const void *b)
{
    const struct aged *x = a, *y = b;

    return x->s != y->s ? (x->s < y->s ? -1 : 1) : str_cmp(x->m.id, y->m.id);
}

static int updating(const struct managers *ms, struct aged *out)
{
    int n = 0;

    for (int i = 0; i < ms->n; i++) {
        if (!ms->m[i].applies)
            out[n++] = (struct aged){ms->m[i], seconds(&ms->m[i])};
    }
    return n;
}

/* A version whose oldest managers are put together. */
struct bucket {
    struct str version;
    const struct fieldset **sets;
    int n;
    struct str first, time; /* the first manager; when the last one of them changed something */
};

#define BUCKETS_MAX 16 /* versions are few */

static struct bucket *bucket_of(struct bucket *buckets, int *n, struct str version)
{
    for (int i = 0; i < *n; i++) {
        if (str_eq(buckets[i].version, version))
            return &buckets[i];
    }
    if (*n == BUCKETS_MAX)
        return NULL;
    buckets[*n] = (struct bucket){.version = version};
    return &buckets[(*n)++];
}

/* Into the manager of that name, which may be there already. */
static void empty_bucket(struct managers *ms, const struct bucket *b)
{
    struct str id = managers_id(ms->arena, STR(ANCIENT), false, b->version, STR_NONE);
    struct manager *m = managers_add(ms, id);

    m->name = STR(ANCIENT);
    m->version = b->version;
    m->time = b->time;
    manager_set(m, fieldset_union(ms->arena, m->set, fieldset_union_all(ms->arena, b->sets, b->n)));
}

/* Those whose sets went into buckets of more than one. */
static void drop_gathered(struct managers *ms)
{
    int n = 0;

    for (int i = 0; i < ms->n; i++) {
        if (!ms->m[i].gathered)
            ms->m[n++] = ms->m[i];
    }
    ms->n = n;
}

/* The first manager of a version stays as it is unless a second one has to join it. */
static void gather(struct managers *ms, struct bucket *b, const struct manager *m, int max)
{
    if (!b->sets)
        b->sets = arena_raw(ms->arena, (size_t)max * sizeof(*b->sets));
    if (b->n == 0)
        b->first = m->id;
    if (b->n == 1)
        managers_find(ms, b->first)->gathered = true;
    if (b->n >= 1)
        managers_find(ms, m->id)->gathered = true;
    b->sets[b->n++] = m->set;
    b->time = m->time;
}

void managers_limit(struct managers *ms)
{
    struct aged *old = arena_raw(ms->arena, (size_t)(ms->n + 1) * sizeof(*old));
    struct bucket buckets[BUCKETS_MAX], *b;
    int n = updating(ms, old), left = n, nbuckets = 0;

    if (n <= MANAGERS_UPDATING_MAX)
        return;
    qsort(old, (size_t)n, sizeof(*old), cmp_aged);
    for (int i = 0; i < n && left > MANAGERS_UPDATING_MAX; i++) {
        b = bucket_of(buckets, &nbuckets, old[i].m.version);
        if (!b)
            continue;
        gather(ms, b, &old[i].m, n);
        left -= b->n > 1;
    }
    drop_gathered(ms);
    for (int i = 0; i < nbuckets; i++) {
        if (buckets[i].n > 1)
            empty_bucket(ms, &buckets[i]);
    }
}

static int cmp_entries(const void *a, const void *b)
{
    const struct aged *x = a, *y = b;
    int c;

    if (x->m.applies != y->m.applies)
        return x->m.applies ? -1 : 1;
    if (x->s != y->s)
        return x->s < y->s ? -1 : 1;
    c = str_cmp(x->m.name, y->m.name);
    if (!c)
        c = str_cmp(x->m.version, y->m.version);
    return c ? c : str_cmp(x->m.subresource, y->m.subresource);
}

static void set_member(json_t *o, const char *key, struct str v)
{
    if (v.n)
        json_object_set_new_nocheck(o, key, json_stringn_nocheck(v.p, v.n));
}

static json_t *entry_of(const struct manager *m, struct buf *scratch)
{
    json_t *o = json_object();

    set_member(o, "manager", m->name);
    set_member(o, "operation", m->applies ? STR("Apply") : STR("Update"));
    set_member(o, "apiVersion", m->version);
    set_member(o, "time", m->time);
    set_member(o, "fieldsType", STR("FieldsV1"));
    if (m->stored) {
        json_object_set(o, "fieldsV1", m->stored);
    } else {
        buf_clear(scratch);
        fieldset_write(scratch, m->set);
        set_member(o, "fieldsV1", buf_view(scratch));
    }
    set_member(o, "subresource", m->subresource);
    return o;
}

json_t *managers_write(struct managers *ms)
{
    struct aged *order = arena_raw(ms->arena, (size_t)ms->n * sizeof(*order));
    struct buf scratch = {0};
    json_t *list;

    if (ms->n == 0)
        return NULL;
    for (int i = 0; i < ms->n; i++)
        order[i] = (struct aged){ms->m[i], seconds(&ms->m[i])};
    qsort(order, (size_t)ms->n, sizeof(*order), cmp_entries);
    list = json_array();
    for (int i = 0; i < ms->n; i++)
        json_array_append_new(list, entry_of(&order[i].m, &scratch));
    buf_free(&scratch);
    return list;
}

void managers_put(struct managers *ms, json_t *obj)
{
    json_t *list = managers_write(ms);

    if (list)
        tree_set(obj, "metadata.managedFields", list);
    else
        tree_delete(obj, "metadata.managedFields");
}
