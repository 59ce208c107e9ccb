#include "registry/walk/plainfields.h"

#include "registry/walk/json.h"

#define DEPTH_MAX 100
#define OBJECTS_MAX (JSON_COST_MAX / 8)

/* Behind a key and its colon that begin at i, or 0: it is not plain. */
static size_t skip_key(struct str s, size_t i)
{
    if (i >= s.n || s.p[i++] != '"')
        return 0;
    for (; i < s.n && s.p[i] != '"'; i++) {
        char c = s.p[i];
        if (c < ' ' || c > '~' || c == '<' || c == '>' || c == '&')
            return 0;
        if (c == '\\' && (++i == s.n || (s.p[i] != '"' && s.p[i] != '\\')))
            return 0;
    }
    return i + 1 < s.n && s.p[i + 1] == ':' ? i + 2 : 0;
}

bool plainfields(struct str s)
{
    size_t i = 0;
    int depth = 0;
    for (int objects = 0; objects < OBJECTS_MAX; objects++) {
        if (i >= s.n || s.p[i++] != '{' || ++depth > DEPTH_MAX)
            return false;
        if (i < s.n && s.p[i] == '}') {
            for (; i < s.n && s.p[i] == '}'; i++)
                if (--depth == 0)
                    return i + 1 == s.n;
            if (i >= s.n || s.p[i++] != ',')
                return false;
        }
        i = skip_key(s, i);
        if (!i)
            return false;
    }
    return false;
}
