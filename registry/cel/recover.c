/* What is told of a syntax error, and where the parser goes on: the unwanted token is dropped, the missing
 * one imagined, or all is skipped up to what may follow in a caller. */
#include "registry/cel/parse.h"

#include "shm/base/buf.h"

#define REPORTS_MAX 100
#define RECOVERIES_MAX 30
#define SKIPPED_MAX 256

cel_tokens cel_tokens_from(const struct cel_frame *f, const struct cel_item *i)
{
    cel_tokens all = 0;

    for (;;) {
        cel_tokens one = cel_sequence_first(i);

        all |= one & ~CEL_RULE_END;
        if (!(one & CEL_RULE_END))
            return all;
        if (f->rule)
            return all | CEL_RULE_END;
        if (f->again)
            all |= cel_item_first(f->again) & ~CEL_RULE_END;
        f = f->up;
        i = f->at + 1;
    }
}

static const struct cel_frame *caller_of(const struct cel_frame *f)
{
    while (!f->rule)
        f = f->up;
    return f->up;
}

/* next, within the rule of f, and what may follow in its callers when the rule may end. */
static cel_tokens in_context(const struct cel_frame *f, cel_tokens next)
{
    cel_tokens all = next & ~CEL_RULE_END;

    while (next & CEL_RULE_END) {
        f = caller_of(f);
        if (!f)
            return all | CEL_BIT(CEL_T_EOF);
        next = cel_tokens_from(f, f->at + 1);
        all |= next & ~CEL_RULE_END;
    }
    return all;
}

/* What any caller could go on with. */
static cel_tokens followers(const struct cel_frame *caller)
{
    cel_tokens all = 0;

    for (; caller; caller = caller_of(caller))
        all |= cel_tokens_from(caller, caller->at + 1) & ~CEL_RULE_END;
    return all;
}

/* Blanks made visible, in quotes. */
static const char *quoted(struct cel_parser *p, struct str s)
{
    struct buf b = {0};
    const char *text;

    buf_putc(&b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\t')
            buf_puts(&b, "\\t");
        else if (s.p[i] == '\n')
            buf_puts(&b, "\\n");
        else if (s.p[i] == '\r')
            buf_puts(&b, "\\r");
        else
            buf_putc(&b, s.p[i]);
    }
    buf_putc(&b, '\'');
    text = arena_cstr(p->arena, buf_view(&b));
    buf_free(&b);
    return text;
}

static const char *shown(struct cel_parser *p, const struct cel_token *t)
{
    return quoted(p, t->type == CEL_T_EOF ? STR("<EOF>") : t->text);
}

static void stop(struct cel_parser *p, const char *why, int limit)
{
    if (!p->stopped)
        cel_source_error(p->source, CEL_NOWHERE, "%s: %d", why, limit);
    p->stopped = true;
}

void cel_syntax_error(struct cel_parser *p, struct cel_place place, const char *fmt, ...)
{
    va_list ap;

    if (p->stopped)
        return;
    if (p->reported++ == REPORTS_MAX) {
        cel_source_error(p->source, place, "Syntax error: More than %d syntax errors", REPORTS_MAX);
        p->stopped = true;
        return;
    }
    va_start(ap, fmt);
    cel_source_error(p->source, place, "Syntax error: %s", arena_vprintf(p->arena, fmt, ap));
    va_end(ap);
}

void cel_matched(struct cel_parser *p)
{
    p->recovering = false;
    p->nnoted = 0;
}

/* Within a recovery: what is skipped is counted. */
static void skip(struct cel_parser *p)
{
    if (p->skipped++ == SKIPPED_MAX)
        stop(p, "error recovery token lookahead limit exceeded", SKIPPED_MAX);
    cel_consume(p);
}

static void report_unwanted(struct cel_parser *p, cel_tokens expected)
{
    const struct cel_token *t = cel_look(p, 1);

    if (p->recovering)
        return;
    p->recovering = true;
    cel_syntax_error(p, t->place, "extraneous input %s expecting %s", shown(p, t),
                     cel_tokens_text(p->arena, expected));
}

static void report_missing(struct cel_parser *p, cel_tokens expected)
{
    const struct cel_token *t = cel_look(p, 1);

    if (p->recovering)
        return;
    p->recovering = true;
    cel_syntax_error(p, t->place, "missing %s at %s", cel_tokens_text(p->arena, expected), shown(p, t));
}

/* Whether it is right without the next token: then that is dropped. */
static bool drop_one(struct cel_parser *p, cel_tokens expected)
{
    if (!(expected & CEL_BIT(cel_ahead(p, 2))))
        return false;
    report_unwanted(p, expected);
    skip(p);
    cel_matched(p);
    return true;
}

static void mismatch(struct cel_parser *p, cel_tokens expected)
{
    p->mistake = CEL_M_MISMATCH;
    p->offending = *cel_look(p, 1);
    p->expected = expected;
}

