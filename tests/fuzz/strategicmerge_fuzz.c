/* Strategic merge patches against a Deployment; what comes out must be convertible or refused, and apply
 * again. */
#include "registry/walk/decode.h"
#include "registry/walk/encode.h"
#include "registry/walk/patch.h"
#include "shm/base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char doc_text[] =
    "{\"apiVersion\":\"apps/"
    "v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\",\"labels\":{\"a\":\"b\"},\"finalizers\":["
    "\"x/1\",\"x/"
    "2\"]},\"spec\":{\"replicas\":2,\"strategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxSurge\":"
    "1}},"
    "\"selector\":{\"matchLabels\":{\"app\":\"x\"}},\"template\":{\"metadata\":{\"labels\":{\"app\":\"x\"}},"
    "\"spec\":{\"containers\":[{"
    "\"name\":\"c\",\"image\":\"i\",\"env\":[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"B\"}],\"ports\":[{"
    "\"containerPort\":80}],"
    "\"args\":[\"x\"]},{\"name\":\"d\"}],\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}],\"tolerations\":[{"
    "\"key\":\"a\"}],"
    "\"nodeSelector\":{\"z\":\"a\"}}}}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct schema_resource *r = schema_resource_of_kind(STR("apps"), STR("v1"), STR("Deployment"));
    struct arena *a = arena_new(0);
    struct status st = {.arena = a};
    struct findings f = {.arena = a};
    const char *err = NULL;
    json_t *doc = json_read(a, str_of(doc_text), NULL, &err), *before = json_deep_copy(doc), *out;
    json_t *patch = json_read(a, (struct str){(const char *)data, size}, NULL, &err);
    struct buf b = {0};

    if (patch) {
        out = strategicmerge_apply(doc, patch, r->type, &st);
        must((out != NULL) == (st.code == 0));
        must(json_equal(doc, before));
        if (out && decode_merged(out, r->type, &f, &st))
            encode_object(&b, out, r, NULL);
        patch_text(a, patch);
        json_decref(out);
    }
    buf_free(&b);
    json_decref(doc);
    json_decref(before);
    json_decref(patch);
    arena_free(a);
    return 0;
}
