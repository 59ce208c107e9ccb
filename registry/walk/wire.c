/* Tags, lengths and numbers as protobuf's encoding lays them out; groups, long gone, are not read. */
#include "registry/walk/wire.h"

static bool take_varint(struct str *in, uint64_t *v)
{
    *v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (in->n == 0)
            return false;
        unsigned char b = (unsigned char)*in->p;
        in->p++;
        in->n--;
        *v |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80)
            return true;
    }
    return false;
}

static bool take_fixed(struct str *in, int bytes, uint64_t *v)
{
    if (in->n < (size_t)bytes)
        return false;
    *v = 0;
    for (int i = 0; i < bytes; i++)
        *v |= (uint64_t)(unsigned char)in->p[i] << (8 * i);
    in->p += bytes;
    in->n -= (size_t)bytes;
    return true;
}

static bool take_bytes(struct str *in, struct wire_piece *p)
{
    if (!take_varint(in, &p->value) || p->value > in->n)
        return false;
    p->bytes = (struct str){in->p, (size_t)p->value};
    in->p += p->value;
    in->n -= (size_t)p->value;
    return true;
}

static bool bad(const char **err, const char *why)
{
    if (!*err)
        *err = why;
    return false;
}

bool wire_next(struct str *in, struct wire_piece *p, const char **err)
{
    struct str from = *in;
    uint64_t tag;
    bool ok;
    if (in->n == 0)
        return false;
    if (!take_varint(in, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
        return bad(err, "proto: illegal tag");
    *p = (struct wire_piece){.number = (uint32_t)(tag >> 3), .wire = (enum wire)(tag & 7)};
    switch (p->wire) {
    case WIRE_VARINT:
        ok = take_varint(in, &p->value);
        break;
    case WIRE_FIXED64:
        ok = take_fixed(in, 8, &p->value);
        break;
    case WIRE_FIXED32:
        ok = take_fixed(in, 4, &p->value);
        break;
    case WIRE_LEN:
        ok = take_bytes(in, p);
        break;
    default:
        return bad(err, "proto: illegal wireType");
    }
    p->whole = (struct str){from.p, from.n - in->n};
    return ok || bad(err, "unexpected EOF");
}

uint16_t wire_path(uint16_t inlined, uint32_t number)
{
    return (uint16_t)(inlined ? inlined | number << 8 : number);
}

static bool is_embedded(const struct schema_field *f, uint16_t inlined, uint32_t number)
{
    uint16_t path = inlined ? f->inline_number : f->inline_number & 0xff;
    return number < 256 && f->inline_number != inlined && path == wire_path(inlined, number);
}

const struct schema_field *wire_field(const struct schema_type *t, uint16_t inlined, uint32_t number,
                                      bool *embedded)
{
    for (int i = 0; i < t->nfields; i++) {
        const struct schema_field *f = &t->fields[i];
        *embedded = is_embedded(f, inlined, number);
        if (*embedded || (f->number == number && f->inline_number == inlined))
            return f;
    }
    *embedded = false;
    return NULL;
}
