/* A signal handler can reach nothing but statics: this one struct is the exception to "no mutable globals".
 * It is written before a request runs, plainly: a handler runs on the same thread. */
#include "worker/pipeline/crash.h"

#include <signal.h>
#include <string.h>

#define NOTE_BYTES 320

static struct {
    struct area *area;
    int child;
    char request[NOTE_BYTES];
} note;

static void on_crash(int signo)
{
    if (note.area && note.request[0])
        area_note(note.area, note.child, note.request);
    raise(signo); /* SA_RESETHAND: the default action, once this handler returns */
}

void crash_watch(struct area *area, int child)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    note.area = area;
    note.child = child;
    struct sigaction sa = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &sa, NULL);
}

static size_t put(size_t at, struct str s)
{
    size_t room = NOTE_BYTES - 1 - at;
    size_t n = s.n < room ? s.n : room;
    if (n)
        memcpy(note.request + at, s.p, n);
    return at + n;
}

void crash_request(struct str method, struct str path)
{
    size_t at = put(0, STR("request="));
    at = put(at, method);
    at = put(at, STR(" "));
    at = put(at, path);
    note.request[at] = 0;
}
