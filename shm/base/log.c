/* Logging. A line is put together on the stack and goes out in one write, so that lines of several processes
 * on one stderr never mix. Name and level are the process's own, set at its start: the one place where this
 * program keeps state outside a handle, because a message may come from anywhere. */
#include "shm/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "shm/base/clock.h"

#define LINE_MAX_BYTES 4096

static char process_name[32];
static enum log_level max_level = LOG_LEVEL_INFO;

void log_name(const char *name)
{
    size_t n = strnlen(name, sizeof(process_name) - 1);
    memcpy(process_name, name, n);
    process_name[n] = 0;
}

void log_set_level(enum log_level level)
{
    max_level = level;
}

static size_t add(char *line, size_t at, const char *fmt, va_list ap)
{
    int n = vsnprintf(line + at, LINE_MAX_BYTES - 1 - at, fmt, ap);
    if (n < 0)
        return at;
    return at + (size_t)n < LINE_MAX_BYTES - 2 ? at + (size_t)n : LINE_MAX_BYTES - 2;
}

static size_t add_head(char *line, enum log_level level)
{
    static const char letters[] = "EWID";
    char now[28];
    clock_rfc3339_micro(clock_wall_us(), now);
    int n = snprintf(line, LINE_MAX_BYTES, "%c %s %s%s", letters[level], now, process_name,
                     process_name[0] ? ": " : "");
    return n > 0 ? (size_t)n : 0;
}

void log_line(enum log_level level, const char *fmt, ...)
{
    if (level > max_level)
        return;
    int saved = errno;
    char line[LINE_MAX_BYTES];
    size_t head = add_head(line, level);
    va_list ap;
    va_start(ap, fmt);
    size_t n = add(line, head, fmt, ap);
    va_end(ap);
    /* what a client sent must not be able to forge a second line */
    for (size_t i = head; i < n; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 127)
            line[i] = ' ';
    line[n++] = '\n';
    ssize_t done = write(STDERR_FILENO, line, n);
    (void)done; /* nobody left to tell */
    errno = saved;
}
