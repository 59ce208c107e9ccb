/* CertificateSigningRequests. Rule: pkg/apis/certificates/validation. What is in the request and the
 * certificate is read by whoever has a library for it (world.h). */
#include "registry/validation/rows.h"

#include "registry/rules/base64.h"
#include "registry/rules/names.h"
#include "registry/validation/printed.h"
#include "registry/validation/samevalue.h"
#include "registry/validation/seen.h"
#include "registry/walk/tree.h"

#define LEGACY_SIGNER "kubernetes.io/legacy-unknown"
#define EXPIRATION_MIN_S 600
#define DOMAIN_MAX 253
#define SIGNER_MAX (DOMAIN_MAX + 1 + DOMAIN_MAX + 63 + 1)

/* What an object that was stored before the rule may keep, and what a subresource may do. */
struct leniency {
    bool both_verdicts, legacy_signer, same_types, empty_type, any_certificate, same_usages, unknown_usages;
    bool sets_verdicts, sets_certificate;
};

static const char *const USAGES[] = {
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
};
#define NUSAGES (int)(sizeof(USAGES) / sizeof(USAGES[0]))

static bool is_verdict(struct str type)
{
    return str_is(type, "Approved") || str_is(type, "Denied");
}

/* ---- the signer's name ---- */

static bool labels(struct check *c, const struct at *at, struct str shown, const char *rule, int *n)
{
    struct str rest = shown, label;
    struct name_errors e;

    *n = 0;
    for (size_t i = 0; i < shown.n; i++)
        *n += shown.p[i] == '.';
    ++*n;
    while (str_next(&rest, '.', &label)) {
        name_errors(c->arena, rule, label, false, &e);
        for (int i = 0; i < e.n; i++)
            check_invalid_str(
                c, at, shown,
                arena_printf(c->arena, "validating label \"%.*s\": %s", (int)label.n, label.p, e.text[i]));
        if (e.n)
            return false;
    }
    return true;
}

static void signer_name(struct check *c, const struct at *at, struct str name)
{
    struct str domain, path;
    ptrdiff_t slash = str_find(name, '/');
    int n;

    if (!name.n) {
        check_required(c, at, "");
        return;
    }
    path = slash < 0 ? STR("") : (struct str){name.p + slash + 1, name.n - (size_t)slash - 1};
    if (slash < 0 || str_find(path, '/') >= 0) {
        check_invalid_str(c, at, name,
                          "must be a fully qualified domain and path of the form 'example.com/signer-name'");
        return;
    }
    domain = (struct str){name.p, (size_t)slash};
    if (domain.n > DOMAIN_MAX)
        check_too_long(c, at, DOMAIN_MAX);
    labels(c, at, domain, "dns-label", &n);
    if (n < 2)
        check_invalid_str(c, at, domain, "should be a domain with at least two segments separated by dots");
    labels(c, at, path, "dns-subdomain", &n);
    if (name.n > SIGNER_MAX)
        check_too_long(c, at, SIGNER_MAX);
}

/* ---- conditions ---- */

static void condition_status(struct check *c, const struct at *up, const json_t *condition)
{
    static const char *const ALL[] = {"False", "True", "Unknown"}, *const TRUE_ONLY[] = {"True"};
    struct at at = at_field(up, "status");
    struct str status = check_str(condition, "status"), type = check_str(condition, "type");

    if (!status.n)
        check_required(c, &at, "");
    else if (is_verdict(type) || str_is(type, "Failed"))
        check_enum(c, &at, status, TRUE_ONLY, 1);
    else
        check_enum(c, &at, status, ALL, 3);
}

