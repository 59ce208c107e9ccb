/* A draft holds its protobuf message with an empty resourceVersion, which is what the reference stores: the
 * value is that message between the envelope's head and tail. Groups whose API servers (aggregator,
 * extensions) know no protobuf are stored as JSON, and so is what has no message. A definition of custom
 * resources is stored in a form of its own (registry/strategy/crdforms.h). */
#include "worker/write/stored.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include "registry/strategy/crdforms.h"
#include "registry/strategy/strategy.h"
#include "registry/walk/decode.h"
#include "registry/walk/json.h"
#include "registry/walk/protobuf.h"
#include "registry/walk/spelled.h"
#include "registry/walk/tree.h"
#include "shm/base/must.h"
#include "worker/write/commit.h"
#include "worker/write/sealing.h"

#define STORED_MAGIC 0x73746f72u
#define RV_NAME "\"resourceVersion\":\""

struct stored {
    unsigned magic;
    enum form { PROTOBUF, JSON, YAML } form; /* of what is written */
    struct world flags;                      /* of which only what flags say is there */
    const char *path;                        /* --encryption-provider-config; empty: nothing is encrypted */
    struct sealing *sealing, *before;        /* before: what the last reload replaced */
};

static enum form form_of(const char *media_type)
{
    static const char *const names[] = {[PROTOBUF] = "application/vnd.kubernetes.protobuf",
                                        [JSON] = "application/json",
                                        [YAML] = "application/yaml"};

    for (int i = 0; i < 3; i++)
        if (strcmp(media_type, names[i]) == 0)
            return (enum form)i;
    return PROTOBUF;
}

struct stored *stored_new(const struct options *o, char *err, size_t err_bytes)
{
    struct stored *s = calloc(1, sizeof(*s));

    must(s != NULL);
    s->magic = STORED_MAGIC;
    s->form = form_of(o->storage_media_type);
    s->flags.service_cluster_ip_range = o->service_cluster_ip_range;
    s->path = o->encryption_provider_config ? o->encryption_provider_config : "";
    if (*s->path) {
        s->sealing = sealing_load(s->path, err, err_bytes);
        if (!s->sealing) {
            stored_free(s);
            return NULL;
        }
    }
    return s;
}

void stored_free(struct stored *s)
{
    if (!s)
        return;
    must_be(s, STORED_MAGIC);
    sealing_free(s->sealing);
    sealing_free(s->before);
    s->magic = 0;
    free(s);
}

/* ---- reading ---- */

/* A version of the resource that is still served has its own type; one that is not is read with the type of
 * the present one, whose fields were added to since. NULL: not this resource at all. */
static const struct schema_resource *written_as(const struct schema_resource *r, const json_t *head)
{
    struct str version = tree_str(head, "apiVersion"), kind = tree_str(head, "kind");
    struct str group = STR_NONE, rest = version;
    const struct schema_resource *as;

    if (!str_is(kind, r->kind))
        return NULL;
    if (str_is(version, r->api_version) || str_is(version, r->stored_version))
        return r;
    if (str_find(version, '/') >= 0)
        str_next(&rest, '/', &group);
    as = schema_resource_of_kind(group, rest, kind);
    if (as && as->storage == r)
        return as;
    return str_is(group, r->group) ? r : NULL;
}

static json_t *read_protobuf(struct arena *a, const struct schema_resource *r, struct str value,
                             const struct schema_resource **as, struct str *beyond, const char **err)
{
    json_t *head = protobuf_read(a, value, "", r->type, err), *obj;

    if (!head)
        return NULL;
    *as = written_as(r, head);
    json_decref(head);
    if (!*as) {
        *err = "another kind is stored there";
        return NULL;
    }
    obj = protobuf_read_stored(a, value, (*as)->kind, (*as)->type, beyond, err);
    if (obj && beyond->n && spelled_in((*as)->type))
        spelled_from_message(obj, (*as)->type, *beyond);
    return obj;
}

static json_t *read_text(struct arena *a, const struct schema_resource *r, struct str value,
                         const struct schema_resource **as, const char **err)
{
    struct status st = {.arena = a};
    bool json = value.n == 0 || value.p[0] == '{';
    json_t *obj = json ? json_read(a, value, NULL, err) : yaml_read(a, value, NULL, err);

    if (!obj)
        return NULL;
    *as = json_is_object(obj) ? written_as(r, obj) : NULL;
    if (*as && str_is(tree_str(obj, "apiVersion"), CRDFORMS_STORED))
        crdforms_to_v1(obj);
    if (!*as) {
        *err = "another kind is stored there";
    } else if (decode_tree(obj, (*as)->type, NULL, &st)) {
        return obj;
    } else {
        *err = st.message;
    }
    json_decref(obj);
    return NULL;
}

static bool is_protobuf(struct str value)
{
    return value.n >= PROTOBUF_MAGIC_BYTES && memcmp(value.p, PROTOBUF_MAGIC, PROTOBUF_MAGIC_BYTES) == 0;
}

