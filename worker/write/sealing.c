/* Resources are looked up as written, then as *.GROUP, then as *.*; entries about the same resource add up in
 * their order. */
#include "worker/write/sealing.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "registry/rules/base64.h"
#include "registry/walk/decode.h"
#include "registry/walk/tree.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "worker/write/sealingcheck.h"

#define FILE_MAX (1u << 20)
#define API_VERSION "apiserver.config.k8s.io/v1"
#define KIND "EncryptionConfiguration"

struct rule {
    char *group, *plural;
    struct seal *seal;
};

struct sealing {
    int64_t digest;
    struct rule *rules;
    int n;
};

static struct str text_of(const json_t *v)
{
    return (struct str){json_string_value(v), json_string_length(v)};
}

/* ---- rules ---- */

static struct rule *find(const struct sealing *s, struct str plural, struct str group)
{
    for (int i = 0; i < s->n; i++)
        if (str_is(plural, s->rules[i].plural) && str_is(group, s->rules[i].group))
            return &s->rules[i];
    return NULL;
}

static struct rule *rule_of(struct sealing *s, struct sealing_name n)
{
    struct rule *r = find(s, n.plural, n.group);

    if (r)
        return r;
    s->rules = realloc(s->rules, (size_t)(s->n + 1) * sizeof(*s->rules));
    must(s->rules != NULL);
    r = &s->rules[s->n++];
    *r = (struct rule){strndup(n.group.p, n.group.n), strndup(n.plural.p, n.plural.n), seal_new()};
    must(r->group && r->plural);
    return r;
}

static void add_providers(struct seal *seal, struct arena *a, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *keys;
        enum seal_kind kind;

        must(sealing_kind(json_array_get(list, i), &kind, &keys));
        seal_add(seal, kind);
        for (size_t k = 0; k < json_array_size(keys); k++) {
            const json_t *key = json_array_get(keys, k);
            struct str raw = STR_NONE;
            size_t at;

            must(base64_decode(a, text_of(json_object_get(key, "secret")), &raw, &at));
            must(seal_add_key(seal, text_of(json_object_get(key, "name")), raw));
            OPENSSL_cleanse((void *)(uintptr_t)raw.p, raw.n);
        }
    }
}

/* The earlier rule that leaves nothing to this one. */
static const char *masked_by(const struct sealing *s, struct arena *a, struct sealing_name n)
{
    if (find(s, STR("*"), n.group))
        return n.group.n ? arena_printf(a, "*.%.*s", STR_ARG(n.group)) : "*.";
    return find(s, STR("*"), STR("*")) ? "*.*" : NULL;
}

static bool add_entries(struct sealing *s, struct arena *a, const json_t *config, const char **err)
{
    const json_t *entries = json_object_get(config, "resources");

    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i), *names = json_object_get(entry, "resources");

        for (size_t k = 0; k < json_array_size(names); k++) {
            struct str text = text_of(json_array_get(names, k));
            const char *mask = masked_by(s, a, sealing_split(text));

            if (mask) {
                *err = arena_printf(
                    a,
                    "error while building transformers: resource \"%.*s\" is masked by earlier rule \"%s\"",
                    STR_ARG(text), mask);
                return false;
            }
            add_providers(rule_of(s, sealing_split(text))->seal, a, json_object_get(entry, "providers"));
        }
    }
    return true;
}

/* ---- the text ---- */

/* New reference; NULL with *err. */
static json_t *read_config(struct arena *a, struct str text, const char **err)
{
    const struct schema_type *type = schema_type(STR(API_VERSION), STR(KIND));
    struct findings found = {.arena = a};
    struct status st = {.arena = a};
    json_t *v = yaml_read(a, text, &found, err);
    struct str version = tree_str(v, "apiVersion"), kind = tree_str(v, "kind");

    must(type != NULL);
    if (!v)
        return NULL;
    if (kind.n == 0 || version.n == 0)
        *err = kind.n ? "Object 'apiVersion' is missing" : "Object 'Kind' is missing";
    else if (!str_is(version, API_VERSION) || !str_is(kind, KIND))
        *err = arena_printf(a, "no kind \"%.*s\" is registered for version \"%.*s\"", STR_ARG(kind),
                            STR_ARG(version));
    else if (!decode_tree(v, type, &found, &st))
        *err = st.message;
    else if (found.n)
        *err = arena_printf(a, "strict decoding error: %s", findings_text(&found));
    else
        return v;
    json_decref(v);
    return NULL;
}

