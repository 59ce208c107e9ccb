/* Values found in etcd, of whoever writes there: no bytes may lead the opening astray. The first byte chooses
 * the providers; what is opened is sealed and opened again. */
#include <stdint.h>
#include <stdlib.h>
#include "shm/base/must.h"
#include "shm/store/etcd/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct seal *make(unsigned how)
{
    static const char secret[32] = "0123456789abcdef0123456789abcdef";
    struct seal *s = seal_new();

    for (int kind = SEAL_IDENTITY; kind <= SEAL_SECRETBOX; kind++) {
        if (how & 1u << kind)
            seal_add(s, (enum seal_kind)kind);
        for (int k = 0; (how & 1u << kind) && kind != SEAL_IDENTITY && k < 2; k++)
            must(seal_add_key(s, k ? STR("b") : STR("a"),
                              (struct str){secret, kind == SEAL_SECRETBOX ? 32 : 16}));
    }
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str stored = {(const char *)data + !!size, size - !!size}, plain, again;
    struct seal *s = size && data[0] & 16 ? NULL : make(size ? data[0] : 0);
    struct buf out = {0}, sealed = {0}, second = {0};
    char err[256] = "";
    bool stale;

    if (!seal_open(s, STR("/registry/k"), stored, &out, &plain, &stale, err, sizeof(err))) {
        must(err[0] != 0);
    } else {
        must(seal_value(s, STR("/registry/k"), plain, &sealed) == 0);
        if (seal_open(s, STR("/registry/k"), buf_view(&sealed), &second, &again, &stale, err, sizeof(err)))
            must(str_eq(plain, again) && !stale);
        else
            must(str_starts(plain, STR("k8s:enc:"))); /* sealed in what was sealed: not ours */
    }
    seal_free(s);
    buf_free(&out);
    buf_free(&sealed);
    buf_free(&second);
    return 0;
}
