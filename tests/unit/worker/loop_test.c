/* Turns: what is deferred runs at a turn's end, once, and never lets the loop sleep while there is more. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "shm/base/clock.h"
#include "worker/loop/loop.h"

struct job {
    struct deferred d;
    struct loop *l;
    struct deferred *other; /* deferred by run */
    struct deferred *drop;  /* taken back by run */
    char name;
    int runs;
};

static char trace[128];

static void note(char c)
{
    size_t n = strlen(trace);
    assert_true(n + 1 < sizeof(trace));
    trace[n] = c;
    trace[n + 1] = 0;
}

static void job_run(struct deferred *d)
{
    struct job *j = (struct job *)d;
    j->runs++;
    note(j->name);
    if (j->other)
        loop_defer(j->l, j->other);
    if (j->drop)
        loop_undefer(j->l, j->drop);
}

static struct job job_of(struct loop *l, char name)
{
    return (struct job){.d = {.run = job_run}, .l = l, .name = name};
}

static int turns, turns_max;

static bool count_turns(void *arg)
{
    note('|');
    if (++turns >= turns_max)
        loop_stop(arg);
    return true;
}

static int start(void **state)
{
    trace[0] = 0;
    turns = 0;
    *state = loop_new();
    return *state ? 0 : -1;
}

static int stop(void **state)
{
    loop_free(*state);
    return 0;
}

static void deferred_runs_in_order_and_once(void **state)
{
    struct loop *l = *state;
    struct job a = job_of(l, 'a'), b = job_of(l, 'b');
    loop_defer(l, &a.d);
    loop_defer(l, &b.d);
    loop_defer(l, &a.d);
    loop_each_turn(l, count_turns, l);
    turns_max = 2;
    assert_int_equal(loop_run(l), 0);
    assert_string_equal(trace, "ab||");
}

static void deferring_while_running_waits_for_the_next_turn(void **state)
{
    struct loop *l = *state;
    struct job a = job_of(l, 'a');
    a.other = &a.d;
    loop_defer(l, &a.d);
    loop_each_turn(l, count_turns, l);
    turns_max = 3;
    loop_run(l);
    assert_string_equal(trace, "a|a|a|");
    loop_undefer(l, &a.d);
}

static bool wake_once(void *arg)
{
    struct job *j = arg;
    if (j->runs == 0)
        loop_defer(j->l, &j->d);
    return false;
}

static void what_a_hook_defers_runs_in_the_same_turn(void **state)
{
    struct loop *l = *state;
    struct job a = job_of(l, 'a');
    loop_each_turn(l, wake_once, &a);
    loop_each_turn(l, count_turns, l);
    turns_max = 1;
    loop_run(l);
    assert_string_equal(trace, "|a");
}

static void undefer_takes_back_from_any_place(void **state)
{
    struct loop *l = *state;
    struct job j[5] = {job_of(l, 'a'), job_of(l, 'b'), job_of(l, 'c'), job_of(l, 'd'), job_of(l, 'e')};
    for (int i = 0; i < 5; i++)
        loop_defer(l, &j[i].d);
    loop_undefer(l, &j[2].d);
    loop_undefer(l, &j[0].d);
    loop_undefer(l, &j[4].d);
    loop_undefer(l, &j[4].d);
    j[1].drop = &j[3].d;
    loop_each_turn(l, count_turns, l);
    turns_max = 1;
    loop_run(l);
    assert_string_equal(trace, "b|");
}

static void stop_after(evutil_socket_t fd, short what, void *arg)
{
    loop_stop(arg);
}

static bool quiet(void *arg)
{
    ++*(int *)arg;
    return false;
}

static void sleeps_when_there_is_nothing_to_do(void **state)
{
    struct loop *l = *state;
    int n = 0;
    loop_each_turn(l, quiet, &n);
    struct timeval tv = {0, 100 * 1000};
    event_base_once(loop_base(l), -1, EV_TIMEOUT, stop_after, l, &tv);
    int64_t from = clock_ms();
    loop_run(l);
    assert_in_range(clock_ms() - from, 95, 5000);
    assert_in_range(n, 1, 5);
}

static void a_turn_is_over_after_about_two_ms(void **state)
{
    struct loop *l = *state;
    assert_false(loop_turn_over(l));
    int64_t from = clock_ns();
    while (!loop_turn_over(l))
        ;
    assert_in_range((clock_ns() - from) / 1000, 1000, 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(deferred_runs_in_order_and_once, start, stop),
        cmocka_unit_test_setup_teardown(deferring_while_running_waits_for_the_next_turn, start, stop),
        cmocka_unit_test_setup_teardown(what_a_hook_defers_runs_in_the_same_turn, start, stop),
        cmocka_unit_test_setup_teardown(undefer_takes_back_from_any_place, start, stop),
        cmocka_unit_test_setup_teardown(sleeps_when_there_is_nothing_to_do, start, stop),
        cmocka_unit_test_setup_teardown(a_turn_is_over_after_about_two_ms, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
