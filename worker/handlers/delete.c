/* DELETE of one object. Answered with a Status, or with the object where it stays for a while or the kind
 * says so. */
#include "worker/handlers/handlers.h"

#include "registry/walk/json.h"
#include "registry/walk/tree.h"
#include "worker/read/options.h"
#include "worker/write/answer.h"
#include "worker/write/body.h"
#include "worker/write/deletion.h"

static enum stage_result over(struct request *rq, struct write *w)
{
    struct reply_form form;
    struct status st = {.arena = rq->arena};
    struct str uid = STR_NONE;
    char rv[24];

    if (status_failed(&w->st) || !form_init(&form, rq, &st))
        return answer_status(rq, status_failed(&w->st) ? &w->st : &st);
    if (deletion_returns_object(w->stored, w)) {
        /* What is gone carries the version at which it went. */
        if (w->removed && w->tree && w->revision) {
            snprintf(rv, sizeof(rv), "%lld", (long long)w->revision);
            tree_set_string(w->tree, "metadata.resourceVersion", rv);
        }
        return answer_write(rq, &form, w, 200);
    }
    if (w->tree)
        uid = tree_str(w->tree, "metadata.uid");
    return answer_deleted(rq, &form, rq->info.schema, w->name, uid);
}

enum stage_result handler_delete(struct request *rq)
{
    const struct schema_resource *r = rq->info.schema, *stored = r->storage ? r->storage : r;
    struct status st = {.arena = rq->arena};
    struct delete_options o;
    struct reply_form form;
    enum stage_result wait;
    struct deletion *d;

    if (!body_here(rq, handler_delete, &wait, &st))
        return wait;
    if (status_failed(&st) || !form_init(&form, rq, &st) || !delete_options_parse(rq, &o, &st) ||
        !options_name_fits(rq, &st) ||
        !deletion_admit(rq->ctx, rq->arena, stored, rq->info.ns, rq->info.name, &st))
        return answer_status(rq, &st);
    deletion_warn(rq, stored, &o);
    d = deletion_new(rq->ctx, rq->arena, rq, stored, rq->info.ns, rq->info.name, &o);
    d->w->over = over;
    return write_go(d->w);
}
