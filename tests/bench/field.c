#include "tests/bench/field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/bench/files.h"
#include "tests/bench/load.h"
#include "tests/bench/objects.h"

#define ROUNDS_MAX 32

static struct bench bench_of(struct field *f, const struct settings *s, struct subject *sub)
{
    return (struct bench){.subject = sub, .size = s->size, .progress = &f->progress};
}

static int put_procs(struct subject *sub, const char *pids)
{
    if (!pids || procs_parse(&sub->procs, pids) == 0)
        return 0;
    fprintf(stderr, "cubed-bench: %s: not a list of process numbers\n", pids);
    return -1;
}

static int open_first(struct field *f, const struct settings *s)
{
    struct subject *sub = &f->subject[0];
    char err[512];
    f->n = 1;
    if (s->start) {
        f->own =
            (struct own){.binary = s->start, .etcd = s->etcd, .workers = s->workers, .wrapper = s->wrapper};
        return own_start(&f->own, sub);
    }
    snprintf(sub->target.name, sizeof sub->target.name, "cubed");
    int rc = s->kubeconfig
                 ? target_from_kubeconfig(&sub->target, s->kubeconfig, err, sizeof err)
                 : target_init(&sub->target, s->server, s->ca, s->cert, s->key, s->token, err, sizeof err);
    if (rc < 0)
        fprintf(stderr, "cubed-bench: %s\n", err);
    return rc < 0 ? rc : put_procs(sub, s->pids);
}

static int open_against(struct field *f, const struct settings *s)
{
    struct subject *sub = &f->subject[f->n++];
    char err[512];
    snprintf(sub->target.name, sizeof sub->target.name, "%s", s->against_name);
    if (target_init(&sub->target, s->against, s->against_ca, NULL, NULL, s->against_token, err, sizeof err) ==
        0)
        return put_procs(sub, s->against_pids);
    fprintf(stderr, "cubed-bench: %s\n", err);
    return -1;
}

static int open_yardstick(struct field *f, const struct settings *s, const char *name)
{
    struct yardstick *y = &f->yardstick[f->yardsticks];
    struct subject *sub = &f->subject[f->n];
    char err[512], url[64];
    if (yardstick_start(y, name, s->workers, f->files, err, sizeof err) < 0) {
        fprintf(stderr, "cubed-bench: %s\n", err);
        return -1;
    }
    f->yardsticks++;
    snprintf(url, sizeof url, "https://127.0.0.1:%d", y->port);
    snprintf(sub->target.name, sizeof sub->target.name, "%s", name);
    if (target_init(&sub->target, url, NULL, NULL, NULL, NULL, err, sizeof err) < 0) {
        fprintf(stderr, "cubed-bench: %s\n", err);
        return -1;
    }
    f->n++;
    usleep(100000); /* its workers are forked by then */
    procs_add_tree(&sub->procs, y->pid);
    sub->files = true;
    return 0;
}

static int make_files(struct field *f, const struct settings *s)
{
    struct target *t = &f->subject[0].target;
    struct buf pod = {0}, list = {0};
    int rc = -1;
    if (load_request(t, "GET", BENCH_PODS "/pod-000000", NULL, STR_NONE, &pod) != 200 ||
        load_request(t, "GET", BENCH_PODS "?limit=500", NULL, STR_NONE, &list) != 200)
        fprintf(stderr, "cubed-bench: %s: the bytes for the file servers could not be read\n", t->name);
    else if ((rc = files_make(f->files, s->size.pods, buf_view(&pod), buf_view(&list))) < 0)
        perror("cubed-bench: files for the file servers");
    buf_free(&pod);
    buf_free(&list);
    return rc;
}

static int open_yardsticks(struct field *f, const struct settings *s)
{
    if (make_files(f, s) < 0)
        return -1;
    return open_yardstick(f, s, "nginx") < 0 || open_yardstick(f, s, "h2o") < 0 ? -1 : 0;
}

int field_open(struct field *f, struct settings *s)
{
    f->progress.terminal = isatty(2);
    if (open_first(f, s) < 0 || (s->against && open_against(f, s) < 0))
        return -1;
    for (int i = 0; i < f->n && !s->no_load; i++) {
        struct bench b = bench_of(f, s, &f->subject[i]);
        if (load_pods(&b, 0, s->size.pods, NULL) < 0) {
            if (s->start && i == 0)
                own_tell_log(&f->own);
            return -1;
        }
    }
    return s->yardstick ? open_yardsticks(f, s) : 0;
}

/* What worked before what did not; among those the cheaper. */
static int by_cost(const void *a, const void *b)
{
    const struct result *x = a, *y = b;
    bool bad_x = x->failed > 0 || x->ops == 0, bad_y = y->failed > 0 || y->ops == 0;
    if (bad_x != bad_y)
        return bad_x - bad_y;
    return (x->cpu_us > y->cpu_us) - (x->cpu_us < y->cpu_us);
}

int field_run(struct field *f, const struct settings *s, const struct row *row, struct results *out)
{
    int rounds = s->rounds < ROUNDS_MAX ? s->rounds : ROUNDS_MAX, rc = 0;
    struct results each[FIELD_MAX] = {0};
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < f->n; i++) {
            struct bench b = bench_of(f, s, &f->subject[i]);
            if (!b.subject->files || row->files)
                rc |= scenario_run(&b, row, &each[i]);
        }
    }
    for (int i = 0; i < f->n; i++) {
        if (each[i].n) {
            qsort(each[i].r, (size_t)each[i].n, sizeof *each[i].r, by_cost);
            *results_add(out, "", "", "") = each[i].r[0]; /* others only add */
        }
        results_free(&each[i]);
    }
    return rc;
}

int field_run_all(struct field *f, const struct settings *s, const char *list, struct results *out)
{
    int rc = 0;
    for (int i = 0; i < scenario_count; i++) {
        if (scenario_wanted(&scenario_rows[i], list))
            rc |= field_run(f, s, &scenario_rows[i], out);
    }
    return rc;
}

void field_close(struct field *f)
{
    for (int i = 0; i < f->yardsticks; i++)
        yardstick_stop(&f->yardstick[i]);
    for (int i = 0; i < f->n; i++)
        target_free(&f->subject[i].target);
    own_stop(&f->own);
    if (f->files[0])
        workdir_remove(f->files);
}