/* *beyond: the message that holds more than the tree, in the form of r; empty: it does not. */
static json_t *read_value(const struct stored *s, struct arena *a, const struct schema_resource *r,
                          struct str value, struct str *beyond, const char **err)
{
    struct strategy_call call = {.arena = a, .resource = r, .subresource = "", .world = &s->flags};
    const struct schema_resource *as = r;
    struct status st = {.arena = a};
    json_t *obj;

    *err = NULL;
    *beyond = STR_NONE;
    obj =
        is_protobuf(value) ? read_protobuf(a, r, value, &as, beyond, err) : read_text(a, r, value, &as, err);
    if (!obj)
        return NULL;
    if (as != r)
        *beyond = STR_NONE;
    obj = strategy_convert(a, obj, as, r, &st);
    if (!obj) {
        *err = st.message;
        return NULL;
    }
    tree_set_string(obj, "kind", r->kind);
    tree_set_string(obj, "apiVersion", r->api_version);
    strategy_defaults(&call, obj);
    if (strategy_for(r)->on_read)
        strategy_for(r)->on_read(&call, obj);
    return obj;
}

/* Internal resources have no name that a configuration could say: only wildcards mean them. */
static const struct seal *seal_in(const struct sealing *sealing, const struct schema_resource *r)
{
    bool nameless = r->flags & RESOURCE_INTERNAL;

    return sealing_of(sealing, str_of(r->group), nameless ? STR("") : str_of(r->plural));
}

static const struct seal *seal_for(const struct stored *s, const struct schema_resource *r)
{
    return seal_in(s->sealing, r);
}

static void drop_buf(void *arg)
{
    struct buf *b = arg;

    if (b->p)
        OPENSSL_cleanse(b->p, b->cap);
    buf_free(b);
}

/* *plain lives as long as the arena. */
static bool open_value(struct stored *s, struct arena *a, struct str etcd_key,
                       const struct schema_resource *r, struct str value, struct str *plain, bool *stale,
                       const char **err)
{
    const struct seal *seal = seal_for(s, r);
    struct buf *out = arena_alloc(a, sizeof(*out));
    char why[512];

    arena_cleanup(a, drop_buf, out);
    if (seal_open(seal, etcd_key, value, out, plain, stale, why, sizeof(why)))
        return true;
    *err = arena_printf(a, "%s", why);
    return false;
}

json_t *stored_tree(struct stored *s, struct arena *a, struct str etcd_key, const struct schema_resource *r,
                    struct str value, const char **err)
{
    struct str beyond, plain;
    bool stale;

    must_be(s, STORED_MAGIC);
    return open_value(s, a, etcd_key, r, value, &plain, &stale, err)
               ? read_value(s, a, r, plain, &beyond, err)
               : NULL;
}

static bool make_draft(const struct stored *s, struct arena *a, const struct schema_resource *r,
                       struct str ns, struct str name, struct str plain, bool stale, struct buf *out,
                       const char **err)
{
    struct str beyond;
    json_t *obj = read_value(s, a, r, plain, &beyond, err);
    size_t at = out->n;
    bool ok = obj != NULL;

    /* the reference gives internal ones no name */
    if (obj && !(r->flags & RESOURCE_INTERNAL) &&
        (!str_eq(tree_str(obj, "metadata.name"), name) || !str_eq(tree_str(obj, "metadata.namespace"), ns))) {
        *err = "the object has another name than its key";
        ok = false;
    }
    if (ok)
        record_make(out, a, obj, r, beyond.n ? kept_find(a, beyond, r->type, obj, obj) : NULL, 0);
    if (ok && stale)
        ((struct record *)(void *)(out->p + at))->flags |= RECORD_STALE;
    json_decref(obj);
    return ok;
}

int stored_draft(struct stored *s, struct str etcd_key, const struct schema_resource *r, struct str ns,
                 struct str name, struct str value, struct buf *out, char *err, size_t err_bytes)
{
    struct arena *a = arena_new(0);
    const char *why = "";
    struct str plain;
    bool stale, ok;

    must_be(s, STORED_MAGIC);
    ok = open_value(s, a, etcd_key, r, value, &plain, &stale, &why) &&
         make_draft(s, a, r, ns, name, plain, stale, out, &why);
    if (!ok) {
        record_make_unreadable(out, a, r, ns, name, etcd_key, why);
        snprintf(err, err_bytes, "%s", why);
    }
    arena_free(a);
    return ok ? 0 : -EACCES;
}

int64_t stored_way(const struct stored *s)
{
    return sealing_digest(s->sealing);
}

int stored_reload(struct stored *s, char *err, size_t err_bytes)
{
    struct sealing *now = *s->path ? sealing_load(s->path, err, err_bytes) : NULL;

    must_be(s, STORED_MAGIC);
    if (*s->path && !now)
        return -1;
    if (sealing_digest(now) == sealing_digest(s->sealing)) {
        sealing_free(now);
        return 0;
    }
    sealing_free(s->before);
    s->before = s->sealing;
    s->sealing = now;
    return 1;
}

