/* A Table row needs a name and a time, a metadata-only answer needs one object out of the text: parsing all
 * of it for that would be the larger part of the work. Lengths are checked all the same, so that a damaged
 * record can mislead but not crash. */
#include "worker/read/text.h"

/* Index behind the string that starts at s.p[i] (a quote). */
static size_t skip_string(struct str s, size_t i)
{
    for (i++; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            return i + 1;
    }
    return s.n;
}

/* Index behind the value that starts at s.p[i]. */
static size_t skip_value(struct str s, size_t i)
{
    int depth = 0;
    while (i < s.n) {
        char c = s.p[i];
        if (c == '"') {
            i = skip_string(s, i);
            if (depth == 0)
                return i;
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            return i;
        i++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return i;
    }
    return s.n;
}

bool text_member(struct str object, struct str key, struct str *value)
{
    size_t i = 1;
    while (i < object.n && object.p[i] == '"') {
        size_t end = skip_string(object, i);
        struct str name = {object.p + i + 1, end - i >= 2 ? end - i - 2 : 0};
        size_t from = end + 1, to = skip_value(object, from < object.n ? from : object.n);
        if (to <= from)
            return false;
        if (str_eq(name, key)) {
            *value = (struct str){object.p + from, to - from};
            return true;
        }
        i = to + 1; /* the comma, or the end */
    }
    return false;
}

struct str text_metadata(struct str json)
{
    struct str v;
    return text_member(json, STR("metadata"), &v) ? v : STR("{}");
}

struct str text_string(struct str object, struct str key)
{
    struct str v;
    if (!text_member(object, key, &v) || v.n < 2 || v.p[0] != '"')
        return STR_NONE;
    return (struct str){v.p + 1, v.n - 2};
}

/* What is left of s without the member that begins at from and ends before to, and one comma. */
static struct str cut_member(struct arena *a, struct str s, size_t from, size_t to)
{
    if (to < s.n && s.p[to] == ',')
        to++;
    else if (s.p[from - 1] == ',')
        from--;
    return str_of(arena_printf(a, "%.*s%.*s", (int)from, s.p, (int)(s.n - to), s.p + to));
}

struct str text_without_annotation(struct arena *a, struct str metadata, struct str key)
{
    struct str all, value;
    if (!text_member(metadata, STR("annotations"), &all) || !text_member(all, key, &value))
        return metadata;
    const char *from = value.p - key.n - strlen("\"\":"), *to = value.p + value.n;
    if (from[-1] == '{' && to + 1 == all.p + all.n) {
        from = all.p - strlen("\"annotations\":");
        to = all.p + all.n;
    }
    return cut_member(a, metadata, (size_t)(from - metadata.p), (size_t)(to - metadata.p));
}
