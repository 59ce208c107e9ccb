/* The two walkers over field tables. Reading trusts nothing: every varint, length and wire type is looked at,
 * and list elements are walked once when the message comes, so that handing them out later cannot fail. */
#include "shm/store/etcd/message.h"

#include <errno.h>
#include "shm/base/must.h"

#define VARINT_MAX 10
enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

/* ---- writing ---- */

static size_t varint_bytes(uint64_t v)
{
    size_t n = 1;
    for (; v >= 0x80; v >>= 7)
        n++;
    return n;
}

static void put_varint(struct buf *out, uint64_t v)
{
    char *p = buf_reserve(out, VARINT_MAX);
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        p[n++] = (char)(v | 0x80);
    p[n++] = (char)v;
    out->n += n;
}

static const void *member(const void *of, const struct message_field *f)
{
    return (const char *)of + f->at;
}

static size_t sub_bytes(const struct message *m, const void *from);

static size_t prefixed(const struct message_field *f, size_t n)
{
    return varint_bytes((uint64_t)f->number << 3) + varint_bytes(n) + n;
}

static size_t field_bytes(const struct message_field *f, const void *from)
{
    const void *at = member(from, f);
    size_t tag = varint_bytes((uint64_t)f->number << 3), sum = 0;
    const struct message_array *a = at;
    const struct str *s = at;
    const void *const *sub = at;
    switch ((enum message_kind)f->kind) {
    case MESSAGE_INT:
        return *(const uint64_t *)at ? tag + varint_bytes(*(const uint64_t *)at) : 0;
    case MESSAGE_ALWAYS:
        return tag + varint_bytes(*(const uint64_t *)at);
    case MESSAGE_BOOL:
        return *(const bool *)at ? tag + 1 : 0;
    case MESSAGE_BYTES:
        return s->n ? prefixed(f, s->n) : 0;
    case MESSAGE_SUB:
        return *sub ? prefixed(f, sub_bytes(f->of, *sub)) : 0;
    case MESSAGE_SUBS:
        for (size_t i = 0; i < a->n; i++)
            sum += prefixed(f, sub_bytes(f->of, (const char *)a->first + i * f->of->bytes));
        return sum;
    default:
        must(!"a field of a reply in a request");
    }
}

static size_t sub_bytes(const struct message *m, const void *from)
{
    size_t n = 0;
    for (int i = 0; i < m->nfields; i++)
        if (m->fields[i].number)
            n += field_bytes(&m->fields[i], from);
    return n;
}

static void put_tag(struct buf *out, const struct message_field *f, enum wire wire)
{
    put_varint(out, (uint64_t)f->number << 3 | wire);
}

static void put_sub(struct buf *out, const struct message_field *f, const void *from)
{
    put_tag(out, f, WIRE_BYTES);
    put_varint(out, sub_bytes(f->of, from));
    message_encode(out, f->of, from);
}

static void put_field(struct buf *out, const struct message_field *f, const void *from)
{
    const void *at = member(from, f);
    const struct message_array *a = at;
    const struct str *s = at;
    const void *const *sub = at;
    switch ((enum message_kind)f->kind) {
    case MESSAGE_INT:
    case MESSAGE_ALWAYS:
        put_tag(out, f, WIRE_VARINT);
        put_varint(out, *(const uint64_t *)at);
        break;
    case MESSAGE_BOOL:
        put_tag(out, f, WIRE_VARINT);
        put_varint(out, 1);
        break;
    case MESSAGE_BYTES:
        put_tag(out, f, WIRE_BYTES);
        put_varint(out, s->n);
        buf_str(out, *s);
        break;
    case MESSAGE_SUB:
        put_sub(out, f, *sub);
        break;
    case MESSAGE_SUBS:
        for (size_t i = 0; i < a->n; i++)
            put_sub(out, f, (const char *)a->first + i * f->of->bytes);
        break;
    default:
        must(!"a field of a reply in a request");
    }
}

