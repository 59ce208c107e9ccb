/* OpenAPI v2 in protobuf: the message that gnostic's OpenAPIv2.proto describes. kubectl before 1.28 and other
 * clients of that age ask for nothing else. Made from the JSON document, so that there is one place that
 * knows what is in it; tables say which member goes where. */
#include "registry/walk/openapi.h"
#include <jansson.h>
#include <stdlib.h>
#include "shm/base/must.h"

enum message {
    M_DOCUMENT,
    M_INFO,
    M_PATH,
    M_OPERATION,
    M_BODY,
    M_QUERY,
    M_PATH_PARAMETER,
    M_RESPONSE,
    M_SCHEMA,
    M_API_KEY,
    M3_DOCUMENT,
    M3_INFO,
    M3_COMPONENTS,
    M3_PATH,
    M3_OPERATION,
    M3_PARAMETER,
    M3_BODY,
    M3_RESPONSE,
    M3_MEDIA,
    M3_SCHEMA,
    M3_REFERENCE,
    M3_SECURITY,
    M3_SCHEMA_OR_REFERENCE, /* {1: a schema} or {2: a reference} */
};

enum how {
    H_TEXT,  /* string */
    H_TEXTS, /* repeated string */
    H_TYPE,  /* a message {1: string} */
    H_BOOL,
    H_ANYS,         /* repeated Any */
    H_ONE,          /* a message */
    H_MAP,          /* a message {ENTRY: repeated {1: name, 2: a message}} */
    H_MANY,         /* repeated, a message each */
    H_DEFAULT,      /* DefaultType {1: number} {2: boolean} {3: string}; it has no room for others */
    H_PARAMETERS,   /* repeated ParametersItem */
    H_REQUIREMENTS, /* repeated SecurityRequirement */
};

/* wraps: numbers of messages around the message that hold nothing else (a oneof's). */
struct rule {
    const char *json;
    uint8_t number;
    enum how how;
    enum message message;
    uint8_t entry;
    uint8_t wrap;
};

static const struct rule document[] = {
    {"swagger", 1, H_TEXT, 0, 0, 0},
    {"info", 2, H_ONE, M_INFO, 0, 0},
    {"paths", 8, H_MAP, M_PATH, 2, 0},
    {"definitions", 9, H_MAP, M_SCHEMA, 1, 0},
    {"security", 12, H_REQUIREMENTS, 0, 0, 0},
    {"securityDefinitions", 13, H_MAP, M_API_KEY, 1, 2},
    {NULL, 16, 0, 0, 0, 0}, /* the last row of each: where x-... members go */
};
static const struct rule info[] = {
    {"title", 1, H_TEXT, 0, 0, 0}, {"version", 2, H_TEXT, 0, 0, 0}, {NULL, 7, 0, 0, 0, 0}};
static const struct rule path_item[] = {
    {"get", 2, H_ONE, M_OPERATION, 0, 0},
    {"put", 3, H_ONE, M_OPERATION, 0, 0},
    {"post", 4, H_ONE, M_OPERATION, 0, 0},
    {"delete", 5, H_ONE, M_OPERATION, 0, 0},
    {"options", 6, H_ONE, M_OPERATION, 0, 0},
    {"head", 7, H_ONE, M_OPERATION, 0, 0},
    {"patch", 8, H_ONE, M_OPERATION, 0, 0},
    {"parameters", 9, H_PARAMETERS, 0, 0, 0},
    {NULL, 10, 0, 0, 0, 0},
};
static const struct rule operation[] = {
    {"tags", 1, H_TEXTS, 0, 0, 0},
    {"description", 3, H_TEXT, 0, 0, 0},
    {"operationId", 5, H_TEXT, 0, 0, 0},
    {"produces", 6, H_TEXTS, 0, 0, 0},
    {"consumes", 7, H_TEXTS, 0, 0, 0},
    {"parameters", 8, H_PARAMETERS, 0, 0, 0},
    {"responses", 9, H_MAP, M_RESPONSE, 1, 1},
    {"schemes", 10, H_TEXTS, 0, 0, 0},
    {NULL, 13, 0, 0, 0, 0},
};
static const struct rule body[] = {
    {"description", 1, H_TEXT, 0, 0, 0}, {"name", 2, H_TEXT, 0, 0, 0},         {"in", 3, H_TEXT, 0, 0, 0},
    {"required", 4, H_BOOL, 0, 0, 0},    {"schema", 5, H_ONE, M_SCHEMA, 0, 0}, {NULL, 6, 0, 0, 0, 0},
};
static const struct rule query[] = {
    {"required", 1, H_BOOL, 0, 0, 0}, {"in", 2, H_TEXT, 0, 0, 0},   {"description", 3, H_TEXT, 0, 0, 0},
    {"name", 4, H_TEXT, 0, 0, 0},     {"type", 6, H_TEXT, 0, 0, 0}, {"uniqueItems", 20, H_BOOL, 0, 0, 0},
    {NULL, 23, 0, 0, 0, 0},
};
static const struct rule path_parameter[] = {
    {"required", 1, H_BOOL, 0, 0, 0}, {"in", 2, H_TEXT, 0, 0, 0},   {"description", 3, H_TEXT, 0, 0, 0},
    {"name", 4, H_TEXT, 0, 0, 0},     {"type", 5, H_TEXT, 0, 0, 0}, {"uniqueItems", 19, H_BOOL, 0, 0, 0},
    {NULL, 22, 0, 0, 0, 0},
};
static const struct rule response[] = {
    {"description", 1, H_TEXT, 0, 0, 0}, {"schema", 2, H_ONE, M_SCHEMA, 0, 1}, {NULL, 5, 0, 0, 0, 0}};
