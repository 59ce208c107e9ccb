/* One store operation after the other, each conditional: an address is an IPAddress object that must not be
 * there yet, the ports are one object that must be as it was read. So nothing is held twice, whoever else
 * writes: other workers, other hosts, a kube-apiserver on the same etcd. */
#include "worker/write/claims.h"

#include <errno.h>
#include <stdio.h>
#include "registry/rules/portmap.h"
#include "registry/rules/addresses.h"
#include "registry/strategy/strategy.h"
#include "registry/walk/tree.h"
#include "shm/base/log.h"
#include "worker/write/commit.h"
#include "worker/write/tracking.h"

#define MANAGED_BY "ipaddress.kubernetes.io/managed-by"
#define MANAGER "ipallocator.k8s.io"
#define STEPS_MAX 8
#define TRIES_MAX 1000 /* of one step: all that write a Service with node ports write the same object */

enum what { ADDRESS, PORTS, ENDPOINTS };

struct step {
    enum what what;
    struct str name;  /* of the object */
    int64_t revision; /* it was made at, by us */
    bool done;
};

struct claims {
    struct context *ctx;
    struct arena *arena;
    struct claims_of of;
    void (*wake)(void *arg);
    void *arg;
    struct step take[STEPS_MAX], drop[STEPS_MAX];
    int ntake, ndrop;
    struct holdings more, less; /* ports that come, that go */
    enum claims_part part;
    int at, tries;
    bool begun, sent, answered;
    uint64_t ticket;
    struct store_result result;
};

static const struct schema_resource *addresses(void)
{
    return schema_resource(STR("networking.k8s.io"), STR("v1"), STR("ipaddresses"));
}

static const struct schema_resource *endpoints(void)
{
    return schema_resource(STR(""), STR("v1"), STR("endpoints"));
}

/* ---- what changes ---- */

static struct str canonical(struct arena *a, struct str text)
{
    struct address ip;

    return address_parse(text, &ip) ? str_of(address_text(a, &ip)) : arena_str(a, text);
}

static bool has_address(const struct holdings *h, struct arena *a, struct str address)
{
    for (int i = 0; i < h->naddresses; i++) {
        if (str_eq(canonical(a, h->addresses[i]), address))
            return true;
    }
    return false;
}

static bool has_port(const struct holdings *h, int port)
{
    for (int i = 0; i < h->nports; i++) {
        if (h->ports[i] == port)
            return true;
    }
    return false;
}

/* What a has and b has not: steps for the addresses, one for all ports. */
static int beyond(struct claims *c, const struct holdings *a, const struct holdings *b, struct step *steps,
                  struct holdings *ports)
{
    int n = 0;

    for (int i = 0; i < a->naddresses; i++) {
        struct str address = canonical(c->arena, a->addresses[i]);

        if (!has_address(b, c->arena, address))
            steps[n++] = (struct step){.what = ADDRESS, .name = address};
    }
    ports->ports = arena_alloc(c->arena, (size_t)a->nports * sizeof(int));
    for (int i = 0; i < a->nports; i++) {
        if (!has_port(b, a->ports[i]))
            ports->ports[ports->nports++] = a->ports[i];
    }
    if (ports->nports)
        steps[n++] = (struct step){.what = PORTS, .name = STR(PORTMAP_NAME)};
    return n;
}

static void cleanup(void *arg)
{
    struct claims *c = arg;

    if (c->sent && !c->answered)
        store_cancel(c->ctx->store, c->ticket);
    c->sent = false;
}

struct claims *claims_new(struct context *ctx, struct arena *a, const struct claims_of *of,
                          void (*wake)(void *arg), void *arg)
{
    const struct strategy *s = strategy_for(of->stored);
    struct holdings now = {0}, old = {0};
    struct claims *c;

    if (!s->holdings)
        return NULL;
    c = arena_alloc(a, sizeof(*c));
    *c = (struct claims){.ctx = ctx, .arena = a, .of = *of, .wake = wake, .arg = arg};
    if (of->now)
        s->holdings(a, of->now, &now);
    if (of->old)
        s->holdings(a, of->old, &old);
    c->ntake = beyond(c, &now, &old, c->take, &c->more);
    c->ndrop = beyond(c, &old, &now, c->drop, &c->less);
    /* What a Service leaves behind must not be found by the next one of that name. */
    if (!of->now)
        c->drop[c->ndrop++] = (struct step){.what = ENDPOINTS, .name = of->name};
    arena_cleanup(a, cleanup, c);
    return c->ntake || c->ndrop ? c : NULL;
}

/* ---- asking the store ---- */

static void on_store(void *arg, const struct store_result *r)
{
    struct claims *c = arg;

    c->result = *r;
    c->answered = true;
    c->wake(c->arg);
}

