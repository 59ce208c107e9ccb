/* Schema text to model: line by line, one statement a line, indented lines belong to the statement above. The
 * format is described in registry/schema/README.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "registry/compiler/model.h"

#define TOKENS_MAX 256

struct parser {
    struct model *m;
    struct place at;
    struct package *package;
    struct type *type; /* the statement that indented lines belong to: one of these two */
    struct resource *resource;
    const char **description; /* where a `--` line goes */
    char *tok[TOKENS_MAX];
    int ntok;
};

struct word {
    const char *text;
    int value;
};

static const struct word scalar_words[] = {
    {"time", SCHEMA_TIME},
    {"microtime", SCHEMA_MICROTIME},
    {"duration", SCHEMA_DURATION},
    {"quantity", SCHEMA_QUANTITY},
    {"int-or-string", SCHEMA_INTORSTRING},
    {"raw", SCHEMA_RAW},
    {"any", SCHEMA_RAW},
    {"fields", SCHEMA_FIELDS},
    {NULL, 0},
};
static const struct word verb_words[] = {
    {"create", VERB_CREATE}, {"delete", VERB_DELETE}, {"deletecollection", VERB_DELETECOLLECTION},
    {"get", VERB_GET},       {"list", VERB_LIST},     {"patch", VERB_PATCH},
    {"update", VERB_UPDATE}, {"watch", VERB_WATCH},   {NULL, 0},
};
static const struct word flag_words[] = {
    {"status", RESOURCE_STATUS},
    {"generation", RESOURCE_GENERATION},
    {"must-have-rv", RESOURCE_MUST_HAVE_RV},
    {"put-creates", RESOURCE_PUT_CREATES},
    {"virtual", RESOURCE_VIRTUAL},
    {"returns-deleted", RESOURCE_RETURNS_DELETED},
    {"internal", RESOURCE_INTERNAL},
    {NULL, 0},
};
static const struct word list_words[] = {
    {"atomic", LIST_ATOMIC}, {"set", LIST_SET}, {"map", LIST_MAP}, {"granular", MAP_GRANULAR}, {NULL, 0},
};
static const struct word patch_words[] = {
    {"merge", PATCH_MERGE},
    {"replace", PATCH_REPLACE},
    {"retainKeys", PATCH_RETAIN_KEYS},
    {NULL, 0},
};
static const struct word rule_words[] = {
    {"dns-subdomain", 0}, {"dns-label", 0}, {"dns1035-label", 0}, {"long-name", 0}, {"path-segment", 0},
    {"whole-segment", 0}, {"ip", 0},        {"any", 0},           {NULL, 0},
};

static int word(const struct parser *p, const struct word *words, const char *text, const char *what)
{
    for (; words->text; words++) {
        if (!strcmp(words->text, text))
            return words->value;
    }
    fail(p->at, "unknown %s \"%s\"", what, text);
}

/* What follows "key=" in the token, or NULL. */
static const char *after(const char *tok, const char *key)
{
    size_t n = strlen(key);
    return !strncmp(tok, key, n) && tok[n] == '=' ? tok + n + 1 : NULL;
}

/* "a,b" into strings; with end != NULL stops at that character. */
static const char *split(struct vec *out, const char *s, char end)
{
    for (;;) {
        size_t n = 0;
        while (s[n] && s[n] != ',' && s[n] != end)
            n++;
        if (n)
            vec_add(out, copy(s, n));
        if (s[n] != ',')
            return s + n;
        s += n + 1;
    }
}

static unsigned verbs(const struct parser *p, const char *text)
{
    struct vec v = {0};
    unsigned set = 0;
    split(&v, text, '\0');
    for (int i = 0; i < v.n; i++)
        set |= (unsigned)word(p, verb_words, v.p[i], "verb");
    return set;
}

/* Tokens in place: blanks separate, "..." may hold blanks. */
static void tokenize(struct parser *p, char *s)
{
    p->ntok = 0;
    for (;;) {
        s += strspn(s, " \t");
        if (!*s)
            return;
        if (p->ntok == TOKENS_MAX)
            fail(p->at, "too many words");
        if (*s == '"') {
            char *end = strchr(s + 1, '"');
            if (!end)
                fail(p->at, "missing closing quote");
            *end = '\0';
            p->tok[p->ntok++] = s + 1;
            s = end + 1;
            continue;
        }
        p->tok[p->ntok++] = s;
        s += strcspn(s, " \t");
        if (*s)
            *s++ = '\0';
    }
}

