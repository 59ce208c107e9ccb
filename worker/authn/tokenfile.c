/* Tokens are kept as SHA-256 only, and looked up by it: what a comparison takes depends on the hash of what
 * was sent, which tells a guesser nothing about the token. A reload builds a new table and drops the old one.
 */
#include "worker/authn/tokenfile.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "shm/base/log.h"
#include "shm/base/must.h"

#define TOKENS_MAGIC 0x746f6b65u
#define COLUMNS 4
#define FILE_BYTES_MAX (64 << 20)

struct token {
    unsigned char hash[SHA256_DIGEST_LENGTH];
    struct str name, uid;
    struct str *groups;
    int ngroups;
    bool used;
};

struct tokens {
    unsigned magic;
    struct arena *arena;
    struct token *slot;
    size_t nslots; /* power of two */
    int n;
};

/* ---- CSV (RFC 4180 with LF or CRLF) ---- */

struct csv {
    struct str rest;
    int line;
    struct arena *arena;
};

static void skip_line_end(struct csv *c)
{
    if (c->rest.n && c->rest.p[0] == '\r')
        c->rest.p++, c->rest.n--;
    if (c->rest.n && c->rest.p[0] == '\n')
        c->rest.p++, c->rest.n--;
    c->line++;
}

static bool quoted_field(struct csv *c, struct str *out)
{
    char *p = arena_raw(c->arena, c->rest.n);
    size_t n = 0, i = 1;
    for (; i < c->rest.n; i++) {
        if (c->rest.p[i] == '"') {
            if (i + 1 >= c->rest.n || c->rest.p[i + 1] != '"')
                break;
            i++;
        }
        c->line += c->rest.p[i] == '\n';
        p[n++] = c->rest.p[i];
    }
    if (i >= c->rest.n)
        return false;
    *out = (struct str){p, n};
    c->rest.p += i + 1, c->rest.n -= i + 1;
    return c->rest.n == 0 || strchr(",\r\n", c->rest.p[0]) != NULL;
}

static bool plain_field(struct csv *c, struct str *out)
{
    size_t n = 0;
    while (n < c->rest.n && !strchr(",\r\n", c->rest.p[n] ? c->rest.p[n] : 'x')) {
        if (c->rest.p[n] == '"')
            return false;
        n++;
    }
    *out = (struct str){c->rest.p, n};
    c->rest.p += n, c->rest.n -= n;
    return true;
}

/* One line's fields; more than COLUMNS are read and forgotten. Returns how many, 0 at the end, -1: bad
 * quotes. */
static int csv_line(struct csv *c, struct str fields[COLUMNS])
{
    while (c->rest.n && (c->rest.p[0] == '\n' || c->rest.p[0] == '\r'))
        skip_line_end(c);
    if (c->rest.n == 0)
        return 0;
    for (int n = 0;;) {
        struct str f;
        bool quoted = c->rest.n && c->rest.p[0] == '"';
        if (!(quoted ? quoted_field(c, &f) : plain_field(c, &f)))
            return -1;
        if (n < COLUMNS)
            fields[n] = f;
        n++;
        if (c->rest.n == 0 || c->rest.p[0] != ',') {
            skip_line_end(c);
            return n;
        }
        c->rest.p++, c->rest.n--;
    }
}

/* ---- the table ---- */

static void hash_token(struct str token, unsigned char out[SHA256_DIGEST_LENGTH])
{
    SHA256((const unsigned char *)token.p, token.n, out);
}

static size_t first_slot(const struct tokens *t, const unsigned char *hash)
{
    size_t h;
    memcpy(&h, hash, sizeof(h));
    return h & (t->nslots - 1);
}

static struct token *find_slot(const struct tokens *t, const unsigned char *hash)
{
    size_t i = first_slot(t, hash);
    while (t->slot[i].used && CRYPTO_memcmp(t->slot[i].hash, hash, SHA256_DIGEST_LENGTH) != 0)
        i = (i + 1) & (t->nslots - 1);
    return &t->slot[i];
}

static void set_groups(struct arena *a, struct token *tk, struct str list)
{
    struct str rest = list, g;
    int n = 0;
    while (list.n && str_next(&rest, ',', &g))
        n++;
    tk->groups = arena_alloc(a, (size_t)n * sizeof(*tk->groups));
    rest = list;
    while (list.n && str_next(&rest, ',', &g))
        tk->groups[tk->ngroups++] = arena_str(a, g);
}

