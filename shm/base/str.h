/* Strings with a length: what comes from outside is never assumed to end in NUL. */
#ifndef SHM_BASE_STR_H
#define SHM_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed run of bytes. p may be NULL only when n is 0. */
struct str {
    const char *p;
    size_t n;
};

#define STR(lit) ((struct str){"" lit, sizeof(lit) - 1})
#define STR_NONE ((struct str){NULL, 0})
/* For printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).n, (s).n ? (s).p : ""

/* A view of a NUL-terminated string; NULL gives the empty string. */
static inline struct str str_of(const char *c)
{
    return (struct str){c, c ? strlen(c) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* a equals the NUL-terminated c. */
static inline bool str_is(struct str a, const char *c)
{
    return str_eq(a, str_of(c));
}

/* Byte order; a prefix sorts before what it begins. */
int str_cmp(struct str a, struct str b);
/* ASCII only, for header names and media types. */
bool str_eq_nocase(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Index of the first c, or -1. */
ptrdiff_t str_find(struct str s, char c);
/* Without leading and trailing blanks and tabs. */
struct str str_trim(struct str s);
/* Cuts the next piece up to sep off *rest. Returns false when *rest was used up (p == NULL). An empty
 * *rest with p set yields one empty piece. */
bool str_next(struct str *rest, char sep, struct str *piece);
/* Decimal int64 of the whole string, no blanks, optional '-': 0, or -EINVAL / -ERANGE. */
int str_to_int64(struct str s, int64_t *out);

#endif