static void conditions(struct check *c, const json_t *obj, struct leniency may)
{
    struct at all = at_field(NULL, "status.conditions");
    struct seen *seen = seen_new(c);
    json_t *condition;
    size_t i;

    json_array_foreach(tree_get(obj, "status.conditions"), i, condition)
    {
        struct at at = at_index(&all, i), type_at = at_field(&at, "type");
        struct str type = check_str(condition, "type");

        if (check_full(c))
            return;
        if (!may.empty_type && !type.n)
            check_required(c, &type_at, "");
        condition_status(c, &at, condition);
        if (!may.both_verdicts && is_verdict(type) &&
            seen_has(seen, str_is(type, "Approved") ? STR("Denied") : STR("Approved")))
            check_invalid_word(c, &all, type, "Approved and Denied conditions are mutually exclusive");
        if (seen_add(seen, type) && !may.same_types)
            check_duplicate_str(c, &type_at, type);
    }
}

/* ---- the whole ---- */

static const char *request_error(struct check *c, const json_t *obj)
{
    struct str pem;
    size_t bad_at;

    if (!base64_decode(c->arena, tree_str(obj, "spec.request"), &pem, &bad_at))
        return NULL; /* the decoder has refused it */
    return c->world && c->world->certificate_request_error
               ? c->world->certificate_request_error(c->world->arg, c->arena, pem)
               : NULL;
}

static const char *certificate_error(struct check *c, const json_t *obj)
{
    struct str pem;
    size_t bad_at;

    if (!tree_str(obj, "status.certificate").n ||
        !base64_decode(c->arena, tree_str(obj, "status.certificate"), &pem, &bad_at))
        return NULL;
    return c->world && c->world->certificate_error ? c->world->certificate_error(c->world->arg, c->arena, pem)
                                                   : NULL;
}

static void usages(struct check *c, const json_t *list, struct leniency may)
{
    struct at at = at_field(NULL, "spec.usages");
    struct seen *seen = seen_new(c);
    json_t *v;
    size_t i;

    if (!json_array_size(list))
        check_required(c, &at, "");
    json_array_foreach(list, i, v)
    {
        struct at item = at_index(&at, i);

        if (check_full(c))
            return;
        if (!may.unknown_usages)
            check_enum(c, &item, check_value_str(v), USAGES, NUSAGES);
    }
    json_array_foreach(list, i, v)
    {
        struct at item = at_index(&at, i);

        if (seen_add(seen, check_value_str(v)) && !may.same_usages)
            check_duplicate_str(c, &item, check_value_str(v));
    }
}

static void request(struct check *c, const json_t *obj, struct leniency may)
{
    const json_t *spec = json_object_get(obj, "spec");
    struct at request_at = at_field(NULL, "spec.request"), signer = at_field(NULL, "spec.signerName"),
              seconds = at_field(NULL, "spec.expirationSeconds"),
              certificate = at_field(NULL, "status.certificate");
    const char *err = request_error(c, obj);
    int64_t expires = check_int(spec, "expirationSeconds", EXPIRATION_MIN_S);

    if (err)
        check_invalid(c, &request_at, json_object_get(spec, "request"), err);
    usages(c, json_object_get(spec, "usages"), may);
    if (!may.legacy_signer && str_is(check_str(spec, "signerName"), LEGACY_SIGNER))
        check_invalid_str(c, &signer, STR(LEGACY_SIGNER),
                          "the legacy signerName is not allowed via this API version");
    else
        signer_name(c, &signer, check_str(spec, "signerName"));
    if (expires < EXPIRATION_MIN_S)
        check_invalid_int(c, &seconds, expires,
                          "may not specify a duration less than 600 seconds (10 minutes)");
    conditions(c, obj, may);
    err = may.any_certificate ? NULL : certificate_error(c, obj);
    if (err)
        check_invalid_str(c, &certificate, STR("<certificate data>"), err);
}

static void request_create(struct check *c, const json_t *obj)
{
    request(c, obj, (struct leniency){0});
}

/* ---- updates ---- */

/* The conditions of a type. New reference. */
static json_t *of_type(const json_t *obj, const char *type)
{
    json_t *out = json_array(), *condition;
    size_t i;

    json_array_foreach(tree_get(obj, "status.conditions"), i, condition)
    {
        if (str_is(check_str(condition, "type"), type))
            json_array_append(out, condition);
    }
    return out;
}

