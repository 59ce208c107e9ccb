/* The ring: delivery, laps, epochs, sleep and wake-up over a fork. */
#include "tests/unit/shm/util.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "shm/area.h"
#include "shm/ring/ring.h"

static void publish(struct area *a, int64_t from, int64_t to)
{
    for (int64_t r = from; r <= to; r++) {
        struct ring_event e = {.revision = r,
                               .resource = RES,
                               .type = 2,
                               .ns_hash = (uint64_t)r * 3,
                               .name_hash = (uint64_t)r * 5,
                               .trigger_hash = (uint64_t)r * 7,
                               .trigger_prev_hash = (uint64_t)r * 11};
        atomic_store(a->revision, r);
        ring_publish(a, &e, 1);
    }
}

static bool readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void slots_come_whole_and_in_order(void **state)
{
    struct area *a = area_new(2);
    ring_start(a, 1);
    atomic_store(a->revision, 1);
    struct consumer c, late;
    struct ring_slot s;
    consumer_init(&c, a, 0, 1);
    assert_int_equal(consumer_next(&c, &s), CONSUMER_EMPTY);
    publish(a, 2, 1000);
    for (int64_t r = 2; r <= 1000; r++) {
        assert_int_equal(consumer_next(&c, &s), CONSUMER_SLOT);
        assert_true(s.revision == r && s.resource == RES && s.type == 2);
        assert_true(s.ns_hash == (uint64_t)r * 3 && s.name_hash == (uint64_t)r * 5);
        assert_true(s.trigger_hash == (uint64_t)r * 7 && s.trigger_prev_hash == (uint64_t)r * 11);
    }
    assert_int_equal(consumer_next(&c, &s), CONSUMER_EMPTY);
    assert_int_equal(c.revision, 1000);

    consumer_init(&late, a, 1, 1000); /* knows all: no lap */
    assert_int_equal(consumer_next(&late, &s), CONSUMER_EMPTY);
    consumer_init(&late, a, 1, 990); /* behind: the log first */
    assert_int_equal(consumer_next(&late, &s), CONSUMER_LAPPED);
    consumer_caught_up(&late, 995); /* an old snapshot is not enough */
    assert_int_equal(consumer_next(&late, &s), CONSUMER_LAPPED);
    publish(a, 1001, 1005);
    consumer_caught_up(&late, 1003); /* scanned further than asked: what the ring repeats is skipped */
    assert_int_equal(consumer_next(&late, &s), CONSUMER_SLOT);
    assert_int_equal(s.revision, 1004);
    assert_int_equal(consumer_next(&late, &s), CONSUMER_SLOT);
    assert_int_equal(consumer_next(&late, &s), CONSUMER_EMPTY);
    area_free(a);
}

static void a_lapped_consumer_is_told(void **state)
{
    struct area *a = area_new(1);
    ring_start(a, 1);
    atomic_store(a->revision, 1);
    struct consumer c;
    struct ring_slot s;
    consumer_init(&c, a, 0, 1);
    publish(a, 2, RING_SLOTS + 1);
    assert_int_equal(consumer_next(&c, &s), CONSUMER_SLOT); /* exactly full: nothing lost */
    assert_int_equal(s.revision, 2);
    publish(a, RING_SLOTS + 2, RING_SLOTS + 3);
    assert_int_equal(consumer_next(&c, &s), CONSUMER_LAPPED);
    assert_int_equal(area_total(a, AREA_RING_LAPS), 1);
    assert_int_equal(c.revision, 2);
    consumer_caught_up(&c, RING_SLOTS + 3);
    assert_int_equal(consumer_next(&c, &s), CONSUMER_EMPTY);
    publish(a, RING_SLOTS + 4, RING_SLOTS + 4);
    assert_int_equal(consumer_next(&c, &s), CONSUMER_SLOT);
    assert_int_equal(s.revision, RING_SLOTS + 4);
    assert_int_equal(area_total(a, AREA_RING_EVENTS), RING_SLOTS + 3);
    area_free(a);
}

static void a_new_producer_means_the_log_once(void **state)
{
    struct area *a = area_new(1);
    struct consumer c;
    struct ring_slot s;
    consumer_init(&c, a, 0, 0); /* before there is a producer */
    assert_true(consumer_sleep(&c));
    atomic_store(a->revision, 1);
    ring_start(a, 1);
    assert_true(readable(a->wake_fd[0]));
    consumer_awake(&c);
    assert_false(readable(a->wake_fd[0]));
    assert_int_equal(consumer_next(&c, &s), CONSUMER_LAPPED);
    consumer_caught_up(&c, 1);
    publish(a, 2, 5);
    assert_int_equal(consumer_next(&c, &s), CONSUMER_SLOT);
    /* the next one commits 6 and 7, dies before it publishes; its successor goes on with 8 */
    atomic_store(a->revision, 7);
    ring_start(a, 7);
    publish(a, 8, 8);
    assert_false(consumer_sleep(&c));
    assert_int_equal(consumer_next(&c, &s), CONSUMER_LAPPED);
    assert_int_equal(c.revision, 2);
    consumer_caught_up(&c, 8);
    assert_int_equal(consumer_next(&c, &s), CONSUMER_EMPTY);
    assert_true(consumer_sleep(&c));
    area_free(a);
}