static const struct rule schema[] = {
    {"$ref", 1, H_TEXT, 0, 0, 0},
    {"format", 2, H_TEXT, 0, 0, 0},
    {"description", 4, H_TEXT, 0, 0, 0},
    {"required", 19, H_TEXTS, 0, 0, 0},
    {"enum", 20, H_ANYS, 0, 0, 0},
    {"additionalProperties", 21, H_ONE, M_SCHEMA, 0, 1},
    {"type", 22, H_TYPE, 0, 0, 0},
    {"items", 23, H_ONE, M_SCHEMA, 0, 1},
    {"properties", 25, H_MAP, M_SCHEMA, 1, 0},
    {NULL, 31, 0, 0, 0, 0},
};
static const struct rule api_key[] = {
    {"type", 1, H_TEXT, 0, 0, 0},        {"name", 2, H_TEXT, 0, 0, 0}, {"in", 3, H_TEXT, 0, 0, 0},
    {"description", 4, H_TEXT, 0, 0, 0}, {NULL, 5, 0, 0, 0, 0},
};
static const struct rule document3[] = {
    {"openapi", 1, H_TEXT, 0, 0, 0},
    {"info", 2, H_ONE, M3_INFO, 0, 0},
    {"paths", 4, H_MAP, M3_PATH, 1, 0},
    {"components", 5, H_ONE, M3_COMPONENTS, 0, 0},
    {NULL, 9, 0, 0, 0, 0},
};
static const struct rule info3[] = {
    {"title", 1, H_TEXT, 0, 0, 0}, {"version", 6, H_TEXT, 0, 0, 0}, {NULL, 7, 0, 0, 0, 0}};
static const struct rule components3[] = {
    {"schemas", 1, H_MAP, M3_SCHEMA_OR_REFERENCE, 1, 0},
    {"securitySchemes", 7, H_MAP, M3_SECURITY, 1, 1},
    {NULL, 10, 0, 0, 0, 0},
};
static const struct rule path_item3[] = {
    {"get", 4, H_ONE, M3_OPERATION, 0, 0},
    {"put", 5, H_ONE, M3_OPERATION, 0, 0},
    {"post", 6, H_ONE, M3_OPERATION, 0, 0},
    {"delete", 7, H_ONE, M3_OPERATION, 0, 0},
    {"options", 8, H_ONE, M3_OPERATION, 0, 0},
    {"head", 9, H_ONE, M3_OPERATION, 0, 0},
    {"patch", 10, H_ONE, M3_OPERATION, 0, 0},
    {"parameters", 13, H_MANY, M3_PARAMETER, 0, 1},
    {NULL, 14, 0, 0, 0, 0},
};
static const struct rule operation3[] = {
    {"tags", 1, H_TEXTS, 0, 0, 0},
    {"description", 3, H_TEXT, 0, 0, 0},
    {"operationId", 5, H_TEXT, 0, 0, 0},
    {"parameters", 6, H_MANY, M3_PARAMETER, 0, 1},
    {"requestBody", 7, H_ONE, M3_BODY, 0, 1},
    {"responses", 8, H_MAP, M3_RESPONSE, 2, 1},
    {NULL, 13, 0, 0, 0, 0},
};
static const struct rule parameter3[] = {
    {"name", 1, H_TEXT, 0, 0, 0},
    {"in", 2, H_TEXT, 0, 0, 0},
    {"description", 3, H_TEXT, 0, 0, 0},
    {"required", 4, H_BOOL, 0, 0, 0},
    {"schema", 10, H_ONE, M3_SCHEMA_OR_REFERENCE, 0, 0},
    {NULL, 14, 0, 0, 0, 0},
};
static const struct rule body3[] = {
    {"content", 2, H_MAP, M3_MEDIA, 1, 0}, {"required", 3, H_BOOL, 0, 0, 0}, {NULL, 4, 0, 0, 0, 0}};
