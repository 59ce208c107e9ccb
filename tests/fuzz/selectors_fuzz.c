/* labelSelector= and fieldSelector=, and the small grammars: quantities, times, durations, names. The first
 * byte chooses. */
#include "registry/rules/base64.h"
#include "registry/rules/names.h"
#include "registry/rules/quantities.h"
#include "registry/rules/selectors.h"
#include "registry/rules/times.h"
#include "shm/base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool some_label(const void *arg, struct str key, struct str *value)
{
    *value = key;
    return key.n % 2;
}

/* Canonical text is its own canonical text, and an equal amount. */
static void fuzz_quantity(struct arena *a, struct str s)
{
    const char *err = NULL, *once = quantity_canonical(a, s, &err), *twice;

    must((once != NULL) == (err == NULL));
    if (!once)
        return;
    twice = quantity_canonical(a, str_of(once), &err);
    must(twice != NULL);
    quantity_cmp(str_of(once), str_of(twice));
    quantity_value(s);
    quantity_milli(s);
}

static void fuzz_times(struct arena *a, struct str s)
{
    const char *err = NULL, *t = time_normalize(a, s, false, &err), *d;

    if (t && *t)
        must(strcmp(time_normalize(a, str_of(t), false, &err), t) == 0);
    t = time_normalize(a, s, true, &err);
    if (t && *t)
        must(strcmp(time_normalize(a, str_of(t), true, &err), t) == 0);
    d = duration_normalize(a, s, &err);
    if (d)
        must(duration_normalize(a, str_of(d), &err) != NULL);
}

static void fuzz_base64(struct arena *a, struct str s)
{
    struct str bytes, again;
    struct buf b = {0};
    size_t bad_at;

    if (base64_decode(a, s, &bytes, &bad_at)) {
        base64_encode(&b, bytes);
        must(base64_decode(a, buf_view(&b), &again, &bad_at) && str_eq(bytes, again));
    }
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(0);
    struct status st = {.arena = a};
    struct str s = {(const char *)data + 1, size ? size - 1 : 0};
    struct label_selector labels;
    struct field_selector fields;
    struct name_errors e;

    switch (size ? data[0] : 0) {
    case 'l':
        if (label_selector_parse(a, s, &labels, &st))
            label_selector_matches(&labels, some_label, NULL);
        else
            must(st.code == 400);
        break;
    case 'f':
        if (!field_selector_parse(a, s, schema_resource_of_kind(STR(""), STR("v1"), STR("Pod")), &fields,
                                  &st))
            must(st.code == 400);
        break;
    case 'q':
        fuzz_quantity(a, s);
        break;
    case 't':
        fuzz_times(a, s);
        break;
    case 'b':
        fuzz_base64(a, s);
        break;
    default:
        name_errors(a, "dns-label", s, true, &e);
        name_errors(a, "dns-subdomain", s, true, &e);
        name_errors(a, "ip", s, false, &e);
        name_qualified_errors(a, s, &e);
        name_label_value_errors(s, &e);
    }
    arena_free(a);
    return 0;
}
