/* The reference looks at each port, and, after much else, at all of them together. */
#include "registry/validation/serviceports.h"

#include "registry/validation/ports.h"
#include "registry/validation/seen.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"

static void port(struct check *c, const struct at *up, const json_t *p, bool named, struct seen *names)
{
    struct at at = at_field(up, "name");
    struct str name = check_str(p, "name");

    if (named && !name.n)
        check_required(c, &at, "");
    if (name.n) {
        check_name(c, &at, name, "dns-label");
        if (seen_add(names, name))
            check_duplicate_str(c, &at, name);
    }
    at = at_field(up, "port");
    check_port(c, &at, check_int(p, "port", 0));
    at = at_field(up, "protocol");
    check_protocol(c, &at, check_str(p, "protocol"));
    at = at_field(up, "targetPort");
    check_port_or_name(c, &at, json_object_get(p, "targetPort"));
    at = at_field(up, "appProtocol");
    if (check_has(p, "appProtocol"))
        check_qualified_name(c, &at, check_str(p, "appProtocol"));
}

void check_service_ports(struct check *c, const json_t *obj)
{
    const json_t *list = tree_get(obj, "spec.ports");
    struct at list_at = at_field(NULL, "spec.ports");
    struct seen *names = seen_new(c);
    size_t i;
    json_t *p;

    json_array_foreach(list, i, p)
    {
        struct at at = at_index(&list_at, i);

        if (check_full(c))
            return;
        port(c, &at, p, json_array_size(list) > 1, names);
    }
}

static struct str pair(struct check *c, const json_t *p, const char *field)
{
    return str_of(arena_printf(c->arena, "%.*s/%lld", STR_ARG(check_str(p, "protocol")),
                               (long long)check_int(p, field, 0)));
}

static void node_ports(struct check *c, const json_t *obj)
{
    struct at list = at_field(NULL, "spec.ports");
    struct seen *pairs = seen_new(c);
    size_t i;
    json_t *p;

    json_array_foreach(tree_get(obj, "spec.ports"), i, p)
    {
        struct at up = at_index(&list, i), at = at_field(&up, "nodePort");

        if (check_int(p, "nodePort", 0) && str_is(tree_str(obj, "spec.type"), "ClusterIP"))
            check_forbidden(c, &at, "may not be used when `type` is 'ClusterIP'");
    }
    json_array_foreach(tree_get(obj, "spec.ports"), i, p)
    {
        struct at up = at_index(&list, i), at = at_field(&up, "nodePort");

        if (check_int(p, "nodePort", 0) && seen_add(pairs, pair(c, p, "nodePort")))
            check_duplicate(c, &at, json_object_get(p, "nodePort"));
    }
}

/* A port as the reference prints the pair that it looked for. */
static const char *pair_text(struct check *c, const json_t *p)
{
    struct buf out = {0};
    const char *text;

    buf_puts(&out, "{\"Name\":\"\",\"Protocol\":");
    json_write_string(&out, check_str(p, "protocol"));
    buf_printf(&out, ",\"AppProtocol\":null,\"Port\":%lld,\"TargetPort\":0,\"NodePort\":0}",
               (long long)check_int(p, "port", 0));
    text = arena_cstr(c->arena, buf_view(&out));
    buf_free(&out);
    return text;
}

static void distinct_ports(struct check *c, const json_t *obj)
{
    struct at list = at_field(NULL, "spec.ports");
    struct seen *pairs = seen_new(c);
    size_t i;
    json_t *p;

    json_array_foreach(tree_get(obj, "spec.ports"), i, p)
    {
        struct at at = at_index(&list, i);

        if (check_full(c))
            return;
        if (seen_add(pairs, pair(c, p, "port")))
            check_duplicate_text(c, &at, pair_text(c, p));
    }
}

void check_service_ports_apart(struct check *c, const json_t *obj)
{
    node_ports(c, obj);
    distinct_ports(c, obj);
}
