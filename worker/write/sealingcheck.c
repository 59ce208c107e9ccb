/* The rules and texts of apis/apiserver/validation. Where the reference shows a provider with what is in it,
 * this one does not: there are keys. */
#include "worker/write/sealingcheck.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include "registry/rules/base64.h"
#include "registry/walk/tree.h"

static struct str text_of(const json_t *v)
{
    return (struct str){json_string_value(v), json_string_length(v)};
}

struct sealing_name sealing_split(struct str s)
{
    ptrdiff_t dot = str_find(s, '.');

    if (dot < 0)
        return (struct sealing_name){s, STR("")};
    return (struct sealing_name){{s.p, (size_t)dot}, {s.p + dot + 1, s.n - (size_t)dot - 1}};
}

/* ---- names ---- */

#define STAR "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources"
#define OVERLAP                                                                                              \
    "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as "    \
    "they "                                                                                                  \
    "will be masked"
#define EVENTS                                                                                               \
    "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in "    \
    "the "                                                                                                   \
    "config file"
#define EXTENSIONS "'extensions' group has been removed and cannot be used for encryption"
#define NOT_REST "resources which do not have REST API/s cannot be encrypted"

static bool has_capital(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 'A' && s.p[i] <= 'Z')
            return true;
    return false;
}

static const char *wrong_name(struct str s)
{
    struct sealing_name n = sealing_split(s);

    if (has_capital(s))
        return "resource name should not contain capital letters";
    if (str_is(s, "*"))
        return STAR;
    if (str_is(s, "apiserveripinfo") || str_is(s, "serviceipallocations") ||
        str_is(s, "servicenodeportallocations"))
        return NOT_REST;
    if (str_is(n.group, "events.k8s.io"))
        return EVENTS;
    if (str_is(n.group, "extensions"))
        return EXTENSIONS;
    if (str_is(n.group, "*") && !str_is(n.plural, "*"))
        return "encrypting the same resource across groups is not supported";
    return NULL;
}

static bool same(struct sealing_name a, struct sealing_name b)
{
    return str_eq(a.plural, b.plural) && str_eq(a.group, b.group);
}

/* One of two different names holds the other. */
static bool overlap(struct sealing_name a, struct sealing_name b)
{
    bool all = str_is(a.plural, "*") && str_is(a.group, "*");

    return all || (str_eq(a.group, b.group) && (str_is(a.plural, "*") || str_is(b.plural, "*")));
}

static void check_names(const json_t *names, const char *path, struct status *st)
{
    bool twice = false, masked = false;
    size_t n = json_array_size(names);
    char *all = json_dumps(names, JSON_COMPACT);

    for (size_t i = 0; i < n && !(twice && masked); i++) {
        for (size_t k = 0; k < n; k++) {
            struct sealing_name a = sealing_split(text_of(json_array_get(names, i))),
                                b = sealing_split(text_of(json_array_get(names, k)));

            twice |= i != k && same(a, b);
            masked |= i != k && !same(a, b) && overlap(a, b);
        }
    }
    if (twice)
        field_invalid(st, path, all, "the same resource cannot be specified multiple times");
    if (masked)
        field_invalid(st, path, all, OVERLAP);
    free(all);
    for (size_t i = 0; i < n; i++) {
        struct str s = text_of(json_array_get(names, i));
        const char *why = wrong_name(s);

        if (why)
            field_invalid_str(st, arena_printf(st->arena, "%s[%zu]", path, i), s, why);
    }
}

/* ---- providers ---- */

struct provider_row {
    const char *name;
    enum seal_kind kind;
    const char *lengths;
    size_t fits[3];
};

static const struct provider_row providers[] = {
    {"aesgcm", SEAL_AESGCM, "[16 24 32]", {16, 24, 32}},
    {"aescbc", SEAL_AESCBC, "[16 24 32]", {16, 24, 32}},
    {"secretbox", SEAL_SECRETBOX, "[32]", {32, 32, 32}},
    {"identity", SEAL_IDENTITY, "", {0}},
};

