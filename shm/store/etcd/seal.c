/* A row a cipher. Reading tries, in order, every provider and key whose prefix fits, for two may have the
 * same name while keys are rotated, and one that fails says nothing about the next (transformer.go). */
#include "shm/store/etcd/seal.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include "shm/base/must.h"

#define SEAL_MAGIC 0x7365616cu
#define KEY_BYTES_MAX 32
#define VALUE_BYTES_MAX (1u << 30)
#define ERRORS_MAX 8 /* different ones, of which there are fewer */

#define BLOCK 16
#define NONCE 12
#define TAG 16

struct key {
    char *prefix; /* the name and a colon */
    size_t prefix_bytes, bytes;
    unsigned char secret[KEY_BYTES_MAX];
};

struct provider {
    enum seal_kind kind;
    struct key *keys;
    int nkeys;
};

struct seal {
    unsigned magic;
    struct provider *providers;
    int n;
};

/* What went wrong, each text once. */
struct errors {
    const char *text[ERRORS_MAX];
    int n;
};

static const char TOO_SHORT[] = "the stored data was shorter than the required size";
static const char OUT_OF_ORDER[] = "the cipher failed";

static const unsigned char *bytes_of(struct str s)
{
    return (const unsigned char *)s.p;
}

static bool random_bytes(char *to, int n)
{
    return RAND_bytes((unsigned char *)to, n) == 1;
}

static struct str behind(struct str s, size_t n)
{
    return (struct str){s.p + n, s.n - n};
}

/* ---- AES ---- */

static bool aes_fits(size_t bytes)
{
    return bytes == 16 || bytes == 24 || bytes == 32;
}

static const EVP_CIPHER *cbc_of(const struct key *k)
{
    return k->bytes == 16 ? EVP_aes_128_cbc() : k->bytes == 24 ? EVP_aes_192_cbc() : EVP_aes_256_cbc();
}

static const EVP_CIPHER *gcm_of(const struct key *k)
{
    return k->bytes == 16 ? EVP_aes_128_gcm() : k->bytes == 24 ? EVP_aes_192_gcm() : EVP_aes_256_gcm();
}

static bool cbc_crypt(const struct key *k, const char *iv, struct str in, char *out, bool encrypt)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n = 0, rest = 0;
    bool ok = c && EVP_CipherInit_ex(c, cbc_of(k), NULL, k->secret, (const unsigned char *)iv, encrypt) == 1;
    EVP_CIPHER_CTX_set_padding(c, encrypt);
    ok = ok && EVP_CipherUpdate(c, (unsigned char *)out, &n, bytes_of(in), (int)in.n) == 1 &&
         EVP_CipherFinal_ex(c, (unsigned char *)out + n, &rest) == 1;
    EVP_CIPHER_CTX_free(c);
    return ok;
}

static bool cbc_close(const struct key *k, struct str etcd_key, struct str plain, struct buf *out)
{
    size_t n = BLOCK + plain.n + BLOCK - plain.n % BLOCK;
    char *to = buf_reserve(out, n);
    if (!random_bytes(to, BLOCK) || !cbc_crypt(k, to, plain, to + BLOCK, true))
        return false;
    out->n += n;
    return true;
}

static const char *cbc_open(const struct key *k, struct str etcd_key, struct str in, struct buf *out)
{
    if (in.n < BLOCK)
        return TOO_SHORT;
    size_t n = in.n - BLOCK;
    if (n % BLOCK)
        return "the stored data is not a multiple of the block size";
    char *to = buf_reserve(out, n + BLOCK);
    if (!cbc_crypt(k, in.p, behind(in, BLOCK), to, false))
        return OUT_OF_ORDER;
    size_t pad = n ? (unsigned char)to[n - 1] : 0;
    if (pad == 0 || pad > n)
        return "invalid PKCS7 data (empty or not padded)";
    for (size_t i = n - pad; i < n; i++)
        if ((unsigned char)to[i] != pad)
            return "invalid padding on input";
    out->n += n - pad;
    return NULL;
}

static bool gcm_crypt(EVP_CIPHER_CTX *c, struct str etcd_key, struct str in, char *out)
{
    int n;
    return EVP_CipherUpdate(c, NULL, &n, bytes_of(etcd_key), (int)etcd_key.n) == 1 &&
           (in.n == 0 || EVP_CipherUpdate(c, (unsigned char *)out, &n, bytes_of(in), (int)in.n) == 1);
}

static bool gcm_close(const struct key *k, struct str etcd_key, struct str plain, struct buf *out)
{
    char *to = buf_reserve(out, NONCE + plain.n + TAG), *end = to + NONCE + plain.n;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n;
    bool ok = c && random_bytes(to, NONCE) &&
              EVP_EncryptInit_ex(c, gcm_of(k), NULL, k->secret, (unsigned char *)to) == 1 &&
              gcm_crypt(c, etcd_key, plain, to + NONCE) &&
              EVP_EncryptFinal_ex(c, (unsigned char *)end, &n) == 1 &&
              EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG, end) == 1;
    EVP_CIPHER_CTX_free(c);
    out->n += ok ? NONCE + plain.n + TAG : 0;
    return ok;
}

