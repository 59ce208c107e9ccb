/* A byte a port while it is worked on: the range is small, and looked at seldom. */
#include "registry/rules/portmap.h"

#include "registry/rules/base64.h"

#define BAND_MIN 16
#define BAND_MAX 128
#define BAND_STEP 32
#define PORT_MAX 65535

bool portmap_range(struct str text, int *first, int *last)
{
    ptrdiff_t dash = str_find(text, '-'), plus = str_find(text, '+'), at = dash > 0 ? dash : plus;
    struct str head = {text.p, at > 0 ? (size_t)at : text.n}, tail = {NULL, 0};
    int64_t low, high;

    if (at > 0)
        tail = (struct str){text.p + at + 1, text.n - (size_t)at - 1};
    head = str_trim(head);
    tail = str_trim(tail);
    if (str_to_int64(head, &low) || (at > 0 && str_to_int64(tail, &high)))
        return false;
    if (at <= 0)
        high = low;
    else if (dash <= 0 && high >= 0 && high <= PORT_MAX)
        high = low + high > PORT_MAX ? PORT_MAX : low + high;
    if (low < 0 || high > PORT_MAX || high < low)
        return false;
    *first = (int)low;
    *last = (int)high;
    return true;
}

void portmap_init(struct portmap *m, struct arena *a, int first, int last)
{
    *m = (struct portmap){first, last, arena_alloc(a, (size_t)(last - first + 1))};
}

void portmap_load(struct portmap *m, struct arena *a, struct str range, struct str base64)
{
    struct str bytes;
    size_t bad_at;
    int first, last;

    if (!portmap_range(range, &first, &last) || !base64_decode(a, base64, &bytes, &bad_at))
        return;
    for (int i = 0; i <= last - first && (size_t)i / 8 < bytes.n; i++)
        portmap_set(m, first + i, (uint8_t)bytes.p[bytes.n - 1 - (size_t)i / 8] >> (i % 8) & 1);
}

void portmap_store(const struct portmap *m, struct buf *out)
{
    uint8_t bytes[(PORT_MAX + 8) / 8] = {0};
    int n = m->last - m->first + 1, used = 0;

    for (int i = 0; i < n; i++) {
        if (!m->taken[i])
            continue;
        bytes[sizeof(bytes) - 1 - (size_t)i / 8] |= (uint8_t)(1u << (i % 8));
        used = i / 8 + 1;
    }
    base64_encode(out, (struct str){(const char *)bytes + sizeof(bytes) - used, (size_t)used});
}

bool portmap_holds(const struct portmap *m, int64_t port)
{
    return port >= m->first && port <= m->last;
}

bool portmap_has(const struct portmap *m, int64_t port)
{
    return portmap_holds(m, port) && m->taken[port - m->first];
}

void portmap_set(struct portmap *m, int64_t port, bool taken)
{
    if (portmap_holds(m, port))
        m->taken[port - m->first] = taken;
}

void portmap_add(struct portmap *m, const struct portmap *other)
{
    for (int port = other->first; port <= other->last; port++) {
        if (portmap_has(other, port))
            portmap_set(m, port, true);
    }
}

static int free_of(const struct portmap *m, int from, int size, uint32_t random)
{
    for (int i = 0; i < size; i++) {
        int at = from + (int)((random % (uint32_t)size + (uint32_t)i) % (uint32_t)size);

        if (!m->taken[at])
            return m->first + at;
    }
    return 0;
}

int portmap_free(const struct portmap *m, uint32_t random)
{
    int size = m->last - m->first + 1, band = size / BAND_STEP, port;

    if (band < BAND_MIN)
        band = size <= BAND_MIN ? 0 : BAND_MIN;
    if (band > BAND_MAX)
        band = BAND_MAX;
    port = free_of(m, band, size - band, random);
    return port ? port : free_of(m, 0, band, random);
}
