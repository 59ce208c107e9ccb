/* URLs as Go's net/url reads them, as far as the API looks at them. */
#ifndef REGISTRY_RULES_URL_H
#define REGISTRY_RULES_URL_H

#include <stdbool.h>
#include "shm/base/arena.h"
#include "shm/base/str.h"

struct url {
    struct str scheme; /* in small letters */
    struct str user;   /* what stands before '@' */
    struct str host;   /* port included */
    struct str path, query, fragment;
    bool has_user;
};

/* Views into s or the arena. Returns NULL, or the error as url.Parse words it. */
const char *url_parse(struct arena *a, struct str s, struct url *out);

#endif
