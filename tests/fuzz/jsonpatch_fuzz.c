/* JSON and merge patches against a fixed object. The first byte chooses which. */
#include "registry/walk/patch.h"
#include "shm/base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char doc_text[] =
    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"labels\":{\"a/"
    "b\":\"c\",\"t~t\":\"\"},\"finalizers\":"
    "[\"x/1\",\"x/2\",\"x/"
    "3\"]},\"spec\":{\"containers\":[{\"name\":\"c\",\"ports\":[{\"containerPort\":80}]},{\"name\":\"d\"}]},"
    "\"n\":null,\"i\":1,\"r\":1.5}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(0);
    struct findings f = {.arena = a};
    struct status st = {.arena = a};
    const char *err = NULL;
    json_t *doc, *before, *patch, *out;

    if (size == 0) {
        arena_free(a);
        return 0;
    }
    doc = json_read(a, str_of(doc_text), NULL, &err);
    before = json_deep_copy(doc);
    patch = json_read(a, (struct str){(const char *)data + 1, size - 1}, &f, &err);
    if (patch && data[0] != 'm') {
        bool shaped = jsonpatch_check(patch, &f, &st);

        st.code = 0;
        out = jsonpatch_apply(doc, patch, &st);
        must((out != NULL) == (st.code == 0));
        must(shaped || !json_is_object(patch) || !out);
        json_decref(out);
    } else if (patch) {
        out = mergepatch_apply(doc, patch, &st);
        must((out != NULL) == (st.code == 0));
        json_decref(out);
    }
    must(json_equal(doc, before));
    json_decref(doc);
    json_decref(before);
    json_decref(patch);
    arena_free(a);
    return 0;
}
