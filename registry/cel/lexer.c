/* The longest match wins, as with a generated lexer; when nothing matches, what was looked at so far is one
 * error. */
#include "registry/cel/lexer.h"

/* Where the characters are: none from n on. */
struct view {
    const char *p;
    size_t n;
};

/* How far a rule got: matched up to end (0: not at all), or failed at the byte at failed. */
struct match {
    size_t end, failed;
};

static int at(struct view v, size_t i)
{
    return i < v.n ? (unsigned char)v.p[i] : -1;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

static size_t many(struct view v, size_t i, bool (*in)(int c))
{
    while (in(at(v, i)))
        i++;
    return i;
}

/* Behind a backslash at i - 1: the end of the escape in .end, or where it failed. */
static struct match escape(struct view v, size_t i)
{
    int c = at(v, i);
    size_t hex = c == 'x' || c == 'X' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;

    if (c > 0 && strchr("abfnrtv\"'\\?`", c))
        return (struct match){.end = i + 1};
    if (hex) {
        for (size_t k = 1; k <= hex; k++)
            if (!is_hex(at(v, i + k)))
                return (struct match){.failed = i + k};
        return (struct match){.end = i + 1 + hex};
    }
    if (c < '0' || c > '3')
        return (struct match){.failed = i};
    for (size_t k = 1; k <= 2; k++)
        if (at(v, i + k) < '0' || at(v, i + k) > '7')
            return (struct match){.failed = i + k};
    return (struct match){.end = i + 3};
}

/* From behind the opening quotes: quotes (1 or 3) of quote end it, and a line's end ends a short one badly.
 */
static struct match quoted(struct view v, size_t i, int quote, size_t quotes, bool raw)
{
    for (;;) {
        int c = at(v, i);

        if (c < 0 || (quotes == 1 && (c == '\n' || c == '\r')))
            return (struct match){.failed = i};
        if (c == quote && (quotes == 1 || (at(v, i + 1) == quote && at(v, i + 2) == quote)))
            return (struct match){.end = i + quotes};
        if (c == '\\' && !raw) {
            struct match e = escape(v, i + 1);

            if (!e.end)
                return e;
            i = e.end;
        } else {
            i++;
        }
    }
}

static struct match string(struct view v, size_t i, bool raw)
{
    int quote = at(v, i);
    struct match one = quoted(v, i + 1, quote, 1, raw), three;

    if (one.end != i + 2 || at(v, i + 2) != quote)
        return one;
    three = quoted(v, i + 3, quote, 3, raw);
    return three.end ? three : one;
}

static bool is_quote(int c)
{
    return c == '"' || c == '\'';
}

static bool is_word(int c)
{
    return is_letter(c) || is_digit(c);
}

/* A name, a keyword, or a string with letters before it. */
static size_t word(struct view v, enum cel_token_type *type)
{
    static const struct {
        const char *text;
        enum cel_token_type type;
    } keywords[] = {{"in", CEL_T_IN}, {"true", CEL_T_TRUE}, {"false", CEL_T_FALSE}, {"null", CEL_T_NULL}};
    bool bytes = at(v, 0) == 'b' || at(v, 0) == 'B';
    bool raw = at(v, bytes) == 'r' || at(v, bytes) == 'R';
    size_t quote = (size_t)bytes + raw;
    size_t end = many(v, 0, is_word);

    *type = CEL_T_IDENTIFIER;
    if (quote && is_quote(at(v, quote))) {
        struct match m = string(v, quote, raw);

        if (m.end) {
            *type = bytes ? CEL_T_BYTES : CEL_T_STRING;
            return m.end;
        }
    }
    for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
        if (str_is((struct str){v.p, end}, keywords[i].text))
            *type = keywords[i].type;
    return end;
}

/* Behind a number's digits: its exponent, if there is one. */
static size_t exponent(struct view v, size_t i)
{
    size_t sign;

    if (at(v, i) != 'e' && at(v, i) != 'E')
        return i;
    sign = at(v, i + 1) == '+' || at(v, i + 1) == '-';
    return is_digit(at(v, i + 1 + sign)) ? many(v, i + 1 + sign, is_digit) : i;
}

static size_t number(struct view v, enum cel_token_type *type)
{
    size_t end = many(v, 0, is_digit), more;

    if (at(v, end) == '.' && is_digit(at(v, end + 1))) {
        *type = CEL_T_FLOAT;
        return exponent(v, many(v, end + 1, is_digit));
    }
    more = exponent(v, end);
    if (more > end) {
        *type = CEL_T_FLOAT;
        return more;
    }
    if (end == 1 && at(v, 0) == '0' && at(v, 1) == 'x' && is_hex(at(v, 2)))
        end = many(v, 2, is_hex);
    *type = at(v, end) == 'u' || at(v, end) == 'U' ? CEL_T_UINT : CEL_T_INT;
    return end + (*type == CEL_T_UINT);
}

static bool is_escaped_name(int c)
{
    return is_word(c) || c == '.' || c == '-' || c == '/' || c == ' ';
}

static struct match escaped_name(struct view v)
{
    size_t end = many(v, 1, is_escaped_name);

    if (end > 1 && at(v, end) == '`')
        return (struct match){.end = end + 1};
    return (struct match){.failed = end};
}

static struct match sign(struct view v, enum cel_token_type *type)
{
    static const struct {
        char text[3];
        enum cel_token_type type;
    } signs[] = {
        {"==", CEL_T_EQUALS},  {"!=", CEL_T_NOT_EQUALS}, {"<=", CEL_T_LESS_EQUALS},
        {"<", CEL_T_LESS},     {">", CEL_T_GREATER},     {">=", CEL_T_GREATER_EQUALS},
        {"&&", CEL_T_AND},     {"||", CEL_T_OR},         {"[", CEL_T_LBRACKET},
        {"]", CEL_T_RBRACKET}, {"{", CEL_T_LBRACE},      {"}", CEL_T_RBRACE},
        {"(", CEL_T_LPAREN},   {")", CEL_T_RPAREN},      {".", CEL_T_DOT},
        {",", CEL_T_COMMA},    {"-", CEL_T_MINUS},       {"!", CEL_T_EXCLAM},
        {"?", CEL_T_QUESTION}, {":", CEL_T_COLON},       {"+", CEL_T_PLUS},
        {"*", CEL_T_STAR},     {"/", CEL_T_SLASH},       {"%", CEL_T_PERCENT},
    };
    struct match m = {0};

    for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
        size_t n = strlen(signs[i].text);

        if (at(v, 0) != signs[i].text[0])
            continue;
        m.failed = 1; /* the first of two was there */
        if ((n == 1 || at(v, 1) == signs[i].text[1]) && n > m.end) {
            m.end = n;
            *type = signs[i].type;
        }
    }
    return m;
}

