/* Every error a client sees is made here, so that texts, codes and details have one home. Clients match on
 * reason and code, people and scripts on the message: all three follow the reference. */
#include "registry/status.h"

#include <stdarg.h>
#include <stdio.h>
#include "registry/rules/text.h"
#include "registry/walk/json.h"
#include "shm/base/hash.h"
#include "shm/base/must.h"

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

int status_set(struct status *st, int code, const char *reason, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    st->message = arena_vprintf(st->arena, fmt, ap);
    va_end(ap);
    st->code = code;
    st->reason = reason;
    return code;
}

void status_details(struct status *st, const char *group, const char *kind, const char *name)
{
    st->group = group;
    st->kind = kind;
    st->name = name;
    st->has_details = true;
}

bool status_full(const struct status *st)
{
    return st->ncauses >= STATUS_CAUSES_MAX || st->causes_bytes > STATUS_CAUSES_BYTES_MAX;
}

void status_add_cause(struct status *st, const char *reason, const char *field, const char *message)
{
    if (status_full(st))
        return;
    if (st->ncauses == st->cap) {
        int cap = st->cap ? st->cap * 2 : 8;
        struct status_cause *more = arena_alloc(st->arena, (size_t)cap * sizeof(*more));

        if (st->ncauses)
            memcpy(more, st->causes, (size_t)st->ncauses * sizeof(*more));
        st->causes = more;
        st->cap = cap;
    }
    st->causes[st->ncauses++] = (struct status_cause){reason, message, field};
    st->causes_bytes += strlen(field) + strlen(message);
    st->has_details = true;
}

/* "deployments.apps"; the core group leaves the resource alone. */
static const char *qualified(struct arena *a, const char *group, const char *name)
{
    name = or_empty(name);
    return group && *group ? arena_printf(a, "%s.%s", name, group) : name;
}

static void named(struct status *st, const char *group, const char *resource, struct str name)
{
    status_details(st, group, resource, arena_cstr(st->arena, name));
}

void status_not_found(struct status *st, const char *group, const char *resource, struct str name)
{
    named(st, group, resource, name);
    status_set(st, 404, "NotFound", "%s %s not found", qualified(st->arena, group, resource),
               text_quoted(st->arena, name));
}

void status_already_exists(struct status *st, const char *group, const char *resource, struct str name)
{
    named(st, group, resource, name);
    status_set(st, 409, "AlreadyExists", "%s %s already exists", qualified(st->arena, group, resource),
               text_quoted(st->arena, name));
}

void status_generate_name_conflict(struct status *st, const char *group, const char *resource,
                                   struct str name, int retry_s)
{
    named(st, group, resource, name);
    st->retry_after_s = retry_s;
    status_set(st, 409, "AlreadyExists",
               "%s %s already exists, the server was not able to generate a unique name for the object",
               qualified(st->arena, group, resource), text_quoted(st->arena, name));
}

void status_conflict(struct status *st, const char *group, const char *resource, struct str name,
                     const char *why)
{
    named(st, group, resource, name);
    status_set(st, 409, "Conflict", "Operation cannot be fulfilled on %s %s: %s",
               qualified(st->arena, group, resource), text_quoted(st->arena, name), why);
}

void status_forbidden(struct status *st, const char *group, const char *resource, struct str name,
                      const char *why)
{
    const char *what = qualified(st->arena, group, resource);

    named(st, group, resource, name);
    if (!*or_empty(group) && !*or_empty(resource))
        status_set(st, 403, "Forbidden", "forbidden: %s", why);
    else if (name.n == 0)
        status_set(st, 403, "Forbidden", "%s is forbidden: %s", what, why);
    else
        status_set(st, 403, "Forbidden", "%s %s is forbidden: %s", what, text_quoted(st->arena, name), why);
}

void status_bad_request(struct status *st, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    st->message = arena_vprintf(st->arena, fmt, ap);
    va_end(ap);
    st->code = 400;
    st->reason = "BadRequest";
}

void status_method_not_supported(struct status *st, const char *group, const char *resource, const char *verb)
{
    const char *what = qualified(st->arena, group, resource);

    status_details(st, group, resource, NULL);
    status_set(st, 405, "MethodNotAllowed", "%s is not supported on resources of kind %s", verb,
               text_quoted(st->arena, str_of(what)));
}

void status_internal(struct status *st, const char *fmt, ...)
{
    va_list ap;
    const char *why;

    va_start(ap, fmt);
    why = arena_vprintf(st->arena, fmt, ap);
    va_end(ap);
    st->ncauses = 0;
    st->causes_bytes = 0;
    status_add_cause(st, "", "", why);
    status_set(st, 500, "InternalError", "Internal error occurred: %s", why);
}

void status_expired(struct status *st, const char *message)
{
    status_set(st, 410, "Expired", "%s", message);
}

