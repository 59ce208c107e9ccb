/* One number for both families: what follows is arithmetic. */
#include "registry/rules/ranges.h"

#include <string.h>

#define BAND_MIN 16
#define BAND_MAX 256
#define BAND_STEP 16
#define SHORTEST_SIX 64

static address_number number_of(const struct address *ip)
{
    address_number n = 0;

    for (int i = ip->four ? 12 : 0; i < 16; i++)
        n = n << 8 | ip->bytes[i];
    return n;
}

struct address range_address(bool six, address_number n)
{
    struct address ip = {.four = !six};

    for (int i = 16; i-- > (six ? 0 : 12); n >>= 8)
        ip.bytes[i] = (unsigned char)n;
    if (!six)
        ip.bytes[10] = ip.bytes[11] = 0xff;
    return ip;
}

/* Addresses at the beginning that are kept for whoever asks for them, as long as others are free. */
static address_number static_band(int host_bits, bool six)
{
    address_number size, band;

    if (host_bits >= (six ? 127 : 31))
        return 0;
    size = (address_number)1 << host_bits;
    if (size <= BAND_MIN)
        return 0;
    band = size / BAND_STEP;
    return band < BAND_MIN ? BAND_MIN : band > BAND_MAX ? BAND_MAX : band;
}

bool range_parse(struct str cidr, struct range *out)
{
    struct cidr c;
    int host_bits;

    if (!cidr_parse(cidr, &c) || (c.max_bits == 128 && c.bits < SHORTEST_SIX))
        return false;
    host_bits = c.max_bits - c.bits;
    *out = (struct range){
        .six = c.max_bits == 128, .bits = c.bits, .base = number_of(&c.ip) >> host_bits << host_bits};
    out->first = out->base + 1;
    out->last = out->base + (((address_number)1 << host_bits) - 1) - (out->six ? 0 : 1);
    out->dynamic = out->first + static_band(host_bits, out->six);
    return host_bits > 0 && out->last >= out->first && out->dynamic <= out->last;
}

const char *range_text(struct arena *a, const struct range *r)
{
    struct address ip = range_address(r->six, r->base);

    return arena_printf(a, "%s/%d", address_text(a, &ip), r->bits);
}

bool range_gives(const struct range *r, const struct address *ip)
{
    address_number n = number_of(ip);

    return r->six == !ip->four && n >= r->first && n <= r->last;
}