static const struct rule response3[] = {
    {"description", 1, H_TEXT, 0, 0, 0}, {"content", 3, H_MAP, M3_MEDIA, 1, 0}, {NULL, 5, 0, 0, 0, 0}};
static const struct rule media3[] = {{"schema", 1, H_ONE, M3_SCHEMA_OR_REFERENCE, 0, 0},
                                     {NULL, 5, 0, 0, 0, 0}};
static const struct rule schema3[] = {
    {"uniqueItems", 20, H_BOOL, 0, 0, 0},
    {"required", 23, H_TEXTS, 0, 0, 0},
    {"enum", 24, H_ANYS, 0, 0, 0},
    {"type", 25, H_TEXT, 0, 0, 0},
    {"allOf", 26, H_MANY, M3_SCHEMA_OR_REFERENCE, 0, 0},
    {"oneOf", 27, H_MANY, M3_SCHEMA_OR_REFERENCE, 0, 0},
    {"items", 30, H_ONE, M3_SCHEMA_OR_REFERENCE, 0, 1},
    {"properties", 31, H_MAP, M3_SCHEMA_OR_REFERENCE, 1, 0},
    {"additionalProperties", 32, H_ONE, M3_SCHEMA_OR_REFERENCE, 0, 1},
    {"default", 33, H_DEFAULT, 0, 0, 0},
    {"description", 34, H_TEXT, 0, 0, 0},
    {"format", 35, H_TEXT, 0, 0, 0},
    {NULL, 36, 0, 0, 0, 0},
};
static const struct rule reference3[] = {{"$ref", 1, H_TEXT, 0, 0, 0}, {NULL, 0, 0, 0, 0, 0}};
static const struct rule security3[] = {
    {"type", 1, H_TEXT, 0, 0, 0}, {"description", 2, H_TEXT, 0, 0, 0},
    {"name", 3, H_TEXT, 0, 0, 0}, {"in", 4, H_TEXT, 0, 0, 0},
    {NULL, 9, 0, 0, 0, 0},
};
static const struct rule *const rules[] = {
    [M_DOCUMENT] = document,
    [M_INFO] = info,
    [M_PATH] = path_item,
    [M_OPERATION] = operation,
    [M_BODY] = body,
    [M_QUERY] = query,
    [M_PATH_PARAMETER] = path_parameter,
    [M_RESPONSE] = response,
    [M_SCHEMA] = schema,
    [M_API_KEY] = api_key,
    [M3_DOCUMENT] = document3,
    [M3_INFO] = info3,
    [M3_COMPONENTS] = components3,
    [M3_PATH] = path_item3,
    [M3_OPERATION] = operation3,
    [M3_PARAMETER] = parameter3,
    [M3_BODY] = body3,
    [M3_RESPONSE] = response3,
    [M3_MEDIA] = media3,
    [M3_SCHEMA] = schema3,
    [M3_REFERENCE] = reference3,
    [M3_SECURITY] = security3,
};

static size_t varint(uint64_t v, char text[10])
{
    size_t n = 0;
    for (; v > 127; v >>= 7)
        text[n++] = (char)(v | 128);
    text[n++] = (char)v;
    return n;
}

static void put_varint(struct buf *out, uint64_t v)
{
    char text[10];
    buf_put(out, text, varint(v, text));
}

/* A message goes from begin to end; its length is put before it when that is known. */
static size_t begin(struct buf *out, int number)
{
    put_varint(out, (uint64_t)number << 3 | 2);
    return out->n;
}

static void end(struct buf *out, size_t at)
{
    char text[10];
    size_t len = out->n - at, n = varint(len, text);
    buf_reserve(out, n);
    memmove(out->p + at + n, out->p + at, len);
    memcpy(out->p + at, text, n);
    out->n += n;
}

static void put_text(struct buf *out, int number, struct str s)
{
    put_varint(out, (uint64_t)number << 3 | 2);
    put_varint(out, s.n);
    buf_str(out, s);
}

static struct str text_of(const json_t *v)
{
    return (struct str){json_string_value(v), json_string_length(v)};
}

/* Any {2: yaml}; JSON is YAML. */
static void put_any(struct buf *out, int number, const json_t *v)
{
    char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
    must(text);
    size_t at = begin(out, number);
    put_text(out, 2, str_of(text));
    end(out, at);
    free(text);
}

static void put_message(struct buf *out, json_t *v, enum message m);

static void put_wrapped(struct buf *out, json_t *v, int number, int wrap, enum message m)
{
    size_t at = begin(out, number), inner = wrap ? begin(out, wrap) : 0;
    put_message(out, v, m);
    if (wrap)
        end(out, inner);
    end(out, at);
}

