/* One function for all scalable kinds: they keep their numbers in the same places and differ only in whether
 * the selector is a map or a LabelSelector. */
#include "worker/read/scale.h"

#include "registry/rules/selectortext.h"
#include "shm/base/buf.h"

static json_t *copy_keys(const json_t *from, const char *const *keys, int n)
{
    json_t *to = json_object();
    for (int i = 0; i < n; i++) {
        json_t *v = json_object_get(from, keys[i]);
        if (v)
            json_object_set(to, keys[i], v);
    }
    return to;
}

json_t *scale_tree(json_t *workload, const struct schema_resource *r)
{
    static const char *const meta_keys[] = {"name", "namespace", "uid", "resourceVersion",
                                            "creationTimestamp"};
    const json_t *spec = json_object_get(workload, "spec"), *status = json_object_get(workload, "status");
    const json_t *selector = json_object_get(spec, "selector"), *template = json_object_get(spec, "template");
    struct buf text = {0};
    json_t *s = json_object(), *st = json_object();
    json_object_set_new(s, "kind", json_string("Scale"));
    json_object_set_new(s, "apiVersion", json_string("autoscaling/v1"));
    json_object_set_new(s, "metadata", copy_keys(json_object_get(workload, "metadata"), meta_keys, 5));
    static const char *const replicas[] = {"replicas"};
    json_object_set_new(s, "spec", copy_keys(spec, replicas, 1));
    json_object_set_new(st, "replicas",
                        json_integer(json_integer_value(json_object_get(status, "replicas"))));
    bool plain_map = strcmp(r->group, "") == 0;
    if (plain_map && !selector)
        selector = json_object_get(json_object_get(template, "metadata"), "labels");
    if (plain_map)
        selector_put_map(&text, selector);
    else
        selector_put_text(&text, selector);
    json_object_set_new(st, "selector", json_stringn(text.n ? text.p : "", text.n));
    json_object_set_new(s, "status", st);
    buf_free(&text);
    json_decref(workload);
    return s;
}