void status_too_large_rv(struct status *st, int64_t wanted, int64_t current)
{
    st->ncauses = 0;
    st->causes_bytes = 0;
    status_add_cause(st, "ResourceVersionTooLarge", "", "Too large resource version");
    st->retry_after_s = 1;
    status_set(st, 504, "Timeout", "Timeout: Too large resource version: %lld, current: %lld",
               (long long)wanted, (long long)current);
}

void status_timeout(struct status *st, const char *group, const char *resource, const char *verb, int retry_s)
{
    status_details(st, group, resource, verb);
    st->retry_after_s = retry_s;
    status_set(st, 500, "ServerTimeout",
               "The %s operation against %s could not be completed at this time, please try again.", verb,
               qualified(st->arena, group, resource));
}

void status_too_many(struct status *st, int retry_s, const char *message)
{
    st->has_details = true;
    st->retry_after_s = retry_s;
    status_set(st, 429, "TooManyRequests", "%s", message);
}

void status_unauthorized(struct status *st)
{
    status_set(st, 401, "Unauthorized", "Unauthorized");
}

void status_not_acceptable(struct status *st, const char *accepted)
{
    status_set(st, 406, "NotAcceptable", "only the following media types are accepted: %s", accepted);
}

void status_unsupported_media(struct status *st, const char *accepted)
{
    status_set(st, 415, "UnsupportedMediaType",
               "the body of the request was in an unknown format - accepted media types include: %s",
               accepted);
}

void status_too_large(struct status *st, int64_t limit_bytes)
{
    status_set(st, 413, "RequestEntityTooLarge", "Request entity too large: limit is %lld",
               (long long)limit_bytes);
}

/* The reference's text for a code that nothing better is known about. */
static const struct {
    int code;
    const char *reason, *message;
} by_code[] = {
    {400, "BadRequest", "the server rejected our request for an unknown reason"},
    {401, "Unauthorized", "the server has asked for the client to provide credentials"},
    {404, "NotFound", "the server could not find the requested resource"},
    {405, "MethodNotAllowed", "the server does not allow this method on the requested resource"},
    {406, "NotAcceptable", "the server was unable to respond with a content type that the client supports"},
    {409, "Conflict", "the server reported a conflict"},
    {422, "Invalid", "the server rejected our request due to an error in our request"},
    {429, "TooManyRequests", "the server has received too many requests and has asked us to try again later"},
    {503, "ServiceUnavailable", "the server is currently unable to handle the request"},
    {504, "Timeout",
     "the server was unable to return a response in the time allotted, but may still be processing the "
     "request"},
};

void status_generic(struct status *st, int code)
{
    st->has_details = true;
    for (size_t i = 0; i < sizeof(by_code) / sizeof(by_code[0]); i++) {
        if (by_code[i].code == code) {
            status_set(st, code, by_code[i].reason, "%s", by_code[i].message);
            return;
        }
    }
    status_set(st, code, code >= 500 ? "InternalError" : "Unknown",
               "the server responded with the status code %d but did not return more information", code);
}

/* field.Error's body: "TITLE[: VALUE][: DETAIL]". */
static void field_error(struct status *st, const char *reason, const char *title, const char *path,
                        const char *value_text, const char *detail)
{
    const char *body = title;

    if (status_full(st))
        return;
    if (value_text)
        body = arena_printf(st->arena, "%s: %s", body, value_text);
    if (detail && *detail)
        body = arena_printf(st->arena, "%s: %s", body, detail);
    status_add_cause(st, reason, arena_cstr(st->arena, str_of(path)), body);
}

void field_required(struct status *st, const char *path, const char *detail)
{
    field_error(st, "FieldValueRequired", "Required value", path, NULL, detail);
}

void field_invalid(struct status *st, const char *path, const char *value_text, const char *detail)
{
    field_error(st, "FieldValueInvalid", "Invalid value", path, or_empty(value_text), detail);
}

void field_invalid_str(struct status *st, const char *path, struct str value, const char *detail)
{
    if (!status_full(st))
        field_invalid(st, path, text_quoted(st->arena, value), detail);
}

void field_not_supported(struct status *st, const char *path, struct str value, const char *const *valid,
                         int n)
{
    if (!status_full(st))
        field_not_supported_text(st, path, text_quoted(st->arena, value), valid, n);
}

void field_not_supported_text(struct status *st, const char *path, const char *value_text,
                              const char *const *valid, int n)
{
    struct buf detail = {0};

    if (status_full(st))
        return;
    for (int i = 0; i < n; i++) {
        buf_puts(&detail, i ? ", " : "supported values: ");
        text_quote(&detail, str_of(valid[i]));
    }
    field_error(st, "FieldValueNotSupported", "Unsupported value", path, value_text,
                arena_cstr(st->arena, buf_view(&detail)));
    buf_free(&detail);
}

void field_forbidden(struct status *st, const char *path, const char *detail)
{
    field_error(st, "FieldValueForbidden", "Forbidden", path, NULL, detail);
}

