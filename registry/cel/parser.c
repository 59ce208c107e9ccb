/* Walks the grammar's tables over the tokens. A rule that cannot go on ends there; what it has so far stays
 * in the tree. */
#include "registry/cel/parse.h"

#define DEPTH_MAX 250

static struct cel_tree *rule(struct cel_parser *p, enum cel_rule r, int precedence,
                             const struct cel_frame *caller);

/* ---- tokens ---- */

static void complain(void *arg, const struct cel_token *where, struct str text)
{
    struct cel_parser *p = arg;

    cel_syntax_error(p, where->place, "token recognition error at: '%.*s'", STR_ARG(text));
}

/* Twice the room when it is used up. What points into the old stays good: the arena keeps it. */
static void *grown(struct cel_parser *p, void *old, size_t n, size_t *cap, size_t size)
{
    void *now;

    if (n < *cap)
        return old;
    *cap = *cap ? *cap * 2 : 64;
    now = arena_raw(p->arena, *cap * size);
    if (n)
        memcpy(now, old, n * size);
    return now;
}

static void read_token(struct cel_parser *p)
{
    p->tokens = grown(p, p->tokens, p->ntokens, &p->tokens_cap, sizeof(*p->tokens));
    p->visible = grown(p, p->visible, p->nvisible, &p->visible_cap, sizeof(*p->visible));
    p->tokens[p->ntokens] = cel_lexer_next(&p->lexer, complain, p);
    if (!cel_token_hidden(&p->tokens[p->ntokens]))
        p->visible[p->nvisible++] = p->ntokens;
    p->ntokens++;
}

const struct cel_token *cel_look(struct cel_parser *p, size_t k)
{
    size_t want = p->pos + k - 1;

    while (p->nvisible <= want) {
        if (p->ntokens && p->tokens[p->ntokens - 1].type == CEL_T_EOF)
            return &p->tokens[p->ntokens - 1];
        read_token(p);
    }
    return &p->tokens[p->visible[want]];
}

void cel_consume(struct cel_parser *p)
{
    if (cel_ahead(p, 1) != CEL_T_EOF)
        p->pos++;
}

/* ---- trees ---- */

static struct cel_tree *tree_new(struct cel_parser *p, enum cel_rule r, const struct cel_token *start)
{
    struct cel_tree *t = p->spare_trees;

    if (t)
        p->spare_trees = t->spare;
    else
        t = arena_raw(p->arena, sizeof(*t));
    *t = (struct cel_tree){.rule = r, .start = start};
    t->last = &t->parts;
    return t;
}

static void add_part(struct cel_parser *p, enum cel_label label, const struct cel_token *token,
                     struct cel_tree *sub)
{
    struct cel_part *part = p->spare_parts;

    if (label == CEL_L_NONE)
        return;
    if (part)
        p->spare_parts = part->next;
    else
        part = arena_raw(p->arena, sizeof(*part));
    *part = (struct cel_part){label, token, sub, NULL};
    *p->tree->last = part;
    p->tree->last = &part->next;
}

bool cel_tree_leads(const struct cel_tree *t)
{
    static const bool LEVELS[CEL_R_COUNT] = {
        [CEL_R_START] = true, [CEL_R_EXPR] = true,     [CEL_R_OR] = true,
        [CEL_R_AND] = true,   [CEL_R_RELATION] = true, [CEL_R_CALC] = true};

    if (LEVELS[t->rule])
        return !cel_tree_token(t, CEL_L_OP, 0);
    return t->alt == CEL_A_MEMBER || t->alt == CEL_A_PRIMARY || t->alt == CEL_A_NESTED ||
           t->alt == CEL_A_LITERAL;
}

/* What t leads to when that is all it does; its memory is spare then. */
static struct cel_tree *shortened(struct cel_parser *p, struct cel_tree *t)
{
    struct cel_part *only = t->parts;
    struct cel_tree *sub;

    if (!only || only->next || only->label != CEL_L_FIRST || !cel_tree_leads(t))
        return t;
    sub = only->tree;
    only->next = p->spare_parts;
    p->spare_parts = only;
    t->spare = p->spare_trees;
    p->spare_trees = t;
    return sub;
}

static const struct cel_part *part_of(const struct cel_tree *t, enum cel_label label, int nth)
{
    for (const struct cel_part *part = t->parts; part; part = part->next)
        if (part->label == label && nth-- == 0)
            return part;
    return NULL;
}

const struct cel_token *cel_tree_token(const struct cel_tree *t, enum cel_label label, int nth)
{
    const struct cel_part *part = part_of(t, label, nth);

    return part ? part->token : NULL;
}

struct cel_tree *cel_tree_sub(const struct cel_tree *t, enum cel_label label, int nth)
{
    const struct cel_part *part = part_of(t, label, nth);

    return part ? part->tree : NULL;
}

int cel_tree_count(const struct cel_tree *t, enum cel_label label)
{
    int n = 0;

    for (const struct cel_part *part = t->parts; part; part = part->next)
        n += part->label == label;
    return n;
}

/* ---- items ---- */

static bool sequence(struct cel_parser *p, struct cel_frame *f);

static bool body(struct cel_parser *p, const struct cel_frame *f, const struct cel_item *of,
                 const struct cel_item *again)
{
    struct cel_frame in = {of->body, f, again, false};

    return sequence(p, &in);
}