static void put_map(struct buf *out, json_t *map, const struct rule *r)
{
    const char *name;
    json_t *v;
    size_t at = begin(out, r->number);
    json_object_foreach(map, name, v)
    {
        size_t entry = begin(out, r->entry);
        put_text(out, 1, str_of(name));
        put_wrapped(out, v, 2, r->wrap, r->message);
        end(out, entry);
    }
    end(out, at);
}

/* ParametersItem {1: Parameter {1: body} or {2: NonBodyParameter {3: query} or {4: path}}} */
static void put_parameter(struct buf *out, json_t *v, int number)
{
    struct str in = text_of(json_object_get(v, "in"));
    size_t item = begin(out, number), parameter = begin(out, 1);
    if (str_is(in, "body"))
        put_wrapped(out, v, 1, 0, M_BODY);
    else if (str_is(in, "query"))
        put_wrapped(out, v, 2, 3, M_QUERY);
    else
        put_wrapped(out, v, 2, 4, M_PATH_PARAMETER);
    end(out, parameter);
    end(out, item);
}

/* SecurityRequirement {1: repeated {1: name, 2: {1: repeated string}}} */
static void put_requirement(struct buf *out, json_t *v, int number)
{
    const char *name;
    json_t *scopes;
    size_t at = begin(out, number);
    json_object_foreach(v, name, scopes)
    {
        size_t entry = begin(out, 1);
        put_text(out, 1, str_of(name));
        end(out, begin(out, 2));
        end(out, entry);
    }
    end(out, at);
}

static void put_each(struct buf *out, json_t *list, const struct rule *r)
{
    size_t i;
    json_t *v;
    json_array_foreach(list, i, v)
    {
        if (r->how == H_TEXTS)
            put_text(out, r->number, text_of(v));
        else if (r->how == H_ANYS)
            put_any(out, r->number, v);
        else if (r->how == H_PARAMETERS)
            put_parameter(out, v, r->number);
        else if (r->how == H_MANY)
            put_wrapped(out, v, r->number, r->wrap, r->message);
        else
            put_requirement(out, v, r->number);
    }
}

static void put_default(struct buf *out, const json_t *v, int number)
{
    if (!json_is_number(v) && !json_is_boolean(v) && !json_is_string(v))
        return;
    size_t at = begin(out, number);
    if (json_is_number(v)) {
        double d = json_number_value(v);
        buf_putc(out, 1 << 3 | 1);
        buf_put(out, &d, sizeof d); /* little-endian, as all machines that cubed runs on */
    } else if (json_is_boolean(v)) {
        buf_putc(out, 2 << 3);
        put_varint(out, json_is_true(v));
    } else {
        put_text(out, 3, text_of(v));
    }
    end(out, at);
}

static void put_member(struct buf *out, json_t *v, const struct rule *r)
{
    size_t at;
    switch (r->how) {
    case H_TEXT:
        put_text(out, r->number, text_of(v));
        break;
    case H_TYPE:
        at = begin(out, r->number);
        put_text(out, 1, text_of(v));
        end(out, at);
        break;
    case H_BOOL:
        put_varint(out, (uint64_t)r->number << 3);
        put_varint(out, json_is_true(v));
        break;
    case H_DEFAULT:
        put_default(out, v, r->number);
        break;
    case H_ONE:
        put_wrapped(out, v, r->number, r->wrap, r->message);
        break;
    case H_MAP:
        put_map(out, v, r);
        break;
    default:
        put_each(out, v, r);
    }
}

static void put_message(struct buf *out, json_t *v, enum message m)
{
    if (m == M3_SCHEMA_OR_REFERENCE) {
        bool reference = json_object_get(v, "$ref") != NULL;
        put_wrapped(out, v, reference ? 2 : 1, 0, reference ? M3_REFERENCE : M3_SCHEMA);
        return;
    }
    const struct rule *r = rules[m];
    for (; r->json; r++) {
        json_t *member = json_object_get(v, r->json);
        if (member)
            put_member(out, member, r);
    }
    const char *name;
    json_t *member;
    json_object_foreach(v, name, member)
    {
        if (strncmp(name, "x-", 2))
            continue;
        size_t at = begin(out, r->number);
        put_text(out, 1, str_of(name));
        put_any(out, 2, member);
        end(out, at);
    }
}

/* Takes the JSON document. */
static void convert(struct buf *out, struct buf *json, enum message m)
{
    json_t *v = json_loadb(json->p, json->n, 0, NULL);
    must(v);
    buf_free(json);
    put_message(out, v, m);
    json_decref(v);
}

void openapi_v2_protobuf(struct buf *out)
{
    struct buf json = {0};
    openapi_v2(&json);
    convert(out, &json, M_DOCUMENT);
}

bool openapi_v3_protobuf(struct buf *out, struct str path)
{
    struct buf json = {0};
    if (!openapi_v3(&json, path))
        return false;
    convert(out, &json, M3_DOCUMENT);
    return true;
}