void field_duplicate(struct status *st, const char *path, const char *value_text)
{
    field_error(st, "FieldValueDuplicate", "Duplicate value", path, or_empty(value_text), NULL);
}

void field_not_found(struct status *st, const char *path, const char *value_text)
{
    field_error(st, "FieldValueNotFound", "Not found", path, or_empty(value_text), NULL);
}

void field_too_long(struct status *st, const char *path, int max)
{
    const char *detail = "value is too long";

    if (max >= 0)
        detail = arena_printf(st->arena, "may not be more than %d byte%s", max, max == 1 ? "" : "s");
    field_error(st, "FieldValueTooLong", "Too long", path, NULL, detail);
}

void field_too_many(struct status *st, const char *path, int actual, int max)
{
    const char *detail = "has too many items", *value = NULL;

    if (max >= 0)
        detail = arena_printf(st->arena, "must have at most %d item%s", max, max == 1 ? "" : "s");
    if (actual >= 0)
        value = arena_printf(st->arena, "%d", actual);
    field_error(st, "FieldValueTooMany", "Too many", path, value, detail);
}

void field_type_invalid(struct status *st, const char *path, const char *value_text, const char *detail)
{
    field_error(st, "FieldValueTypeInvalid", "Invalid value", path, or_empty(value_text), detail);
}

/* The same field and text said twice is one error in the message, but stays two causes. */
static bool said_before(const struct status *st, const uint64_t *hashes, int i)
{
    for (int j = 0; j < i; j++) {
        if (hashes[j] == hashes[i] && strcmp(st->causes[j].field, st->causes[i].field) == 0 &&
            strcmp(st->causes[j].message, st->causes[i].message) == 0)
            return true;
    }
    return false;
}

const char *status_aggregate(const struct status *st)
{
    uint64_t *hashes = arena_alloc(st->arena, (size_t)st->ncauses * sizeof(*hashes));
    struct buf all = {0};
    const char *text;
    int distinct = 0;

    for (int i = 0; i < st->ncauses; i++) {
        const struct status_cause *c = &st->causes[i];

        hashes[i] = hash_more(hash_str(str_of(c->field)), str_of(c->message));
        if (said_before(st, hashes, i))
            continue;
        if (distinct++)
            buf_puts(&all, ", ");
        buf_puts(&all, c->field);
        buf_puts(&all, ": ");
        buf_puts(&all, c->message);
    }
    text = arena_cstr(st->arena, buf_view(&all));
    buf_free(&all);
    return distinct > 1 ? arena_printf(st->arena, "[%s]", text) : text;
}

bool status_invalid_done(struct status *st, const char *group, const char *kind, struct str name)
{
    const char *what, *id;

    if (st->ncauses == 0)
        return false;
    what = qualified(st->arena, group, kind);
    id = text_quoted(st->arena, name);
    named(st, group, kind, name);
    status_set(st, 422, "Invalid", "%s %s is invalid: %s", what, id, status_aggregate(st));
    return true;
}

static void put_member(struct buf *out, const char *key, const char *value)
{
    if (!value || !*value)
        return;
    if (out->p[out->n - 1] != '{')
        buf_putc(out, ',');
    buf_printf(out, "\"%s\":", key);
    json_write_string(out, str_of(value));
}

static void put_comma(struct buf *out)
{
    if (out->p[out->n - 1] != '{')
        buf_putc(out, ',');
}

static void put_details(const struct status *st, struct buf *out)
{
    buf_puts(out, ",\"details\":{");
    put_member(out, "name", st->name);
    put_member(out, "group", st->group);
    put_member(out, "kind", st->kind);
    put_member(out, "uid", st->uid);
    if (st->ncauses) {
        put_comma(out);
        buf_puts(out, "\"causes\":[");
        for (int i = 0; i < st->ncauses; i++) {
            buf_puts(out, i ? ",{" : "{");
            put_member(out, "reason", st->causes[i].reason);
            put_member(out, "message", st->causes[i].message);
            put_member(out, "field", st->causes[i].field);
            buf_putc(out, '}');
        }
        buf_putc(out, ']');
    }
    if (st->retry_after_s) {
        put_comma(out);
        buf_printf(out, "\"retryAfterSeconds\":%d", st->retry_after_s);
    }
    buf_putc(out, '}');
}

void status_encode(const struct status *st, struct buf *out)
{
    must(st->code != 0);
    buf_puts(out, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{");
    if (st->list_continue)
        buf_printf(out, "\"continue\":\"%s\"", st->list_continue);
    buf_puts(out, "},\"status\":\"Failure\"");
    put_member(out, "message", st->message);
    put_member(out, "reason", st->reason);
    if (st->has_details || st->retry_after_s || st->ncauses)
        put_details(st, out);
    buf_printf(out, ",\"code\":%d}", st->code);
}
