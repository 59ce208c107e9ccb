/* Costs add up from the leaves; what is done for each of many is multiplied by how many there may be. Where
 * values come from is followed through fields, loops and names, as their sizes are known there. */
#include "registry/cel/costnotes.h"

#define LIST_COST 10
#define MAP_COST 30
#define MESSAGE_COST 40

static uint64_t cost(struct cel_coster *k, struct cel_expr *e);

/* ---- literals and selections ---- */

static uint64_t cost_ident(struct cel_coster *k, struct cel_expr *e)
{
    const struct cel_local *l = cel_local_of(k, e);

    cel_note_of(k, e)->path = l ? l->note.path : cel_path_to(k, NULL, e->ident);
    return 1;
}

static uint64_t cost_select(struct cel_coster *k, struct cel_expr *e)
{
    struct cel_expr *operand = e->select.operand;
    uint64_t sum = cost(k, operand);
    enum cel_type_kind kind = operand->type->kind;

    if (e->select.only_test)
        return sum;
    cel_note_of(k, e)->path = cel_path_to(k, cel_path_of(k, operand), e->select.field);
    return cel_add(sum, kind == CEL_TY_MAP || kind == CEL_TY_OBJECT || kind == CEL_TY_PARAM);
}

static uint64_t cost_list(struct cel_coster *k, struct cel_expr *e)
{
    struct cel_entry_size entry = {true, {1, 1}, {e->list.n ? UINT64_MAX : 0, 0}};
    uint64_t sum = LIST_COST;

    for (size_t i = 0; i < e->list.n; i++) {
        sum = cel_add(sum, cost(k, e->list.items[i]));
        entry.value = cel_size_union(entry.value, cel_size_or_unknown(k, e->list.items[i]));
    }
    cel_set_entry(k, e, &entry);
    return sum;
}

static uint64_t cost_map(struct cel_coster *k, struct cel_expr *e)
{
    uint64_t least = e->map.n ? UINT64_MAX : 0, sum = e->kind == CEL_MAP ? MAP_COST : MESSAGE_COST;
    struct cel_entry_size entry = {false, {least, 0}, {least, 0}};

    for (size_t i = 0; i < e->map.n; i++) {
        const struct cel_entry *x = &e->map.entries[i];

        if (x->key) {
            sum = cel_add(sum, cost(k, x->key));
            entry.key = cel_size_union(entry.key, cel_size_or_unknown(k, x->key));
        }
        sum = cel_add(sum, cost(k, x->value));
        if (x->key)
            entry.value = cel_size_union(entry.value, cel_size_or_unknown(k, x->value));
    }
    if (e->kind == CEL_MAP)
        cel_set_entry(k, e, &entry);
    return sum;
}

/* ---- calls ---- */

/* The call whose cost is asked for, with what is known of its parts. */
struct costed {
    struct cel_expr *e;
    struct cel_call call;
    const uint64_t *args; /* costs */
    uint64_t sum;         /* of those */
};

static struct cel_operand operand(struct cel_coster *k, const struct cel_expr *e)
{
    struct cel_operand o = {.expr = e, .type = e->type, .path = cel_path_of(k, e)};
    const struct cel_path *root = o.path;

    while (root && root->up)
        root = root->up;
    if (root && (str_is(root->step, "@result") || str_is(root->step, "__result__")))
        o.path = NULL;
    o.sized = cel_size_of(k, e, &o.size);
    return o;
}

static struct cel_size size_of_operand(const struct cel_operand *o)
{
    return o->sized ? o->size : CEL_UNKNOWN_SIZE;
}

static bool one_of(const char *s, const char *const *texts)
{
    while (*texts && strcmp(*texts, s) != 0)
        texts++;
    return *texts != NULL;
}

/* Functions that go through a text. */
static bool text_cost(const struct cel_call *c, struct cel_call_cost *r)
{
    static const struct {
        const char *overload;
        double target, argument; /* factors; both: multiplied */
        bool sized;
        uint64_t shrinks, grows, more; /* the result, of the argument */
    } ROWS[] = {
        {"starts_with_string", 0, CEL_TRAVERSAL, false, 1, 1, 0},
        {"ends_with_string", 0, CEL_TRAVERSAL, false, 1, 1, 0},
        {"strings_quote", 0, CEL_TRAVERSAL, true, 1, 2, 2},
        {"string_to_bytes", 0, CEL_TRAVERSAL, true, 1, 4, 0},
        {"bytes_to_string", 0, CEL_TRAVERSAL, true, 4, 1, 0},
        {"string_format", CEL_TRAVERSAL, 0, false, 1, 1, 0},
        {"contains_string", CEL_TRAVERSAL, CEL_TRAVERSAL, false, 1, 1, 0},
    };
    struct cel_size target = c->target ? size_of_operand(c->target) : CEL_UNKNOWN_SIZE,
                    first = c->nargs ? size_of_operand(&c->args[0]) : CEL_UNKNOWN_SIZE;

    if (strcmp(c->overload, "matches_string") == 0) {
        r->cost =
            cel_multiply(cel_scale(cel_add(target.max, 1), CEL_TRAVERSAL), cel_scale(first.max, CEL_REGEXP));
        return true;
    }
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (strcmp(c->overload, ROWS[i].overload) != 0)
            continue;
        r->cost = cel_multiply(ROWS[i].target > 0 ? cel_scale(target.max, ROWS[i].target) : 1,
                               ROWS[i].argument > 0 ? cel_scale(first.max, ROWS[i].argument) : 1);
        r->sized = ROWS[i].sized;
        if (r->sized)
            r->size = (struct cel_size){first.min / ROWS[i].shrinks + ROWS[i].more,
                                        first.max * ROWS[i].grows + ROWS[i].more};
        return true;
    }
    return false;
}