bool stored_seals(const struct stored *s, const struct schema_resource *r)
{
    return seal_in(s->sealing, r) || seal_in(s->before, r);
}

/* ---- writing ---- */

/* The aggregator and the server of extensions write JSON whatever is asked for. */
static bool only_json(const struct schema_resource *r)
{
    return strcmp(r->group, "apiregistration.k8s.io") == 0 || strcmp(r->group, "apiextensions.k8s.io") == 0;
}

static enum form form_for(const struct stored *s, const struct schema_resource *r, const struct record *draft)
{
    if (only_json(r))
        return JSON;
    return s->form == PROTOBUF && draft->proto_bytes == 0 ? JSON : s->form;
}

static void put_protobuf(struct buf *out, const struct schema_resource *r, const struct record *draft)
{
    protobuf_head(out, str_of(r->stored_version), str_of(r->kind));
    buf_str(out, record_proto(draft));
    buf_str(out, PROTOBUF_TAIL);
}

/* The body without its resourceVersion, and without one of the commas around it. */
static void put_body(struct buf *out, const struct record *draft)
{
    struct str body = record_body(draft);
    size_t at = draft->rv_off - draft->body_off - strlen(RV_NAME), end = draft->rv_off - draft->body_off + 1;

    if (!draft->rv_off) {
        buf_str(out, body);
        return;
    }
    if (body.p[end] == ',')
        end++;
    else if (at > 0 && body.p[at - 1] == ',')
        at--;
    buf_put(out, body.p, at);
    buf_put(out, body.p + end, body.n - end);
}

static void put_text(struct buf *out, const struct schema_resource *r, const struct record *draft)
{
    buf_puts(out, "{\"kind\":");
    json_write_string(out, str_of(r->kind));
    buf_puts(out, ",\"apiVersion\":");
    json_write_string(out, str_of(r->stored_version));
    buf_putc(out, ',');
    put_body(out, draft);
    buf_putc(out, '\n');
}

/* What is more than an edit of the text: YAML, and the one kind whose stored form is another. false: it is
 * too large to be read again. */
static bool put_rewritten(struct buf *out, const struct schema_resource *r, const struct record *draft,
                          bool yaml)
{
    struct arena *a = arena_new(0);
    struct buf text = {0};
    const char *err;
    bool ok = true;
    json_t *obj;

    put_text(&text, r, draft);
    obj = json_read(a, buf_view(&text), NULL, &err);
    if (obj && strcmp(r->stored_version, CRDFORMS_STORED) == 0)
        crdforms_to_v1beta1(obj);
    if (!obj || yaml) {
        ok = obj && yaml_write(out, obj);
    } else {
        json_write(out, obj, 0);
        buf_putc(out, '\n');
    }
    json_decref(obj);
    drop_buf(&text);
    arena_free(a);
    return ok;
}

static bool put_value(const struct stored *s, struct buf *out, const struct schema_resource *r,
                      const struct record *draft)
{
    enum form form = form_for(s, r, draft);

    if (form == YAML || strcmp(r->stored_version, CRDFORMS_STORED) == 0)
        return put_rewritten(out, r, draft, form == YAML);
    if (form == JSON)
        put_text(out, r, draft);
    else
        put_protobuf(out, r, draft);
    return true;
}

int stored_value(struct stored *s, struct str etcd_key, const struct record *draft, struct buf *out)
{
    const struct schema_resource *r = schema_resource_of_id(draft->resource);
    const struct seal *seal;
    struct buf plain = {0};
    int rc;

    must_be(s, STORED_MAGIC);
    must(draft->rv_bytes == 0);
    if (!r || !r->stored_version)
        return -EINVAL;
    seal = seal_for(s, r);
    rc = put_value(s, seal ? &plain : out, r, draft) ? 0 : -EFBIG;
    if (rc == 0 && seal)
        rc = seal_value(seal, etcd_key, buf_view(&plain), out);
    drop_buf(&plain);
    return rc;
}

/* ---- bytes alone ---- */

int stored_unseal(struct stored *s, struct str etcd_key, const struct schema_resource *r, struct str value,
                  struct buf *out, char *err, size_t err_bytes)
{
    const struct seal *seal = seal_for(s, r);
    struct buf room = {0};
    struct str plain;
    bool stale;

    must_be(s, STORED_MAGIC);
    if (!seal_open(seal, etcd_key, value, &room, &plain, &stale, err, err_bytes)) {
        drop_buf(&room);
        return -EACCES;
    }
    buf_str(out, plain);
    drop_buf(&room);
    return 0;
}

int stored_seal(struct stored *s, struct str etcd_key, const struct schema_resource *r, struct str plain,
                struct buf *out)
{
    const struct seal *seal = seal_for(s, r);

    must_be(s, STORED_MAGIC);
    if (seal)
        return seal_value(seal, etcd_key, plain, out);
    buf_str(out, plain);
    return 0;
}
