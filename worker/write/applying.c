#include "worker/write/applying.h"

#include "registry/apply/config.h"
#include "registry/walk/json.h"
#include "worker/write/tracking.h"

#define APPLY_PATCH "application/apply-patch+yaml"

bool applying_wanted(const struct change *c)
{
    return str_is(c->patch_type, APPLY_PATCH);
}

static bool read_config(struct change *c, struct request *rq, struct findings *found, struct status *st)
{
    const char *err = "";

    c->patch = write_keep_tree(rq->arena, yaml_read(rq->arena, rq->body, found, &err));
    if (!c->patch)
        status_bad_request(st, "error decoding YAML: error converting YAML to JSON: %s", err);
    else if (!json_is_object(c->patch) && !json_is_null(c->patch))
        status_bad_request(
            st,
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal "
            "%s into Go value of type map[string]interface {}",
            json_word(c->patch));
    return !status_failed(st);
}

/* Keys that were given twice, once the rest is known to be fine. */
static bool check_strictly(struct change *c, struct request *rq, const struct findings *found,
                           struct status *st)
{
    struct buf lines = {0};

    if (found->n && c->o.validation == VALIDATION_WARN)
        body_warn(rq, found);
    if (!found->n || c->o.validation != VALIDATION_STRICT)
        return true;
    for (int i = 0; i < found->n; i++)
        buf_printf(&lines, "\n  %s", found->text[i]);
    status_bad_request(
        st, "error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:%.*s",
        (int)lines.n, lines.p);
    buf_free(&lines);
    return false;
}

json_t *applying_apply(struct change *c, struct request *rq, const json_t *old, struct status *st)
{
    struct apply_call call = tracking_call(rq, c);
    struct findings found = {.arena = rq->arena};
    json_t *obj;

    if (!c->patch && !read_config(c, rq, &found, st))
        return NULL;
    obj = config_apply(&call, old, c->patch, st);
    if (obj && !check_strictly(c, rq, &found, st)) {
        json_decref(obj);
        return NULL;
    }
    return obj;
}
