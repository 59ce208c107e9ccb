/* continue= comes from clients: any bytes must be refused or read, and what is read must survive another
 * round. */
#include <stdlib.h>
#include "worker/read/continue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(0);
    struct continue_token t, again;
    const char *why = NULL;
    bool scoped = size && data[0] & 1;
    struct str text = {(const char *)data + (size > 0), size ? size - 1 : 0};
    if (continue_decode(a, text, scoped, &t, &why)) {
        struct key k;
        key_make(&k, 7, t.ns, t.name);
        struct str made = continue_encode(a, t.revision, scoped, t.ns, t.name);
        if (continue_decode(a, made, scoped, &again, &why) && again.revision != t.revision)
            abort();
    } else if (!why) {
        abort();
    }
    arena_free(a);
    return 0;
}
