/* Expressions: what parses prints, what checks has a type and a cost, and nothing takes long. The first byte
 * chooses where the expression stands. */
#include "registry/cel/environments.h"
#include "shm/base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(0);
    struct str text = {(const char *)data + 1, size ? size - 1 : 0};
    struct cel_source *s = cel_source_new(a, text);
    struct cel_env env =
        size && data[0] == 'd' ? cel_env_device() : cel_env_admission(size ? data[0] & 7 : 0);
    struct cel_expr *e = cel_compile(s, &env);

    must((e != NULL) == (s->nerrors == 0));
    if (e) {
        struct cel_sizes sizes = cel_device_sizes();

        must(cel_type_full_text(a, e->type) != NULL);
        cel_cost(a, e, &sizes);
    } else {
        must(cel_source_errors(s).n > 0);
    }
    arena_free(a);
    return 0;
}