static int submit(struct claims *c, const struct store_op *op)
{
    int e = store_submit(c->ctx->store, op, on_store, c, &c->ticket);

    c->sent = e == 0;
    c->answered = false;
    return e;
}

static int put(struct claims *c, const struct schema_resource *r, struct str name, const json_t *obj,
               int64_t expect)
{
    struct store_op op = {.verb = STORE_PUT, .name = name, .expect = expect};
    struct buf draft = {0};
    int e;

    record_make(&draft, c->arena, obj, r, NULL, 0);
    op.draft = (const struct record *)(const void *)draft.p;
    key_make(&op.key, r->id, STR_NONE, name);
    e = submit(c, &op);
    buf_free(&draft);
    return e;
}

static int delete (struct claims *c, const struct schema_resource *r, struct str ns, struct str name,
                   int64_t expect)
{
    struct store_op op = {.verb = STORE_DELETE, .ns = ns, .name = name, .expect = expect};

    key_make(&op.key, r->id, ns, name);
    return submit(c, &op);
}

/* ---- addresses ---- */

json_t *claims_address(struct context *ctx, struct arena *a, struct str address,
                       const struct schema_resource *holder, struct str ns, struct str name)
{
    struct strategy_call call = {
        .arena = a, .resource = addresses(), .subresource = "", .world = &ctx->world, .user = ""};
    struct status st = {.arena = a};
    json_t *obj =
        json_pack("{s:{s:s%, s:{s:s, s:s}}, s:{s:{s:s, s:s%, s:s%}}}", "metadata", "name", address.p,
                  address.n, "labels", "ipaddress.kubernetes.io/ip-family",
                  str_find(address, ':') >= 0 ? "IPv6" : "IPv4", MANAGED_BY, MANAGER, "spec", "parentRef",
                  "resource", holder->plural, "namespace", ns.p, ns.n, "name", name.p, name.n);

    strategy_defaults(&call, obj);
    tracking_note_as(a, addresses(), TRACKING_SELF, "", obj, NULL);
    if (!strategy_before_create(&call, obj, &st))
        log_error("claims: IPAddress %.*s can't be made: %s", STR_ARG(address), st.message);
    return obj;
}

bool claims_manage(const json_t *address)
{
    const char *manager =
        json_string_value(json_object_get(tree_get(address, "metadata.labels"), MANAGED_BY));

    return manager && strcmp(manager, MANAGER) == 0;
}

static int take_address(struct claims *c, struct step *s)
{
    json_t *obj = claims_address(c->ctx, c->arena, s->name, c->of.stored, c->of.ns, c->of.name);
    int e = put(c, addresses(), s->name, obj, STORE_EXPECT_ABSENT);

    json_decref(obj);
    return e;
}

static bool is_ours(struct claims *c, const struct record *rec)
{
    json_t *obj = record_tree(c->arena, rec);
    const json_t *parent = tree_get(obj, "spec.parentRef");
    bool ours = str_is(tree_str(parent, "resource"), c->of.stored->plural) &&
                str_eq(tree_str(parent, "namespace"), c->of.ns) &&
                str_eq(tree_str(parent, "name"), c->of.name);

    json_decref(obj);
    return ours;
}

/* 1: nothing is to do. */
static int drop_address(struct claims *c, struct step *s, struct snapshot *state)
{
    const struct record *rec;
    struct key k;

    key_make(&k, addresses()->id, STR_NONE, s->name);
    rec = snapshot_object(state, &k);
    if (!rec || !is_ours(c, rec))
        return 1;
    return delete (c, addresses(), STR_NONE, s->name, rec->mod_revision);
}

static int drop_endpoints(struct claims *c, struct step *s, struct snapshot *state)
{
    const struct record *rec;
    struct key k;

    key_make(&k, endpoints()->id, c->of.ns, s->name);
    rec = snapshot_object(state, &k);
    return rec ? delete (c, endpoints(), c->of.ns, s->name, rec->mod_revision) : 1;
}

/* ---- ports ---- */

static bool any_taken(const struct portmap *m, const struct holdings *ports)
{
    for (int i = 0; i < ports->nports; i++) {
        if (portmap_has(m, ports->ports[i]))
            return true;
    }
    return false;
}

json_t *claims_ports(struct arena *a, const json_t *old, const struct portmap *m)
{
    json_t *obj = old ? json_deep_copy(old) : json_object();
    struct buf data = {0};

    portmap_store(m, &data);
    tree_set_string(obj, "kind", "RangeAllocation");
    tree_set_string(obj, "apiVersion", "v1");
    tree_set_string(obj, "metadata.name", PORTMAP_NAME);
    tree_set_string(obj, "range", arena_printf(a, "%d-%d", m->first, m->last));
    tree_set(obj, "data", json_stringn(data.p ? data.p : "", data.n));
    buf_free(&data);
    return obj;
}

