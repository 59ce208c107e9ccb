/* The rules are old and full of surprises (y is true, 0755 is 493, 1_000 is 1000); clients have lived with
 * them for years, so they are kept to the letter. */
#include "registry/walk/yamltext.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <yaml.h>
#include "registry/rules/base64.h"
#include "registry/rules/text.h"
#include "shm/base/buf.h"

#define BINARY_TAG "tag:yaml.org,2002:binary"

static const struct {
    const char *text;
    struct yaml_scalar value;
} words[] = {
    {"", {.kind = YAML_IS_NULL}},
    {"~", {.kind = YAML_IS_NULL}},
    {"null", {.kind = YAML_IS_NULL}},
    {"Null", {.kind = YAML_IS_NULL}},
    {"NULL", {.kind = YAML_IS_NULL}},
    {"y", {.kind = YAML_IS_BOOL, .b = true}},
    {"Y", {.kind = YAML_IS_BOOL, .b = true}},
    {"yes", {.kind = YAML_IS_BOOL, .b = true}},
    {"Yes", {.kind = YAML_IS_BOOL, .b = true}},
    {"YES", {.kind = YAML_IS_BOOL, .b = true}},
    {"true", {.kind = YAML_IS_BOOL, .b = true}},
    {"True", {.kind = YAML_IS_BOOL, .b = true}},
    {"TRUE", {.kind = YAML_IS_BOOL, .b = true}},
    {"on", {.kind = YAML_IS_BOOL, .b = true}},
    {"On", {.kind = YAML_IS_BOOL, .b = true}},
    {"ON", {.kind = YAML_IS_BOOL, .b = true}},
    {"n", {.kind = YAML_IS_BOOL}},
    {"N", {.kind = YAML_IS_BOOL}},
    {"no", {.kind = YAML_IS_BOOL}},
    {"No", {.kind = YAML_IS_BOOL}},
    {"NO", {.kind = YAML_IS_BOOL}},
    {"false", {.kind = YAML_IS_BOOL}},
    {"False", {.kind = YAML_IS_BOOL}},
    {"FALSE", {.kind = YAML_IS_BOOL}},
    {"off", {.kind = YAML_IS_BOOL}},
    {"Off", {.kind = YAML_IS_BOOL}},
    {"OFF", {.kind = YAML_IS_BOOL}},
    {".nan", {.kind = YAML_IS_FLOAT, .f = NAN}},
    {".NaN", {.kind = YAML_IS_FLOAT, .f = NAN}},
    {".NAN", {.kind = YAML_IS_FLOAT, .f = NAN}},
    {".inf", {.kind = YAML_IS_FLOAT, .f = INFINITY}},
    {".Inf", {.kind = YAML_IS_FLOAT, .f = INFINITY}},
    {".INF", {.kind = YAML_IS_FLOAT, .f = INFINITY}},
    {"+.inf", {.kind = YAML_IS_FLOAT, .f = INFINITY}},
    {"+.Inf", {.kind = YAML_IS_FLOAT, .f = INFINITY}},
    {"+.INF", {.kind = YAML_IS_FLOAT, .f = INFINITY}},
    {"-.inf", {.kind = YAML_IS_FLOAT, .f = -INFINITY}},
    {"-.Inf", {.kind = YAML_IS_FLOAT, .f = -INFINITY}},
    {"-.INF", {.kind = YAML_IS_FLOAT, .f = -INFINITY}},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Go's ParseInt/ParseUint with base 0 on text without underscores. */
static bool read_integer(const char *s, struct yaml_scalar *out)
{
    bool negative = *s == '-', sign = negative || *s == '+';
    const char *p = s + sign;
    int base = 10;
    char *end;
    uint64_t v;

    if (p[0] == '0' && p[1]) {
        base = p[1] == 'x' || p[1] == 'X' ? 16 : p[1] == 'b' || p[1] == 'B' ? 2 : 8;
        p += base != 8 || p[1] == 'o' || p[1] == 'O' ? 2 : 1;
    }
    if (!is_digit(*p) && !(base == 16 && ((*p >= 'a' && *p <= 'f') || (*p >= 'A' && *p <= 'F'))))
        return false;
    errno = 0;
    v = strtoull(p, &end, base);
    if (*end || errno)
        return false;
    if (v <= INT64_MAX || (negative && v == (uint64_t)INT64_MAX + 1)) {
        *out = (struct yaml_scalar){.kind = YAML_IS_INT, .i = negative ? (int64_t)(0 - v) : (int64_t)v};
        return true;
    }
    *out = (struct yaml_scalar){.kind = YAML_IS_UINT, .u = v};
    return !sign;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool looks_float(const char *p)
{
    bool whole = false;

    if (*p == '-' || *p == '+')
        p++;
    for (; is_digit(*p); p++)
        whole = true;
    if (*p == '.') {
        p++;
        if (!whole && !is_digit(*p))
            return false;
        while (is_digit(*p))
            p++;
        whole = true;
    }
    if (!whole)
        return false;
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '-' || *p == '+')
            p++;
        if (!is_digit(*p))
            return false;
        while (is_digit(*p))
            p++;
    }
    return *p == '\0';
}