static const char *gcm_open(const struct key *k, struct str etcd_key, struct str in, struct buf *out)
{
    if (in.n < NONCE)
        return TOO_SHORT;
    if (in.n < NONCE + TAG)
        return "cipher: message authentication failed";
    struct str sealed = {in.p + NONCE, in.n - NONCE - TAG};
    char tag[TAG], *to = buf_reserve(out, sealed.n + BLOCK);
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n;
    memcpy(tag, in.p + in.n - TAG, TAG);
    bool ok = c && EVP_DecryptInit_ex(c, gcm_of(k), NULL, k->secret, bytes_of(in)) == 1 &&
              gcm_crypt(c, etcd_key, sealed, to) &&
              EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG, tag) == 1 &&
              EVP_DecryptFinal_ex(c, (unsigned char *)to + sealed.n, &n) == 1;
    EVP_CIPHER_CTX_free(c);
    out->n += ok ? sealed.n : 0;
    return ok ? NULL : "cipher: message authentication failed";
}

/* ---- secretbox ---- */

static bool box_fits(size_t bytes)
{
    return bytes == crypto_secretbox_KEYBYTES;
}

static bool box_close(const struct key *k, struct str etcd_key, struct str plain, struct buf *out)
{
    size_t n = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + plain.n;
    unsigned char *to = (unsigned char *)buf_reserve(out, n);
    if (!random_bytes((char *)to, crypto_secretbox_NONCEBYTES) ||
        crypto_secretbox_easy(to + crypto_secretbox_NONCEBYTES, bytes_of(plain), plain.n, to, k->secret) != 0)
        return false;
    out->n += n;
    return true;
}

static const char *box_open(const struct key *k, struct str etcd_key, struct str in, struct buf *out)
{
    if (in.n < crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)
        return TOO_SHORT;
    struct str sealed = behind(in, crypto_secretbox_NONCEBYTES);
    unsigned char *to = (unsigned char *)buf_reserve(out, sealed.n);
    if (crypto_secretbox_open_easy(to, bytes_of(sealed), sealed.n, bytes_of(in), k->secret) != 0)
        return "output array was not large enough for encryption"; /* the reference's words for a wrong key */
    out->n += sealed.n - crypto_secretbox_MACBYTES;
    return NULL;
}

/* ---- providers ---- */

struct cipher {
    const char *prefix, *no_key;
    bool (*fits)(size_t key_bytes);
    bool (*close)(const struct key *k, struct str etcd_key, struct str plain, struct buf *out);
    /* NULL, or why not. */
    const char *(*open)(const struct key *k, struct str etcd_key, struct str in, struct buf *out);
};

#define NO_AES "no matching key was found for the provided AES transformer"
#define NO_BOX "no matching key was found for the provided Secretbox transformer"
#define ENCRYPTED STR("k8s:enc:")

static const struct cipher ciphers[] = {
    [SEAL_IDENTITY] = {.prefix = ""},
    [SEAL_AESCBC] = {"k8s:enc:aescbc:v1:", NO_AES, aes_fits, cbc_close, cbc_open},
    [SEAL_AESGCM] = {"k8s:enc:aesgcm:v1:", NO_AES, aes_fits, gcm_close, gcm_open},
    [SEAL_SECRETBOX] = {"k8s:enc:secretbox:v1:", NO_BOX, box_fits, box_close, box_open},
};

struct seal *seal_new(void)
{
    struct seal *s = calloc(1, sizeof(*s));
    must(s != NULL && sodium_init() >= 0);
    s->magic = SEAL_MAGIC;
    return s;
}

void seal_free(struct seal *s)
{
    if (!s)
        return;
    must_be(s, SEAL_MAGIC);
    s->magic = 0;
    for (int i = 0; i < s->n; i++) {
        struct provider *p = &s->providers[i];
        for (int k = 0; k < p->nkeys; k++)
            free(p->keys[k].prefix);
        if (p->keys)
            OPENSSL_cleanse(p->keys, (size_t)p->nkeys * sizeof(*p->keys));
        free(p->keys);
    }
    free(s->providers);
    free(s);
}

void seal_add(struct seal *s, enum seal_kind kind)
{
    must_be(s, SEAL_MAGIC);
    s->providers = realloc(s->providers, (size_t)(s->n + 1) * sizeof(*s->providers));
    must(s->providers != NULL);
    s->providers[s->n++] = (struct provider){.kind = kind};
}