static const struct record *stored_ports(struct claims *c, struct snapshot *state, json_t **old,
                                         struct portmap *m)
{
    const struct world *w = &c->ctx->world;
    const struct record *rec;
    struct key k;

    key_make(&k, schema_internal(STR(PORTMAP_RESOURCE))->id, STR_NONE, STR(PORTMAP_NAME));
    rec = snapshot_object(state, &k);
    *old = rec ? record_tree(c->arena, rec) : NULL;
    portmap_init(m, c->arena, w->node_port_first, w->node_port_last);
    portmap_load(m, c->arena, tree_str(*old, "range"), tree_str(*old, "data"));
    return rec;
}

static int change_ports(struct claims *c, const struct holdings *ports, bool taken, struct snapshot *state)
{
    const struct record *rec;
    struct portmap m;
    json_t *old, *obj;
    int e = -EEXIST;

    rec = stored_ports(c, state, &old, &m);
    if (!taken || !any_taken(&m, ports)) {
        for (int i = 0; i < ports->nports; i++)
            portmap_set(&m, ports->ports[i], taken);
        obj = claims_ports(c->arena, old, &m);
        e = put(c, schema_internal(STR(PORTMAP_RESOURCE)), STR(PORTMAP_NAME), obj,
                rec ? rec->mod_revision : STORE_EXPECT_ABSENT);
        json_decref(obj);
    }
    json_decref(old);
    return e;
}

/* ---- the parts ---- */

static bool looks(const struct claims *c, const struct step *s)
{
    return s->what != ADDRESS || c->part == CLAIMS_DROP;
}

/* 0: the store was asked; 1: nothing to do; less: it can't be done. */
static int ask(struct claims *c, struct step *s, struct snapshot *state)
{
    switch (c->part) {
    case CLAIMS_TAKE:
        return s->what == ADDRESS ? take_address(c, s) : change_ports(c, &c->more, true, state);
    case CLAIMS_UNDO:
        if (!s->done)
            return 1;
        return s->what == ADDRESS ? delete (c, addresses(), STR_NONE, s->name, s->revision)
                                  : change_ports(c, &c->more, false, state);
    default:
        return s->what == ADDRESS ? drop_address(c, s, state)
               : s->what == PORTS ? change_ports(c, &c->less, false, state)
                                  : drop_endpoints(c, s, state);
    }
}

static enum claims_end failed(struct claims *c, int e, int *error)
{
    *error = e;
    return e == -EEXIST || e == -ESTALE ? CLAIMS_LOST : CLAIMS_FAILED;
}

static void next(struct claims *c)
{
    c->at++;
    c->tries = 0;
}

/* True: the part goes on. What can't be given back is left to the keeper. */
static bool take_answer(struct claims *c, struct step *s, int *error, enum claims_end *end)
{
    int e = c->result.error;

    c->sent = false;
    if (e == 0) {
        s->done = c->part == CLAIMS_TAKE;
        s->revision = c->result.revision;
        next(c);
        return true;
    }
    /* the object was changed meanwhile: look again */
    if ((e == -ESTALE || e == -EEXIST) && looks(c, s) && ++c->tries < TRIES_MAX)
        return true;
    if (c->part == CLAIMS_TAKE) {
        *end = failed(c, e, error);
        return false;
    }
    next(c);
    return true;
}

static void begin(struct claims *c, enum claims_part part)
{
    c->part = part;
    c->begun = true;
    c->at = c->tries = 0;
    c->sent = c->answered = false;
}

enum claims_end claims_run(struct claims *c, enum claims_part part, struct snapshot *s, int *error)
{
    enum claims_end end;

    if (!c->begun || c->part != part)
        begin(c, part);
    for (;;) {
        struct step *steps = part == CLAIMS_DROP ? c->drop : c->take;
        int n = part == CLAIMS_DROP ? c->ndrop : c->ntake, e;

        if (c->sent && !c->answered)
            return CLAIMS_WAIT;
        if (c->sent && !take_answer(c, &steps[c->at], error, &end))
            return end;
        if (c->at == n)
            return CLAIMS_DONE;
        if (looks(c, &steps[c->at]) && !s)
            return CLAIMS_LOOK;
        e = ask(c, &steps[c->at], s);
        if (e == 0)
            return CLAIMS_WAIT;
        if (e < 0 && part == CLAIMS_TAKE)
            return failed(c, e, error);
        next(c);
    }
}