static void want(const struct parser *p, int min, const char *usage)
{
    if (p->ntok < min)
        fail(p->at, "expected: %s", usage);
}

static struct type *add_type(struct parser *p, const char *name, enum schema_kind kind)
{
    if (!p->package)
        fail(p->at, "no package yet");
    struct type *t = make(sizeof *t);
    *t = (struct type){.at = p->at, .package = p->package, .name = name, .kind = kind, .description = ""};
    vec_add(&p->m->types, t);
    p->type = t;
    p->resource = NULL;
    p->description = &t->description;
    return t;
}

static struct field *add_field(struct parser *p, const char *json, const char *type_text, int number)
{
    struct field *f = make(sizeof *f);
    *f = (struct field){
        .at = p->at, .json = json, .type_text = type_text, .number = number, .description = ""};
    f->flags = FIELD_OMITEMPTY | FIELD_OPTIONAL;
    vec_add(&p->type->fields, f);
    p->description = &f->description;
    return f;
}

static int number(const struct parser *p, const char *text)
{
    char *end;
    if (!strcmp(text, "-"))
        return 0;
    long v = strtol(text, &end, 10);
    if (*end || end == text || v < 1 || v > 255)
        fail(p->at, "\"%s\" is no protobuf number between 1 and 255", text);
    return (int)v;
}

static void field_attribute(struct parser *p, struct field *f, const char *tok)
{
    const char *v;
    if (!strcmp(tok, "always")) {
        f->flags &= ~(unsigned)FIELD_OMITEMPTY;
    } else if (!strcmp(tok, "omitzero")) {
        f->flags = (f->flags & ~(unsigned)FIELD_OMITEMPTY) | FIELD_OMITZERO;
    } else if (!strcmp(tok, "required")) {
        f->flags = (f->flags & ~(unsigned)FIELD_OPTIONAL) | FIELD_REQUIRED;
    } else if (!strcmp(tok, "deprecated")) {
        f->flags |= FIELD_DEPRECATED;
    } else if ((v = after(tok, "default"))) {
        f->dflt = v;
    } else if ((v = after(tok, "list"))) {
        size_t n = strcspn(v, "(");
        f->list = word(p, list_words, copy(v, n), "list kind");
        if (v[n] && *split(&f->list_keys, v + n + 1, ')') != ')')
            fail(p->at, "missing ) in \"%s\"", tok);
    } else if ((v = after(tok, "patch"))) {
        struct vec words = {0};
        v = split(&words, v, '(');
        for (int i = 0; i < words.n; i++)
            f->patch |= word(p, patch_words, words.p[i], "patch strategy");
        if (*v)
            f->patch_key = copy(v + 1, strcspn(v + 1, ")"));
    } else {
        fail(p->at, "unknown attribute \"%s\" of field %s", tok, f->json);
    }
}

static void field_line(struct parser *p)
{
    if (p->type->kind != SCHEMA_STRUCT && p->type->kind != SCHEMA_RAW)
        fail(p->at, "%s has no fields", p->type->name);
    if (!strcmp(p->tok[0], "inline")) {
        want(p, 2, "inline TYPE [NUMBER]");
        struct field *f = add_field(p, "", p->tok[1], p->ntok > 2 ? number(p, p->tok[2]) : 0);
        f->inlined = true;
        return;
    }
    want(p, 3, "NAME TYPE NUMBER [ATTRIBUTE...]");
    struct field *f = add_field(p, p->tok[0], p->tok[1], number(p, p->tok[2]));
    for (int i = 3; i < p->ntok; i++)
        field_attribute(p, f, p->tok[i]);
}

static void selectable_line(struct parser *p)
{
    struct selectable *s = make(sizeof *s);
    want(p, 2, "selectable LABEL [PATH] [indexed]");
    s->label = s->path = p->tok[1];
    for (int i = 2; i < p->ntok; i++) {
        if (!strcmp(p->tok[i], "indexed"))
            s->indexed = true;
        else
            s->path = p->tok[i];
    }
    vec_add(&p->resource->selectable, s);
}

static void subresource_line(struct parser *p)
{
    struct subresource *s = make(sizeof *s);
    want(p, 4, "sub NAME KIND VERBS [stream]");
    *s = (struct subresource){.at = p->at, .name = p->tok[1], .kind_text = p->tok[2]};
    s->verbs = verbs(p, p->tok[3]);
    if (p->ntok > 4) {
        if (strcmp(p->tok[4], "stream"))
            fail(p->at, "unknown word \"%s\"", p->tok[4]);
        s->stream = true;
    }
    vec_add(&p->resource->subresources, s);
}