static bool in_comment(int c)
{
    return c >= 0 && c != '\n';
}

static struct match longest(struct view v, enum cel_token_type *type)
{
    int c = at(v, 0);

    if (is_blank(c)) {
        *type = CEL_T_WHITESPACE;
        return (struct match){.end = many(v, 0, is_blank)};
    }
    if (c == '/' && at(v, 1) == '/') {
        *type = CEL_T_COMMENT;
        return (struct match){.end = many(v, 0, in_comment)};
    }
    if (is_letter(c))
        return (struct match){.end = word(v, type)};
    if (is_digit(c) || (c == '.' && is_digit(at(v, 1))))
        return (struct match){.end = number(v, type)};
    if (is_quote(c)) {
        *type = CEL_T_STRING;
        return string(v, 0, false);
    }
    if (c == '`') {
        *type = CEL_T_ESC_IDENTIFIER;
        return escaped_name(v);
    }
    return sign(v, type);
}

/* The lexer behind the byte at end: lines and columns are those of code points. */
static void advance(struct cel_lexer *l, size_t end)
{
    const char *p = l->source->text.p;
    uint32_t c;

    while (l->pos < end) {
        l->pos += cel_decode(p + l->pos, p + l->source->text.n, &c);
        l->place.column++;
        if (c == '\n') {
            l->place.line++;
            l->place.column = 0;
        }
    }
}

struct cel_token cel_lexer_next(struct cel_lexer *l,
                                void (*complain)(void *arg, const struct cel_token *where, struct str text),
                                void *arg)
{
    for (;;) {
        struct view v = {l->source->text.p + l->pos, l->source->text.n - l->pos};
        struct cel_token t = {CEL_T_EOF, {v.p, 0}, l->place};
        uint32_t c;

        if (v.n == 0)
            return t;
        struct match m = longest(v, &t.type);
        if (m.end) {
            t.text.n = m.end;
            advance(l, l->pos + m.end);
            return t;
        }
        t.text.n = m.failed < v.n ? m.failed + cel_decode(v.p + m.failed, v.p + v.n, &c) : v.n;
        advance(l, l->pos + t.text.n);
        complain(arg, &t, t.text);
    }
}

bool cel_is_reserved(struct str name)
{
    static const char *const words[] = {
        "as",  "break", "const",   "continue",  "else", "false",  "for",  "function", "if",   "import", "in",
        "let", "loop",  "package", "namespace", "null", "return", "true", "var",      "void", "while"};

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (str_is(name, words[i]))
            return true;
    return false;
}
