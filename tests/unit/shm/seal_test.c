/* Values as kube-apiserver encrypts them. The vectors were made by Go's crypto packages, with counting bytes
 * for keys and nonces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "shm/store/etcd/seal.h"

#define PLAIN STR("k8s\0 a secret value of some length")
#define KEY STR("/registry/secrets/default/s")
#define IV "404142434445464748494a4b"

static const struct {
    enum seal_kind kind;
    const char *prefix;
    size_t key_bytes;
    const char *hex;
} vectors[] = {
    {SEAL_AESCBC, "k8s:enc:aescbc:v1:k1:", 16,
     IV "4c4d4e4fa38d73340c4970dbb4629a1b597bab0a34b2cbf6548145e78ce559746ed3950c509cfe4e7844486d26b3903a2d72"
        "b4ea"},
    {SEAL_AESCBC, "k8s:enc:aescbc:v1:k1:", 24,
     IV "4c4d4e4fd6c9097cf9024ba2a5d73d70df2836b2ea5c7b84e9c423ca93d747b38bf4b79099158cccbc98408694265fcdd6cb"
        "8179"},
    {SEAL_AESCBC, "k8s:enc:aescbc:v1:k1:", 32,
     IV "4c4d4e4fee23207e70778a9233bc4f66e7d5a23cafc0ba7ebd9172befeff5fa3ffb504dd4b86c44bfe240f0b427799c6e54b"
        "111e"},
    {SEAL_AESGCM, "k8s:enc:aesgcm:v1:k1:", 16,
     IV
     "9ed429ef04f570ef0679151f390a7a122440fbe9fc47b5bce5c76d51121af4d69dd1a57d51c2daa64c333d3144f6161317d6"},
    {SEAL_AESGCM, "k8s:enc:aesgcm:v1:k1:", 24,
     IV
     "339d3f1d96c6a67c86d570a9985511af4c96905bea1c9345a38968960cb0c6a3f664fb97477381c5b8feaf8a35b37fedcbf0"},
    {SEAL_AESGCM, "k8s:enc:aesgcm:v1:k1:", 32,
     IV
     "b1acaf714f2e2cedd9fe10c060566e62d40c54705b5498eb4e9314dda3b0e1f57a8eb826c70ed0b32e53ca7248b034bde911"},
    {SEAL_SECRETBOX, "k8s:enc:secretbox:v1:k1:", 32,
     IV "4c4d4e4f50515253545556574f92adf6e04e747ae3bbfca9438aaf7a7663dbf1e48912736559681f67a22f622230b1378370"
        "f1d04ca"
        "af00dc23f4ca4afcb"},
};
#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static void put_hex(struct buf *b, const char *hex)
{
    for (; hex[0] && hex[1]; hex += 2) {
        char two[3] = {hex[0], hex[1], 0};
        buf_putc(b, (char)strtol(two, NULL, 16));
    }
}

static struct str secret(char bytes[64], char from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)(from + (int)i);
    return (struct str){bytes, n};
}

static struct seal *one_key(enum seal_kind kind, const char *name, char from, size_t n)
{
    char bytes[64];
    struct seal *s = seal_new();
    seal_add(s, kind);
    assert_true(seal_add_key(s, str_of(name), secret(bytes, from, n)));
    return s;
}

static bool opens(const struct seal *s, struct str key, struct str stored, bool *stale, char err[256])
{
    struct buf out = {0};
    struct str plain;
    bool ok = seal_open(s, key, stored, &out, &plain, stale, err, 256);
    if (ok && !str_eq(plain, PLAIN))
        fail_msg("opened as something else");
    buf_free(&out);
    return ok;
}

static void stored_vector(size_t i, struct buf *out)
{
    buf_puts(out, vectors[i].prefix);
    put_hex(out, vectors[i].hex);
}

static void known_values(void **state)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct seal *s = one_key(vectors[i].kind, "k1", 1, vectors[i].key_bytes);
        struct buf stored = {0};
        bool stale;
        char err[256];
        stored_vector(i, &stored);
        if (!opens(s, KEY, buf_view(&stored), &stale, err))
            fail_msg("%zu: %s", i, err);
        assert_false(stale);
        buf_free(&stored);
        seal_free(s);
    }
}

/* Sealing differs each time, in its length never. */
static void own_values(void **state)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct seal *s = one_key(vectors[i].kind, "k1", 1, vectors[i].key_bytes);
        struct buf known = {0}, a = {0}, b = {0};
        bool stale;
        char err[256];
        stored_vector(i, &known);
        assert_int_equal(seal_value(s, KEY, PLAIN, &a), 0);
        assert_int_equal(seal_value(s, KEY, PLAIN, &b), 0);
        assert_int_equal(a.n, known.n);
        assert_int_equal(b.n, known.n);
        assert_memory_equal(a.p, known.p, strlen(vectors[i].prefix));
        assert_memory_not_equal(a.p, b.p, a.n);
        assert_true(opens(s, KEY, buf_view(&a), &stale, err));
        buf_free(&known);
        buf_free(&a);
        buf_free(&b);
        seal_free(s);
    }
}