static void resource_line(struct parser *p)
{
    struct resource *r = p->resource;
    const char *key = p->tok[0];
    want(p, 2, "KEYWORD VALUE");
    if (!strcmp(key, "verbs")) {
        r->verbs = verbs(p, p->tok[1]);
    } else if (!strcmp(key, "flags")) {
        for (int i = 1; i < p->ntok; i++)
            r->flags |= (unsigned)word(p, flag_words, p->tok[i], "flag");
    } else if (!strcmp(key, "name-rule")) {
        word(p, rule_words, p->tok[1], "name rule");
        r->name_rule = p->tok[1];
    } else if (!strcmp(key, "etcd")) {
        r->etcd_prefix = p->tok[1];
        r->etcd_version = p->ntok > 2 ? p->tok[2] : NULL;
    } else if (!strcmp(key, "warning")) {
        r->warning = p->tok[1];
    } else if (!strcmp(key, "stored")) {
        r->stored_text = p->tok[1];
    } else if (!strcmp(key, "selectable")) {
        selectable_line(p);
    } else if (!strcmp(key, "sub")) {
        subresource_line(p);
    } else {
        fail(p->at, "unknown keyword \"%s\" of a resource", key);
    }
}

static void package_statement(struct parser *p)
{
    struct package *k = make(sizeof *k);
    want(p, 3, "package NAME OPENAPI-PREFIX");
    *k = (struct package){.at = p->at, .name = p->tok[1], .openapi = p->tok[2]};
    vec_add(&p->m->packages, k);
    p->package = k;
    p->type = NULL;
    p->resource = NULL;
}

static void serve_statement(struct parser *p)
{
    struct served_line *s = make(sizeof *s);
    want(p, 2, "serve PACKAGE");
    *s = (struct served_line){p->at, p->tok[1]};
    vec_add(&p->m->serve_text, s);
}

static void enum_statement(struct parser *p)
{
    want(p, strcmp(p->tok[0], "known") ? 3 : 2, "enum NAME VALUE...");
    struct type *t = add_type(p, p->tok[1], SCHEMA_STRING);
    t->open_values = !strcmp(p->tok[0], "known");
    t->no_message = true;
    for (int i = 2; i < p->ntok; i++)
        vec_add(&t->values, p->tok[i]);
}

static void scalar_statement(struct parser *p)
{
    want(p, 3, "scalar NAME KIND");
    add_type(p, p->tok[1], (enum schema_kind)word(p, scalar_words, p->tok[2], "scalar kind"));
}

static void type_statement(struct parser *p)
{
    const char *v;
    want(p, 2, "type NAME [ATTRIBUTE...]");
    struct type *t = add_type(p, p->tok[1], SCHEMA_STRUCT);
    if (p->ntok > 3 && !strcmp(p->tok[2], "=")) {
        if (strncmp(p->tok[3], "[]", 2))
            fail(p->at, "only a list can be given a name: type NAME = []TYPE");
        t->kind = SCHEMA_LIST;
        t->elem_text = p->tok[3] + 2;
        return;
    }
    for (int i = 2; i < p->ntok; i++) {
        if (!strcmp(p->tok[i], "atomic")) {
            t->atomic = true;
        } else if ((v = after(p->tok[i], "union"))) {
            size_t n = strcspn(v, "(");
            t->union_discriminator = n ? copy(v, n) : NULL;
            if (!v[n] || *split(&t->union_fields, v + n + 1, ')') != ')')
                fail(p->at, "expected: union=[DISCRIMINATOR](FIELD,...)");
        } else {
            fail(p->at, "unknown attribute \"%s\" of type %s", p->tok[i], t->name);
        }
    }
}

/* list PodList Pod: TypeMeta, ListMeta and items. */
static void list_statement(struct parser *p)
{
    char text[256];
    want(p, 3, "list NAME TYPE");
    struct type *t = add_type(p, p->tok[1], SCHEMA_STRUCT);
    add_field(p, "", "meta/v1.TypeMeta", 0)->inlined = true;
    add_field(p, "metadata", "meta/v1.ListMeta", 1)->description = "Standard metadata of a list.";
    snprintf(text, sizeof text, "[]%s", p->tok[2]);
    struct field *f = add_field(p, "items", copy(text, strlen(text)), 2);
    f->flags = FIELD_REQUIRED;
    snprintf(text, sizeof text, "The %s objects of this list.", p->tok[2]);
    f->description = copy(text, strlen(text));
    snprintf(text, sizeof text, "A list of %s objects.", p->tok[2]);
    t->description = copy(text, strlen(text));
    p->description = &t->description;
}

