/* What a client sends goes on only if it is known here: the other server believes our certificate, and
 * headers that it may take for ours must not come from elsewhere. The reference's client-go
 * (transport/round_trippers.go) says how a user is written into headers. */
#include "worker/callout/forwardhead.h"

#include "shm/base/must.h"

#define HANDED_ON "x-kubernetes-peer-proxied" /* what kube-apiserver says when it hands a request on */
#define WARNINGS_MAX (16u << 10)

/* Of the client, in lower case; what ends in '-' is a prefix. */
static const char *const passed[] = {"accept",      "accept-language", "content-type",
                                     "user-agent",  "impersonate-",    "kubectl-",
                                     "traceparent", "tracestate",      "x-request-id"};

/* Of the answer: hop-by-hop, or said by this server itself. */
static const char *const kept_back[] = {"connection",        "keep-alive",   "proxy-authenticate",
                                        "proxy-connection",  "te",           "trailer",
                                        "transfer-encoding", "upgrade",      "content-length",
                                        "content-type",      "audit-id",     "date",
                                        "content-encoding",  "vary",         "alt-svc",
                                        "set-cookie",        "accept-ranges"};

enum forward_identity forward_identity(const struct request *rq)
{
    const struct user *u = rq->impersonator ? rq->impersonator : &rq->user;
    if (rq->by_token)
        return FORWARD_BEARER;
    return str_is(u->name, "system:anonymous") ? FORWARD_ANONYMOUS : FORWARD_FRONT_PROXY;
}

bool forward_seen_before(const struct request *rq)
{
    return str_is(request_header(rq, HANDED_ON), "true");
}

static bool is_passed(struct str name)
{
    for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
        struct str p = str_of(passed[i]);
        if (p.p[p.n - 1] == '-' ? str_starts(name, p) : str_eq(name, p))
            return true;
    }
    return false;
}

struct lines {
    struct arena *arena;
    struct curl_slist *list;
    bool bad;
};

/* libcurl takes "Name;" for an empty value, and ends a line where the text does. */
static void add(struct lines *l, const char *name, struct str value)
{
    for (size_t i = 0; i < value.n; i++)
        l->bad |= (unsigned char)value.p[i] < ' ' ? value.p[i] != '\t' : value.p[i] == 127;
    if (l->bad)
        return;
    struct str v = str_trim(value);
    const char *text =
        v.n ? arena_printf(l->arena, "%s: %.*s", name, STR_ARG(v)) : arena_printf(l->arena, "%s;", name);
    struct curl_slist *longer = curl_slist_append(l->list, text);
    must(longer != NULL);
    l->list = longer;
}

/* A key of extra as a header's name: what is no character of a token (RFC 9110 5.6.2) is percent-encoded. */
static const char *extra_name(struct arena *a, struct str key)
{
    struct buf b = {0};
    buf_puts(&b, "X-Remote-Extra-");
    for (size_t i = 0; i < key.n; i++) {
        unsigned char c = (unsigned char)key.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || (c && strchr("!#$&'*+-.^_`|~", c)))
            buf_putc(&b, (char)c);
        else
            buf_printf(&b, "%%%02X", c);
    }
    const char *name = arena_cstr(a, buf_view(&b));
    buf_free(&b);
    return name;
}

/* Who was recognized here; whom they want to act as is left to the other server, which has the same rules. */
static void add_user(struct lines *l, const struct user *u)
{
    add(l, "X-Remote-User", u->name);
    if (u->uid.n)
        add(l, "X-Remote-Uid", u->uid);
    for (int i = 0; i < u->ngroups; i++)
        add(l, "X-Remote-Group", u->groups[i]);
    for (int i = 0; i < u->nextra; i++)
        add(l, extra_name(l->arena, u->extra[i].name), u->extra[i].value);
}

static struct str host_of(const char *address)
{
    struct str s = str_of(address);
    while (s.n && s.p[s.n - 1] != ':')
        s.n--;
    if (s.n)
        s.n--;
    if (s.n > 1 && s.p[0] == '[' && s.p[s.n - 1] == ']')
        s = (struct str){s.p + 1, s.n - 2};
    return s;
}

static void add_way(struct lines *l, const struct request *rq)
{
    struct str before = request_header(rq, "x-forwarded-for"), host = host_of(rq->peer->address);
    add(l, "X-Forwarded-For",
        str_of(arena_printf(l->arena, "%.*s%s%.*s", STR_ARG(before), before.n ? ", " : "", STR_ARG(host))));
    add(l, HANDED_ON, STR("true"));
    add(l, "Audit-Id", str_of(rq->audit_id));
}

struct curl_slist *forward_headers(struct request *rq, enum forward_identity by)
{
    struct lines l = {.arena = rq->arena};
    bool accept = false;
    for (int i = 0; i < rq->nheaders; i++) {
        struct header h = rq->headers[i];
        if (!is_passed(h.name))
            continue;
        accept |= str_is(h.name, "accept");
        add(&l, arena_cstr(rq->arena, h.name), h.value);
    }
    if (by == FORWARD_BEARER)
        add(&l, "Authorization", request_header(rq, "authorization"));
    else if (by == FORWARD_FRONT_PROXY)
        add_user(&l, rq->impersonator ? rq->impersonator : &rq->user);
    add_way(&l, rq);
    /* what libcurl would say of itself */
    static const char *const own[] = {"Expect:", "Accept:", "Content-Type:"};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if ((i == 1 && accept) || (i == 2 && request_header(rq, "content-type").p))
            continue;
        struct curl_slist *longer = curl_slist_append(l.list, own[i]);
        must(longer != NULL);
        l.list = longer;
    }
    if (!l.bad)
        return l.list;
    curl_slist_free_all(l.list);
    return NULL;
}

/* ---- back ---- */

static bool is_kept_back(struct str name)
{
    for (size_t i = 0; i < sizeof(kept_back) / sizeof(kept_back[0]); i++)
        if (str_eq_nocase(name, str_of(kept_back[i])))
            return true;
    return false;
}

static struct header *find(struct forward_head *h, struct str name)
{
    for (int i = 0; i < h->n; i++)
        if (str_eq_nocase(h->headers[i].name, name))
            return &h->headers[i];
    return NULL;
}

/* One header, however many there are: a list with commas says the same. */
static void add_warning(struct arena *a, struct header *so_far, struct str text)
{
    if (so_far->value.n + text.n <= WARNINGS_MAX)
        so_far->value = str_of(arena_printf(a, "%.*s, %.*s", STR_ARG(so_far->value), STR_ARG(text)));
}

bool forward_answer_line(struct forward_head *h, struct arena *a, struct str line)
{
    while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == '\n'))
        line.n--;
    ptrdiff_t colon = str_find(line, ':');
    if (colon <= 0)
        return true;
    struct str name = {line.p, (size_t)colon};
    struct str value = str_trim((struct str){line.p + colon + 1, line.n - (size_t)colon - 1});
    if (str_eq_nocase(name, STR("content-type")))
        h->content_type = arena_cstr(a, value);
    if (is_kept_back(name))
        return true;
    struct header *before = str_eq_nocase(name, STR("warning")) ? find(h, name) : NULL;
    if (before) {
        add_warning(a, before, value);
        return true;
    }
    if (h->n == FORWARD_HEADERS_MAX)
        return false;
    h->headers[h->n++] = (struct header){arena_str(a, name), arena_str(a, value)};
    return true;
}
