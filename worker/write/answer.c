/* After a write the finished record is at hand: its bytes go out as they are, like those of a read. */
#include "worker/write/answer.h"

#include "registry/strategy/strategy.h"
#include "registry/walk/encode.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"
#include "worker/read/scale.h"
#include "worker/request/status.h"

static enum stage_result send_json(struct request *rq, const struct reply_form *f, int code, struct buf *json)
{
    struct buf out = {0};
    struct str body;

    form_finish(f, rq->arena, &out, buf_view(json));
    body = arena_str(rq->arena, buf_view(&out));
    buf_free(&out);
    buf_free(json);
    response_bytes(rq, code, f->accept.content_type, body);
    return STAGE_DONE;
}

static enum stage_result tell_tree(struct request *rq, const struct reply_form *f, json_t *tree, int code)
{
    const struct schema_resource *r = f->resource;
    struct status st = {.arena = rq->arena};
    json_t *obj = json_incref(tree);
    struct buf text = {0}, json = {0};

    if (f->sub) {
        obj = scale_tree(obj, r);
        encode_value(&text, obj, f->sub->type);
    } else {
        if (f->converts)
            obj = strategy_convert(rq->arena, obj, r->storage, r, &st);
        encode_object(&text, obj, r, NULL);
    }
    form_given(f, rq->arena, &json, obj, buf_view(&text), true, false);
    buf_free(&text);
    json_decref(obj);
    return send_json(rq, f, code, &json);
}

static enum stage_result answer_record(struct request *rq, const struct reply_form *f,
                                       const struct record *rec, int code)
{
    struct segment seg[FORM_SEGMENTS + 1];
    struct buf json = {0};
    int n = f->views ? form_views(f, NULL, rec, false, seg) : 0;

    if (n == 0) {
        form_object(f, rq->arena, &json, NULL, rec, true);
        return send_json(rq, f, code, &json);
    }
    if (f->accept.media == MEDIA_JSON)
        seg[n++] = (struct segment){"\n", 1};
    response_views(rq, code, f->accept.content_type, NULL, seg, n);
    return STAGE_DONE;
}

enum stage_result answer_tree(struct request *rq, const struct reply_form *f, json_t *tree, int code)
{
    struct status st = {.arena = rq->arena};

    return form_refuses(f, false, &st) ? answer_status(rq, &st) : tell_tree(rq, f, tree, code);
}

enum stage_result answer_write(struct request *rq, const struct reply_form *f, const struct write *w,
                               int code)
{
    struct status st = {.arena = rq->arena};

    if (form_refuses(f, false, &st))
        return answer_status(rq, &st);
    return w->record ? answer_record(rq, f, w->record, code) : tell_tree(rq, f, w->tree, code);
}

enum stage_result answer_status(struct request *rq, const struct status *st)
{
    response_status(rq, st);
    return STAGE_DONE;
}

static enum stage_result success(struct request *rq, const struct reply_form *f, int code, struct buf *json)
{
    struct str text = arena_str(rq->arena, buf_view(json));

    buf_free(json);
    response_json(rq, code, &f->accept, NULL, text);
    return STAGE_DONE;
}

enum stage_result answer_deleted(struct request *rq, const struct reply_form *f,
                                 const struct schema_resource *r, struct str name, struct str uid)
{
    struct buf b = {0};

    buf_puts(&b,
             "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Success\",\"details\":"
             "{\"name\":");
    json_write_string(&b, name);
    if (r->group[0]) {
        buf_puts(&b, ",\"group\":");
        json_write_string(&b, str_of(r->group));
    }
    buf_puts(&b, ",\"kind\":");
    json_write_string(&b, str_of(r->plural));
    if (uid.n) {
        buf_puts(&b, ",\"uid\":");
        json_write_string(&b, uid);
    }
    buf_puts(&b, "}}");
    return success(rq, f, 200, &b);
}

enum stage_result answer_done(struct request *rq, const struct reply_form *f, int code)
{
    struct buf b = {0};

    buf_printf(
        &b, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Success\",\"code\":%d}",
        code);
    return success(rq, f, code, &b);
}
