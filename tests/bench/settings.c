#include "tests/bench/settings.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/scenario.h"

enum kind { TEXT, FLAG, COUNT, NUMBER };

struct option_row {
    const char *name, *metavar, *help;
    enum kind kind;
    size_t at;
};

#define AT(field) offsetof(struct settings, field)
static const struct option_row rows[] = {
    {"start", "FILE", "a cubed to start for this, in a temporary directory, and to stop again", TEXT,
     AT(start)},
    {"workers", "N", "its workers (1)", COUNT, AT(workers)},
    {"etcd", NULL, "it is to run on an etcd of its own", FLAG, AT(etcd)},
    {"wrapper", "COMMAND", "a program to run it under", TEXT, AT(wrapper)},
    {"server", "URL", "a running API server on a loopback address, instead", TEXT, AT(server)},
    {"kubeconfig", "FILE", "the same, with credentials of system:masters", TEXT, AT(kubeconfig)},
    {"ca", "FILE", "CA certificates of the server", TEXT, AT(ca)},
    {"cert", "FILE", "client certificate", TEXT, AT(cert)},
    {"key", "FILE", "its key", TEXT, AT(key)},
    {"token", "T", "bearer token", TEXT, AT(token)},
    {"pids", "P[,P...]", "its processes; descendants are found: CPU and memory are theirs", TEXT, AT(pids)},
    {"against", "URL", "another API server, measured side by side", TEXT, AT(against)},
    {"against-name", "TEXT", "its name in the report (against)", TEXT, AT(against_name)},
    {"against-ca", "FILE", "its CA certificates", TEXT, AT(against_ca)},
    {"against-token", "T", "its bearer token", TEXT, AT(against_token)},
    {"against-pids", "P[,P...]", "its processes", TEXT, AT(against_pids)},
    {"yardstick", NULL, "nginx and h2o serving the same bytes as files, side by side", FLAG, AT(yardstick)},
    {"no-load", NULL, "the pods are there already", FLAG, AT(no_load)},
    {"scenarios", "NAME[,NAME...]", "only these", TEXT, AT(scenarios)},
    {"numbers", NULL, "the numbers that the design holds cubed to (needs --start)", FLAG, AT(numbers)},
    {"growth", NULL, "cost against 1k ... --pods objects and 100 ... --watchers watchers (needs --start)",
     FLAG, AT(growth)},
    {"check", "FILE",
     "compare with a stored baseline; exit status 2 when something got dearer (needs --start)", TEXT,
     AT(check)},
    {"save", "FILE", "store a baseline (needs --start)", TEXT, AT(save)},
    {"pods", "N", "pods to load (1000)", COUNT, AT(size.pods)},
    {"nodes", "N", "nodes they are spread over (100)", COUNT, AT(size.nodes)},
    {"watchers", "N", "watches of the watch scenarios (1000)", COUNT, AT(size.watchers)},
    {"events", "N", "events that each of them is sent, one by one (20)", COUNT, AT(size.events)},
    {"kubelets", "N", "of mixed and storm (500)", COUNT, AT(size.kubelets)},
    {"lease-seconds", "S", "how often each of them renews its lease (10)", NUMBER, AT(size.lease_seconds)},
    {"connections", "N", "of request scenarios (8)", COUNT, AT(size.connections)},
    {"processes", "N", "load processes of watch scenarios and mixed (as many as it takes)", COUNT,
     AT(size.processes)},
    {"seconds", "S", "one phase of a scenario (3)", NUMBER, AT(size.seconds)},
    {"rate", "R", "open-loop requests a second (half of what the closed loop reached)", NUMBER,
     AT(size.rate)},
    {"rounds", "N", "times that every scenario is run on every server in turn; the cheapest counts (1)",
     COUNT, AT(rounds)},
    {"json", NULL, "one JSON object a line", FLAG, AT(json)},
    {"report", "FILE", "write an HTML page with plots", TEXT, AT(report)},
    {"readme", "FILE", "with --numbers: replace the table in this file", TEXT, AT(readme)},
    {"help", NULL, "this text", FLAG, AT(help)},
};
#define ROWS (sizeof rows / sizeof *rows)