/* Moved by hand: realloc would leave the old keys behind in freed memory. */
static struct key *one_more(struct provider *p)
{
    struct key *more = calloc((size_t)p->nkeys + 1, sizeof(*more));
    must(more != NULL);
    if (p->nkeys) {
        memcpy(more, p->keys, (size_t)p->nkeys * sizeof(*more));
        OPENSSL_cleanse(p->keys, (size_t)p->nkeys * sizeof(*more));
    }
    free(p->keys);
    p->keys = more;
    return &more[p->nkeys++];
}

bool seal_add_key(struct seal *s, struct str name, struct str secret)
{
    must_be(s, SEAL_MAGIC);
    must(s->n > 0);
    struct provider *p = &s->providers[s->n - 1];
    if (p->kind == SEAL_IDENTITY || !ciphers[p->kind].fits(secret.n))
        return false;
    struct key *k = one_more(p);
    k->prefix_bytes = name.n + 1;
    k->prefix = malloc(k->prefix_bytes);
    must(k->prefix != NULL);
    memcpy(k->prefix, name.p, name.n);
    k->prefix[name.n] = ':';
    k->bytes = secret.n;
    memcpy(k->secret, secret.p, secret.n);
    return true;
}

int seal_value(const struct seal *s, struct str etcd_key, struct str plain, struct buf *out)
{
    const struct provider *p = s && s->n ? &s->providers[0] : NULL;
    size_t before = out->n;
    if (!p || p->kind == SEAL_IDENTITY) {
        buf_str(out, plain);
        return 0;
    }
    if (p->nkeys == 0 || plain.n > VALUE_BYTES_MAX || etcd_key.n > VALUE_BYTES_MAX)
        return -EIO;
    buf_puts(out, ciphers[p->kind].prefix);
    buf_put(out, p->keys[0].prefix, p->keys[0].prefix_bytes);
    if (ciphers[p->kind].close(&p->keys[0], etcd_key, plain, out))
        return 0;
    out->n = before;
    return -EIO;
}

/* ---- opening ---- */

static void add_error(struct errors *e, const char *text)
{
    for (int i = 0; i < e->n; i++)
        if (strcmp(e->text[i], text) == 0)
            return;
    if (e->n < ERRORS_MAX)
        e->text[e->n++] = text;
}

static bool say(const struct errors *e, const char *otherwise, char *err, size_t err_bytes)
{
    size_t at = 0;
    err[0] = 0;
    if (e->n <= 1) {
        snprintf(err, err_bytes, "%s", e->n ? e->text[0] : otherwise);
        return false;
    }
    for (int i = 0; i < e->n && at < err_bytes; i++)
        at += (size_t)snprintf(err + at, err_bytes - at, "%s%s%s", i ? ", " : "[", e->text[i],
                               i + 1 < e->n ? "" : "]");
    return false;
}

static bool open_keys(const struct provider *p, struct str etcd_key, struct str in, struct buf *out,
                      bool *stale, struct errors *errors)
{
    const struct cipher *c = &ciphers[p->kind];
    bool tried = false;
    for (int i = 0; i < p->nkeys; i++) {
        struct str prefix = {p->keys[i].prefix, p->keys[i].prefix_bytes};
        if (!str_starts(in, prefix))
            continue;
        const char *why = c->open(&p->keys[i], etcd_key, behind(in, prefix.n), out);
        *stale = i > 0;
        if (!why)
            return true;
        tried = true;
        add_error(errors, why);
    }
    if (!tried)
        add_error(errors, c->no_key);
    return false;
}

bool seal_open(const struct seal *s, struct str etcd_key, struct str stored, struct buf *out,
               struct str *plain, bool *stale, char *err, size_t err_bytes)
{
    struct errors errors = {.n = 0};
    bool encrypted = str_starts(stored, ENCRYPTED);
    *stale = false;
    *plain = stored;
    if (!s && encrypted)
        return say(&errors, "identity transformer tried to read encrypted data", err, err_bytes);
    if (!s)
        return true;
    if (stored.n > VALUE_BYTES_MAX || etcd_key.n > VALUE_BYTES_MAX)
        return say(&errors, "the stored data is too large", err, err_bytes);
    for (int i = 0; i < s->n; i++) {
        const struct provider *p = &s->providers[i];
        struct str prefix = str_of(ciphers[p->kind].prefix);
        size_t before = out->n;
        bool old_key = false;
        if (!str_starts(stored, prefix) || (p->kind == SEAL_IDENTITY && encrypted))
            continue;
        bool ok = p->kind == SEAL_IDENTITY ||
                  open_keys(p, etcd_key, behind(stored, prefix.n), out, &old_key, &errors);
        *stale = i > 0 || old_key;
        if (ok && p->kind != SEAL_IDENTITY)
            *plain = (struct str){out->p + before, out->n - before};
        if (ok)
            return true;
    }
    return say(&errors, "no matching prefix found", err, err_bytes);
}
