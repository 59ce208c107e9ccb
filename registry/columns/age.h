/* Durations as people read them. */
#ifndef REGISTRY_COLUMNS_AGE_H
#define REGISTRY_COLUMNS_AGE_H

#include <stdbool.h>
#include "shm/base/str.h"

#define AGE_TEXT_BYTES 24

/* Seconds up to 2 minutes, then ever larger units; the next smaller one is told while the larger one is small
 * ("3m5s", "5h20m", "2d3h", "3y10d"). A little less than nothing is "0s", much less "<invalid>". Rule:
 * HumanDuration of apimachinery/pkg/util/duration. */
void age_text(char out[AGE_TEXT_BYTES], int64_t duration_us);
/* Time from an RFC 3339 time to now; "<unknown>" for what is no time. */
void age_since(char out[AGE_TEXT_BYTES], struct str rfc3339, int64_t now_us);
/* false: no time, or the zero time. */
bool age_parse(struct str rfc3339, int64_t *us);

#endif