static bool read_all(struct sealing *s, struct arena *a, struct str text, const char *path, const char **err)
{
    struct status st = {.arena = a};
    const char *why = NULL;
    json_t *config = read_config(a, text, &why);
    bool ok = config != NULL;

    if (!ok)
        *err = arena_printf(
            a, "error while parsing file: error decoding encryption provider configuration file \"%s\": %s",
            path, why);
    if (ok)
        sealing_check(config, &st);
    if (st.ncauses) {
        *err = arena_printf(a, "error while parsing file: %s", status_aggregate(&st));
        ok = false;
    }
    ok = ok && add_entries(s, a, config, err);
    json_decref(config);
    return ok;
}

/* Nothing of the keys can be told from it. */
static int64_t digest_of(struct str text)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    int64_t first;

    must(EVP_Digest(text.p, text.n, sum, NULL, EVP_sha256(), NULL) == 1);
    memcpy(&first, sum, sizeof(first));
    return first ? first : 1;
}

int64_t sealing_digest(const struct sealing *s)
{
    return s ? s->digest : 0;
}

struct sealing *sealing_read(struct str text, const char *path, char *err, size_t err_bytes)
{
    struct arena *a = arena_new(0);
    struct sealing *s = calloc(1, sizeof(*s));
    const char *why = "";

    must(s != NULL);
    if (!read_all(s, a, text, path, &why)) {
        snprintf(err, err_bytes, "%s", why);
        sealing_free(s);
        s = NULL;
    } else {
        s->digest = digest_of(text);
    }
    arena_free(a);
    return s;
}

static int read_file(const char *path, char *text, size_t max, size_t *n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), e = fd < 0 ? -errno : 0;
    struct stat sb;
    ssize_t got = 1;

    for (*n = 0; e == 0 && got > 0 && *n<max; *n += got> 0 ? (size_t)got : 0) {
        got = read(fd, text + *n, max - *n);
        if (got < 0 && errno != EINTR)
            e = -errno;
    }
    if (e == 0 && *n == max)
        e = -EFBIG;
    if (e == 0 && fstat(fd, &sb) == 0 && (sb.st_mode & (S_IRGRP | S_IROTH)))
        log_warn("%s holds encryption keys and can be read by others (mode %o): chmod 600 it", path,
                 (unsigned)sb.st_mode & 0777);
    if (fd >= 0)
        close(fd);
    return e;
}

struct sealing *sealing_load(const char *path, char *err, size_t err_bytes)
{
    char *text = malloc(FILE_MAX);
    struct sealing *s = NULL;
    size_t n;
    int e;

    must(text != NULL);
    e = read_file(path, text, FILE_MAX, &n);
    if (e)
        snprintf(err, err_bytes,
                 "error while parsing file: error while loading file: error reading encryption provider "
                 "configuration "
                 "file \"%s\": %s",
                 path, strerror(-e));
    else if (n == 0)
        snprintf(err, err_bytes,
                 "error while parsing file: error while loading file: encryption provider configuration file "
                 "\"%s\" is "
                 "empty",
                 path);
    else
        s = sealing_read((struct str){text, n}, path, err, err_bytes);
    OPENSSL_cleanse(text, FILE_MAX);
    free(text);
    return s;
}

void sealing_free(struct sealing *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->n; i++) {
        free(s->rules[i].group);
        free(s->rules[i].plural);
        seal_free(s->rules[i].seal);
    }
    free(s->rules);
    free(s);
}

const struct seal *sealing_of(const struct sealing *s, struct str group, struct str plural)
{
    const struct rule *r;

    if (!s)
        return NULL;
    r = find(s, plural, group);
    if (!r)
        r = find(s, STR("*"), group);
    if (!r)
        r = find(s, STR("*"), STR("*"));
    return r ? r->seal : NULL;
}
