/* A token comes back from a client, so nothing in it is believed: it is bounded, decoded, checked as a path
 * that cannot leave its range, and only then made a key. */
#include "worker/read/continue.h"

#include <jansson.h>
#include "registry/walk/json.h"

#define TOKEN_BYTES_MAX 8192
#define TOKEN_VERSION "meta.k8s.io/v1"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int sextet(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* Raw (unpadded) base64url. Line breaks are passed over as Go's decoder does. Returns -1, or the input offset
 * of the first bad byte. */
static ptrdiff_t decode64(struct str in, char *out, size_t *out_n)
{
    uint32_t acc = 0;
    int have = 0;
    *out_n = 0;
    size_t i = 0, group = 0;
    for (; i < in.n; i++) {
        if (in.p[i] == '\n' || in.p[i] == '\r')
            continue;
        int v = sextet(in.p[i]);
        if (v < 0)
            return (ptrdiff_t)i;
        acc = acc << 6 | (uint32_t)v;
        have += 6;
        group = (group + 1) % 4;
        if (have >= 8) {
            have -= 8;
            out[(*out_n)++] = (char)(acc >> have);
        }
    }
    return group == 1 ? (ptrdiff_t)i : -1;
}

static bool wrong_type(struct arena *a, const json_t *v, const char *field, const char *want,
                       const char **why)
{
    *why = arena_printf(a,
                        "continue key is not valid: json: cannot unmarshal %s into Go struct field "
                        "continueToken.%s of type %s",
                        json_word(v), field, want);
    return false;
}

/* Takes the three fields; null and absent leave zero values. */
static bool take_fields(struct arena *a, const json_t *t, struct str *version, int64_t *rv, struct str *start,
                        const char **why)
{
    struct {
        const char *key;
        struct str *out;
    } texts[] = {{"v", version}, {"start", start}};
    for (size_t i = 0; i < 2; i++) {
        const json_t *v = json_object_get(t, texts[i].key);
        if (!v || json_is_null(v))
            continue;
        if (!json_is_string(v))
            return wrong_type(a, v, texts[i].key, "string", why);
        *texts[i].out = arena_str(a, (struct str){json_string_value(v), json_string_length(v)});
    }
    const json_t *r = json_object_get(t, "rv");
    if (!r || json_is_null(r))
        return true;
    if (!json_is_integer(r))
        return wrong_type(a, r, "rv", "int64", why);
    *rv = json_integer_value(r);
    return true;
}

/* Whether "/" + s is what path.Clean would make of it: no empty, "." or ".." parts, no slash at the end. */
static bool clean_path(struct str s)
{
    if (s.n && s.p[0] == '/')
        s.p++, s.n--;
    struct str part;
    while (str_next(&s, '/', &part))
        if (part.n == 0 || str_is(part, ".") || str_is(part, ".."))
            return false;
    return true;
}

static bool take_start(struct arena *a, struct str start, bool scoped, struct continue_token *out,
                       const char **why)
{
    if (start.n == 0) {
        *why = "continue key is not valid: encoded start key empty (version meta.k8s.io/v1)";
        return false;
    }
    if (!clean_path(start)) {
        *why = arena_printf(a, "continue key is not valid: %.*s", STR_ARG(start));
        return false;
    }
    if (start.p[0] == '/')
        start.p++, start.n--;
    out->after = start.n && start.p[start.n - 1] == '\0';
    if (out->after)
        start.n--;
    ptrdiff_t slash = scoped ? -1 : str_find(start, '/');
    out->name = start;
    if (slash >= 0) {
        out->ns = (struct str){start.p, (size_t)slash};
        out->name = (struct str){start.p + slash + 1, start.n - (size_t)slash - 1};
    } else if (!scoped) {
        out->ns = start;
        out->name = STR_NONE;
    }
    return true;
}

static bool take_token(struct arena *a, const json_t *t, bool scoped, struct continue_token *out,
                       const char **why)
{
    struct str version = STR_NONE, start = STR_NONE;
    int64_t rv = 0;
    if (!json_is_object(t) && !json_is_null(t)) {
        *why = arena_printf(a,
                            "continue key is not valid: json: cannot unmarshal %s into Go value of type "
                            "storage.continueToken",
                            json_word(t));
        return false;
    }
    if (!take_fields(a, t, &version, &rv, &start, why))
        return false;
    if (!str_is(version, TOKEN_VERSION)) {
        *why =
            arena_printf(a, "continue key is not valid: server does not recognize this encoded version %.*s",
                         STR_ARG(version));
        return false;
    }
    if (rv == 0) {
        *why = "continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)";
        return false;
    }
    out->revision = rv;
    return take_start(a, start, scoped, out, why);
}

bool continue_decode(struct arena *a, struct str text, bool scoped, struct continue_token *out,
                     const char **why)
{
    *out = (struct continue_token){0};
    if (text.n > TOKEN_BYTES_MAX) {
        *why = "continue key is not valid: too long";
        return false;
    }
    size_t n = 0;
    char *raw = arena_raw(a, text.n + 1);
    ptrdiff_t bad = decode64(text, raw, &n);
    if (bad >= 0) {
        *why = arena_printf(a, "continue key is not valid: illegal base64 data at input byte %td", bad);
        return false;
    }
    const char *err = "unexpected end of JSON input";
    json_t *t = json_read(a, (struct str){raw, n}, NULL, &err);
    if (!t) {
        *why = arena_printf(a, "continue key is not valid: %s", err);
        return false;
    }
    bool ok = take_token(a, t, scoped, out, why);
    json_decref(t);
    return ok;
}

static struct str encode64(struct arena *a, struct str in)
{
    char *out = arena_raw(a, in.n * 4 / 3 + 4);
    size_t n = 0;
    for (size_t i = 0; i < in.n; i += 3) {
        size_t left = in.n - i;
        uint32_t v = (uint32_t)(unsigned char)in.p[i] << 16;
        v |= left > 1 ? (uint32_t)(unsigned char)in.p[i + 1] << 8 : 0;
        v |= left > 2 ? (unsigned char)in.p[i + 2] : 0;
        for (size_t k = 0; k < (left > 2 ? 4 : left + 1); k++)
            out[n++] = alphabet[v >> (18 - 6 * k) & 63];
    }
    return (struct str){out, n};
}

struct str continue_encode(struct arena *a, int64_t revision, bool scoped, struct str ns, struct str name)
{
    struct buf start = {0}, b = {0};
    if (!scoped && (ns.n || name.n)) {
        buf_str(&start, ns);
        buf_putc(&start, '/');
    }
    buf_str(&start, name);
    buf_putc(&start, '\0');
    buf_printf(&b, "{\"v\":\"" TOKEN_VERSION "\",\"rv\":%lld,\"start\":", (long long)revision);
    json_write_string(&b, buf_view(&start));
    buf_putc(&b, '}');
    struct str out = encode64(a, buf_view(&b));
    buf_free(&start);
    buf_free(&b);
    return out;
}