static bool match(struct cel_parser *p, const struct cel_frame *f)
{
    const struct cel_token *t;

    if (cel_is_ahead(p, f->at->tokens)) {
        t = cel_look(p, 1);
        cel_matched(p);
        cel_consume(p);
    } else {
        t = cel_recover_token(p, f);
        if (!t)
            return false;
    }
    add_part(p, f->at->label, t, NULL);
    return true;
}

static bool call(struct cel_parser *p, const struct cel_frame *f)
{
    const struct cel_item *i = f->at;
    struct cel_tree *outer = p->tree, *sub = shortened(p, rule(p, i->rule, i->precedence, f));

    p->tree = outer;
    add_part(p, i->label, NULL, sub);
    return !p->stopped;
}

static bool maybe(struct cel_parser *p, const struct cel_frame *f)
{
    if (!cel_sync(p, f, cel_tokens_from(f, f->at), false))
        return false;
    return !cel_is_ahead(p, cel_sequence_first(f->at->body)) || body(p, f, f->at, NULL);
}

static bool loop(struct cel_parser *p, const struct cel_frame *f)
{
    cel_tokens next = cel_tokens_from(f, f->at);
    int more;

    if (!cel_sync(p, f, next, false))
        return false;
    while ((more = cel_goes_on(p, f->at)) > 0) {
        if (!body(p, f, f->at, f->at) || !cel_sync(p, f, next, true))
            return false;
    }
    return more == 0;
}

static bool repeat(struct cel_parser *p, const struct cel_frame *f)
{
    cel_tokens first = cel_item_first(f->at), next = first | cel_tokens_from(f, f->at + 1);
    int more;

    if (!cel_sync(p, f, first, false))
        return false;
    do {
        if (!body(p, f, f->at, f->at) || !cel_sync(p, f, next, true))
            return false;
        more = cel_goes_on(p, f->at);
    } while (more > 0);
    return more == 0;
}

static bool choice(struct cel_parser *p, const struct cel_frame *f)
{
    const struct cel_item *alt;

    if (!cel_sync(p, f, cel_item_first(f->at), false))
        return false;
    alt = cel_choose(p, f->at);
    if (!alt)
        return false;
    p->tree->alt = alt->alt;
    return body(p, f, alt, NULL);
}

/* Each time round, what there is becomes the first part of a new tree. */
static bool left(struct cel_parser *p, const struct cel_frame *f)
{
    cel_tokens next = cel_tokens_from(f, f->at);

    if (!cel_sync(p, f, next, false))
        return false;
    while (cel_goes_on(p, f->at) > 0) {
        const struct cel_item *alt = cel_choose(p, f->at);
        struct cel_tree *before = p->tree;

        p->where = (const char *)f->at + 2; /* neither the loop nor its way back: the choice in it */
        if (!alt)
            return false;
        p->tree = tree_new(p, before->rule, before->start);
        p->tree->alt = alt->alt;
        add_part(p, CEL_L_FIRST, NULL, before);
        if (!body(p, f, alt, f->at) || !cel_sync(p, f, next, true))
            return false;
    }
    return true;
}

static bool sequence(struct cel_parser *p, struct cel_frame *f)
{
    static bool (*const ways[])(struct cel_parser * p, const struct cel_frame *f) = {
        [CEL_I_TOKENS] = match,  [CEL_I_RULE] = call,     [CEL_I_MAYBE] = maybe, [CEL_I_LOOP] = loop,
        [CEL_I_REPEAT] = repeat, [CEL_I_CHOICE] = choice, [CEL_I_LEFT] = left,
    };

    for (; f->at->kind != CEL_I_END; f->at++)
        if (p->stopped || !ways[f->at->kind](p, f))
            return false;
    return true;
}

/* Left recursions do not count as deeper: what they nest in does. */
static bool enter(struct cel_parser *p, enum cel_rule r)
{
    if (cel_rule_left(r) || p->depth[r]++ < DEPTH_MAX)
        return true;
    cel_source_error(p->source, CEL_NOWHERE, "expression recursion limit exceeded: %d", DEPTH_MAX);
    p->stopped = true;
    return false;
}

static struct cel_tree *rule(struct cel_parser *p, enum cel_rule r, int precedence,
                             const struct cel_frame *caller)
{
    struct cel_frame f = {cel_grammar[r], caller, NULL, true};
    int outer = p->precedence;

    p->tree = tree_new(p, r, cel_look(p, 1));
    if (r == CEL_R_MEMBER)
        p->tree->alt = CEL_A_PRIMARY;
    if (!enter(p, r))
        return p->tree;
    if (cel_rule_left(r))
        p->precedence = precedence;
    if (!sequence(p, &f) && !p->stopped)
        cel_recover(p, caller);
    p->precedence = outer;
    if (!cel_rule_left(r))
        p->depth[r]--;
    return p->tree;
}

struct cel_tree *cel_parse_tree(struct cel_source *source)
{
    struct cel_parser p = {.source = source,
                           .arena = source->arena,
                           .lexer = {.source = source, .place = {1, source->text.n ? 0 : -1}}};
    struct cel_tree *t = rule(&p, CEL_R_START, 0, NULL);

    return p.stopped ? NULL : t;
}
