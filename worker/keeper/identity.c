/* The lease in kube-system that says that this API server lives, and the end of those of servers that do not
 * any more. Rule: component-helpers/apimachinery/lease, pkg/controlplane/controller/apiserverleasegc; numbers
 * and labels: pkg/controlplane/apiserver/server.go. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>
#include "registry/rules/objectmeta.h"
#include "registry/strategy/strategy.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"
#include "shm/base/must.h"
#include "worker/keeper/loops.h"
#include "worker/write/tracking.h"

#define RENEW_MS 10000
#define COLLECT_MS 3600000
#define DURATION_S 3600
#define NS STR("kube-system")
#define LABEL "apiserver.kubernetes.io/identity"
#define COMPONENT "kube-apiserver"

struct identity {
    char host[256];
    char name[40]; /* of the lease */
    char holder[40 + 1 + 36];
    int64_t renew_ms, collect_ms;
    bool begun; /* what an earlier process left was taken away */
};

static const struct schema_resource *leases(void)
{
    return keeper_resource("coordination.k8s.io", "v1", "leases");
}

/* Lower case base 32 without padding. */
static void put_base32(const unsigned char *bytes, size_t n, char *out)
{
    unsigned bits = 0, have = 0;

    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | bytes[i];
        for (have += 8; have >= 5; have -= 5)
            *out++ = "abcdefghijklmnopqrstuvwxyz234567"[bits >> (have - 5) & 31];
    }
    if (have)
        *out++ = "abcdefghijklmnopqrstuvwxyz234567"[bits << (5 - have) & 31];
    *out = 0;
}

/* The hash of host and component, each behind its length in two bytes. */
static void make_name(struct identity *id)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    struct buf text = {0};
    const char *parts[] = {id->host, COMPONENT};

    for (int i = 0; i < 2; i++) {
        buf_putc(&text, (char)(strlen(parts[i]) >> 8));
        buf_putc(&text, (char)strlen(parts[i]));
        buf_puts(&text, parts[i]);
    }
    must(EVP_Digest(text.p, text.n, sum, NULL, EVP_sha256(), NULL) == 1);
    memcpy(id->name, "apiserver-", 10);
    put_base32(sum, 16, id->name + 10);
    buf_free(&text);
}

struct identity *identity_new(void)
{
    struct identity *id = calloc(1, sizeof(*id));
    char uid[37];

    must(id != NULL);
    if (gethostname(id->host, sizeof(id->host) - 1) || !id->host[0])
        memcpy(id->host, "localhost", 10);
    make_name(id);
    generate_uid(uid);
    snprintf(id->holder, sizeof(id->holder), "%s_%s", id->name, uid);
    return id;
}

void identity_free(struct identity *id)
{
    free(id);
}

/* ---- our own ---- */

static json_t *spec_of(const struct identity *id)
{
    char now[40];

    clock_rfc3339_micro(clock_wall_us(), now);
    return json_pack("{s:s, s:i, s:s}", "holderIdentity", id->holder, "leaseDurationSeconds", DURATION_S,
                     "renewTime", now);
}

static enum write_verdict renew(struct write *w, const json_t *old, json_t **out)
{
    const struct identity *id = w->arg;
    struct strategy_call c = {
        .arena = w->arena, .resource = w->stored, .subresource = "", .world = &w->ctx->world, .user = ""};
    json_t *obj = old ? json_deep_copy(old) : json_object(), *labels;

    tree_set_string(obj, "metadata.name", id->name);
    tree_set_string(obj, "metadata.namespace", "kube-system");
    tree_default(obj, "metadata.labels", json_object());
    labels = tree_get(obj, "metadata.labels");
    json_object_set_new(labels, LABEL, json_string(COMPONENT));
    json_object_set_new(labels, "kubernetes.io/hostname", json_string(id->host));
    json_object_set_new(obj, "spec", spec_of(id));
    if (!old) {
        strategy_defaults(&c, obj);
        if (!strategy_before_create(&c, obj, &w->st)) {
            json_decref(obj);
            return WRITE_FAIL;
        }
    }
    tracking_note_as(w->arena, w->stored, TRACKING_SELF, "", obj, old);
    *out = obj;
    return WRITE_PUT;
}

static enum write_verdict take_away(struct write *w, const json_t *old, json_t **out)
{
    return old ? WRITE_REMOVE : WRITE_KEEP;
}

static bool then_renew(struct job *j)
{
    struct identity *id = j->k->identity;

    if (j->step++ || j->k->leaving)
        return false;
    id->begun = true;
    job_write(j, leases(), NS, str_of(id->name), renew, id);
    return true;
}

/* ---- those of others ---- */

static bool is_over(const json_t *lease)
{
    struct str renewed = tree_str(lease, "spec.renewTime");
    int64_t us, seconds = tree_int(lease, "spec.leaseDurationSeconds", -1);

    return seconds < 0 || renewed.n == 0 || clock_parse_rfc3339(renewed.p, renewed.n, &us) != 0 ||
           us + seconds * 1000000 < clock_wall_us();
}

static enum write_verdict collect(struct write *w, const json_t *old, json_t **out)
{
    return old && is_over(old) ? WRITE_REMOVE : WRITE_KEEP;
}

static void collect_all(struct keeper *k)
{
    struct snapshot *s = keeper_snapshot(k);
    const struct record *rec;
    struct key prefix;
    struct scan scan;

    key_prefix(&prefix, leases()->id, NS);
    if (!s || scan_open(&scan, s, &prefix, NULL, false)) {
        snapshot_unref(s);
        return;
    }
    while ((rec = scan_next(&scan, NULL))) {
        struct str is;

        if (record_table_label(record_table_view(rec), STR(LABEL), &is) && str_is(is, COMPONENT) &&
            !str_is(record_name(rec), k->identity->name))
            queue_add(k->queue, TASK_IDENTITY, rec->resource, NS, record_name(rec), 0);
    }
    scan_close(&scan);
    snapshot_unref(s);
}

void identity_run(struct job *j)
{
    struct identity *id = j->k->identity;
    bool own = str_is(j->work->name, id->name);

    if (!own)
        job_write(j, leases(), NS, j->work->name, collect, NULL);
    else if (j->k->leaving || !id->begun)
        job_write(j, leases(), NS, j->work->name, take_away, NULL);
    else
        job_write(j, leases(), NS, j->work->name, renew, id);
    if (own && !id->begun)
        j->next = then_renew;
}

void identity_tick(struct keeper *k)
{
    struct identity *id = k->identity;
    int64_t now = loop_now_ms(k->ctx->loop);

    if (k->leaving || !atomic_load(k->ctx->area->bootstrapped))
        return;
    if (now >= id->renew_ms)
        queue_add(k->queue, TASK_IDENTITY, leases()->id, NS, str_of(id->name), 0);
    id->renew_ms = now >= id->renew_ms ? now + RENEW_MS : id->renew_ms;
    if (now >= id->collect_ms)
        collect_all(k);
    id->collect_ms = now >= id->collect_ms ? now + COLLECT_MS : id->collect_ms;
}

void identity_leave(struct keeper *k)
{
    if (k->identity->begun)
        queue_add(k->queue, TASK_IDENTITY, leases()->id, NS, str_of(k->identity->name), 0);
}
