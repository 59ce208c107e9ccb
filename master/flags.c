/* One table, made from options.def, is all that knows the flags: the parser, the defaults and --help walk it,
 * so a new option is a new row there. A command line is read by people in a hurry: every refusal is one line
 * that names the flag, the value and what would have been right. */
#include "master/flags.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "master/flag_rules.h"
#include "master/known_flags.h"
#include "shm/base/must.h"

enum kind { KIND_BOOL, KIND_INT, KIND_DURATION, KIND_BYTES, KIND_STRING, KIND_LIST };

struct row {
    const char *flag, *dflt, *group, *metavar, *help;
    enum kind kind;
    size_t offset;
};

static const struct row rows[] = {
#define OPTION(field, kind, flag, dflt, group, metavar, help)                                                \
    {flag, dflt, group, metavar, help, KIND_##kind, offsetof(struct options, field)},
#include "shm/base/options.def"
#undef OPTION
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const char *const expected[] = {
    [KIND_BOOL] = "true or false",
    [KIND_INT] = "a whole number",
    [KIND_DURATION] = "a duration such as 1h30m, 10s or 500ms",
    [KIND_BYTES] = "a number of bytes such as 1073741824, 512Mi or 4Gi",
};

struct parse {
    struct options *o;
    char *err;
    size_t err_bytes;
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct parse *p, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(p->err, p->err_bytes, fmt, ap);
    va_end(ap);
    return false;
}

static const struct unit {
    const char *name;
    double ns;
} units[] = {{"ns", 1}, {"us", 1e3}, {"\xc2\xb5s", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};

/* One number with its unit, cut off the front of *s; added to *ns. */
static int duration_piece(struct str *s, double *ns)
{
    double v = 0, scale = 1;
    size_t i = 0, digits = 0;
    for (bool point = false; i < s->n && (s->p[i] == '.' || (s->p[i] >= '0' && s->p[i] <= '9')); i++) {
        if (s->p[i] == '.') {
            if (point)
                return -EINVAL;
            point = true;
            continue;
        }
        digits++;
        if (point)
            v += (s->p[i] - '0') * (scale /= 10);
        else
            v = v * 10 + (s->p[i] - '0');
    }
    size_t u = i;
    while (u < s->n && s->p[u] != '.' && (s->p[u] < '0' || s->p[u] > '9'))
        u++;
    for (size_t k = 0; digits && k < sizeof(units) / sizeof(units[0]); k++)
        if (str_is((struct str){s->p + i, u - i}, units[k].name)) {
            *ns += v * units[k].ns;
            *s = (struct str){s->p + u, s->n - u};
            return 0;
        }
    return -EINVAL;
}

int flags_duration(struct str s, int64_t *ms)
{
    double ns = 0;
    bool minus = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        s = (struct str){s.p + 1, s.n - 1};
    if (str_is(s, "0")) {
        *ms = 0;
        return 0;
    }
    if (!s.n)
        return -EINVAL;
    while (s.n)
        if (duration_piece(&s, &ns))
            return -EINVAL;
    if (ns > 9.2e18)
        return -ERANGE;
    *ms = (int64_t)((ns + 0.5) / 1e6) * (minus ? -1 : 1);
    return 0;
}

void flags_duration_print(int64_t ms, char out[40])
{
    const char *sign = ms < 0 ? "-" : "";
    uint64_t t = ms < 0 ? -(uint64_t)ms : (uint64_t)ms, s = t / 1000;
    char frac[8] = "";
    if (t % 1000) {
        int n = snprintf(frac, sizeof(frac), ".%03d", (int)(t % 1000));
        while (frac[n - 1] == '0')
            frac[--n] = '\0';
    }
    if (t && t < 1000)
        snprintf(out, 40, "%s%dms", sign, (int)t);
    else if (s < 60)
        snprintf(out, 40, "%s%d%ss", sign, (int)s, frac);
    else if (s < 3600)
        snprintf(out, 40, "%s%dm%d%ss", sign, (int)(s / 60), (int)(s % 60), frac);
    else
        snprintf(out, 40, "%s%lluh%dm%d%ss", sign, (unsigned long long)(s / 3600), (int)(s / 60 % 60),
                 (int)(s % 60), frac);
}

static const struct {
    const char *name;
    int64_t times;
} suffixes[] = {
    {"", 1},         {"k", 1000},     {"M", 1000000},  {"G", 1000000000},       {"T", INT64_C(1000000000000)},
    {"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"Ti", INT64_C(1) << 40}};

int flags_bytes(struct str s, int64_t *bytes)
{
    size_t i = 0;
    int64_t v;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
        i++;
    int rc = str_to_int64((struct str){s.p, i}, &v);
    if (rc)
        return rc;
    for (size_t k = 0; k < sizeof(suffixes) / sizeof(suffixes[0]); k++)
        if (str_is((struct str){s.p + i, s.n - i}, suffixes[k].name))
            return __builtin_mul_overflow(v, suffixes[k].times, bytes) ? -ERANGE : 0;
    return -EINVAL;
}

/* The spellings Go's strconv.ParseBool takes. */
static int parse_bool(const char *s, bool *out)
{
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
    static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (!strcmp(s, yes[i]) || !strcmp(s, no[i])) {
            *out = !strcmp(s, yes[i]);
            return 0;
        }
    }
    return -EINVAL;
}

static void print_number(const struct row *r, int64_t v, char out[40])
{
    if (r->kind == KIND_DURATION)
        flags_duration_print(v, out);
    else
        snprintf(out, 40, "%lld", (long long)v);
}

static bool set_number(struct parse *p, const struct row *r, const char *value, int64_t *field)
{
    int (*const parsers[])(struct str, int64_t *) = {
        [KIND_INT] = str_to_int64, [KIND_DURATION] = flags_duration, [KIND_BYTES] = flags_bytes};
    const struct flag_number_rule *rule = flag_number_rule(r->flag);
    int64_t v;
    int rc = parsers[r->kind](str_of(value), &v);
    if (rc == -EINVAL)
        return refuse(p, "--%s: invalid value \"%s\": expected %s", r->flag, value, expected[r->kind]);
    if (rc || (rule && (v < rule->min || v > rule->max))) {
        char min[40] = "", max[40] = "";
        print_number(r, rule ? rule->min : INT64_MIN, min);
        print_number(r, rule ? rule->max : INT64_MAX, max);
        return refuse(p, "--%s: invalid value \"%s\": expected %s from %s to %s", r->flag, value,
                      expected[r->kind], min, max);
    }
    *field = v;
    return true;
}

static bool set(struct parse *p, const struct row *r, const char *value)
{
    char *field = (char *)p->o + r->offset;
    const struct flag_text_rule *rule = flag_text_rule(r->flag);
    switch (r->kind) {
    case KIND_BOOL:
        if (parse_bool(value, (bool *)field))
            return refuse(p, "--%s: invalid value \"%s\": expected %s", r->flag, value, expected[r->kind]);
        return true;
    case KIND_INT:
    case KIND_DURATION:
    case KIND_BYTES:
        return set_number(p, r, value, (int64_t *)field);
    case KIND_STRING:
    case KIND_LIST:
        if (rule && !rule->ok(value))
            return refuse(p, "--%s: invalid value \"%s\": expected %s", r->flag, value, rule->expected);
        *(const char **)field = value;
        return true;
    }
    return false;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Levenshtein distance; names longer than the table are infinitely far. */
static size_t distance(struct str a, struct str b)
{
    size_t line[64];
    if (b.n + 1 > sizeof(line) / sizeof(line[0]))
        return SIZE_MAX;
    for (size_t j = 0; j <= b.n; j++)
        line[j] = j;
    for (size_t i = 0; i < a.n; i++) {
        size_t diagonal = line[0];
        line[0] = i + 1;
        for (size_t j = 0; j < b.n; j++) {
            size_t up = line[j + 1];
            line[j + 1] = smallest(up + 1, line[j] + 1, diagonal + (a.p[i] != b.p[j]));
            diagonal = up;
        }
    }
    return line[b.n];
}

static const char *nearest(struct str name)
{
    const char *best = NULL;
    size_t best_d = name.n / 3 + 2;
    for (size_t i = 0; i < ROWS; i++) {
        size_t d = distance(name, str_of(rows[i].flag));
        if (d < best_d) {
            best_d = d;
            best = rows[i].flag;
        }
    }
    return best;
}

static bool unknown(struct parse *p, struct str name)
{
    const char *near = nearest(name);
    if (known_flags_has(name))
        return refuse(p, "--%.*s is a flag of kube-apiserver that is not supported by cubed; remove it",
                      STR_ARG(name));
    if (near)
        return refuse(p, "unknown flag --%.*s; did you mean --%s? (cubed --help lists all flags)",
                      STR_ARG(name), near);
    return refuse(p, "unknown flag --%.*s (cubed --help lists all flags)", STR_ARG(name));
}

static const struct row *find(struct str name)
{
    for (size_t i = 0; i < ROWS; i++)
        if (str_is(name, rows[i].flag))
            return &rows[i];
    return NULL;
}

/* One flag at argv[*i]; moves *i over a value of its own. */
static bool parse_long(struct parse *p, int argc, char *const *argv, int *i)
{
    char name_text[128];
    const char *arg = argv[*i] + 2, *eq = strchr(arg, '=');
    struct str name = eq ? (struct str){arg, (size_t)(eq - arg)} : str_of(arg);
    if (name.n >= sizeof(name_text))
        return refuse(p, "unknown flag --%.40s... (cubed --help lists all flags)", arg);
    for (size_t k = 0; k < name.n; k++)
        name_text[k] = name.p[k] == '_' ? '-' : name.p[k];
    name.p = name_text;

    const struct row *r = find(name);
    if (!r)
        return unknown(p, name);
    if (eq)
        return set(p, r, eq + 1);
    if (r->kind == KIND_BOOL)
        return set(p, r, "true");
    if (*i + 1 >= argc)
        return refuse(p, "--%s needs a value: %s", r->flag,
                      r->kind < KIND_STRING ? expected[r->kind] : r->metavar);
    return set(p, r, argv[++*i]);
}

static bool parse_short(struct parse *p, int argc, char *const *argv, int *i)
{
    const char *arg = argv[*i];
    if (arg[1] != 'v')
        return refuse(p, "unknown flag %s (cubed --help lists all flags)", arg);
    const struct row *r = find(STR("v"));
    if (arg[2])
        return set(p, r, arg[2] == '=' ? arg + 3 : arg + 2);
    if (*i + 1 >= argc)
        return refuse(p, "-v needs a value: %s", expected[KIND_INT]);
    return set(p, r, argv[++*i]);
}

/* Files that are of no use alone. */
static const struct pair {
    size_t offset[2];
    const char *flag[2];
} pairs[] = {
#define PAIR(a, b, flag_a, flag_b)                                                                           \
    {                                                                                                        \
        {offsetof(struct options, a), offsetof(struct options, b)},                                          \
        {                                                                                                    \
            flag_a, flag_b                                                                                   \
        }                                                                                                    \
    }
    PAIR(tls_cert_file, tls_private_key_file, "tls-cert-file", "tls-private-key-file"),
    PAIR(etcd_certfile, etcd_keyfile, "etcd-certfile", "etcd-keyfile"),
    PAIR(proxy_client_cert_file, proxy_client_key_file, "proxy-client-cert-file", "proxy-client-key-file"),
#undef PAIR
};

static bool check_pairs(struct parse *p)
{
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        const char *const *a = (const void *)((const char *)p->o + pairs[i].offset[0]);
        const char *const *b = (const void *)((const char *)p->o + pairs[i].offset[1]);
        if (!**a != !**b)
            return refuse(p, "--%s is given without --%s: give both or neither", pairs[i].flag[!**a],
                          pairs[i].flag[!!**a]);
    }
    return true;
}

static bool check_together(struct parse *p)
{
    const struct options *o = p->o;
    if (!check_pairs(p))
        return false;
    if (o->insecure_port == o->secure_port)
        return refuse(p, "--insecure-port and --secure-port are both %lld: give different ones",
                      (long long)o->secure_port);
    if (o->read_only && !*o->etcd_servers)
        return refuse(p, "--read-only needs --etcd-servers: nobody else writes to the embedded store");
    if (*o->write_server && !o->read_only)
        return refuse(p, "--write-server needs --read-only: this server takes writes itself");
    if (*o->write_server_ca && !*o->write_server)
        return refuse(p, "--write-server-ca is given without --write-server");
    if (o->encryption_provider_config_automatic_reload && !*o->encryption_provider_config)
        return refuse(
            p, "--encryption-provider-config-automatic-reload must be set with --encryption-provider-config");
    if (*o->encryption_provider_config && !*o->etcd_servers)
        return refuse(
            p, "--encryption-provider-config needs --etcd-servers: the embedded store does not encrypt");
    return true;
}

static void set_defaults(struct parse *p)
{
    for (size_t i = 0; i < ROWS; i++)
        must(set(p, &rows[i], rows[i].dflt));
}

enum flags_action flags_parse(struct options *o, int argc, char *const *argv, char *err, size_t err_bytes)
{
    struct parse p = {o, err, err_bytes};
    memset(o, 0, sizeof(*o));
    set_defaults(&p);
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        bool ok;
        if (!strcmp(arg, "--help") || !strcmp(arg, "-h") || (i == 1 && !strcmp(arg, "help")))
            return FLAGS_HELP;
        if (!strcmp(arg, "--version") || !strcmp(arg, "--version=true") ||
            (i == 1 && !strcmp(arg, "version")))
            return FLAGS_VERSION;
        if (!strncmp(arg, "--", 2) && arg[2])
            ok = parse_long(&p, argc, argv, &i);
        else if (arg[0] == '-' && arg[1] && strcmp(arg, "--") != 0)
            ok = parse_short(&p, argc, argv, &i);
        else
            ok = refuse(&p, "unexpected argument \"%s\": cubed takes flags only (cubed --help lists them)",
                        arg);
        if (!ok)
            return FLAGS_BAD;
    }
    return check_together(&p) ? FLAGS_RUN : FLAGS_BAD;
}

static int left_width(const struct row *r)
{
    return (int)(strlen(r->flag) + (*r->metavar ? 1 + strlen(r->metavar) : 0));
}

void flags_help(FILE *out)
{
    int width = 0;
    const char *group = "";
    for (size_t i = 0; i < ROWS; i++)
        if (left_width(&rows[i]) > width)
            width = left_width(&rows[i]);

    fprintf(out, "cubed, a Kubernetes API server.\n\nUsage:\n  cubed [--flag=value ...]\n"
                 "  cubed store export|import FILE [--flag=value ...]\n  cubed version\n");
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        bool shown = false;
        /* a group may have rows in several places of the table: print it whole where it is first met */
        for (size_t k = 0; k < i; k++)
            shown = shown || !strcmp(rows[k].group, r->group);
        if (shown)
            continue;
        group = r->group;
        fprintf(out, "\n%s:\n", group);
        for (size_t k = i; k < ROWS; k++) {
            const struct row *m = &rows[k];
            if (strcmp(m->group, group) != 0)
                continue;
            fprintf(out, "  --%s%s%s%*s  %s", m->flag, *m->metavar ? " " : "", m->metavar,
                    width - left_width(m), "", m->help);
            fprintf(out, *m->dflt ? " (default %s)\n" : "\n", m->dflt);
        }
    }
    fprintf(out, "\nOther:\n  --%-*s  this text\n  --%-*s  the version\n", width, "help", width, "version");
}
