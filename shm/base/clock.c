/* Time: reading the clocks, and RFC 3339 both ways without locale, time zone files or malloc. Dates are
 * counted in days of the proleptic Gregorian calendar. */
#include "shm/base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <time.h>

#define SECOND_US 1000000ll
#define DAY_S 86400ll
/* what four digits of year can say */
#define MIN_S (-62167219200ll)
#define MAX_S 253402300799ll

static struct timespec now(clockid_t id)
{
    struct timespec t = {0};
    clock_gettime(id, &t);
    return t;
}

int64_t clock_ns(void)
{
    struct timespec t = now(CLOCK_MONOTONIC);
    return (int64_t)t.tv_sec * 1000000000ll + t.tv_nsec;
}

int64_t clock_ms(void)
{
    return clock_ns() / 1000000;
}

int64_t clock_wall_s(void)
{
    return (int64_t)now(CLOCK_REALTIME).tv_sec;
}

int64_t clock_wall_us(void)
{
    struct timespec t = now(CLOCK_REALTIME);
    return (int64_t)t.tv_sec * SECOND_US + t.tv_nsec / 1000;
}

/* Years are taken to begin in March, so that a leap day is the last of its year. */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t in_era = year - era * 400;
    int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static void date_of(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t d = days - era * 146097;
    int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
    int64_t in_year = d - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * in_year + 2) / 153;
    *day = (int)(in_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = y + era * 400 + (*month <= 2);
}

static char *digits(char *out, int64_t v, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        out[i] = (char)('0' + v % 10);
        v /= 10;
    }
    return out + n;
}

static char *date_time(char *p, int64_t s)
{
    s = s < MIN_S ? MIN_S : s > MAX_S ? MAX_S : s;
    int64_t days = s / DAY_S - (s % DAY_S < 0), in_day = s - days * DAY_S, year;
    int month, day;
    date_of(days, &year, &month, &day);
    p = digits(p, year, 4);
    *p++ = '-';
    p = digits(p, month, 2);
    *p++ = '-';
    p = digits(p, day, 2);
    *p++ = 'T';
    p = digits(p, in_day / 3600, 2);
    *p++ = ':';
    p = digits(p, in_day / 60 % 60, 2);
    *p++ = ':';
    return digits(p, in_day % 60, 2);
}

void clock_rfc3339(int64_t wall_s, char out[21])
{
    char *p = date_time(out, wall_s);
    *p++ = 'Z';
    *p = 0;
}

void clock_rfc3339_micro(int64_t wall_us, char out[28])
{
    int64_t s = wall_us / SECOND_US - (wall_us % SECOND_US < 0);
    char *p = date_time(out, s);
    *p++ = '.';
    p = digits(p, wall_us - s * SECOND_US, 6);
    *p++ = 'Z';
    *p = 0;
}

/* A reader over the text; a step that does not fit makes all later ones fail. */
struct reader {
    const char *s;
    size_t n, at;
    bool bad;
};

static int number(struct reader *r, int width, int min, int max)
{
    int v = 0;
    for (int i = 0; i < width; i++, r->at++) {
        if (r->at >= r->n || r->s[r->at] < '0' || r->s[r->at] > '9') {
            r->bad = true;
            return 0;
        }
        v = v * 10 + (r->s[r->at] - '0');
    }
    r->bad |= v < min || v > max;
    return v;
}

static bool take(struct reader *r, char c)
{
    if (r->at >= r->n || r->s[r->at] != c)
        return false;
    r->at++;
    return true;
}

static void expect(struct reader *r, char c)
{
    r->bad |= !take(r, c);
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month < 1 || month > 12 ? 0 : days[month - 1] + (month == 2 && leap);
}

/* Digits beyond the sixth are dropped. */
static int64_t fraction_us(struct reader *r)
{
    int64_t us = 0, unit = SECOND_US / 10;
    size_t from = r->at;
    for (; r->at < r->n && r->s[r->at] >= '0' && r->s[r->at] <= '9'; r->at++, unit /= 10)
        us += (r->s[r->at] - '0') * unit;
    r->bad |= r->at == from;
    return us;
}

static int64_t offset_s(struct reader *r)
{
    if (take(r, 'Z'))
        return 0;
    int sign = take(r, '-') ? -1 : 1;
    if (sign == 1)
        expect(r, '+');
    int hours = number(r, 2, 0, 23);
    expect(r, ':');
    return sign * (hours * 3600ll + number(r, 2, 0, 59) * 60ll);
}

int clock_parse_rfc3339(const char *s, size_t n, int64_t *us)
{
    struct reader r = {.s = s, .n = n};
    int year = number(&r, 4, 0, 9999);
    expect(&r, '-');
    int month = number(&r, 2, 1, 12);
    expect(&r, '-');
    int day = number(&r, 2, 1, month_days(year, month));
    expect(&r, 'T');
    int hour = number(&r, 2, 0, 23);
    expect(&r, ':');
    int minute = number(&r, 2, 0, 59);
    expect(&r, ':');
    int second = number(&r, 2, 0, 59);
    int64_t part = take(&r, '.') ? fraction_us(&r) : 0;
    int64_t offset = offset_s(&r);
    if (r.bad || r.at != r.n)
        return -EINVAL;
    int64_t whole = days_of(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second - offset;
    *us = whole * SECOND_US + part;
    return 0;
}
