/* A table of ranges: how far each goes, its unit, and the smaller unit that is told too. */
#include "registry/columns/age.h"

#include <stdio.h>
#include "shm/base/clock.h"

#define MINUTE 60LL
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define YEAR (365 * DAY)

struct range {
    int64_t below_s;
    int64_t unit_s;
    char unit;
    int64_t rest_s; /* 0: none */
    char rest;
};

static const struct range ranges[] = {
    {2 * MINUTE, 1, 's', 0, 0},         {10 * MINUTE, MINUTE, 'm', 1, 's'}, {3 * HOUR, MINUTE, 'm', 0, 0},
    {8 * HOUR, HOUR, 'h', MINUTE, 'm'}, {2 * DAY, HOUR, 'h', 0, 0},         {8 * DAY, DAY, 'd', HOUR, 'h'},
    {2 * YEAR, DAY, 'd', 0, 0},         {8 * YEAR, YEAR, 'y', DAY, 'd'},    {INT64_MAX, YEAR, 'y', 0, 0},
};

void age_text(char out[AGE_TEXT_BYTES], int64_t duration_us)
{
    int64_t s = duration_us / 1000000;
    const struct range *r = ranges;
    if (s < -1) {
        snprintf(out, AGE_TEXT_BYTES, "<invalid>");
        return;
    }
    if (s < 0)
        s = 0;
    while (s >= r->below_s)
        r++;
    int64_t rest = r->rest_s ? s % r->unit_s / r->rest_s : 0;
    if (rest)
        snprintf(out, AGE_TEXT_BYTES, "%d%c%d%c", (int)(s / r->unit_s), r->unit, (int)rest, r->rest);
    else
        snprintf(out, AGE_TEXT_BYTES, "%d%c", (int)(s / r->unit_s), r->unit);
}

bool age_parse(struct str rfc3339, int64_t *us)
{
    return rfc3339.n && !str_starts(rfc3339, STR("0001-01-01T00:00:00")) &&
           clock_parse_rfc3339(rfc3339.p, rfc3339.n, us) == 0;
}

void age_since(char out[AGE_TEXT_BYTES], struct str rfc3339, int64_t now_us)
{
    int64_t us;
    if (age_parse(rfc3339, &us))
        age_text(out, now_us - us);
    else
        snprintf(out, AGE_TEXT_BYTES, "<unknown>");
}
