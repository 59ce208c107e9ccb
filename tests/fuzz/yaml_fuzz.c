/* Bodies in YAML: whatever is read can be written as YAML and JSON, and is read back as the same tree. */
#include "registry/walk/json.h"
#include "shm/base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(0);
    struct findings f = {.arena = a};
    const char *err = NULL;
    json_t *v = yaml_read(a, (struct str){(const char *)data, size}, &f, &err), *again;
    struct buf b = {0};

    must((v != NULL) == (err == NULL));
    if (v) {
        json_write(&b, v, 0);
        again = json_read(a, buf_view(&b), NULL, &err);
        must(again != NULL && json_equal(v, again));
        json_decref(again);
        buf_clear(&b);
        yaml_write(&b, v);
        buf_free(&b);
    }
    json_decref(v);
    arena_free(a);
    return 0;
}
