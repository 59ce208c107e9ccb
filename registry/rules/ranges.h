/* The ranges that Services get their addresses from. Rule: pkg/registry/core/service/ipallocator (which
 * addresses a range gives, and which of them only to whoever asks for one). */
#ifndef REGISTRY_RULES_RANGES_H
#define REGISTRY_RULES_RANGES_H

#include <stdbool.h>
#include "registry/rules/addresses.h"

typedef unsigned __int128 address_number;

struct range {
    bool six;
    int bits;                   /* of the prefix */
    address_number base;        /* the network's own */
    address_number first, last; /* that it gives */
    address_number
        dynamic; /* from here on to whoever asks for none in particular; first: there is one band */
};

/* "10.0.0.0/24". false: not a range, or one that gives no address. */
bool range_parse(struct str cidr, struct range *out);
/* The range as it prints, in the arena. */
const char *range_text(struct arena *a, const struct range *r);
/* Whether the address is in it and neither the network's own nor, for IPv4, its broadcast address. */
bool range_gives(const struct range *r, const struct address *ip);
/* The address with this number. */
struct address range_address(bool six, address_number n);

#endif