static bool operator_cost(struct cel_coster *k, const struct costed *x, struct cel_call_cost *r)
{
    static const char *const COMPARE[] = {"less_string",
                                          "greater_string",
                                          "less_equals_string",
                                          "greater_equals_string",
                                          "less_bytes",
                                          "greater_bytes",
                                          "less_equals_bytes",
                                          "greater_equals_bytes",
                                          "equals",
                                          "not_equals",
                                          NULL};
    static const char *const ADD[] = {"add_string", "add_bytes", "add_list", NULL};
    const struct cel_operand *args = x->call.args;
    const char *overload = x->call.overload;

    if (strcmp(overload, "in_list") == 0) {
        r->cost = size_of_operand(&args[1]).max;
    } else if (one_of(overload, ADD)) {
        r->size = cel_size_add(size_of_operand(&args[0]), size_of_operand(&args[1]));
        r->sized = true;
        cel_set_entry(k, x->e, cel_entries_of_both(k, args[0].expr, args[1].expr));
        r->cost = strcmp(overload, "add_list") == 0 ? 1 : cel_scale(r->size.max, CEL_TRAVERSAL);
    } else if (one_of(overload, COMPARE)) {
        uint64_t a = size_of_operand(&args[0]).max, b = size_of_operand(&args[1]).max;

        r->cost = cel_scale(a < b ? a : b, CEL_TRAVERSAL);
    } else {
        return false;
    }
    return true;
}

/* With the cost of the arguments: not all of them need be evaluated. */
static struct cel_call_cost call_cost(struct cel_coster *k, const struct costed *x)
{
    struct cel_call_cost r = {0};
    const char *overload = x->call.overload;

    if (strcmp(overload, "conditional") == 0) {
        r.cost = cel_add(x->args[0], x->args[1] > x->args[2] ? x->args[1] : x->args[2]);
        r.sized = true;
        r.size = cel_size_union(size_of_operand(&x->call.args[1]), size_of_operand(&x->call.args[2]));
        cel_set_entry(k, x->e, cel_entries_of_both(k, x->call.args[1].expr, x->call.args[2].expr));
        return r;
    }
    if (strcmp(overload, "logical_or") == 0 || strcmp(overload, "logical_and") == 0)
        r.cost = 0;
    else if (!cel_library_cost(&x->call, &r) && !text_cost(&x->call, &r) && !operator_cost(k, x, &r))
        r.cost = 1;
    r.cost = cel_add(r.cost, x->sum);
    return r;
}

/* An index leads to what is in its list or map. */
static bool indexed(struct cel_coster *k, struct cel_expr *e, const char *overload, struct cel_size *size)
{
    bool list = strcmp(overload, "index_list") == 0;
    const struct cel_entry_size *entry;

    if (!list && strcmp(overload, "index_map") != 0)
        return false;
    entry = cel_entry_of(k, e->call.args[0]);
    cel_note_of(k, e)->path =
        cel_path_to(k, cel_path_of(k, e->call.args[0]), list ? STR("@items") : STR("@values"));
    if (entry)
        *size = entry->value;
    return entry != NULL;
}

static uint64_t cost_overloads(struct cel_coster *k, struct costed *x)
{
    struct cel_expr *e = x->e;
    struct cel_size size = {0, 0};
    uint64_t most = 0;
    bool sized = false;

    for (size_t i = 0; i < e->call.noverloads; i++) {
        struct cel_call_cost r;

        x->call.overload = e->call.overloads[i];
        r = call_cost(k, x);
        most = r.cost > most ? r.cost : most;
        if (r.sized)
            size = sized ? cel_size_union(size, r.size) : r.size;
        sized |= r.sized;
        if (strncmp(x->call.overload, "index_", 6) == 0)
            sized = indexed(k, e, x->call.overload, &size);
        if (!sized)
            sized = cel_size_of(k, e, &size);
    }
    if (sized)
        cel_set_size(k, e, size);
    return most;
}