bool cel_sync(struct cel_parser *p, const struct cel_frame *f, cel_tokens next, bool back)
{
    cel_tokens expected, enough;

    p->where = (const char *)f->at + back;
    if (p->recovering || (next & CEL_RULE_END) || cel_is_ahead(p, next))
        return true;
    expected = in_context(f, next);
    p->skipped = 0;
    if (!back) {
        if (drop_one(p, expected))
            return true;
        mismatch(p, expected);
        return false;
    }
    report_unwanted(p, expected);
    enough = expected | followers(caller_of(f)) | CEL_BIT(CEL_T_EOF);
    while (!cel_is_ahead(p, enough))
        cel_consume(p);
    return true;
}

static void count_recovery(struct cel_parser *p)
{
    p->skipped = 0;
    if (p->recoveries++ < RECOVERIES_MAX)
        return;
    cel_syntax_error(p, cel_look(p, 1)->place, "error recovery attempt limit exceeded: %d", RECOVERIES_MAX);
    p->stopped = true;
}

/* A token that is not there, where the next one is (or the last, at the end). */
static const struct cel_token *imagine(struct cel_parser *p, cel_tokens expected)
{
    struct cel_token *t = arena_alloc(p->arena, sizeof(*t));
    const struct cel_token *near = cel_look(p, 1);
    enum cel_token_type type = (enum cel_token_type)__builtin_ctzll(expected);

    if (near->type == CEL_T_EOF && p->pos > 0)
        near = &p->tokens[p->visible[p->pos - 1]];
    *t = (struct cel_token){type, STR_NONE, near->place};
    t->text = str_of(type == CEL_T_EOF ? "<missing EOF>"
                     : type <= CEL_T_NULL
                         ? arena_printf(p->arena, "<missing %s>", cel_tokens_text(p->arena, CEL_BIT(type)))
                         : "<missing undefined>");
    return t;
}

const struct cel_token *cel_recover_token(struct cel_parser *p, const struct cel_frame *f)
{
    cel_tokens expected = f->at->tokens;
    const struct cel_token *t;

    p->where = (const char *)f->at;
    count_recovery(p);
    if (p->stopped)
        return NULL;
    if (drop_one(p, expected)) {
        t = cel_look(p, 1);
        skip(p);
        return t;
    }
    if (cel_is_ahead(p, in_context(f, cel_tokens_from(f, f->at + 1)))) {
        report_missing(p, expected);
        return imagine(p, expected);
    }
    mismatch(p, expected);
    return NULL;
}

/* The text of the visible tokens from here to the kth, with what is hidden between them. */
static struct str text_ahead(struct cel_parser *p, size_t k)
{
    size_t from, to;
    struct buf b = {0};
    struct str text;

    cel_look(p, k);
    from = p->visible[p->pos < p->nvisible ? p->pos : p->nvisible - 1];
    to = p->visible[p->pos + k - 1 < p->nvisible ? p->pos + k - 1 : p->nvisible - 1];
    if (p->tokens[from].type == CEL_T_EOF)
        return STR("<EOF>");
    for (size_t i = from; i <= to && p->tokens[i].type != CEL_T_EOF; i++)
        buf_str(&b, p->tokens[i].text);
    text = arena_str(p->arena, buf_view(&b));
    buf_free(&b);
    return text;
}

void cel_no_alternative(struct cel_parser *p, size_t k)
{
    p->mistake = CEL_M_NO_ALTERNATIVE;
    p->offending = *cel_look(p, k);
    p->since = text_ahead(p, k);
}

/* A keyword behind a single character reads as a bad name. */
static const char *keyword_in(struct str s)
{
    static const char *const words[] = {"true", "false", "null"};
    uint32_t c;

    if (s.n == 0 || *s.p == '\n')
        return NULL;
    size_t n = cel_decode(s.p, s.p + s.n, &c);
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (str_is((struct str){s.p + n, s.n - n}, words[i]))
            return words[i];
    return NULL;
}

static void report(struct cel_parser *p)
{
    const char *word;

    if (p->recovering)
        return;
    p->recovering = true;
    if (p->mistake == CEL_M_MISMATCH)
        cel_syntax_error(p, p->offending.place, "mismatched input %s expecting %s", shown(p, &p->offending),
                         cel_tokens_text(p->arena, p->expected));
    else if ((word = keyword_in(p->since)))
        cel_syntax_error(p, p->offending.place, "mismatched input '%s' expecting IDENTIFIER", word);
    else
        cel_syntax_error(p, p->offending.place, "no viable alternative at input %s", quoted(p, p->since));
}

static bool is_noted(const struct cel_parser *p)
{
    for (int i = 0; i < p->nnoted; i++)
        if (p->noted[i] == p->where)
            return p->noted_pos == p->pos;
    return false;
}

void cel_recover(struct cel_parser *p, const struct cel_frame *caller)
{
    cel_tokens enough = followers(caller) | CEL_BIT(CEL_T_EOF);

    report(p);
    p->mistake = CEL_M_NONE;
    if (p->stopped)
        return;
    count_recovery(p);
    if (is_noted(p) && !p->stopped)
        skip(p); /* the same mistake at the same place: or it would never end */
    p->noted_pos = p->pos;
    if (p->nnoted < CEL_PLACES_NOTED)
        p->noted[p->nnoted++] = p->where;
    while (!p->stopped && !cel_is_ahead(p, enough))
        skip(p);
}
