/* /statusz and /flagz: what runs here and with which flags, as text for people, or as an object for who asks
 * for one by name (reference: apiserver/pkg/server/{statusz,flagz}). The text's separator changes from one
 * answer to the next, as the reference's does: nobody is to take it apart. */
#include "worker/handlers/handlers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "registry/walk/json.h"
#include "shm/base/clock.h"
#include "shm/base/options.h"
#include "worker/request/status.h"

#define DEPRECATED "299 - \"This version of the %s endpoint is deprecated. Please use a newer version.\""

struct page {
    const char *path, *kind;
    enum transform transform;
    void (*text)(struct request *rq, struct buf *out, const char *between);
    void (*fields)(struct request *rq, struct buf *out); /* from the first comma on */
};

/* ---- /statusz ---- */

static const char *const paths[] = {"/flagz",  "/healthz", "/livez",  "/metrics",
                                    "/readyz", "/statusz", "/version"};
#define NPATHS (sizeof(paths) / sizeof(paths[0]))

static int64_t uptime_s(const struct request *rq)
{
    return clock_wall_s() - rq->ctx->started_s;
}

static void start_text(const struct request *rq, const char *format, char *text, size_t bytes)
{
    time_t t = (time_t)rq->ctx->started_s;
    struct tm tm;
    text[strftime(text, bytes, format, gmtime_r(&t, &tm))] = 0;
}

static void status_text(struct request *rq, struct buf *out, const char *between)
{
    char start[64];
    int64_t up = uptime_s(rq);
    start_text(rq, "%a %b %e %H:%M:%S UTC %Y", start, sizeof(start));
    buf_printf(out, "\nStarted%s %s\nUp%s %lld hr %02lld min %02lld sec\n", between, start, between,
               (long long)(up / 3600), (long long)(up / 60 % 60), (long long)(up % 60));
    buf_printf(out,
               "Go version%s none\nBinary version%s " CUBED_VERSION "\nEmulation version%s 1.36\nPaths%s ",
               between, between, between, between);
    for (size_t i = 0; i < NPATHS; i++)
        buf_printf(out, i ? " %s" : "%s", paths[i]);
    buf_putc(out, '\n');
}

static void status_fields(struct request *rq, struct buf *out)
{
    char start[64];
    start_text(rq, "%Y-%m-%dT%H:%M:%SZ", start, sizeof(start));
    buf_printf(out,
               ",\"startTime\":\"%s\",\"uptimeSeconds\":%lld,\"goVersion\":\"none\",\"binaryVersion\":"
               "\"" CUBED_VERSION "\",\"emulationVersion\":\"1.36\",\"paths\":[",
               start, (long long)uptime_s(rq));
    for (size_t i = 0; i < NPATHS; i++)
        buf_printf(out, "%s\"%s\"", i ? "," : "", paths[i]);
    buf_putc(out, ']');
}

/* ---- /flagz ---- */

static const char *text_BOOL(struct arena *a, bool v)
{
    return v ? "true" : "false";
}

static const char *text_INT(struct arena *a, int64_t v)
{
    return arena_printf(a, "%lld", (long long)v);
}

#define text_BYTES text_INT

static const char *text_STRING(struct arena *a, const char *v)
{
    return v;
}

static const char *text_LIST(struct arena *a, const char *v)
{
    return arena_printf(a, "[%s]", v);
}

/* As Go writes durations: 500ms, 1.5s, 1m0s, 1h0m0s. */
static const char *text_DURATION(struct arena *a, int64_t ms)
{
    const char *hours = "", *minutes = "";
    if (ms && ms < 1000)
        return arena_printf(a, "%lldms", (long long)ms);
    if (ms >= 3600000)
        hours = arena_printf(a, "%lldh", (long long)(ms / 3600000));
    if (ms >= 60000)
        minutes = arena_printf(a, "%lldm", (long long)(ms / 60000 % 60));
    return arena_printf(a, "%s%s%gs", hours, minutes, (double)(ms % 60000) / 1000);
}

