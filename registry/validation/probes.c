/* Handlers of probes and of a container's life. */
#include "registry/validation/pods.h"

#include "registry/validation/formats.h"
#include "registry/walk/tree.h"

/* ValidatePortNumOrName. */
static void check_handler_port(struct check *c, const struct at *up, const json_t *obj)
{
    struct at at = at_field(up, "port");
    const json_t *port = json_object_get(obj, "port");

    if (json_is_string(port))
        check_name(c, &at, check_str(obj, "port"), "port-name");
    else
        check_port(c, &at, json_integer_value(port));
}

static void check_exec(struct check *c, const struct at *at, const json_t *exec)
{
    struct at command = at_field(at, "command");

    if (!json_array_size(json_object_get(exec, "command")))
        check_required(c, &command, "");
}

static void check_http(struct check *c, const struct at *at, const json_t *http)
{
    static const char *const SCHEMES[] = {"HTTP", "HTTPS"};
    struct at scheme = at_field(at, "scheme"), headers = at_field(at, "httpHeaders");
    const json_t *list = json_object_get(http, "httpHeaders");

    check_needed(c, at, http, "path");
    check_handler_port(c, at, http);
    check_enum(c, &scheme, check_str(http, "scheme"), SCHEMES, 2);
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++)
        check_header_name(c, &headers, check_str(json_array_get(list, i), "name"));
}

static void check_grpc(struct check *c, const struct at *up, const json_t *grpc)
{
    struct at at = at_field(up, "port");

    check_port(c, &at, check_int(grpc, "port", 0));
}

static const struct {
    const char *field;
    void (*check)(struct check *c, const struct at *at, const json_t *handler);
} HANDLERS[] = {
    {"exec", check_exec}, {"httpGet", check_http}, {"tcpSocket", check_handler_port},
    {"grpc", check_grpc}, {"sleep", NULL},
};

static void check_sleep(struct check *c, const struct at *at, const json_t *sleep, const json_t *grace)
{
    int64_t s = check_int(sleep, "seconds", 0), most = json_integer_value(grace);

    if (grace && (s < 0 || s > most))
        check_invalid_int(
            c, at, s,
            arena_printf(c->arena, "must be non-negative and less than terminationGracePeriodSeconds (%lld)",
                         (long long)most));
}

static void check_handler(struct check *c, const struct at *at, const json_t *handler, const json_t *grace)
{
    int n = 0;

    for (size_t i = 0; i < sizeof(HANDLERS) / sizeof(HANDLERS[0]); i++) {
        const json_t *one = json_object_get(handler, HANDLERS[i].field);
        struct at place = at_field(at, HANDLERS[i].field);

        if (!one)
            continue;
        if (n++)
            check_forbidden(c, &place, "may not specify more than 1 handler type");
        else if (HANDLERS[i].check)
            HANDLERS[i].check(c, &place, one);
        else
            check_sleep(c, &place, one, grace);
    }
    if (!n)
        check_required(c, at, "must specify a handler type");
}

static const char *const COUNTS[] = {"initialDelaySeconds", "timeoutSeconds", "periodSeconds",
                                     "successThreshold", "failureThreshold"};

void check_probe(struct check *c, const struct at *at, const json_t *probe, enum probe which)
{
    struct at grace = at_field(at, "terminationGracePeriodSeconds"),
              success = at_field(at, "successThreshold");
    int64_t seconds = check_int(probe, "terminationGracePeriodSeconds", 1);

    if (!probe)
        return;
    check_handler(c, at, probe, NULL);
    for (size_t i = 0; i < sizeof(COUNTS) / sizeof(COUNTS[0]); i++) {
        struct at one = at_field(at, COUNTS[i]);

        check_nonnegative(c, &one, check_int(probe, COUNTS[i], 0));
    }
    if (seconds <= 0)
        check_invalid_int(c, &grace, seconds, "must be greater than 0");
    if (which != READINESS && check_int(probe, "successThreshold", 0) != 1)
        check_invalid_int(c, &success, check_int(probe, "successThreshold", 0), "must be 1");
    if (which == READINESS && check_has(probe, "terminationGracePeriodSeconds"))
        check_invalid_int(c, &grace, seconds, "must not be set for readinessProbes");
}

void check_lifecycle(const struct pod *p, const struct at *at, const json_t *lifecycle)
{
    static const char *const MOMENTS[] = {"postStart", "preStop"};
    const json_t *grace = json_object_get(p->spec, "terminationGracePeriodSeconds");

    for (int i = 0; i < 2; i++) {
        struct at one = at_field(at, MOMENTS[i]);

        if (check_has(lifecycle, MOMENTS[i]))
            check_handler(p->c, &one, json_object_get(lifecycle, MOMENTS[i]), grace);
    }
}