static bool read_float(const char *s, struct yaml_scalar *out)
{
    if (!looks_float(s))
        return false;
    *out = (struct yaml_scalar){.kind = YAML_IS_FLOAT, .f = strtod(s, NULL)};
    return isfinite(out->f);
}

/* What a plain scalar without a tag is. */
static struct yaml_scalar resolve(struct str text)
{
    struct yaml_scalar out = {.kind = YAML_IS_STRING, .s = text};
    char plain[512];
    size_t n = 0;

    if (text.n == 0 || strchr("yYnNtTfFoO~.+-", text.p[0])) {
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            if (str_is(text, words[i].text))
                return words[i].value;
        }
    }
    if (text.n == 0 || !(is_digit(text.p[0]) || strchr("+-.", text.p[0])) || !text.p[0] ||
        text.n >= sizeof(plain))
        return out;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\0')
            return out;
        if (text.p[i] != '_' || text.p[0] == '.')
            plain[n++] = text.p[i];
    }
    plain[n] = '\0';
    if ((text.p[0] == '.' || !read_integer(plain, &out)) && !read_float(plain, &out))
        out = (struct yaml_scalar){.kind = YAML_IS_STRING, .s = text};
    return out;
}

static const char *short_tag(enum yaml_kind kind)
{
    static const char *const tags[] = {
        [YAML_IS_NULL] = "!!null", [YAML_IS_BOOL] = "!!bool",   [YAML_IS_INT] = "!!int",
        [YAML_IS_UINT] = "!!int",  [YAML_IS_FLOAT] = "!!float", [YAML_IS_STRING] = "!!str",
    };

    return tags[kind];
}

bool yaml_scalar_read(struct arena *a, struct str text, const char *tag, bool plain, struct yaml_scalar *out,
                      const char **err)
{
    static const struct {
        const char *tag;
        enum yaml_kind kind;
    } tags[] = {{YAML_NULL_TAG, YAML_IS_NULL},
                {YAML_BOOL_TAG, YAML_IS_BOOL},
                {YAML_INT_TAG, YAML_IS_INT},
                {YAML_FLOAT_TAG, YAML_IS_FLOAT}};
    struct buf clean = {0};
    size_t bad_at;

    *out = (struct yaml_scalar){.kind = YAML_IS_STRING, .s = text};
    if (!tag) {
        if (plain)
            *out = resolve(text);
        return true;
    }
    if (strcmp(tag, BINARY_TAG) == 0) {
        *err = "yaml: !!binary value contains invalid base64 data";
        if (!base64_decode(a, text, &out->s, &bad_at))
            return false;
        text_clean(&clean, out->s);
        out->s = arena_str(a, buf_view(&clean));
        buf_free(&clean);
        return true;
    }
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (strcmp(tag, tags[i].tag) != 0)
            continue;
        *out = resolve(text);
        if (out->kind == tags[i].kind || (out->kind == YAML_IS_UINT && tags[i].kind == YAML_IS_INT))
            return true;
        if (out->kind == YAML_IS_INT && tags[i].kind == YAML_IS_FLOAT) {
            *out = (struct yaml_scalar){.kind = YAML_IS_FLOAT, .f = (double)out->i};
            return true;
        }
        *err = arena_printf(a, "yaml: cannot decode %s `%.*s` as a %s", short_tag(out->kind), STR_ARG(text),
                            short_tag(tags[i].kind));
        return false;
    }
    return true;
}