static uint64_t cost_call(struct cel_coster *k, struct cel_expr *e)
{
    size_t n = e->call.nargs;
    uint64_t *costs = arena_alloc(k->arena, (n + 1) * sizeof(*costs)), before = 0;
    struct cel_operand *args = arena_alloc(k->arena, (n + 1) * sizeof(*args)), target;
    struct costed x = {.e = e,
                       .args = costs,
                       .call = {.function = e->call.function, .args = args, .nargs = n, .sizes = k->sizes}};

    for (size_t i = 0; i < n; i++) {
        costs[i] = cost(k, e->call.args[i]);
        args[i] = operand(k, e->call.args[i]);
        x.sum = cel_add(x.sum, costs[i]);
    }
    if (str_is(e->call.function, "dyn") && n == 1) {
        cel_same_sizes(k, e, e->call.args[0]);
        return cel_add(1, x.sum);
    }
    if (e->call.target) {
        before = cost(k, e->call.target);
        target = operand(k, e->call.target);
        x.call.target = &target;
    }
    if (str_is(e->call.function, CEL_OP_OPT_SELECT))
        return cel_add(x.sum, 1);
    return cel_add(before, cost_overloads(k, &x));
}

/* ---- folds ---- */

/* A variable of a fold: of keys (or indices), or of values. */
static struct cel_note iterated(struct cel_coster *k, struct cel_expr *range, bool values, bool single)
{
    const struct cel_entry_size *entry = cel_entry_of(k, range);
    bool list = entry ? entry->list : range->type->kind == CEL_TY_LIST;
    struct cel_note note = {0};

    values |= single && list;
    note.sized = entry != NULL;
    if (entry)
        note.size = values ? entry->value : entry->key;
    note.path = cel_path_to(k, cel_path_of(k, range),
                            values ? (list ? STR("@items") : STR("@values"))
                            : list ? STR("@indices")
                                   : STR("@keys"));
    return note;
}

static struct cel_note named(struct cel_coster *k, const struct cel_expr *e)
{
    const struct cel_entry_size *entry = cel_entry_of(k, e);
    struct cel_note note = {.path = cel_path_of(k, e), .has_entry = entry != NULL};

    note.sized = cel_size_of(k, e, &note.size);
    if (entry)
        note.entry = *entry;
    return note;
}

/* A name for a value, written as a fold over nothing. */
static bool is_let(const struct cel_expr *e)
{
    return e->fold.range->kind == CEL_LIST && e->fold.range->list.n == 0 &&
           e->fold.condition->kind == CEL_BOOL && !e->fold.condition->boolean;
}

static uint64_t cost_fold(struct cel_coster *k, struct cel_expr *e)
{
    const struct cel_local *outer = k->locals;
    uint64_t sum = cel_add(cost(k, e->fold.range), cost(k, e->fold.init)), each;
    struct cel_local accu = {e->fold.accu, named(k, e->fold.init), outer}, var, var2;
    struct cel_size range, size;
    bool two = e->fold.var2.n > 0;

    if (is_let(e)) {
        k->locals = &accu;
        sum = cel_add(sum, cost(k, e->fold.result));
        k->locals = outer;
        cel_same_sizes(k, e, e->fold.result);
        return sum;
    }
    var = (struct cel_local){e->fold.var, iterated(k, e->fold.range, false, !two), &accu};
    var2 = (struct cel_local){e->fold.var2, iterated(k, e->fold.range, true, false), &var};
    k->locals = two ? &var2 : &var;
    each = cost(k, e->fold.condition);
    each = cel_add(each, cost(k, e->fold.step));
    k->locals = &accu;
    sum = cel_add(sum, cost(k, e->fold.result));
    k->locals = outer;
    range = cel_size_or_unknown(k, e->fold.range);
    sum = cel_add(sum, cel_multiply(range.max, each));
    if (e->fold.init->kind == CEL_LIST || e->fold.init->kind == CEL_MAP) {
        cel_set_size(k, e, range);
        cel_set_entry(k, e, cel_entry_of(k, e->fold.step));
    } else if (e->fold.init->kind < CEL_IDENT && cel_size_of(k, e->fold.init, &size)) {
        cel_set_size(k, e, size);
    }
    return sum;
}

static uint64_t cost(struct cel_coster *k, struct cel_expr *e)
{
    static uint64_t (*const ways[])(struct cel_coster * k, struct cel_expr * e) = {
        [CEL_IDENT] = cost_ident,        [CEL_SELECT] = cost_select, [CEL_CALL] = cost_call,
        [CEL_LIST] = cost_list,          [CEL_MAP] = cost_map,       [CEL_MESSAGE] = cost_map,
        [CEL_COMPREHENSION] = cost_fold,
    };

    return e->kind < CEL_IDENT ? 0 : ways[e->kind](k, e);
}

uint64_t cel_cost(struct arena *a, struct cel_expr *e, const struct cel_sizes *sizes)
{
    struct cel_coster k = {.arena = a, .sizes = sizes};

    k.notes = arena_alloc(a, ((size_t)e->id + 1) * sizeof(*k.notes));
    return cost(&k, e);
}
