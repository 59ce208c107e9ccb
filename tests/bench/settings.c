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
    {"rounds", "N", "times that every scenario is run on every server in turn; the middle one counts (1)",
     COUNT, AT(rounds)},
    {"json", NULL, "one JSON object a line", FLAG, AT(json)},
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

int settings_parse(struct settings *s, int argc, char **argv)
{
    *s = (struct settings){.rounds = 1,
                           .workers = 1,
                           .against_name = "against",
                           .size = {.pods = 1000,
                                    .nodes = 100,
                                    .watchers = 1000,
                                    .events = 20,
                                    .kubelets = 500,
                                    .lease_seconds = 10,
                                    .connections = 8,
                                    .seconds = 3}};
    for (int i = 1; i < argc;) {
        i = parse_one(s, argv, i);
        if (i < 0)
            return -1;
    }
    if (s->help)
        return 0;
    const char *unknown = scenario_unknown(s->scenarios);
    if (unknown)
        fprintf(stderr, "cubed-bench: --scenarios: no scenario %s; see --help\n", unknown);
    else if (!s->start + !s->server + !s->kubeconfig != 2)
        fputs("cubed-bench: say one of --start FILE, --server URL, --kubeconfig FILE; see --help\n", stderr);
    else
        return 0;
    return -1;
}