static void resource_statement(struct parser *p)
{
    struct resource *r = make(sizeof *r);
    const char *v;
    want(p, 3, "resource PLURAL KIND [ATTRIBUTE...]");
    if (!p->package)
        fail(p->at, "no package yet");
    *r = (struct resource){.at = p->at, .package = p->package, .plural = p->tok[1], .kind = p->tok[2]};
    r->flags = RESOURCE_NAMESPACED;
    r->verbs = VERB_CREATE | VERB_DELETE | VERB_DELETECOLLECTION | VERB_GET | VERB_LIST | VERB_PATCH |
               VERB_UPDATE | VERB_WATCH;
    for (int i = 3; i < p->ntok; i++) {
        if (!strcmp(p->tok[i], "cluster"))
            r->flags &= ~(unsigned)RESOURCE_NAMESPACED;
        else if ((v = after(p->tok[i], "singular")))
            r->singular = v;
        else if ((v = after(p->tok[i], "short")))
            split(&r->short_names, v, '\0');
        else if ((v = after(p->tok[i], "categories")))
            split(&r->categories, v, '\0');
        else
            fail(p->at, "unknown attribute \"%s\" of resource %s", p->tok[i], r->plural);
    }
    vec_add(&p->package->resources, r);
    p->resource = r;
    p->type = NULL;
    p->description = NULL;
}

static const struct statement {
    const char *keyword;
    void (*parse)(struct parser *p);
} statements[] = {
    {"package", package_statement}, {"serve", serve_statement},       {"enum", enum_statement},
    {"known", enum_statement},      {"scalar", scalar_statement},     {"type", type_statement},
    {"list", list_statement},       {"resource", resource_statement},
};

static void statement(struct parser *p)
{
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (!strcmp(statements[i].keyword, p->tok[0])) {
            statements[i].parse(p);
            return;
        }
    }
    fail(p->at, "unknown statement \"%s\"", p->tok[0]);
}

static void describe(struct parser *p, const char *text)
{
    text += strspn(text, " \t");
    if (!p->description)
        fail(p->at, "a description, but nothing to describe");
    const char *old = *p->description;
    char *both = make(strlen(old) + strlen(text) + 2);
    strcpy(both, old);
    if (*old)
        strcat(both, " ");
    *p->description = strcat(both, text);
}

/* The text behind "--" (cut off the line), or NULL. */
static char *cut_description(char *line)
{
    char *s = line + strspn(line, " \t");
    if (!strncmp(s, "-- ", 3)) {
        *s = '\0';
        return s + 3;
    }
    s = strstr(line, " -- ");
    if (s)
        *s = '\0';
    return s ? s + 4 : NULL;
}

static void parse_line(struct parser *p, char *line)
{
    bool indented = line[0] == ' ' || line[0] == '\t';
    char *text = cut_description(line);
    tokenize(p, line);
    if (p->ntok) {
        if (!indented)
            statement(p);
        else if (p->type)
            field_line(p);
        else if (p->resource)
            resource_line(p);
        else
            fail(p->at, "an indented line, but nothing that it belongs to");
    }
    if (text)
        describe(p, text);
}

static char *read_all(const char *path)
{
    struct place at = {path, 0};
    FILE *f = fopen(path, "r");
    if (!f || fseek(f, 0, SEEK_END))
        fail(at, "cannot read");
    long n = ftell(f);
    rewind(f);
    char *s = make((size_t)n + 1);
    if (n < 0 || fread(s, 1, (size_t)n, f) != (size_t)n)
        fail(at, "cannot read");
    fclose(f);
    return s;
}

void parse_file(struct model *m, const char *path)
{
    struct parser p = {.m = m, .at = {path, 0}};
    char *s = read_all(path);
    while (*s) {
        p.at.line++;
        char *end = s + strcspn(s, "\n");
        bool more = *end != '\0';
        if (more && end > s && end[-1] == '\\') { /* goes on in the next line */
            end[-1] = end[0] = ' ';
            continue;
        }
        *end = '\0';
        if (s[strspn(s, " \t")] != '#')
            parse_line(&p, s);
        s = end + more;
    }
}