json_t *yaml_scalar_json(const struct yaml_scalar *v, const char **err)
{
    switch (v->kind) {
    case YAML_IS_NULL:
        return json_null();
    case YAML_IS_BOOL:
        return json_boolean(v->b);
    case YAML_IS_INT:
        return json_integer(v->i);
    case YAML_IS_UINT:
        return json_real((double)v->u);
    case YAML_IS_FLOAT:
        if (!isfinite(v->f)) {
            *err = isnan(v->f) ? "json: unsupported value: NaN"
                   : v->f > 0  ? "json: unsupported value: +Inf"
                               : "json: unsupported value: -Inf";
            return NULL;
        }
        if (v->f == trunc(v->f) && fabs(v->f) < 9.2e18)
            return json_integer((json_int_t)v->f);
        return json_real(v->f);
    case YAML_IS_STRING:
        return json_stringn_nocheck(v->s.n ? v->s.p : "", v->s.n);
    }
    return NULL;
}

bool yaml_scalar_key(struct arena *a, const struct yaml_scalar *v, struct str *key, const char **shown)
{
    struct buf b = {0};

    switch (v->kind) {
    case YAML_IS_NULL:
        return false;
    case YAML_IS_BOOL:
        buf_puts(&b, v->b ? "true" : "false");
        break;
    case YAML_IS_INT:
        buf_put_int(&b, v->i);
        break;
    case YAML_IS_UINT:
        buf_printf(&b, "%llu", (unsigned long long)v->u);
        break;
    case YAML_IS_FLOAT:
        if (isfinite(v->f))
            text_put_double_g(&b, v->f, 32);
        else
            buf_puts(&b, isnan(v->f) ? ".nan" : v->f > 0 ? ".inf" : "-.inf");
        break;
    case YAML_IS_STRING:
        *key = v->s.n ? arena_str(a, v->s) : STR("");
        *shown = text_quoted(a, v->s);
        return true;
    }
    *key = arena_str(a, buf_view(&b));
    *shown = key->p;
    buf_free(&b);
    return true;
}

static bool take_digits(const char **p, int min, int max)
{
    int n = 0;

    for (; n < max && is_digit(**p); (*p)++)
        n++;
    return n >= min;
}

/* 2006-1-2, with or without a time of day. */
static bool looks_timestamp(const char *p)
{
    bool zoned;

    if (!take_digits(&p, 4, 4) || *p++ != '-' || !take_digits(&p, 1, 2) || *p++ != '-' ||
        !take_digits(&p, 1, 2))
        return false;
    if (!*p)
        return true;
    if (*p != 'T' && *p != 't' && *p != ' ')
        return false;
    zoned = *p++ != ' ';
    if (!take_digits(&p, 1, 2) || *p++ != ':' || !take_digits(&p, 1, 2) || *p++ != ':' ||
        !take_digits(&p, 1, 2))
        return false;
    if (*p == '.') {
        p++;
        if (!take_digits(&p, 1, 64))
            return false;
    }
    if (!zoned)
        return *p == '\0';
    if (*p == 'Z')
        return p[1] == '\0';
    if (*p != '+' && *p != '-')
        return false;
    p++;
    return take_digits(&p, 2, 2) && *p++ == ':' && take_digits(&p, 2, 2) && *p == '\0';
}

/* 190:20:30, which YAML 1.1 takes for a number. */
static bool looks_base60(const char *p)
{
    bool groups = false;

    if (*p == '-' || *p == '+')
        p++;
    if (!is_digit(*p))
        return false;
    while (is_digit(*p) || *p == '_')
        p++;
    for (; *p == ':'; groups = true) {
        p++;
        if (!is_digit(*p))
            return false;
        if (is_digit(p[1]) && *p <= '5')
            p++;
        p++;
    }
    if (*p == '.') {
        for (p++; is_digit(*p) || *p == '_';)
            p++;
    }
    return groups && *p == '\0';
}

bool yaml_needs_quotes(struct str s)
{
    char text[128];

    if (resolve(s).kind != YAML_IS_STRING)
        return true;
    if (s.n >= sizeof(text) || !(is_digit(s.p[0]) || s.p[0] == '-' || s.p[0] == '+'))
        return false;
    *(char *)mempcpy(text, s.p, s.n) = '\0';
    return looks_timestamp(text) || looks_base60(text);
}