void message_encode(struct buf *out, const struct message *m, const void *from)
{
    for (int i = 0; i < m->nfields; i++) {
        const struct message_field *f = &m->fields[i];
        if (f->number && field_bytes(f, from) > 0)
            put_field(out, f, from);
    }
}

/* ---- reading ---- */

static bool take_varint(struct str in, size_t *at, uint64_t *v)
{
    *v = 0;
    for (int i = 0; i < VARINT_MAX && *at < in.n; i++) {
        uint64_t b = (unsigned char)in.p[(*at)++];
        if (i == VARINT_MAX - 1 && b > 1)
            return false;
        *v |= (b & 0x7f) << (7 * i);
        if (b < 0x80)
            return true;
    }
    return false;
}

struct piece {
    uint64_t number, value;
    enum wire wire;
    struct str bytes;
};

/* Takes one field off the message. Returns 1, 0 at the end, -EPROTO. */
static int take(struct str in, size_t *at, struct piece *p)
{
    uint64_t tag, n;
    if (*at == in.n)
        return 0;
    if (!take_varint(in, at, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
        return -EPROTO;
    p->number = tag >> 3;
    p->wire = (enum wire)(tag & 7);
    if (p->wire == WIRE_VARINT)
        return take_varint(in, at, &p->value) ? 1 : -EPROTO;
    if (p->wire == WIRE_64 || p->wire == WIRE_32)
        n = p->wire == WIRE_64 ? 8 : 4;
    else if (p->wire != WIRE_BYTES || !take_varint(in, at, &n))
        return -EPROTO;
    if (n > in.n - *at)
        return -EPROTO;
    p->bytes = (struct str){in.p + *at, (size_t)n};
    *at += (size_t)n;
    return 1;
}

static const struct message_field *field_of(const struct message *m, uint64_t number)
{
    for (int i = 0; i < m->nfields; i++)
        if (m->fields[i].number == number)
            return &m->fields[i];
    return NULL;
}

static int walk(const struct message *m, struct str bytes, void *to);

static void add_to_list(const struct message_field *f, struct str in, struct message_list *l)
{
    l->in = in;
    l->of = f->of;
    l->number = f->number;
    l->count++;
}

/* to NULL: only looks. */
static int set(const struct message_field *f, const struct piece *p, struct str in, void *to)
{
    void *at = to ? (char *)to + f->at : NULL;
    bool number = f->kind <= MESSAGE_BOOL;
    if (p->wire != (number ? WIRE_VARINT : WIRE_BYTES))
        return -EPROTO;
    if (f->kind == MESSAGE_LIST) {
        int rc = f->of ? walk(f->of, p->bytes, NULL) : 0;
        if (!rc && to)
            add_to_list(f, in, at);
        return rc;
    }
    if (f->kind == MESSAGE_HERE) {
        if (to)
            memset(at, 0, f->of->bytes);
        if (to && f->has)
            *(bool *)((char *)to + f->has) = true;
        return walk(f->of, p->bytes, at);
    }
    if (!to)
        return 0;
    if (f->kind == MESSAGE_BOOL)
        *(bool *)at = p->value != 0;
    else if (number)
        *(uint64_t *)at = p->value;
    else
        *(struct str *)at = p->bytes;
    return 0;
}

static int walk(const struct message *m, struct str bytes, void *to)
{
    struct piece p;
    size_t at = 0;
    int rc;
    while ((rc = take(bytes, &at, &p)) > 0) {
        const struct message_field *f = field_of(m, p.number);
        rc = f ? set(f, &p, bytes, to) : 0;
        if (rc)
            return rc;
    }
    return rc;
}

int message_decode(const struct message *m, struct str bytes, void *to)
{
    memset(to, 0, m->bytes);
    return walk(m, bytes, to);
}

bool message_next(const struct message_list *l, size_t *at, void *to)
{
    struct piece p;
    if (l->count == 0)
        return false;
    while (take(l->in, at, &p) > 0) {
        if (p.number != l->number)
            continue;
        if (!l->of)
            *(struct str *)to = p.bytes;
        else
            must(message_decode(l->of, p.bytes, to) == 0);
        return true;
    }
    return false;
}
