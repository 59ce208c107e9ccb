/* cubed-bench: raise the limits, open the field, run what was asked for, report. */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include "tests/bench/field.h"
#include "tests/bench/baseline.h"
#include "tests/bench/growth.h"
#include "tests/bench/numbers.h"
#include "tests/bench/report.h"
#include "tests/bench/settings.h"
#include "tests/bench/workdir.h"

static void raise_limits(void)
{
    struct rlimit rl;
    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &rl);
    rl.rlim_cur = rl.rlim_max;
    setrlimit(RLIMIT_NOFILE, &rl);
}

static int report(const struct settings *s, const struct results *rs)
{
    char machine[256];
    report_machine(machine, sizeof machine);
    if (s->json)
        report_json(stdout, rs);
    else
        report_table(stdout, rs);
    int rc = s->report ? report_html(s->report, rs, machine) : 0;
    if (s->growth && !s->json)
        growth_summary(stdout, rs);
    if (s->numbers && !s->json) {
        putchar('\n');
        numbers_table(stdout, s, rs);
    }
    return s->readme ? rc | numbers_into(s->readme, s, rs) : rc;
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

static int measure(void *arg)
{
    struct settings *s = arg;
    struct results rs = {0};
    if (s->save)
        return baseline_save(s, s->save) == 0 ? 0 : 1;
    if (s->check) {
        int dearer = baseline_check(s, s->check);
        return dearer < 0 ? 1 : dearer ? 2 : 0;
    }
    int rc = s->numbers ? numbers_run(s, &rs) : s->growth ? growth_run(s, &rs) : run_scenarios(s, &rs);
    if (rs.n && report(s, &rs) < 0)
        rc = -1;
    results_free(&rs);
    return rc == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct settings s;
    raise_limits();
    if (settings_parse(&s, argc, argv) < 0)
        return 1;
    if (!s.help)
        return workdir_run(measure, &s);
    settings_help();
    return 0;
}
