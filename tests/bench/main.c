/* cubed-bench: raise the limits, open the field, run what was asked for, report. */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include "tests/bench/field.h"
#include "tests/bench/report.h"
#include "tests/bench/settings.h"

static void raise_limits(void)
{
    struct rlimit rl;
    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &rl);
    rl.rlim_cur = rl.rlim_max;
    setrlimit(RLIMIT_NOFILE, &rl);
}

static void report(const struct settings *s, const struct results *rs)
{
    if (s->json)
        report_json(stdout, rs);
    else
        report_table(stdout, rs);
}

static int run_scenarios(struct settings *s, struct results *rs)
{
    struct field f = {0};
    int rc = field_open(&f, s);
    if (rc == 0)
        rc = field_run_all(&f, s, s->scenarios, rs);
    field_close(&f);
    return rc;
}

int main(int argc, char **argv)
{
    struct settings s;
    struct results rs = {0};
    raise_limits();
    if (settings_parse(&s, argc, argv) < 0)
        return 1;
    if (s.help) {
        settings_help();
        return 0;
    }
    int rc = run_scenarios(&s, &rs);
    report(&s, &rs);
    results_free(&rs);
    return rc == 0 ? 0 : 1;
}