/* A producer that died after it filled a slot and before it counted it. */
static void uncounted_slots_are_stepped_over(void **state)
{
    struct area *a = area_new(1);
    struct consumer c;
    struct ring_slot s;
    ring_start(a, 1);
    atomic_store(a->revision, 1);
    consumer_init(&c, a, 0, 1);
    publish(a, 2, 2);
    _Atomic uint64_t *head = (_Atomic uint64_t *)((char *)a->ring + sizeof(uint64_t));
    assert_int_equal(atomic_load(head), 1);
    atomic_store(head, 0);
    assert_int_equal(consumer_next(&c, &s), CONSUMER_SLOT);
    assert_true(consumer_sleep(&c)); /* ahead of the count is no news */
    consumer_awake(&c);
    ring_start(a, 2);
    assert_int_equal(atomic_load(head), 1);
    assert_int_equal(consumer_next(&c, &s), CONSUMER_LAPPED);
    consumer_caught_up(&c, 2);
    publish(a, 3, 3);
    assert_int_equal(consumer_next(&c, &s), CONSUMER_SLOT);
    assert_int_equal(s.revision, 3);
    area_free(a);
}

static void only_sleepers_are_woken(void **state)
{
    struct area *a = area_new(2);
    struct consumer c, d;
    struct ring_slot s;
    ring_start(a, 1);
    atomic_store(a->revision, 1);
    consumer_init(&c, a, 0, 1);
    consumer_init(&d, a, 1, 1);
    assert_true(consumer_sleep(&c));
    publish(a, 2, 4);
    assert_true(readable(a->wake_fd[0]));
    assert_false(readable(a->wake_fd[1]));
    assert_int_equal(area_total(a, AREA_RING_WAKEUPS), 1);
    consumer_awake(&c);
    assert_false(consumer_sleep(&c));
    while (consumer_next(&c, &s) == CONSUMER_SLOT)
        ;
    assert_true(consumer_sleep(&c));
    area_free(a);
}

#define EVENTS 300000

/* Must see every revision once: through slots, or, when lapped, by what stands for the log (all of them
 * exist). */
static int follow(struct area *a, int index)
{
    struct consumer c;
    struct ring_slot s;
    int64_t seen = 1;
    consumer_init(&c, a, index, 1);
    while (seen < EVENTS) {
        enum consumer_result r = consumer_next(&c, &s);
        if (r == CONSUMER_SLOT) {
            if (s.revision != seen + 1 || s.name_hash != (uint64_t)s.revision * 5 ||
                s.trigger_prev_hash != (uint64_t)s.revision * 11)
                return 2;
            seen = s.revision;
        } else if (r == CONSUMER_LAPPED) {
            seen = atomic_load(a->revision);
            consumer_caught_up(&c, seen);
        } else if (consumer_sleep(&c)) {
            struct pollfd p = {.fd = a->wake_fd[index], .events = POLLIN};
            if (poll(&p, 1, 5000) != 1)
                return 3; /* nobody woke us */
            consumer_awake(&c);
        }
        if (index == 1 && seen % 10000 == 0)
            usleep(3000); /* slow enough to be lapped now and then */
    }
    return 0;
}

static void processes_follow_a_producer(void **state)
{
    struct area *a = area_new(2);
    ring_start(a, 1);
    atomic_store(a->revision, 1);
    pid_t pids[3];
    for (int i = 0; i < 3; i++) {
        pids[i] = fork();
        if (!pids[i]) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            _exit(follow(a, i));
        }
    }
    for (int64_t r = 2; r <= EVENTS; r += 100) {
        publish(a, r, r + 99 < EVENTS ? r + 99 : EVENTS);
        if (r % 7 == 0)
            usleep(50);
    }
    for (int i = 0; i < 3; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    area_free(a);
}

static void the_area_counts_and_notes(void **state)
{
    struct area *a = area_new(128);
    assert_int_equal(a->consumers, 129);
    area_count(a, 0, AREA_CONNECTIONS, 2);
    pid_t pid = fork();
    if (!pid) {
        area_count(a, 129, AREA_CONNECTIONS, 3);
        area_note(a, 129, "last words");
        a->stats[(size_t)128 * AREA_STATS_BYTES + AREA_STATS_BYTES - 1] = 1;
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    assert_int_equal(area_total(a, AREA_CONNECTIONS), 5);
    assert_string_equal(a->child[129].crash_note, "last words");
    assert_int_equal(a->stats[(size_t)128 * AREA_STATS_BYTES + AREA_STATS_BYTES - 1], 1);
    char big[2000];
    memset(big, 'x', sizeof(big));
    big[1999] = 0;
    area_note(a, 1, big);
    assert_int_equal(strlen(a->child[1].crash_note), AREA_CRASH_NOTE_BYTES - 1);
    area_note(a, 4711, "nobody");
    assert_int_equal(((uintptr_t)&a->child[1]) % 64, 0);
    area_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_come_whole_and_in_order),
        cmocka_unit_test(a_lapped_consumer_is_told),
        cmocka_unit_test(a_new_producer_means_the_log_once),
        cmocka_unit_test(uncounted_slots_are_stepped_over),
        cmocka_unit_test(only_sleepers_are_woken),
        cmocka_unit_test(processes_follow_a_producer),
        cmocka_unit_test(the_area_counts_and_notes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
