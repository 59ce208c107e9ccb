/* Bodies in JSON: what is read must survive being written and read again, and any tree may meet the schema.
 */
#include "registry/walk/decode.h"
#include "registry/walk/encode.h"
#include "shm/base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *again(struct arena *a, const json_t *v, struct buf *text)
{
    const char *err = NULL;
    json_t *read;

    buf_clear(text);
    json_write(text, v, 0);
    read = json_read(a, buf_view(text), NULL, &err);
    must(read != NULL);
    return read;
}

/* From the second round on nothing changes (in the first, a real -0 becomes an integer). */
static void round_trip(struct arena *a, const json_t *v)
{
    struct buf one = {0}, two = {0};
    json_t *second = again(a, v, &one), *third = again(a, second, &one), *fourth = again(a, third, &two);

    must(str_eq(buf_view(&one), buf_view(&two)));
    json_decref(second);
    json_decref(third);
    json_decref(fourth);
    buf_free(&one);
    buf_free(&two);
}

/* What decodes encodes to what decodes again, to the same bytes. */
static void through_schema(struct arena *a, json_t *v, const struct schema_resource *r, struct findings *f)
{
    struct status st = {.arena = a};
    struct encode_marks marks;
    struct buf once = {0}, twice = {0};
    const char *err = NULL;
    json_t *copy;

    if (!json_is_object(v) || !decode_tree(v, r->type, f, &st))
        return;
    encode_object(&once, v, r, NULL);
    copy = json_read(a, buf_view(&once), NULL, &err);
    must(copy != NULL);
    must(decode_tree(copy, r->type, NULL, &st));
    encode_object(&twice, copy, r, NULL);
    must(str_eq(buf_view(&once), buf_view(&twice)));
    buf_clear(&twice);
    encode_object(&twice, v, r, &marks);
    must(marks.body_at < twice.n && marks.rv_at < twice.n);
    json_decref(copy);
    buf_free(&once);
    buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kinds[] = {"Pod", "Service", "Secret", "Event"};
    struct arena *a = arena_new(0);
    struct findings f = {.arena = a};
    const char *err = NULL;
    json_t *v = json_read(a, (struct str){(const char *)data, size}, &f, &err);

    must((v != NULL) == (err == NULL));
    if (v) {
        round_trip(a, v);
        through_schema(a, v, schema_resource_of_kind(STR(""), STR("v1"), str_of(kinds[size % 4])), &f);
    }
    json_decref(v);
    arena_free(a);
    return 0;
}