/* Every bit that is turned, every byte that is cut: an error, or with CBC, which authenticates nothing, other
 * bytes. */
static void damaged_values(void **state)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct seal *s = one_key(vectors[i].kind, "k1", 1, vectors[i].key_bytes);
        struct buf stored = {0}, out = {0};
        struct str plain;
        bool stale;
        char err[256];
        stored_vector(i, &stored);
        for (size_t at = 0; at < stored.n; at++) {
            stored.p[at] ^= 4;
            if (seal_open(s, KEY, buf_view(&stored), &out, &plain, &stale, err, sizeof(err)))
                assert_true(vectors[i].kind == SEAL_AESCBC && !str_eq(plain, PLAIN));
            stored.p[at] ^= 4;
            buf_clear(&out);
            if (seal_open(s, KEY, (struct str){stored.p, at}, &out, &plain, &stale, err, sizeof(err)))
                assert_true(vectors[i].kind == SEAL_AESCBC && !str_eq(plain, PLAIN));
            buf_clear(&out);
        }
        buf_free(&stored);
        buf_free(&out);
        seal_free(s);
    }
}

/* What is moved to another key of etcd is not opened there, where the cipher can tell. */
static void other_place(void **state)
{
    struct seal *s = one_key(SEAL_AESGCM, "k1", 1, 32);
    struct buf stored = {0};
    bool stale;
    char err[256];
    assert_int_equal(seal_value(s, KEY, PLAIN, &stored), 0);
    assert_false(opens(s, STR("/registry/secrets/default/t"), buf_view(&stored), &stale, err));
    assert_string_equal(err, "cipher: message authentication failed");
    buf_free(&stored);
    seal_free(s);
}

static void key_lengths(void **state)
{
    static const size_t fit[4][3] = {
        [SEAL_AESCBC] = {16, 24, 32}, [SEAL_AESGCM] = {16, 24, 32}, [SEAL_SECRETBOX] = {32}};
    for (int kind = SEAL_IDENTITY; kind <= SEAL_SECRETBOX; kind++) {
        for (size_t n = 0; n <= 33; n++) {
            char bytes[64];
            struct seal *s = seal_new();
            seal_add(s, (enum seal_kind)kind);
            bool fits = n && (n == fit[kind][0] || n == fit[kind][1] || n == fit[kind][2]);
            assert_int_equal(seal_add_key(s, STR("k"), secret(bytes, 1, n)), fits);
            seal_free(s);
        }
    }
}

/* What is written with one list of providers, read with another. */
enum { BOX_OLD, BOX_NEW, CBC_OLD, PLAIN_TEXT, NOTHING };

static void add(struct seal *s, int what)
{
    char bytes[64];
    seal_add(s, what == PLAIN_TEXT ? SEAL_IDENTITY : what == CBC_OLD ? SEAL_AESCBC : SEAL_SECRETBOX);
    if (what != PLAIN_TEXT)
        assert_true(seal_add_key(s, str_of(what == BOX_NEW ? "new" : "old"),
                                 secret(bytes, what == BOX_NEW ? 9 : 1, 32)));
}

