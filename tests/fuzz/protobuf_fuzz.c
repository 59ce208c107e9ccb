/* Bodies in protobuf: no bytes may lead the reader astray, and what it reads must be text that survives being
 * written and read again and a tree that may meet the schema. The first byte chooses the kind. */
#include "registry/walk/decode.h"
#include "registry/walk/encode.h"
#include "registry/walk/protobuf.h"
#include "shm/base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    const char *group, *version, *kind;
} kinds[] = {
    {"", "v1", "Pod"},
    {"", "v1", "Event"},
    {"", "v1", "Secret"},
    {"apps", "v1", "Deployment"},
    {"apiextensions.k8s.io", "v1", "CustomResourceDefinition"},
    {"resource.k8s.io", "v1", "ResourceSlice"},
    {"coordination.k8s.io", "v1", "Lease"},
    {"authentication.k8s.io", "v1", "TokenReview"},
};

/* As JSON it is the same tree again. */
static void as_text(struct arena *a, const json_t *v)
{
    struct buf one = {0}, two = {0};
    const char *err = NULL;
    json_t *again;

    json_write(&one, v, 0);
    again = json_read(a, buf_view(&one), NULL, &err);
    must(again != NULL);
    json_write(&two, again, 0);
    json_decref(again);
    again = json_read(a, buf_view(&two), NULL, &err);
    must(again != NULL);
    buf_clear(&one);
    json_write(&one, again, 0);
    must(str_eq(buf_view(&one), buf_view(&two)));
    json_decref(again);
    buf_free(&one);
    buf_free(&two);
}

/* What is stored keeps its foreign fields: once written in this server's order, it is written the same again.
 */
static void as_stored(struct arena *a, struct str body, const struct schema_resource *r)
{
    struct buf out[2] = {{0}, {0}};
    const char *err = NULL;
    struct str beyond;
    json_t *v = protobuf_read_stored(a, body, r->kind, r->type, &beyond, &err);

    for (int i = 0; v && i < 2; i++) {
        protobuf_head(&out[i], str_of(r->api_version), str_of(r->kind));
        protobuf_write(&out[i], a, v, r->type, kept_find(a, beyond, r->type, v, v), NULL);
        json_decref(v);
        v = protobuf_read_stored(a, buf_view(&out[i]), r->kind, r->type, &beyond, &err);
        must(v != NULL || i == 1);
    }
    if (v)
        must(str_eq(buf_view(&out[0]), buf_view(&out[1])));
    json_decref(v);
    buf_free(&out[0]);
    buf_free(&out[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(0);
    struct findings f = {.arena = a};
    struct status st = {.arena = a};
    const struct schema_resource *r;
    struct buf out = {0};
    const char *err = NULL;
    json_t *v;
    size_t k = size ? data[0] % (sizeof(kinds) / sizeof(kinds[0])) : 0;

    r = schema_resource_of_kind(str_of(kinds[k].group), str_of(kinds[k].version), str_of(kinds[k].kind));
    must(r != NULL);
    v = protobuf_read(a, (struct str){(const char *)data + !!size, size - !!size}, r->kind, r->type, &err);
    must((v != NULL) == (err == NULL));
    if (v) {
        as_text(a, v);
        if (decode_tree(v, r->type, &f, &st))
            encode_object(&out, v, r, NULL);
        as_stored(a, (struct str){(const char *)data + 1, size - 1}, r);
    }
    json_decref(v);
    buf_free(&out);
    arena_free(a);
    return 0;
}
