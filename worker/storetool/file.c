/* A file is whole when its last line is there and right; so nothing may be believed of it before that. */
#include "worker/storetool/file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "registry/rules/base64.h"
#include "registry/walk/json.h"
#include "shm/base/arena.h"
#include "shm/base/buf.h"
#include "shm/base/must.h"

#define VERSION 1
#define LINE_MAX_BYTES (32u << 20) /* etcd's answers end at 16 MiB, base64 makes 22 of them */
#define READ_BYTES (256u << 10)

static EVP_MD_CTX *sha_new(void)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();

    must(md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1);
    return md;
}

static void sha_text(EVP_MD_CTX *md, char out[TOOL_SHA_BYTES + 1])
{
    unsigned char sum[TOOL_SHA_BYTES / 2];

    must(EVP_DigestFinal_ex(md, sum, NULL) == 1);
    for (size_t i = 0; i < sizeof(sum); i++)
        snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

/* ---- writing ---- */

struct file_writer {
    struct tool *tool;
    const char *path;
    char part[4096];
    FILE *out;
    EVP_MD_CTX *md;
    struct buf line;
    int64_t count;
    bool finished;
};

struct file_writer *file_new(struct tool *t, const char *path)
{
    struct file_writer *w = calloc(1, sizeof(*w));
    int fd = -1;

    must(w != NULL);
    w->tool = t;
    w->path = path;
    w->md = sha_new();
    if (snprintf(w->part, sizeof(w->part), "%s.part", path) >= (int)sizeof(w->part))
        errno = ENAMETOOLONG;
    else if ((fd = open(w->part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)) >= 0 &&
             fchmod(fd, 0600) == 0)
        w->out = fdopen(fd, "w");
    if (w->out)
        return w;
    tool_fail(t, "cannot write %s.part: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    w->finished = true;
    file_free(w);
    return NULL;
}

void file_free(struct file_writer *w)
{
    if (!w)
        return;
    if (w->out)
        fclose(w->out);
    if (!w->finished)
        unlink(w->part);
    EVP_MD_CTX_free(w->md);
    buf_free(&w->line);
    free(w);
}

static bool write_failed(struct file_writer *w)
{
    return tool_fail(w->tool, "cannot write %s: %s", w->part, strerror(errno));
}

static bool put_line(struct file_writer *w)
{
    must(EVP_DigestUpdate(w->md, w->line.p, w->line.n) == 1);
    return fwrite(w->line.p, 1, w->line.n, w->out) == w->line.n || write_failed(w);
}

bool file_begin(struct file_writer *w, struct str prefix, int64_t revision)
{
    buf_clear(&w->line);
    buf_printf(&w->line, "{\"cubedStore\":%d,\"prefix\":", VERSION);
    json_write_string(&w->line, prefix);
    buf_printf(&w->line, ",\"revision\":%lld}\n", (long long)revision);
    return put_line(w);
}

bool file_entry(struct file_writer *w, const struct tool_entry *e)
{
    buf_clear(&w->line);
    buf_puts(&w->line, "{\"key\":");
    json_write_string(&w->line, e->key);
    buf_printf(&w->line, ",\"createRevision\":%lld,\"modRevision\":%lld,\"value\":\"",
               (long long)e->create_revision, (long long)e->mod_revision);
    base64_encode(&w->line, e->value);
    buf_puts(&w->line, "\"}\n");
    w->count++;
    return put_line(w);
}

bool file_finish(struct file_writer *w)
{
    char sha[TOOL_SHA_BYTES + 1];

    sha_text(w->md, sha);
    fprintf(w->out, "{\"count\":%lld,\"sha256\":\"%s\"}\n", (long long)w->count, sha);
    if (fflush(w->out) || ferror(w->out) || fsync(fileno(w->out)) || rename(w->part, w->path))
        return write_failed(w);
    w->finished = true;
    return true;
}

int64_t file_count(const struct file_writer *w)
{
    return w->count;
}

/* ---- reading ---- */

struct reading {
    struct tool *tool;
    const char *path;
    struct file_info *info;
    struct tool_visit *visit;
    EVP_MD_CTX *md;
    struct buf prefix;
    int64_t line, objects;
    bool ended;
};

static bool damaged(struct reading *rd, const char *what)
{
    return tool_fail(rd->tool, "%s, line %lld: %s; the file is damaged or not whole", rd->path,
                     (long long)rd->line, what);
}

static bool take_first(struct reading *rd, const json_t *o)
{
    json_int_t version = 0, revision = 0;
    const char *prefix = NULL;

    if (json_unpack((json_t *)o, "{s:I}", "cubedStore", &version))
        return tool_fail(rd->tool, "%s is no file of cubed store export", rd->path);
    if (version != VERSION)
        return tool_fail(rd->tool, "%s is of version %lld, this cubed reads version %d", rd->path,
                         (long long)version, VERSION);
    if (json_unpack((json_t *)o, "{s:s, s:I}", "prefix", &prefix, "revision", &revision) || revision < 0)
        return damaged(rd, "no prefix or revision");
    buf_puts(&rd->prefix, prefix);
    rd->info->revision = revision;
    return !rd->visit || !rd->visit->begin || rd->visit->begin(rd->visit->arg, revision);
}

static bool take_last(struct reading *rd, const json_t *o)
{
    json_int_t count = -1;
    const char *sha = "";

    rd->ended = true;
    sha_text(rd->md, rd->info->sha);
    rd->info->count = rd->objects;
    if (json_unpack((json_t *)o, "{s:I, s:s}", "count", &count, "sha256", &sha))
        return damaged(rd, "neither an object nor an end");
    if (count != rd->objects)
        return damaged(rd, "the number of objects is another one");
    return strcmp(sha, rd->info->sha) == 0 || damaged(rd, "the hash is another one");
}

static bool take_object(struct reading *rd, const json_t *o)
{
    struct tool_entry e;
    json_int_t create = 0, mod = 0;
    const char *key = "", *value = "";
    struct arena *a;
    size_t bad;
    bool ok;

    if (json_unpack((json_t *)o, "{s:s, s:I, s:I, s:s}", "key", &key, "createRevision", &create,
                    "modRevision", &mod, "value", &value) ||
        !str_starts(str_of(key), buf_view(&rd->prefix)))
        return damaged(rd, "no object");
    a = arena_new(0);
    e = (struct tool_entry){.key = {key + rd->prefix.n, strlen(key) - rd->prefix.n},
                            .create_revision = create,
                            .mod_revision = mod};
    ok = base64_decode(a, str_of(value), &e.value, &bad) || damaged(rd, "the value is no base64");
    rd->objects++;
    ok = ok && (!rd->visit || rd->visit->entry(rd->visit->arg, &e));
    arena_free(a);
    return ok;
}

static bool take_line(struct reading *rd, const char *line, size_t n)
{
    json_t *o = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
    bool ok;

    rd->line++;
    if (rd->ended)
        ok = damaged(rd, "there is more behind the end");
    else if (!o || line[n - 1] != '\n')
        ok = rd->line == 1 ? tool_fail(rd->tool, "%s is no file of cubed store export", rd->path)
                           : damaged(rd, "no JSON");
    else if (rd->line == 1)
        ok = take_first(rd, o);
    else
        ok = json_object_get(o, "key") ? take_object(rd, o) : take_last(rd, o);
    json_decref(o);
    if (ok && !rd->ended)
        must(EVP_DigestUpdate(rd->md, line, n) == 1);
    return ok;
}

/* The lines of a file, none of which may be longer than what the other stores take. */
struct lines {
    FILE *in;
    struct buf b;
    size_t at, seen; /* the next line; what was looked through of it */
};

/* true: a line, with its end unless it is the file's last one, until the next call. false: the file's end,
 * ferror(in), or *too_long. */
static bool next_line(struct lines *l, struct str *line, bool *too_long)
{
    for (;;) {
        const char *end = memchr(l->b.p + l->at + l->seen, '\n', l->b.n - l->at - l->seen);
        size_t have = l->b.n - l->at, got = 0;

        if (!end && have < LINE_MAX_BYTES) {
            l->seen = have;
            if (l->at)
                memmove(l->b.p, l->b.p + l->at, have);
            l->b.n = have;
            l->at = 0;
            got = fread(buf_reserve(&l->b, READ_BYTES), 1, READ_BYTES, l->in);
            l->b.n += got;
        }
        if (got)
            continue;
        *too_long = !end && have >= LINE_MAX_BYTES;
        *line = (struct str){l->b.p + l->at, end ? (size_t)(end + 1 - l->b.p) - l->at : have};
        l->at += line->n;
        l->seen = 0;
        return line->n && !*too_long && !ferror(l->in);
    }
}

bool file_read(struct tool *t, const char *path, struct file_info *info, struct tool_visit *v)
{
    struct reading rd = {.tool = t, .path = path, .info = info, .visit = v};
    struct lines lines = {.in = fopen(path, "re")};
    bool ok = true, too_long = false;
    struct str line;

    if (!lines.in)
        return tool_fail(t, "cannot read %s: %s", path, strerror(errno));
    rd.md = sha_new();
    buf_reserve(&lines.b, READ_BYTES);
    while (ok && next_line(&lines, &line, &too_long))
        ok = take_line(&rd, line.p, line.n) && tool_goes_on(t);
    if (ok && ferror(lines.in))
        ok = tool_fail(t, "cannot read %s: %s", path, strerror(errno));
    if (ok && too_long && rd.line) {
        rd.line++;
        ok = damaged(&rd, "longer than any object can be");
    }
    if (ok && !rd.ended)
        ok = rd.line ? damaged(&rd, "its end is missing")
                     : tool_fail(t, "%s is no file of cubed store export", path);
    fclose(lines.in);
    buf_free(&lines.b);
    buf_free(&rd.prefix);
    EVP_MD_CTX_free(rd.md);
    return ok;
}
