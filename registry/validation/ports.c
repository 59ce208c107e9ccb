#include "registry/validation/ports.h"

void check_protocol(struct check *c, const struct at *at, struct str protocol)
{
    static const char *const PROTOCOLS[] = {"SCTP", "TCP", "UDP"};

    if (!protocol.n)
        check_required(c, at, "");
    else
        check_enum(c, at, protocol, PROTOCOLS, 3);
}

void check_port_or_name(struct check *c, const struct at *at, const json_t *v)
{
    if (json_is_string(v))
        check_name(c, at, (struct str){json_string_value(v), json_string_length(v)}, "port-name");
    else
        check_port(c, at, json_integer_value(v));
}