struct setting {
    const char *name, *value;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct setting *)a)->name, ((const struct setting *)b)->name);
}

#define OPTION(field, kind, flag, dflt, group, metavar, help) +1
enum {
    NFLAGS = 0
#include "shm/base/options.def"
};
#undef OPTION

static void fill_flags(struct request *rq, struct setting all[NFLAGS])
{
    const struct options *o = rq->ctx->options;
    int n = 0;
#define OPTION(field, kind, flag, dflt, group, metavar, help)                                                \
    all[n++] = (struct setting){flag, text_##kind(rq->arena, o->field)};
#include "shm/base/options.def"
#undef OPTION
    qsort(all, NFLAGS, sizeof(all[0]), by_name);
}

static void flags_text(struct request *rq, struct buf *out, const char *between)
{
    struct setting all[NFLAGS];
    fill_flags(rq, all);
    for (int i = 0; i < NFLAGS; i++)
        buf_printf(out, "%s%s%s\n", all[i].name, between, all[i].value);
}

static void flags_fields(struct request *rq, struct buf *out)
{
    struct setting all[NFLAGS];
    fill_flags(rq, all);
    buf_puts(out, ",\"flags\":{");
    for (int i = 0; i < NFLAGS; i++) {
        buf_printf(out, "%s\"%s\":", i ? "," : "", all[i].name);
        json_write_string(out, str_of(all[i].value));
    }
    buf_putc(out, '}');
}

/* ---- both ---- */

static const struct page pages[] = {
    {"/statusz", "Statusz", TRANSFORM_STATUSZ, status_text, status_fields},
    {"/flagz", "Flagz", TRANSFORM_FLAGZ, flags_text, flags_fields},
};

static struct str keep(struct request *rq, struct buf *b)
{
    struct str s = arena_str(rq->arena, buf_view(b));
    buf_free(b);
    return s;
}

static void send_text(struct request *rq, const struct page *p)
{
    static const char *const between[] = {":", ": ", "=", " "};
    struct buf out = {0};
    buf_printf(
        &out,
        "\napiserver %s\nWarning: This endpoint is not meant to be machine parseable, has no formatting "
        "compatibility guarantees and is for debugging purposes only.\n",
        p->path + 1);
    p->text(rq, &out, between[clock_ns() / 1000 % 4]);
    response_bytes(rq, 200, "text/plain; charset=utf-8", keep(rq, &out));
}

static void send_object(struct request *rq, const struct page *p, const struct accept *a)
{
    struct buf out = {0};
    buf_printf(&out,
               "{\"kind\":\"%s\",\"apiVersion\":\"config.k8s.io/%s\",\"metadata\":{\"name\":\"apiserver\"}",
               p->kind, a->as_version);
    p->fields(rq, &out);
    buf_putc(&out, '}');
    if (strcmp(a->as_version, "v1alpha1") == 0)
        response_header(rq, "Warning", arena_printf(rq->arena, DEPRECATED, p->path + 1));
    const char *type =
        arena_printf(rq->arena, "%s;g=config.k8s.io;v=%s;as=%s", a->content_type, a->as_version, p->kind);
    response_json(rq, 200, a, type, keep(rq, &out));
}

enum stage_result handler_zpage(struct request *rq)
{
    const struct page *p = str_is(rq->info.path, pages[0].path) ? &pages[0] : &pages[1];
    struct accept a;
    struct status st = {.arena = rq->arena};
    if (!negotiate_media(rq, p->transform, &a)) {
        status_not_acceptable(&st, NEGOTIATE_PAGE_TYPES);
        response_status(rq, &st);
    } else if (a.media == MEDIA_TEXT) {
        send_text(rq, p);
    } else {
        send_object(rq, p, &a);
    }
    return STAGE_DONE;
}
