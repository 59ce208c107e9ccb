#ifndef SHM_BASE_CLOCK_H
#define SHM_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Monotonic, in nanoseconds / milliseconds. */
int64_t clock_ns(void);
int64_t clock_ms(void);
/* Wall clock, seconds / microseconds since 1970. */
int64_t clock_wall_s(void);
int64_t clock_wall_us(void);
/* RFC 3339 in UTC, whole seconds ("2026-01-02T03:04:05Z"); out holds at least 21 bytes. */
void clock_rfc3339(int64_t wall_s, char out[21]);
/* With six digits of fraction, as MicroTime is written; out holds at least 28 bytes. */
void clock_rfc3339_micro(int64_t wall_us, char out[28]);
/* Parses RFC 3339 with any offset and fraction. Returns 0 or -EINVAL. *us: microseconds since 1970. */
int clock_parse_rfc3339(const char *s, size_t n, int64_t *us);

#endif
