#include "worker/storetool/tool.h"

#include <openssl/evp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"

#define SAY_TERMINAL_MS 200
#define SAY_LOG_MS 5000

void tool_sum_add(struct tool_sum *s, struct str key, struct str value)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    uint64_t part[4];

    must(md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(md, key.p, key.n) == 1 &&
         EVP_DigestUpdate(md, "", 1) == 1 && EVP_DigestUpdate(md, value.p, value.n) == 1 &&
         EVP_DigestFinal_ex(md, (unsigned char *)part, NULL) == 1);
    EVP_MD_CTX_free(md);
    s->count++;
    for (int i = 0; i < 4; i++)
        s->part[i] += part[i];
}

bool tool_fail(struct tool *t, const char *fmt, ...)
{
    va_list ap;

    if (*t->err)
        return false;
    va_start(ap, fmt);
    vsnprintf(t->err, sizeof(t->err), fmt, ap);
    va_end(ap);
    return false;
}

bool tool_goes_on(struct tool *t)
{
    struct timespec now = {0};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (sigtimedwait(&set, NULL, &now) > 0)
        return tool_fail(t, "interrupted; the same command again goes on");
    return true;
}

void tool_progress(struct tool *t, const char *doing, int64_t done, int64_t total)
{
    int64_t now = clock_ms();

    if (now - t->said_ms < (t->terminal ? SAY_TERMINAL_MS : SAY_LOG_MS))
        return;
    t->said_ms = now;
    t->line_open = t->terminal;
    fprintf(stderr, t->terminal ? "\r%s %lld" : "%s %lld", doing, (long long)done);
    if (total)
        fprintf(stderr, " of %lld", (long long)total);
    fputs(t->terminal ? " objects\033[K" : " objects\n", stderr);
    fflush(stderr);
}

void tool_progress_end(struct tool *t)
{
    if (t->line_open)
        fputc('\n', stderr);
    t->line_open = false;
}