static void add_token(struct tokens *t, const struct str f[COLUMNS], int n, int line, const char *name)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    hash_token(f[0], hash);
    struct token *tk = find_slot(t, hash);
    if (tk->used)
        log_warn("token file=%s line=%d: the same token again, the later line counts", name, line);
    else
        t->n++;
    *tk = (struct token){.used = true};
    memcpy(tk->hash, hash, sizeof(hash));
    tk->name = arena_str(t->arena, f[1]);
    tk->uid = arena_str(t->arena, f[2]);
    set_groups(t->arena, tk, n > 3 ? f[3] : STR(""));
}

static size_t slots_for(struct str text)
{
    size_t lines = 1, slots = 16;
    for (size_t i = 0; i < text.n; i++)
        lines += text.p[i] == '\n';
    while (slots < 2 * lines)
        slots *= 2;
    return slots;
}

struct tokens *tokens_parse(struct str text, const char *name, char *err, size_t err_bytes)
{
    struct tokens *t = calloc(1, sizeof(*t));
    must(t != NULL);
    t->magic = TOKENS_MAGIC;
    t->arena = arena_new(0);
    t->nslots = slots_for(text);
    t->slot = arena_alloc(t->arena, t->nslots * sizeof(*t->slot));
    struct csv c = {text, 1, t->arena};
    struct str f[COLUMNS];
    int n, line = 1;
    for (; (n = csv_line(&c, f)) > 0; line = c.line) {
        if (n < 3) {
            snprintf(err, err_bytes, "%s: line %d has %d columns, it must be token,user,uid[,\"groups\"]",
                     name, c.line - 1, n);
            tokens_free(t);
            return NULL;
        }
        if (f[0].n == 0)
            log_warn("token file=%s line=%d: no token, the line is skipped", name, c.line - 1);
        else
            add_token(t, f, n, c.line - 1, name);
    }
    if (n < 0) {
        snprintf(err, err_bytes, "%s: line %d: a quote where none may be, or one that is never closed", name,
                 line);
        tokens_free(t);
        return NULL;
    }
    return t;
}

static bool read_all(int fd, struct buf *b)
{
    for (;;) {
        ssize_t n = read(fd, buf_reserve(b, 65536), 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        b->n += (size_t)n;
        if (b->n > FILE_BYTES_MAX) {
            errno = EFBIG;
            return false;
        }
    }
}

struct tokens *tokens_read(const char *path, char *err, size_t err_bytes)
{
    struct buf b = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && read_all(fd, &b);
    if (!ok)
        snprintf(err, err_bytes, "--token-auth-file=%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    struct tokens *t = ok ? tokens_parse(buf_view(&b), path, err, err_bytes) : NULL;
    if (b.p)
        OPENSSL_cleanse(b.p, b.n);
    buf_free(&b);
    return t;
}

void tokens_free(struct tokens *t)
{
    if (!t)
        return;
    must_be(t, TOKENS_MAGIC);
    t->magic = 0;
    arena_free(t->arena);
    free(t);
}

int tokens_count(const struct tokens *t)
{
    return t->n;
}

bool tokens_find(const struct tokens *t, struct str token, struct arena *a, struct user *out)
{
    must_be(t, TOKENS_MAGIC);
    unsigned char hash[SHA256_DIGEST_LENGTH];
    hash_token(token, hash);
    const struct token *tk = find_slot(t, hash);
    if (!tk->used)
        return false;
    *out = (struct user){.name = arena_str(a, tk->name), .uid = arena_str(a, tk->uid)};
    out->groups = arena_alloc(a, (size_t)(tk->ngroups + 1) * sizeof(*out->groups));
    bool said = false;
    for (int i = 0; i < tk->ngroups; i++) {
        out->groups[out->ngroups++] = arena_str(a, tk->groups[i]);
        said |=
            str_is(tk->groups[i], "system:authenticated") || str_is(tk->groups[i], "system:unauthenticated");
    }
    if (!said)
        out->groups[out->ngroups++] = STR("system:authenticated");
    return true;
}