void settings_help(void)
{
    puts("cubed-bench: what reads, watches and writes of a Kubernetes API server cost\n");
    for (size_t i = 0; i < ROWS; i++) {
        char left[48];
        snprintf(left, sizeof left, "--%s%s%s", rows[i].name, rows[i].metavar ? " " : "",
                 rows[i].metavar ? rows[i].metavar : "");
        printf("  %-28s %s\n", left, rows[i].help);
    }
    printf("\nscenarios:");
    for (int i = 0; i < scenario_count; i++) {
        if (i == 0 || strcmp(scenario_rows[i - 1].scenario, scenario_rows[i].scenario) != 0)
            printf(" %s", scenario_rows[i].scenario);
    }
    puts("\n(many only when it is named)");
}

static bool put_value(struct settings *s, const struct option_row *row, const char *v)
{
    void *at = (char *)s + row->at;
    char none[] = "", *end = none;
    double d = 0;
    if (row->kind == TEXT)
        *(const char **)at = v;
    else if (row->kind == FLAG)
        *(bool *)at = true;
    else
        d = strtod(v, &end);
    if (row->kind == COUNT)
        *(int *)at = (int)d;
    else if (row->kind == NUMBER)
        *(double *)at = d;
    return row->kind < COUNT || (*v && !*end && d > 0 && d <= 1e7);
}

/* "--name value", "--name=value" or a flag alone. */
static int parse_one(struct settings *s, char **argv, int i)
{
    const char *a = argv[i], *eq = strchr(a, '=');
    size_t n = eq ? (size_t)(eq - a) : strlen(a);
    const struct option_row *row = NULL;
    for (size_t k = 0; k < ROWS && n > 2 && strncmp(a, "--", 2) == 0; k++) {
        if (strlen(rows[k].name) == n - 2 && strncmp(rows[k].name, a + 2, n - 2) == 0)
            row = &rows[k];
    }
    const char *value = eq ? eq + 1 : row && row->kind != FLAG ? argv[i + 1] : NULL;
    if (!row)
        fprintf(stderr, "cubed-bench: %s: no such option; see --help\n", a);
    else if ((row->kind == FLAG) != !value)
        fprintf(stderr, "cubed-bench: --%s %s\n", row->name,
                row->kind == FLAG ? "takes no value" : "needs a value");
    else if (!put_value(s, row, value))
        fprintf(stderr, "cubed-bench: --%s %s: not a number above 0\n", row->name, value);
    else
        return row->kind == FLAG || eq ? i + 1 : i + 2;
    return -1;
}

static void fill_defaults(struct settings *s)
{
    bool large = s->numbers || s->growth;
    struct sizes *z = &s->size;
    int *const counts[] = {&z->pods,     &z->nodes,       &z->watchers, &z->events,
                           &z->kubelets, &z->connections, &s->rounds};
    const int small_values[] = {1000, 100, 1000, 20, 500, 8, 1};
    const int large_values[] = {150000, 5000, 100000, 20, 5000, 8, 5};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        if (*counts[i] == 0)
            *counts[i] = large ? large_values[i] : small_values[i];
    }
    if (z->seconds == 0)
        z->seconds = large ? 1 : 3;
    if (z->lease_seconds == 0)
        z->lease_seconds = 10;
}

int settings_parse(struct settings *s, int argc, char **argv)
{
    *s = (struct settings){.workers = 1, .against_name = "against"};
    for (int i = 1; i < argc;) {
        i = parse_one(s, argv, i);
        if (i < 0)
            return -1;
    }
    fill_defaults(s);
    if (s->help)
        return 0;
    const char *unknown = scenario_unknown(s->scenarios);
    if (unknown)
        fprintf(stderr, "cubed-bench: --scenarios: no scenario %s; see --help\n", unknown);
    else if (!s->start + !s->server + !s->kubeconfig != 2)
        fputs("cubed-bench: say one of --start FILE, --server URL, --kubeconfig FILE; see --help\n", stderr);
    else if ((s->numbers || s->growth || s->check || s->save) && !s->start)
        fputs("cubed-bench: --numbers, --growth, --check and --save need --start\n", stderr);
    else
        return 0;
    return -1;
}
