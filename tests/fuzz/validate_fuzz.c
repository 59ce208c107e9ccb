/* Objects of any kind: decoded, defaulted, then checked as new ones and as an update of one of its kind. The
 * first byte chooses the kind; what is behind a newline is the old object. */
#include "registry/strategy/strategy.h"
#include "registry/walk/decode.h"
#include "registry/walk/tree.h"
#include "shm/base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t now_s(void *arg)
{
    return 1700000000;
}

/* NULL: it is no object of the kind. */
static json_t *read_object(struct arena *a, struct str text, const struct strategy_call *c)
{
    struct status st = {.arena = a};
    struct findings f = {.arena = a};
    const char *err = NULL;
    json_t *obj = json_read(a, text, NULL, &err);

    if (!json_is_object(obj) || !decode_tree(obj, c->resource->type, &f, &st)) {
        json_decref(obj);
        return NULL;
    }
    if (!tree_get(obj, "metadata.name"))
        tree_set_string(obj, "metadata.name", "x");
    tree_set_string(obj, "metadata.namespace", "n");
    tree_set_string(obj, "metadata.resourceVersion", "1");
    strategy_defaults(c, obj);
    return obj;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const PARTS[] = {"", "status", "resize", "ephemeralcontainers"};
    const struct schema_resource *const *all;
    struct arena *a = arena_new(0);
    struct world world = {.now_s = now_s, .service_cluster_ip_range = "10.0.0.0/24"};
    struct strategy_call c = {.arena = a, .world = &world, .subresource = ""};
    struct str text = {(const char *)data + 1, size ? size - 1 : 0}, first;
    json_t *obj, *old;
    int n;

    all = schema_resources(&n);
    c.resource = size ? all[data[0] % n]->storage : NULL;
    if (c.resource && c.resource->type && str_next(&text, '\n', &first)) {
        obj = read_object(a, first, &c);
        old = text.p ? read_object(a, text, &c) : json_deep_copy(obj);
        for (size_t i = 0; obj && old && i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
            struct status st = {.arena = a};
            json_t *copy = json_deep_copy(obj);

            c.subresource = PARTS[i];
            must(strategy_before_update(&c, copy, old, &st) == (st.code == 0));
            json_decref(copy);
        }
        if (obj) {
            struct status st = {.arena = a};

            c.subresource = "";
            must(strategy_before_create(&c, obj, &st) == (st.code == 0));
        }
        json_decref(obj);
        json_decref(old);
    }
    arena_free(a);
    return 0;
}
