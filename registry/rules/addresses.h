/* IP addresses and ranges of them as texts. Older fields take forms that newer ones refuse (leading zeros,
 * IPv4 inside IPv6), so reading notes how an address was written. Rule: k8s.io/utils/net, apimachinery's
 * util/validation/ip.go. */
#ifndef REGISTRY_RULES_ADDRESSES_H
#define REGISTRY_RULES_ADDRESSES_H

#include "shm/base/arena.h"
#include "shm/base/str.h"

struct address {
    unsigned char bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
    bool four;               /* IPv4, in either form */
    bool mapped;             /* IPv4 written as IPv6 */
    bool loose;              /* with leading zeros, which only old fields take */
};

/* false: it is none. */
bool address_parse(struct str text, struct address *out);
/* The one way to write it, in the arena. */
const char *address_text(struct arena *a, const struct address *ip);

enum address_range {
    ADDRESS_UNSPECIFIED = 1,
    ADDRESS_LOOPBACK = 2,
    ADDRESS_LINK_LOCAL = 4,
    ADDRESS_LINK_LOCAL_MULTICAST = 8,
};
/* A set of enum address_range. */
int address_ranges(const struct address *ip);

struct cidr {
    struct address ip;
    int bits, max_bits; /* of the prefix; 32 or 128 */
    bool loose;         /* leading zeros in the address or the length */
    bool host_bits;     /* some are set behind the prefix */
};

bool cidr_parse(struct str text, struct cidr *out);
/* The network; of IPv4 inside IPv6 as IPv4. */
const char *cidr_text(struct arena *a, const struct cidr *range);
/* Whether all addresses of part are some of whole's, and whole has others. */
bool cidr_is_strict_part(const struct cidr *whole, const struct cidr *part);

#endif
