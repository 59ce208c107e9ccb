/* Names, addresses and namespaces of a pod. */
#include "registry/validation/pods.h"

#include "registry/validation/formats.h"
#include "registry/validation/ips.h"
#include "registry/validation/printed.h"

#define NAMESERVERS_MAX 3
#define SEARCHES_MAX 32
#define SEARCH_CHARS_MAX 2048
#define HOSTNAME_MAX 64

static void check_searches(struct check *c, const struct at *up, const json_t *list)
{
    struct at at = at_field(up, "searches");
    size_t n = json_array_size(list), chars = n ? n - 1 : 0;

    for (size_t i = 0; i < n; i++)
        chars += check_item(list, i).n;
    if (n > SEARCHES_MAX)
        check_invalid(c, &at, list, "must not have more than 32 search paths");
    if (chars > SEARCH_CHARS_MAX)
        check_invalid(c, &at, list,
                      "must not have more than 2048 characters (including spaces) in the search list");
    for (size_t i = 0; i < n && !check_full(c); i++) {
        struct str search = check_item(list, i);
        struct at one = at_index(&at, i);

        if (str_is(search, "."))
            continue;
        if (str_ends(search, STR(".")))
            search.n--;
        check_subdomain_underscore(c, &one, search);
    }
}

static void check_nameservers(struct check *c, const struct at *up, const json_t *list)
{
    struct at at = at_field(up, "nameservers");

    if (json_array_size(list) > NAMESERVERS_MAX)
        check_invalid(c, &at, list, "must not have more than 3 nameservers");
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at one = at_index(&at, i);

        check_legacy_ip(c, &one, check_item(list, i), NULL);
    }
}

void check_dns(const struct pod *p, const struct at *up)
{
    struct at at = at_field(up, "dnsConfig"), servers = at_field(&at, "nameservers"),
              options_at = at_field(&at, "options");
    const json_t *config = json_object_get(p->spec, "dnsConfig"),
                 *options = json_object_get(config, "options");

    if (str_is(check_str(p->spec, "dnsPolicy"), "None")) {
        if (!config) {
            check_required(p->c, &at, "must provide `dnsConfig` when `dnsPolicy` is None");
            return;
        }
        if (!json_array_size(json_object_get(config, "nameservers"))) {
            check_required(p->c, &servers,
                           "must provide at least one DNS nameserver when `dnsPolicy` is None");
            return;
        }
    }
    check_nameservers(p->c, &at, json_object_get(config, "nameservers"));
    check_searches(p->c, &at, json_object_get(config, "searches"));
    for (size_t i = 0; i < json_array_size(options) && !check_full(p->c); i++) {
        struct at one = at_index(&options_at, i);

        if (!check_str(json_array_get(options, i), "name").n)
            check_required(p->c, &one, "must not be empty");
    }
}

/* A template may leave the host port to the default of the pods made from it. */
void check_host_network_ports(const struct pod *p, const struct at *up)
{
    const json_t *list = json_object_get(p->spec, "containers");
    struct at at = at_field(up, "containers");

    for (size_t i = 0; check_bool(p->spec, "hostNetwork") && i < json_array_size(list) && !check_full(p->c);
         i++) {
        const json_t *ports = json_object_get(json_array_get(list, i), "ports");
        struct at one = at_index(&at, i), ports_at = at_field(&one, "ports");

        for (size_t k = 0; k < json_array_size(ports) && !check_full(p->c); k++) {
            int64_t host = check_int(json_array_get(ports, k), "hostPort", 0);
            struct at port = at_index(&ports_at, k), host_at = at_field(&port, "hostPort");

            if ((p->o->is_pod || host) && host != check_int(json_array_get(ports, k), "containerPort", 0))
                check_invalid_int(p->c, &host_at, host,
                                  "must match `containerPort` when `hostNetwork` is true");
        }
    }
}

void check_host_aliases(struct check *c, const struct at *at, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *alias = json_array_get(list, i), *names = json_object_get(alias, "hostnames");
        struct at one = at_index(at, i), ip = at_field(&one, "ip"), names_at = at_field(&one, "hostnames");

        check_legacy_ip(c, &ip, check_str(alias, "ip"), NULL);
        for (size_t k = 0; k < json_array_size(names) && !check_full(c); k++) {
            struct at name = at_index(&names_at, k);

            check_name(c, &name, check_item(names, k), "dns-subdomain");
        }
    }
}

static void check_no_devices(const struct pod *p, const struct at *up, const json_t *container, void *arg)
{
    struct at at = at_field(up, "volumeDevices");

    if (json_array_size(json_object_get(container, "volumeDevices")))
        check_forbidden(p->c, &at, "when `hostUsers` is false");
}

void check_host_users(const struct pod *p, const struct at *at)
{
    static const char *const FIELDS[][2] = {
        {"hostNetwork", "hostNetwork"}, {"hostPID", "HostPID"}, {"hostIPC", "HostIPC"}};

    if (p->host_users)
        return;
    for (int i = 0; i < 3; i++) {
        struct at one = at_field(at, FIELDS[i][1]);

        if (check_bool(p->spec, FIELDS[i][0]))
            check_forbidden(p->c, &one, "when `hostUsers` is false");
    }
    if (!p->o->lax_devices)
        visit_containers(p, at, check_no_devices, NULL);
}

void check_hostname_override(const struct pod *p, const struct at *up)
{
    struct at at = at_field(up, "hostnameOverride");
    struct str name = check_str(p->spec, "hostnameOverride");

    if (!check_has(p->spec, "hostnameOverride"))
        return;
    if (check_bool(p->spec, "setHostnameAsFQDN"))
        check_forbidden(p->c, &at, "may not be specified when setHostnameAsFQDN is true");
    if (check_bool(p->spec, "hostNetwork"))
        check_forbidden(p->c, &at, "may not be specified when hostNetwork is true");
    if (name.n > HOSTNAME_MAX)
        check_too_long(p->c, &at, HOSTNAME_MAX);
    check_name(p->c, &at, name, "dns-subdomain");
}
