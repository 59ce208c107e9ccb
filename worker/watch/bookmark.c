/* Rare by nature (one a minute and watch), so a bookmark is built plainly, from a tree. */
#include "worker/watch/bookmark.h"

#include <stdio.h>
#include "registry/walk/encode.h"
#include "worker/request/stats.h"
#include "worker/watch/frame.h"

#define PERIOD_MS 60000
#define JITTER_MS 6000
#define BEFORE_END_MS 2000

/* In the reference's own form of the apps kinds a missing count is 0, and its bookmarks show it. */
static bool counts_replicas(const struct schema_resource *r)
{
    const struct schema_field *spec = r->type ? schema_field(r->type, STR("spec")) : NULL;
    return strcmp(r->group, "apps") == 0 && spec && schema_field(spec->type, STR("replicas"));
}

static json_t *empty_object(const struct schema_resource *r, int64_t revision, bool initial_end)
{
    char rv[24];
    snprintf(rv, sizeof(rv), "%lld", (long long)revision);
    json_t *obj = json_object(), *meta = json_object();
    json_object_set_new(obj, "kind", json_string(r->kind));
    json_object_set_new(obj, "apiVersion", json_string(r->api_version));
    json_object_set_new(meta, "resourceVersion", json_string(rv));
    if (initial_end) {
        json_t *notes = json_object();
        json_object_set_new(notes, "k8s.io/initial-events-end", json_string("true"));
        json_object_set_new(meta, "annotations", notes);
    }
    json_object_set_new(obj, "metadata", meta);
    if (counts_replicas(r)) {
        json_t *spec = json_object();
        json_object_set_new(spec, "replicas", json_integer(0));
        json_object_set_new(obj, "spec", spec);
    }
    return obj;
}

void bookmark_push(struct watch *w, int64_t revision, bool initial_end)
{
    struct arena *scratch = arena_new(0);
    struct buf text = {0}, object = {0};
    json_t *obj = empty_object(w->form.resource, revision, initial_end);
    encode_object(&text, obj, w->form.resource, NULL);
    form_given(&w->form, scratch, &object, obj, buf_view(&text), !w->headers_sent, initial_end);
    size_t before = w->built.n;
    frame_put(&w->form, &w->built, "BOOKMARK", buf_view(&object));
    stats_event(w->rq->stats_row, w->built.n - before, false);
    w->headers_sent = true;
    json_decref(obj);
    buf_free(&text);
    buf_free(&object);
    arena_free(scratch);
}

int64_t bookmark_next_ms(struct watch *w, int64_t now_ms)
{
    int64_t at = now_ms + PERIOD_MS - JITTER_MS + dispatch_random(w->d, 2 * JITTER_MS);
    if (w->end_ms - BEFORE_END_MS < at)
        at = w->end_ms - BEFORE_END_MS;
    return at <= now_ms ? INT64_MAX : at;
}
