/* Where broken promises end: one line that says which, then abort, so that the master sees a signal. */
#include "shm/base/must.h"

#include <stdlib.h>
#include "shm/base/log.h"

_Noreturn void must_fail(const char *what, const char *file, int line)
{
    log_error("panic: %s does not hold, at %s:%d", what, file, line);
    abort();
}
