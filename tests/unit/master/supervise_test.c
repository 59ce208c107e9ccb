/* Real children: forked, killed, drained. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "master/signals.h"
#include "master/supervise.h"
#include "shm/base/clock.h"
#include "worker/worker.h"

#define WORKERS 2

/* What the children report through the area's counters, which they share with us. */
enum { STOPPED_AT = 0 };

struct world {
    struct area *area;
    struct signals signals;
    struct supervise *supervise;
};

static volatile sig_atomic_t stop_signals;

static void on_stop(int signo)
{
    stop_signals++;
}

static void listen_to_stop(void)
{
    struct sigaction sa = {.sa_handler = on_stop};
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
}

static int serve_until(struct world *w, int slot, int signals)
{
    stop_signals = 0;
    listen_to_stop();
    atomic_store(&w->area->child[slot].counters[1], 1);
    while (stop_signals < signals)
        poll(NULL, 0, 5);
    atomic_store(&w->area->child[slot].counters[STOPPED_AT], (uint64_t)clock_ns());
    return 0;
}

static int well_behaved(void *arg, int slot)
{
    return serve_until(arg, slot, 1);
}

static int stubborn(void *arg, int slot)
{
    return serve_until(arg, slot, 2);
}

_Noreturn static int deaf(void *arg, int slot)
{
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    atomic_store(&((struct world *)arg)->area->child[slot].counters[1], 1);
    for (;;)
        poll(NULL, 0, 1000);
}

static int crashing(void *arg, int slot)
{
    area_note(((struct world *)arg)->area, slot, "busy with something");
    abort();
}

static int failing(void *arg, int slot)
{
    return 3;
}

static int outdated(void *arg, int slot)
{
    return WORKER_ANEW;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    w->area = area_new(WORKERS);
    *state = w;
    return w->area && !signals_open(&w->signals) ? 0 : -1;
}

static int teardown(void **state)
{
    struct world *w = *state;
    if (w->supervise && !supervise_stopped(w->supervise)) {
        supervise_signal(w->supervise, SIGKILL);
        while (waitpid(-1, NULL, 0) > 0)
            ;
    }
    supervise_free(w->supervise);
    signals_close(&w->signals);
    area_free(w->area);
    free(w);
    return 0;
}

static void begin(struct world *w, int (*a)(void *, int), int (*b)(void *, int))
{
    const struct supervise_row rows[] = {
        {.name = "store", .slot = WORKERS + 1, .stage = 1, .entry = a, .arg = w, .index = WORKERS + 1},
        {.name = "worker 0", .slot = 0, .stage = 0, .entry = b, .arg = w, .index = 0},
    };
    w->supervise = supervise_new(w->area, rows, 2);
    assert_int_equal(supervise_start_all(w->supervise), 0);
}

static bool up(struct world *w, int slot)
{
    return atomic_load(&w->area->child[slot].counters[1]) != 0;
}

/* The loop of the master, for at most ms or until done says so. Returns failures that reap counted. */
static int turn(struct world *w, int64_t ms, bool (*done)(struct world *w))
{
    int64_t until = clock_ms() + ms;
    int failed = 0;
    while (clock_ms() < until && !(done && done(w))) {
        struct pollfd p = {.fd = w->signals.fd, .events = POLLIN};
        supervise_tick(w->supervise);
        poll(&p, 1, 2);
        signals_take(&w->signals);
        failed += supervise_reap(w->supervise);
    }
    return failed;
}

static bool both_up(struct world *w)
{
    return up(w, 0) && up(w, WORKERS + 1) && supervise_all_up(w->supervise);
}

static bool stopped(struct world *w)
{
    return supervise_stopped(w->supervise);
}

static void kill_worker(struct world *w)
{
    atomic_store(&w->area->child[0].counters[1], 0);
    assert_int_equal(kill(atomic_load(&w->area->child[0].pid), SIGKILL), 0);
}

static void a_killed_child_is_back_within_a_second_every_time(void **state)
{
    struct world *w = *state;
    begin(w, well_behaved, well_behaved);
    turn(w, 5000, both_up);
    pid_t store = atomic_load(&w->area->child[WORKERS + 1].pid);
    for (int i = 0; i < 6; i++) {
        kill_worker(w);
        int64_t start = clock_ms();
        turn(w, 50, NULL); /* the death is noticed */
        turn(w, 5000, both_up);
        assert_true(both_up(w));
        assert_true(clock_ms() - start < 1000);
    }
    assert_int_equal(atomic_load(&w->area->child[0].restarts), 6);
    assert_int_equal(atomic_load(&w->area->child[WORKERS + 1].pid), store);
}

