/* The options: filled once by the master from its flags, read-only after, inherited by every child. */
#ifndef SHM_BASE_OPTIONS_H
#define SHM_BASE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

typedef bool option_BOOL;
typedef int64_t option_INT;
typedef int64_t option_DURATION; /* milliseconds */
typedef int64_t option_BYTES;
typedef const char *option_STRING; /* never NULL */
typedef const char *option_LIST;

struct options {
#define OPTION(field, kind, flag, dflt, group, metavar, help) option_##kind field;
#include "shm/base/options.def"
#undef OPTION
};

#endif