static void kept(struct check *c, const json_t *obj, const json_t *old, const char *type)
{
    struct at at = at_field(NULL, "status.conditions");
    json_t *now = of_type(obj, type), *before = of_type(old, type);

    if (json_array_size(now) < json_array_size(before))
        check_forbidden(c, &at,
                        arena_printf(c->arena, "updates may not remove a condition of type \"%s\"", type));
    json_decref(now);
    json_decref(before);
}

static void unchanged(struct check *c, const json_t *obj, const json_t *old, const char *type)
{
    const struct schema_type *list = printed_type(c->resource->type, "status.conditions");
    struct at at = at_field(NULL, "status.conditions");
    json_t *now = of_type(obj, type), *before = of_type(old, type);

    if (json_array_size(now) > json_array_size(before))
        check_forbidden(c, &at,
                        arena_printf(c->arena, "updates may not add a condition of type \"%s\"", type));
    else if (json_array_size(now) == json_array_size(before) && !same_value(now, before, list))
        check_forbidden(c, &at,
                        arena_printf(c->arena, "updates may not modify a condition of type \"%s\"\n%s", type,
                                     printed_diff(c, before, now, list)));
    json_decref(now);
    json_decref(before);
}

static struct leniency leniency_of(struct check *c, const json_t *obj, const json_t *old)
{
    struct leniency may = {
        .legacy_signer = str_is(tree_str(old, "spec.signerName"), LEGACY_SIGNER),
        .any_certificate = str_eq(tree_str(obj, "status.certificate"), tree_str(old, "status.certificate")) ||
                           certificate_error(c, old),
        .sets_verdicts = strcmp(c->subresource, "approval") == 0,
        .sets_certificate = strcmp(c->subresource, "status") == 0,
    };
    struct seen *types = seen_new(c), *seen = seen_new(c);
    json_t *v;
    size_t i;

    json_array_foreach(tree_get(old, "status.conditions"), i, v)
    {
        may.empty_type = may.empty_type || !check_str(v, "type").n;
        may.same_types = seen_add(types, check_str(v, "type")) || may.same_types;
    }
    may.both_verdicts = seen_has(types, STR("Approved")) && seen_has(types, STR("Denied"));
    json_array_foreach(tree_get(old, "spec.usages"), i, v)
    {
        may.unknown_usages = may.unknown_usages || !check_one_of(check_value_str(v), USAGES, NUSAGES);
        may.same_usages = seen_add(seen, check_value_str(v)) || may.same_usages;
    }
    return may;
}

static void request_update(struct check *c, const json_t *obj, const json_t *old)
{
    static const char *const LASTING[] = {"Approved", "Denied", "Failed"};
    struct leniency may = leniency_of(c, obj, old);
    struct str now = tree_str(obj, "status.certificate"), before = tree_str(old, "status.certificate");
    struct at certificate = at_field(NULL, "status.certificate");

    check_metadata(c, obj);
    request(c, obj, may);
    for (int i = 0; i < 3; i++)
        kept(c, obj, old, LASTING[i]);
    for (int i = 0; i < 2 && !may.sets_verdicts; i++)
        unchanged(c, obj, old, LASTING[i]);
    if (!str_eq(now, before) && !may.sets_certificate)
        check_forbidden(c, &certificate, "updates may not set certificate content");
    else if (!str_eq(now, before) && before.n)
        check_forbidden(c, &certificate, "updates may not modify existing certificate content");
    check_metadata_update(c, obj, old);
}

static const struct validation ROWS[] = {
    {.group = "certificates.k8s.io",
     .plural = "certificatesigningrequests",
     .checks_metadata = true,
     .create = request_create,
     .update = request_update,
     .update_status = request_update,
     .update_part = request_update},
};

const struct validation_rows validation_rows_certificates = VALIDATION_ROWS(ROWS);
