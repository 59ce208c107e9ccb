/* Secrets, ConfigMaps and ServiceAccounts. Rule: ValidateSecret, ValidateConfigMap, ValidateServiceAccount of
 * pkg/apis/core/validation. */
#include "registry/validation/rows.h"

#include "registry/rules/base64.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"

#define DATA_BYTES_MAX (1024 * 1024)

/* What a key names for those who mount it. The value is not needed. */
static void data_key(struct check *c, const char *where, struct str key)
{
    struct at map = at_field(NULL, where), at = at_key(&map, key);

    check_name(c, &at, key, "config-map-key");
}

/* Bytes behind base64 text, without decoding it. */
static size_t decoded_bytes(const json_t *v)
{
    const char *text = json_is_string(v) ? json_string_value(v) : "";
    size_t chars = 0, n = json_is_string(v) ? json_string_length(v) : 0;

    for (size_t i = 0; i < n; i++)
        chars += text[i] != '=' && text[i] != '\n' && text[i] != '\r';
    return chars / 4 * 3 + chars % 4 * 3 / 4;
}

/* ---- Secrets ---- */

static void must_have(struct check *c, const json_t *data, const char *key)
{
    struct at map = at_field(NULL, "data"), at = at_key(&map, str_of(key));

    if (!json_object_get(data, key))
        check_required(c, &at, "");
}

/* The reference reads it into a map and says what its decoder says. */
static void must_be_json_object(struct check *c, const json_t *data, const char *key)
{
    struct at map = at_field(NULL, "data"), at = at_key(&map, str_of(key));
    struct str text = {0};
    const char *why = NULL;
    size_t bad_at;
    json_t *v;

    if (!json_object_get(data, key) || !base64_decode(c->arena, check_str(data, key), &text, &bad_at)) {
        must_have(c, data, key);
        return;
    }
    v = json_read(c->arena, text, NULL, &why);
    if (v && !json_is_object(v) && !json_is_null(v))
        why =
            arena_printf(c->arena, "json: cannot unmarshal %s into Go value of type map[string]interface {}",
                         json_word(v));
    json_decref(v);
    if (why)
        check_invalid_str(c, &at, STR("<secret contents redacted>"), why);
}

static void service_account_token(struct check *c, const json_t *obj)
{
    struct at map = at_field(NULL, "metadata.annotations");
    struct at at = at_key(&map, STR("kubernetes.io/service-account.name"));

    if (!check_str(tree_get(obj, "metadata.annotations"), "kubernetes.io/service-account.name").n)
        check_required(c, &at, "");
}

static void docker_config(struct check *c, const json_t *obj)
{
    must_be_json_object(c, json_object_get(obj, "data"), ".dockercfg");
}

static void docker_config_json(struct check *c, const json_t *obj)
{
    must_be_json_object(c, json_object_get(obj, "data"), ".dockerconfigjson");
}

/* One of both is enough. */
static void basic_auth(struct check *c, const json_t *obj)
{
    const json_t *data = json_object_get(obj, "data");

    if (json_object_get(data, "username") || json_object_get(data, "password"))
        return;
    must_have(c, data, "username");
    must_have(c, data, "password");
}

static void ssh_auth(struct check *c, const json_t *obj)
{
    struct at map = at_field(NULL, "data"), at = at_key(&map, STR("ssh-privatekey"));

    if (!check_str(json_object_get(obj, "data"), "ssh-privatekey").n)
        check_required(c, &at, "");
}

static void tls(struct check *c, const json_t *obj)
{
    must_have(c, json_object_get(obj, "data"), "tls.crt");
    must_have(c, json_object_get(obj, "data"), "tls.key");
}

static const struct {
    const char *type;
    void (*check)(struct check *c, const json_t *obj);
} SECRET_TYPES[] = {
    {"kubernetes.io/service-account-token", service_account_token},
    {"kubernetes.io/dockercfg", docker_config},
    {"kubernetes.io/dockerconfigjson", docker_config_json},
    {"kubernetes.io/basic-auth", basic_auth},
    {"kubernetes.io/ssh-auth", ssh_auth},
    {"kubernetes.io/tls", tls},
};

static void secret(struct check *c, const json_t *obj)
{
    struct at at = at_field(NULL, "data");
    json_t *data = json_object_get(obj, "data"), *v;
    struct str type = check_str(obj, "type");
    size_t bytes = 0, n;
    const char *key;

    json_object_keylen_foreach(data, key, n, v)
    {
        data_key(c, "data", (struct str){key, n});
        bytes += decoded_bytes(v);
    }
    if (bytes > DATA_BYTES_MAX)
        check_too_long(c, &at, DATA_BYTES_MAX);
    for (size_t i = 0; i < sizeof(SECRET_TYPES) / sizeof(SECRET_TYPES[0]); i++) {
        if (str_is(type, SECRET_TYPES[i].type))
            SECRET_TYPES[i].check(c, obj);
    }
}

/* What may not change once the object said that nothing will. */
static void stays_immutable(struct check *c, const json_t *obj, const json_t *old, const char *const *fields,
                            int n)
{
    static const char WHY[] = "field is immutable when `immutable` is set";
    struct at at = at_field(NULL, "immutable");

    if (!check_bool(old, "immutable"))
        return;
    if (!check_bool(obj, "immutable"))
        check_forbidden(c, &at, WHY);
    for (int i = 0; i < n; i++) {
        at = at_field(NULL, fields[i]);
        if (!tree_same(obj, old, fields[i], c->resource->type))
            check_forbidden(c, &at, WHY);
    }
}

static void secret_update(struct check *c, const json_t *obj, const json_t *old)
{
    static const char *const FIELDS[] = {"data"};
    struct at at = at_field(NULL, "type");

    check_immutable(c, &at, json_object_get(obj, "type"), json_object_get(old, "type"));
    stays_immutable(c, obj, old, FIELDS, 1);
    check_metadata(c, obj);
    secret(c, obj);
}

/* ---- ConfigMaps ---- */

static void config_map(struct check *c, const json_t *obj)
{
    json_t *data = json_object_get(obj, "data"), *binary = json_object_get(obj, "binaryData"), *v;
    struct at map = at_field(NULL, "data"), whole = at_whole();
    size_t bytes = 0, n;
    const char *key;

    json_object_keylen_foreach(data, key, n, v)
    {
        struct at at = at_key(&map, (struct str){key, n});

        data_key(c, "data", (struct str){key, n});
        if (json_object_getn(binary, key, n))
            check_invalid_str(c, &at, (struct str){key, n}, "duplicate of key present in binaryData");
        bytes += json_string_length(v);
    }
    json_object_keylen_foreach(binary, key, n, v)
    {
        data_key(c, "binaryData", (struct str){key, n});
        bytes += decoded_bytes(v);
    }
    if (bytes > DATA_BYTES_MAX)
        check_too_long(c, &whole, DATA_BYTES_MAX);
}

static void config_map_update(struct check *c, const json_t *obj, const json_t *old)
{
    static const char *const FIELDS[] = {"data", "binaryData"};

    stays_immutable(c, obj, old, FIELDS, 2);
    check_metadata(c, obj);
    config_map(c, obj);
}

/* ---- ServiceAccounts ---- */

static void service_account_update(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata(c, obj);
}

static const struct validation ROWS[] = {
    {.group = "", .plural = "secrets", .create = secret, .update = secret_update},
    {.group = "", .plural = "configmaps", .create = config_map, .update = config_map_update},
    {.group = "", .plural = "serviceaccounts", .update = service_account_update},
};

const struct validation_rows validation_rows_secrets = VALIDATION_ROWS(ROWS);