static const struct {
    int written;
    int readers[2];
    bool stale;
    const char *err; /* NULL: opens */
} rotations[] = {
    {BOX_OLD, {BOX_OLD, NOTHING}, false, NULL},
    {BOX_OLD, {BOX_NEW, BOX_OLD}, true, NULL},
    {BOX_OLD, {BOX_OLD, BOX_NEW}, false, NULL},
    {CBC_OLD, {BOX_OLD, CBC_OLD}, true, NULL},
    {PLAIN_TEXT, {BOX_OLD, PLAIN_TEXT}, true, NULL},
    {PLAIN_TEXT, {PLAIN_TEXT, BOX_OLD}, false, NULL},
    {BOX_OLD, {PLAIN_TEXT, BOX_OLD}, true, NULL},
    {PLAIN_TEXT, {BOX_OLD, NOTHING}, false, "no matching prefix found"},
    {BOX_OLD, {PLAIN_TEXT, NOTHING}, false, "no matching prefix found"},
    {BOX_OLD, {NOTHING, NOTHING}, false, "identity transformer tried to read encrypted data"},
    {BOX_OLD, {BOX_NEW, NOTHING}, false, "no matching key was found for the provided Secretbox transformer"},
    {CBC_OLD, {BOX_OLD, NOTHING}, false, "no matching prefix found"},
};

static void rotated_keys(void **state)
{
    for (size_t i = 0; i < sizeof(rotations) / sizeof(rotations[0]); i++) {
        struct seal *writer = seal_new(), *reader = rotations[i].readers[0] == NOTHING ? NULL : seal_new();
        struct buf stored = {0};
        char err[256] = "";
        bool stale;
        add(writer, rotations[i].written);
        for (int k = 0; k < 2; k++)
            if (rotations[i].readers[k] != NOTHING)
                add(reader, rotations[i].readers[k]);
        assert_int_equal(seal_value(writer, KEY, PLAIN, &stored), 0);
        bool ok = opens(reader, KEY, buf_view(&stored), &stale, err);
        if (ok != !rotations[i].err || (!ok && strcmp(err, rotations[i].err) != 0))
            fail_msg("%zu: %s", i, err);
        if (ok)
            assert_int_equal(stale, rotations[i].stale);
        buf_free(&stored);
        seal_free(writer);
        seal_free(reader);
    }
}

/* A key of the same name whose bytes are others: the next provider is asked, and all that failed is told. */
static void same_name(void **state)
{
    struct seal *writer = one_key(SEAL_AESGCM, "k", 1, 32), *reader = one_key(SEAL_AESGCM, "k", 5, 32);
    struct buf stored = {0};
    char bytes[64], err[256];
    bool stale;
    assert_int_equal(seal_value(writer, KEY, PLAIN, &stored), 0);
    assert_false(opens(reader, KEY, buf_view(&stored), &stale, err));
    assert_string_equal(err, "cipher: message authentication failed");
    seal_add(reader, SEAL_AESGCM);
    assert_true(seal_add_key(reader, STR("other"), secret(bytes, 1, 32)));
    assert_false(opens(reader, KEY, buf_view(&stored), &stale, err));
    assert_string_equal(
        err, "[cipher: message authentication failed, no matching key was found for the provided AES "
             "transformer]");
    seal_add(reader, SEAL_AESGCM);
    assert_true(seal_add_key(reader, STR("k"), secret(bytes, 1, 32)));
    assert_true(opens(reader, KEY, buf_view(&stored), &stale, err));
    assert_true(stale);
    buf_free(&stored);
    seal_free(writer);
    seal_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values), cmocka_unit_test(own_values),  cmocka_unit_test(damaged_values),
        cmocka_unit_test(other_place),  cmocka_unit_test(key_lengths), cmocka_unit_test(rotated_keys),
        cmocka_unit_test(same_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