static void a_crash_loop_backs_off(void **state)
{
    struct world *w = *state;
    begin(w, well_behaved, crashing);
    turn(w, 1500, NULL);
    /* at 0, 0, 100, 300, 700 ms; the next would be at 1500 */
    unsigned n = atomic_load(&w->area->child[0].restarts);
    assert_in_range(n, 4, 6);
    assert_int_equal(w->area->child[0].crash_note[0], '\0'); /* taken for the log */
}

static void an_exit_status_is_counted(void **state)
{
    struct world *w = *state;
    begin(w, well_behaved, failing);
    int64_t start = clock_ms();
    int failures = 0;
    while (failures == 0 && clock_ms() - start < 5000)
        failures += turn(w, 50, NULL);
    assert_true(failures >= 1);
}

/* It has done nothing wrong: no waiting, and not a failure that would end a start. */
static void who_wants_to_begin_anew_does_at_once(void **state)
{
    struct world *w = *state;
    begin(w, well_behaved, outdated);
    int64_t start = clock_ms();
    int failures = 0;
    while (atomic_load(&w->area->child[0].restarts) < 8 && clock_ms() - start < 5000)
        failures += turn(w, 10, NULL);
    assert_true(atomic_load(&w->area->child[0].restarts) >= 8);
    assert_int_equal(failures, 0);
}

static void stop_goes_stage_by_stage(void **state)
{
    struct world *w = *state;
    begin(w, well_behaved, well_behaved);
    turn(w, 5000, both_up);
    supervise_stop(w->supervise, 5000);
    turn(w, 5000, stopped);
    assert_true(stopped(w));
    uint64_t worker = atomic_load(&w->area->child[0].counters[STOPPED_AT]);
    uint64_t store = atomic_load(&w->area->child[WORKERS + 1].counters[STOPPED_AT]);
    assert_true(worker != 0 && store != 0);
    assert_true(worker < store);
    assert_int_equal(atomic_load(&w->area->child[0].restarts), 0);
}

static void who_does_not_drain_is_killed(void **state)
{
    struct world *w = *state;
    begin(w, well_behaved, deaf);
    turn(w, 5000, both_up);
    int64_t start = clock_ms();
    supervise_stop(w->supervise, 200);
    turn(w, 5000, stopped);
    assert_true(stopped(w));
    assert_in_range(clock_ms() - start, 200, 2000);
    assert_true(atomic_load(&w->area->child[WORKERS + 1].counters[STOPPED_AT]) != 0); /* the store was not */
}

static void a_second_signal_does_not_wait(void **state)
{
    struct world *w = *state;
    begin(w, stubborn, stubborn);
    turn(w, 5000, both_up);
    int64_t start = clock_ms();
    supervise_stop(w->supervise, 60000);
    turn(w, 50, stopped);
    assert_false(stopped(w));
    supervise_stop_now(w->supervise);
    turn(w, 5000, stopped);
    assert_true(stopped(w));
    assert_true(clock_ms() - start < 2000);
    /* they ended by themselves, in their own order, not by force */
    assert_true(atomic_load(&w->area->child[0].counters[STOPPED_AT]) != 0);
    assert_true(atomic_load(&w->area->child[WORKERS + 1].counters[STOPPED_AT]) != 0);
}

static void children_go_when_the_master_dies(void **state)
{
    struct world *w = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t master = fork();
    if (master == 0) {
        /* its children inherit the pipe: it reads as closed when all are gone */
        close(ends[0]);
        begin(w, well_behaved, well_behaved);
        for (;;)
            turn(w, 1000, NULL);
    }
    close(ends[1]);
    for (int i = 0; i < 1000 && !(up(w, 0) && up(w, WORKERS + 1)); i++)
        poll(NULL, 0, 5);
    assert_true(up(w, 0) && up(w, WORKERS + 1));
    kill(master, SIGKILL);
    waitpid(master, NULL, 0);
    struct pollfd p = {.fd = ends[0], .events = POLLIN};
    assert_int_equal(poll(&p, 1, 2000), 1);
    assert_true(p.revents & POLLHUP);
    close(ends[0]);
}

int main(void)
{
#define WITH_WORLD(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(a_killed_child_is_back_within_a_second_every_time),
        WITH_WORLD(a_crash_loop_backs_off),
        WITH_WORLD(an_exit_status_is_counted),
        WITH_WORLD(who_wants_to_begin_anew_does_at_once),
        WITH_WORLD(stop_goes_stage_by_stage),
        WITH_WORLD(who_does_not_drain_is_killed),
        WITH_WORLD(a_second_signal_does_not_wait),
        WITH_WORLD(children_go_when_the_master_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
