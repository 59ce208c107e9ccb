/* A row for each function that does not cost just one. */
#include "registry/cel/costs.h"

#include <math.h>

#define NO_LIMIT UINT64_MAX

/* ---- numbers ---- */

uint64_t cel_add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t cel_multiply(uint64_t a, uint64_t b)
{
    return b && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

uint64_t cel_scale(uint64_t a, double factor)
{
    double scaled = ceil((double)a * factor);

    return scaled >= 18446744073709551616.0 ? UINT64_MAX : (uint64_t)scaled;
}

struct cel_size cel_size_add(struct cel_size a, struct cel_size b)
{
    return (struct cel_size){cel_add(a.min, b.min), cel_add(a.max, b.max)};
}

struct cel_size cel_size_multiply(struct cel_size a, struct cel_size b)
{
    return (struct cel_size){cel_multiply(a.min, b.min), cel_multiply(a.max, b.max)};
}

struct cel_size cel_size_union(struct cel_size a, struct cel_size b)
{
    return (struct cel_size){a.min < b.min ? a.min : b.min, a.max > b.max ? a.max : b.max};
}

/* ---- sizes ---- */

static struct cel_size size_of(const struct cel_call *call, const struct cel_operand *o)
{
    struct cel_size size;

    if (o->sized)
        return o->size;
    return o->path && call->sizes->size(call->sizes->arg, o->path, &size) ? size : CEL_UNKNOWN_SIZE;
}

/* Of the items of a list; false when it is none. */
static bool item_of(const struct cel_call *call, const struct cel_operand *list, const struct cel_type **type,
                    struct cel_size *size)
{
    struct cel_path items = {list->path, STR("@items")};

    if (!list->type->n)
        return false;
    *type = list->type->of[0];
    if (!list->path || !call->sizes->size(call->sizes->arg, &items, size))
        *size = CEL_UNKNOWN_SIZE;
    return true;
}

static bool is_text(const struct cel_type *t)
{
    return t->kind == CEL_TY_STRING || t->kind == CEL_TY_BYTES;
}

/* ---- one value gone through ---- */

static bool on_target(const struct cel_call *call, double factor, bool keeps_size, struct cel_call_cost *c)
{
    if (!call->target)
        return false;
    c->size = size_of(call, call->target);
    c->sized = keeps_size;
    c->cost = cel_scale(c->size.max, factor);
    return true;
}

static bool on_argument(const struct cel_call *call, double factor, bool keeps_size, struct cel_call_cost *c)
{
    if (!call->nargs)
        return false;
    c->size = size_of(call, &call->args[0]);
    c->sized = keeps_size;
    c->cost = cel_scale(c->size.max, factor);
    return true;
}

static bool same_length(const struct cel_call *call, struct cel_call_cost *c)
{
    return on_target(call, CEL_TRAVERSAL, true, c);
}

static bool argument_kept(const struct cel_call *call, struct cel_call_cost *c)
{
    return call->nargs == 1 && on_argument(call, CEL_TRAVERSAL, true, c);
}

static bool argument(const struct cel_call *call, struct cel_call_cost *c)
{
    return on_argument(call, CEL_TRAVERSAL, false, c);
}

static bool argument_twice(const struct cel_call *call, struct cel_call_cost *c)
{
    return on_argument(call, 2 * CEL_TRAVERSAL, false, c);
}

static bool one(const struct cel_call *call, struct cel_call_cost *c)
{
    c->cost = 1;
    return true;
}

static bool authorization(const struct cel_call *call, struct cel_call_cost *c)
{
    c->cost = 350000;
    return true;
}

static bool ip(const struct cel_call *call, struct cel_call_cost *c)
{
    return strcmp(call->overload, "cidr_ip") == 0 ? one(call, c) : argument(call, c);
}

static bool validate(const struct cel_call *call, struct cel_call_cost *c)
{
    if (!argument(call, c))
        return false;
    c->cost = cel_scale(c->cost, 128 * CEL_REGEXP);
    return true;
}

/* ---- lists ---- */

static bool compare_items(const struct cel_call *call, struct cel_call_cost *c)
{
    const struct cel_type *type;
    struct cel_size size;
    uint64_t each = 1;

    if (!call->target)
        return false;
    if (!item_of(call, call->target, &type, &size))
        return on_target(call, CEL_TRAVERSAL, false, c);
    if (is_text(type))
        each = cel_add(each, cel_scale(size.max, CEL_TRAVERSAL));
    c->cost = cel_multiply(size_of(call, call->target).max, each);
    return true;
}

/* A new list of this size. */
static bool new_list(struct cel_call_cost *c, double factor, struct cel_size size)
{
    c->cost = cel_add(cel_scale(size.max, factor), 11);
    c->sized = true;
    c->size = size;
    return true;
}

static uint64_t literal(const struct cel_operand *o, uint64_t otherwise)
{
    if (o->expr->kind != CEL_INT)
        return otherwise;
    return o->expr->integer < 0 ? 0 : (uint64_t)o->expr->integer;
}

static bool slice(const struct cel_call *call, struct cel_call_cost *c)
{
    uint64_t n;

    if (!call->target || call->nargs != 2)
        return false;
    n = literal(&call->args[1], size_of(call, call->target).max) - literal(&call->args[0], 0);
    return new_list(c, 1, (struct cel_size){n, n});
}

static bool flatten(const struct cel_call *call, struct cel_call_cost *c)
{
    if (!call->target)
        return false;
    return new_list(c, call->nargs ? (double)literal(&call->args[0], NO_LIMIT) : 1,
                    size_of(call, call->target));
}

static bool range(const struct cel_call *call, struct cel_call_cost *c)
{
    uint64_t n = literal(&call->args[0], NO_LIMIT);

    return new_list(c, 1, (struct cel_size){n, n});
}

static bool reverse(const struct cel_call *call, struct cel_call_cost *c)
{
    return call->target && new_list(c, 1, size_of(call, call->target));
}

static bool squared(const struct cel_call *call, const struct cel_operand *list, double factor,
                    struct cel_call_cost *c)
{
    struct cel_size size = size_of(call, list);

    return new_list(c, factor, cel_size_multiply(size, size));
}

static bool distinct(const struct cel_call *call, struct cel_call_cost *c)
{
    return call->target && squared(call, call->target, 2, c);
}

static bool sort(const struct cel_call *call, struct cel_call_cost *c)
{
    bool by = call->nargs == 1,
         texts = strstr(call->overload, "list_string_") || strstr(call->overload, "list_bytes_");

    if (!call->target)
        return false;
    return squared(call, by ? &call->args[0] : call->target, texts ? 2 + CEL_TRAVERSAL : 2, c);
}

static bool sets(const struct cel_call *call, struct cel_call_cost *c)
{
    if (call->nargs != 2)
        return false;
    c->cost = cel_multiply(size_of(call, &call->args[0]).max, size_of(call, &call->args[1]).max);
    c->cost = cel_add(cel_scale(c->cost, str_is(call->function, "sets.equivalent") ? 2 : 1), 1);
    return true;
}

static bool join(const struct cel_call *call, struct cel_call_cost *c)
{
    struct cel_size list, item, all = {0, 0}, between;
    const struct cel_type *type;

    if (!call->target)
        return false;
    list = size_of(call, call->target);
    if (item_of(call, call->target, &type, &item))
        all = cel_size_multiply(list, item);
    if (call->nargs) {
        between = (struct cel_size){list.min ? list.min - 1 : 0, list.max ? list.max - 1 : 0};
        all = cel_size_add(all, cel_size_multiply(size_of(call, &call->args[0]), between));
    }
    *c = (struct cel_call_cost){cel_scale(all.max, CEL_TRAVERSAL), true, all};
    return true;
}

/* ---- texts ---- */

static bool split(const struct cel_call *call, struct cel_call_cost *c)
{
    if (!on_target(call, 2 * CEL_TRAVERSAL, true, c))
        return false;
    c->size.min = 0;
    if (call->nargs > 1 && call->args[1].expr->kind == CEL_INT)
        c->size.max = (uint64_t)call->args[1].expr->integer;
    return true;
}

static bool find(const struct cel_call *call, struct cel_call_cost *c)
{
    struct cel_size size;

    if (!call->target || !call->nargs)
        return false;
    size = size_of(call, call->target);
    c->cost = cel_multiply(cel_scale(cel_add(size.max, 1), CEL_TRAVERSAL),
                           cel_scale(size_of(call, &call->args[0]).max, CEL_REGEXP));
    c->sized = true;
    c->size = (struct cel_size){0, size.max};
    return true;
}

static uint64_t quotient(uint64_t a, uint64_t b)
{
    double q = ceil((double)a / (double)b);

    return q >= 18446744073709551616.0 ? NO_LIMIT : (uint64_t)q;
}

/* How long the result of replacing may be, at most and at least. */
static bool replace(const struct cel_call *call, struct cel_call_cost *c)
{
    struct cel_size text, what, with, count = {0, 0}, kept = {0, 0};

    if (!call->target || call->nargs < 2)
        return false;
    text = size_of(call, call->target);
    what = size_of(call, &call->args[0]);
    with = size_of(call, &call->args[1]);
    if (what.min == 0) {
        count.max = cel_add(text.max, 1);
        kept.max = text.max;
    } else if (with.max <= what.min) {
        kept.max = text.max;
    } else {
        count.max = quotient(text.max, what.min);
    }
    if (what.max == 0) {
        count.min = cel_add(text.min, 1);
        kept.min = text.min;
    } else if (what.max <= with.min) {
        kept.min = text.min;
    } else {
        count.min = quotient(text.min, what.max);
    }
    *c = (struct cel_call_cost){cel_scale(text.max, 2 * CEL_TRAVERSAL), true,
                                cel_size_add(cel_size_multiply(count, with), kept)};
    return true;
}

/* ---- addresses ---- */

/* Of two addresses of 16 bytes, and of a text that has to be read first. */
static bool contains_address(const struct cel_call *call, struct cel_call_cost *c)
{
    bool network = str_is(call->function, "containsCIDR");

    if (!call->nargs)
        return false;
    c->cost = cel_scale(32, CEL_TRAVERSAL) + (network ? cel_scale(16, CEL_TRAVERSAL) + 1 : 0);
    if (strstr(call->overload, "_string"))
        c->cost = cel_add(c->cost, cel_scale(size_of(call, &call->args[0]).max, CEL_TRAVERSAL));
    return true;
}

static bool equals(const struct cel_call *call, struct cel_call_cost *c)
{
    static const char *const QUICK[] = {"net.IP",
                                        "net.CIDR",
                                        "kubernetes.Quantity",
                                        "kubernetes.Semver",
                                        "kubernetes.authorization.Authorizer",
                                        "kubernetes.authorization.PathCheck",
                                        "kubernetes.authorization.GroupCheck",
                                        "kubernetes.authorization.ResourceCheck",
                                        "kubernetes.authorization.Decision"};
    const struct cel_operand *a = &call->args[0], *b = &call->args[1];

    if (call->nargs != 2 || !str_eq(a->type->name, b->type->name))
        return false;
    for (size_t i = 0; i < sizeof(QUICK) / sizeof(QUICK[0]); i++)
        if (str_is(a->type->name, QUICK[i]))
            return one(call, c);
    if (str_is(a->type->name, "kubernetes.NamedFormat"))
        c->cost = cel_scale(64, CEL_TRAVERSAL);
    else if (str_is(a->type->name, "kubernetes.URL"))
        c->cost = cel_scale(b->sized ? b->size.max : 1, CEL_TRAVERSAL);
    else
        return false;
    return true;
}

bool cel_library_cost(const struct cel_call *call, struct cel_call_cost *cost)
{
    static const struct {
        const char *names; /* with blanks around each */
        bool (*estimate)(const struct cel_call *call, struct cel_call_cost *c);
    } rows[] = {
        {" check ", authorization},
        {" serviceAccount path group resource subresource namespace name allowed reason error errored ", one},
        {" masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast ",
         one},
        {" isGlobalUnicast format.named sign asInteger isInteger asApproximateFloat isGreaterThan ", one},
        {" isLessThan compareTo add sub major minor patch getScheme getHostname getHost getPort ", one},
        {" getEscapedPath getQuery ", one},
        {" isSorted sum max min indexOf lastIndexOf ", compare_items},
        {" url jsonpatch.escapeKey ", argument_kept},
        {" lowerAscii upperAscii substring trim ", same_length},
        {" cidr isIP isCIDR quantity isQuantity semver isSemver ", argument},
        {" replace ", replace},
        {" split ", split},
        {" join ", join},
        {" find findAll ", find},
        {" ip ", ip},
        {" ip.isCanonical ", argument_twice},
        {" containsIP containsCIDR ", contains_address},
        {" validate ", validate},
        {" _==_ ", equals},
        {" slice ", slice},
        {" flatten ", flatten},
        {" lists.range ", range},
        {" reverse ", reverse},
        {" distinct ", distinct},
        {" sort @sortByAssociatedKeys ", sort},
        {" sets.contains sets.intersects sets.equivalent ", sets},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const char *p = memmem(rows[i].names, strlen(rows[i].names), call->function.p, call->function.n);

        for (; p; p = memmem(p + 1, strlen(p + 1), call->function.p, call->function.n))
            if (p[-1] == ' ' && p[call->function.n] == ' ')
                return rows[i].estimate(call, cost);
    }
    return false;
}