#define NPROVIDERS (sizeof(providers) / sizeof(providers[0]))
#define NO_PROVIDER                                                                                          \
    "provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity"
#define TWO_PROVIDERS                                                                                        \
    "more than one provider specified in a single element, should split into different list elements"
#define NO_KMS "KMS providers are not supported by this server"

static const struct provider_row *row_of(const json_t *provider)
{
    for (size_t i = 0; i < NPROVIDERS; i++)
        if (json_object_get(provider, providers[i].name))
            return &providers[i];
    return NULL;
}

bool sealing_kind(const json_t *provider, enum seal_kind *kind, const json_t **keys)
{
    const struct provider_row *row = row_of(provider);

    if (!row)
        return false;
    *kind = row->kind;
    *keys = json_object_get(json_object_get(provider, row->name), "keys");
    return true;
}

static void check_key(const json_t *key, const struct provider_row *row, const char *path, struct status *st)
{
    struct str secret = text_of(json_object_get(key, "secret")), raw;
    size_t at;

    if (json_string_length(json_object_get(key, "name")) == 0)
        field_required(st, arena_printf(st->arena, "%s.name", path), "name is a mandatory field for a key");
    path = arena_printf(st->arena, "%s.secret", path);
    if (secret.n == 0) {
        field_required(st, path, "secret is a mandatory field for a key");
        return;
    }
    if (!base64_decode(st->arena, secret, &raw, &at)) {
        field_invalid_str(st, path, STR("REDACTED"), "secrets must be base64 encoded");
        return;
    }
    if (raw.n != row->fits[0] && raw.n != row->fits[1] && raw.n != row->fits[2])
        field_invalid_str(st, path, STR("REDACTED"),
                          arena_printf(st->arena,
                                       "secret is not of the expected length, got %zu, expected one of %s",
                                       raw.n, row->lengths));
    OPENSSL_cleanse((void *)(uintptr_t)raw.p, raw.n);
}

static void check_provider(const json_t *provider, const char *path, struct status *st)
{
    const struct provider_row *row = row_of(provider);
    const json_t *keys;

    if (json_object_size(provider) != 1) {
        field_invalid_str(st, path, STR("REDACTED"),
                          json_object_size(provider) ? TWO_PROVIDERS : NO_PROVIDER);
        return;
    }
    if (!row) {
        field_invalid_str(st, arena_printf(st->arena, "%s.kms", path), tree_str(provider, "kms.name"),
                          NO_KMS);
        return;
    }
    if (row->kind == SEAL_IDENTITY)
        return;
    keys = json_object_get(json_object_get(provider, row->name), "keys");
    path = arena_printf(st->arena, "%s.%s.keys", path, row->name);
    if (json_array_size(keys) == 0)
        field_required(st, path, "at least one keys is required");
    for (size_t i = 0; i < json_array_size(keys); i++)
        check_key(json_array_get(keys, i), row, arena_printf(st->arena, "%s[%zu]", path, i), st);
}

static void required_list(const json_t *list, const char *path, struct status *st)
{
    if (json_array_size(list) == 0)
        field_required(st, path, arena_printf(st->arena, "at least one %s is required", path));
}

void sealing_check(const json_t *config, struct status *st)
{
    const json_t *entries = json_object_get(config, "resources");

    required_list(entries, "resources", st);
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i), *names = json_object_get(entry, "resources"),
                     *list = json_object_get(entry, "providers");
        const char *path = arena_printf(st->arena, "resources[%zu].resources", i);

        required_list(names, path, st);
        check_names(names, path, st);
        path = arena_printf(st->arena, "resources[%zu].providers", i);
        required_list(list, path, st);
        for (size_t k = 0; k < json_array_size(list); k++)
            check_provider(json_array_get(list, k), arena_printf(st->arena, "%s[%zu]", path, k), st);
    }
}
