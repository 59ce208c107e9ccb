/* The embedded store's two sides in one process: conditions, order, limits, a full map, adoption of a
 * mailbox, and what a successor makes of a batch that was committed and not answered. */
#include "tests/unit/shm/util.h"

#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include "shm/cache/log.h"
#include "shm/store/embedded/commit.h"
#include "shm/store/embedded/mailbox.h"
#include "shm/store/embedded/shared.h"

struct world {
    char *dir;
    struct area *area;
    struct cache *cache;
    struct commit *commit;
    struct store *store, *other;
};

static void open_commit(struct world *w, size_t map_bytes)
{
    char err[256];
    struct commit_options o = {.window_bytes = 4 << 20, .window_ms = 1000, .batch_max = 64};
    w->cache = open_at(w->dir, true, true, map_bytes);
    assert_non_null(w->cache);
    w->commit = commit_open(w->area, w->cache, &o, err, sizeof(err));
    assert_non_null(w->commit);
}

static void close_commit(struct world *w)
{
    commit_close(w->commit);
    cache_close(w->cache);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    w->dir = scratch_dir();
    w->area = area_new(2);
    open_commit(w, 0);
    w->store = embedded_open(w->area, 0);
    w->other = embedded_open(w->area, 1);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    store_free(w->store);
    store_free(w->other);
    close_commit(w);
    area_free(w->area);
    scratch_remove(w->dir);
    free(w);
    return 0;
}

struct answer {
    int n;
    struct store_result r;
};

static void keep(void *arg, const struct store_result *r)
{
    struct answer *a = arg;
    a->n++;
    a->r = *r;
}

static int send(struct store *s, enum store_verb verb, const char *name, const char *text, int64_t expect,
                struct answer *a, uint64_t *ticket)
{
    struct buf b = {0};
    struct store_op op = {.verb = verb, .expect = expect};
    uint64_t unused;
    key_make(&op.key, RES, STR("ns"), str_of(name));
    const struct record *r = text ? make_draft(&b, "ns", name, text, NULL) : NULL;
    *(verb == STORE_PUT ? &op.draft : &op.last) = r;
    *a = (struct answer){0};
    int rc = store_submit(s, &op, keep, a, ticket ? ticket : &unused);
    buf_free(&b); /* copied by now */
    return rc;
}

/* The whole way of one write. */
static struct store_result act(struct world *w, enum store_verb verb, const char *name, const char *text,
                               int64_t expect)
{
    struct answer a;
    assert_int_equal(send(w->store, verb, name, text, expect, &a, NULL), 0);
    assert_int_equal(a.n, 0);
    assert_int_equal(commit_run(w->commit), 1);
    assert_int_equal(a.n, 0); /* answers come from poll only */
    store_poll(w->store);
    assert_int_equal(a.n, 1);
    return a.r;
}

static void expect_result(struct store_result r, int error, int64_t revision, int64_t actual)
{
    assert_int_equal(r.error, error);
    assert_int_equal(r.revision, revision);
    assert_int_equal(r.actual, actual);
}

static void conditions(void **state)
{
    struct world *w = *state;
    assert_int_equal(store_revision(w->store), 1);
    assert_int_equal(atomic_load(w->area->store_ready), 1);
    expect_result(act(w, STORE_PUT, "a", "1", STORE_EXPECT_ABSENT), 0, 2, 2);
    expect_result(act(w, STORE_PUT, "a", "1", STORE_EXPECT_ABSENT), -EEXIST, 0, 2);
    expect_result(act(w, STORE_PUT, "a", "2", 2), 0, 3, 3);
    expect_result(act(w, STORE_PUT, "a", "3", 2), -ESTALE, 0, 3);
    expect_result(act(w, STORE_PUT, "b", "3", 2), -ESTALE, 0, 0);
    expect_result(act(w, STORE_PUT, "a", "4", STORE_EXPECT_ANY), 0, 4, 4);
    expect_result(act(w, STORE_PUT, "b", "5", STORE_EXPECT_ANY), 0, 5, 5);
    expect_result(act(w, STORE_DELETE, "a", NULL, 3), -ESTALE, 0, 4);
    expect_result(act(w, STORE_DELETE, "a", "bye", 4), 0, 6, 6);
    expect_result(act(w, STORE_DELETE, "a", NULL, 4), -ESTALE, 0, 0);
    expect_result(act(w, STORE_DELETE, "a", NULL, STORE_EXPECT_ANY), -ESTALE, 0, 0);
    expect_result(act(w, STORE_DELETE, "b", NULL, STORE_EXPECT_ANY), 0, 7, 7);
    assert_int_equal(store_revision(w->store), 7);
    assert_int_equal(area_total(w->area, AREA_STORE_WRITES), 6);
    assert_int_equal(area_total(w->area, AREA_STORE_CONFLICTS), 6);

    struct snapshots *snaps = snapshots_new(w->cache);
    struct snapshot *s = snapshot_get(snaps);
    struct event e;
    assert_true(log_get(s, 6, 0, &e) && e.type == EVENT_DELETED && json_has(e.record, "bye"));
    assert_true(json_has(e.record, "\"resourceVersion\":\"6\"") && e.record->create_revision == 2);
    assert_true(log_get(s, 7, 0, &e) && e.type == EVENT_DELETED && json_has(e.record, "\"text\":\"5\""));
    assert_true(log_get(s, 4, 0, &e) && e.record->create_revision == 2 && e.prev->mod_revision == 3);
    snapshot_unref(s);
    snapshots_free(snaps);
}

static void a_batch_sees_itself(void **state)
{
    struct world *w = *state;
    struct answer a[4];
    send(w->store, STORE_PUT, "x", "1", STORE_EXPECT_ABSENT, &a[0], NULL);
    send(w->store, STORE_PUT, "x", "2", 2, &a[1], NULL);
    send(w->other, STORE_PUT, "x", "3", STORE_EXPECT_ABSENT, &a[2], NULL);
    send(w->store, STORE_DELETE, "x", NULL, 3, &a[3], NULL);
    assert_int_equal(commit_run(w->commit), 4);
    assert_int_equal(area_total(w->area, AREA_STORE_BATCHES), 1); /* one fsync */
    store_poll(w->store);
    store_poll(w->other);
    assert_int_equal(a[2].r.error, 0 - (a[2].r.revision ? 0 : EEXIST)); /* one of the two creates won */
    assert_int_equal(a[0].r.error, a[2].r.error ? 0 : -EEXIST);
    for (int i = 0; i < 4; i++)
        assert_int_equal(a[i].n, 1);
}

static void limits(void **state)
{
    struct world *w = *state;
    struct answer a, first;
    static char text[MAILBOX_REQUEST_MAX];
    memset(text, 'x', sizeof(text) - 1);
    assert_int_equal(send(w->store, STORE_PUT, "big", text, -1, &a, NULL), -EFBIG);
    text[3 << 20] = 0;
    int n = 0;
    while (send(w->store, STORE_PUT, "big", text, -1, n ? &a : &first, NULL) == 0)
        n++;
    assert_true(n >= 4 && n <= 5); /* label and json hold the text each */
    assert_int_equal(commit_run(w->commit), n);
    store_poll(w->store);
    assert_int_equal(first.r.error, 0);

    static struct answer many[MAILBOX_SLOTS];
    for (int i = 0; i < MAILBOX_SLOTS; i++)
        assert_int_equal(send(w->store, STORE_PUT, "k", "t", -1, &many[i], NULL), 0);
    assert_int_equal(send(w->store, STORE_PUT, "k", "t", -1, &a, NULL), -EAGAIN);
    while (commit_run(w->commit) > 0)
        ;
    assert_int_equal(send(w->store, STORE_PUT, "k", "t", -1, &a, NULL), -EAGAIN); /* not collected yet */
    store_poll(w->store);
    for (int i = 0; i < MAILBOX_SLOTS; i++)
        assert_true(many[i].n == 1 && many[i].r.revision == many[0].r.revision + i);
    assert_int_equal(send(w->store, STORE_PUT, "k", "t", -1, &a, NULL), 0);
}

/* Payloads of all sizes go round and round; each must arrive as it was sent. */
static void payloads_wrap(void **state)
{
    struct world *w = *state;
    static char text[2 << 20];
    struct answer a[40];
    struct snapshots *snaps = snapshots_new(w->cache);
    unsigned seed = 12345;
    for (int round = 0; round < 12; round++) {
        int n = 0;
        size_t sizes[40];
        for (; n < 40; n++) {
            seed = seed * 1103515245u + 12345u;
            sizes[n] = 1 + (seed >> 8) % (n % 5 ? 60000 : 1900000);
            memset(text, 'a' + n % 26, sizes[n]);
            text[sizes[n]] = 0;
            char name[16];
            snprintf(name, sizeof(name), "n%d", n);
            if (send(w->store, STORE_PUT, name, text, -1, &a[n], NULL))
                break;
            if (n % 3 == round % 3) { /* keep the ring moving, never empty */
                commit_run(w->commit);
                store_poll(w->store);
            }
        }
        while (commit_run(w->commit) > 0)
            ;
        store_poll(w->store);
        snapshots_turn(snaps);
        struct snapshot *s = snapshot_get(snaps);
        for (int i = 0; i < n; i++) {
            char name[16];
            struct key k;
            struct str v;
            assert_true(a[i].n == 1 && a[i].r.error == 0);
            snprintf(name, sizeof(name), "n%d", i);
            key_make(&k, RES, STR("ns"), str_of(name));
            const struct record *r = snapshot_object(s, &k);
            assert_true(record_table_label(record_table_view(r), STR("app"), &v) && v.n == sizes[i]);
            for (size_t j = 0; j < v.n; j++)
                assert_int_equal(v.p[j], 'a' + i % 26);
        }
        snapshot_unref(s);
    }
    snapshots_free(snaps);
}

static void answers_wake_once_until_collected(void **state)
{
    struct world *w = *state;
    struct answer a;
    struct pollfd p = {.fd = w->area->wake_fd[0], .events = POLLIN},
                  bell = {.fd = w->area->watcher_fd, .events = POLLIN};
    uint64_t n;
    assert_true(read(p.fd, &n, 8) == 8); /* from the opening */
    assert_true(commit_sleep(w->commit));
    send(w->store, STORE_PUT, "a", "1", -1, &a, NULL);
    assert_int_equal(poll(&bell, 1, 0), 1);
    assert_true(read(bell.fd, &n, 8) == 8);
    send(w->store, STORE_PUT, "a", "1", 77, &a, NULL);
    assert_int_equal(poll(&bell, 1, 0), 0); /* awake already */
    assert_false(commit_sleep(w->commit));
    commit_run(w->commit);
    assert_int_equal(poll(&p, 1, 0), 1);
    assert_true(read(p.fd, &n, 8) == 8);
    assert_int_equal(n, 1);
    send(w->store, STORE_PUT, "a", "1", 77, &a, NULL);
    commit_run(w->commit);
    assert_int_equal(poll(&p, 1, 0), 0); /* told before, has not looked */
    store_poll(w->store);
    assert_int_equal(a.r.error, -ESTALE);
    send(w->store, STORE_PUT, "a", "1", 77, &a, NULL);
    commit_run(w->commit);
    assert_int_equal(poll(&p, 1, 0), 1); /* a refusal wakes as well */
}

static void cancelled_calls_are_not_called(void **state)
{
    struct world *w = *state;
    struct answer a, b;
    uint64_t ticket;
    send(w->store, STORE_PUT, "a", "1", -1, &a, &ticket);
    send(w->store, STORE_PUT, "b", "1", -1, &b, NULL);
    store_cancel(w->store, ticket);
    store_cancel(w->store, ticket + 1000);
    commit_run(w->commit);
    store_poll(w->store);
    assert_int_equal(a.n, 0);
    assert_int_equal(b.n, 1);
    assert_int_equal(store_revision(w->store), 3); /* written all the same */
    store_cancel(w->store, ticket);
}

static void a_new_worker_adopts_the_mailbox(void **state)
{
    struct world *w = *state;
    struct answer old[3], fresh;
    for (int i = 0; i < 3; i++)
        send(w->store, STORE_PUT, "a", "old", -1, &old[i], NULL);
    struct mailbox_shared *box = mailbox_at(w->area, 0);
    box->request[3] =
        (struct mailbox_request){.verb = 99, .off = 1u << 31}; /* half written, never submitted */
    store_free(w->store);
    w->store = embedded_open(w->area, 0);
    send(w->store, STORE_PUT, "b", "new", 0, &fresh, NULL);
    assert_int_equal(commit_run(w->commit), 4);
    store_poll(w->store);
    assert_int_equal(old[0].n + old[1].n + old[2].n, 0);
    expect_result(fresh.r, 0, 5, 5);
    store_free(w->store);
    w->store = embedded_open(w->area, 0); /* nothing outstanding */
    expect_result(act(w, STORE_DELETE, "b", NULL, 5), 0, 6, 6);
}

static void damaged_requests_are_refused(void **state)
{
    struct world *w = *state;
    struct answer a, b;
    send(w->store, STORE_PUT, "a", "1", -1, &a, NULL);
    send(w->store, STORE_PUT, "b", "1", -1, &b, NULL);
    struct mailbox_shared *box = mailbox_at(w->area, 0);
    box->request[0].draft_bytes -= 1;
    commit_run(w->commit);
    store_poll(w->store);
    assert_int_equal(a.r.error, -EIO);
    expect_result(b.r, 0, 2, 2);
}

/* As after a kill between commit and answer: the shared words are turned back to before the batch. */
static void a_successor_answers_what_was_committed(void **state)
{
    struct world *w = *state;
    struct answer a[3];
    expect_result(act(w, STORE_PUT, "first", "1", 0), 0, 2, 2);
    send(w->store, STORE_PUT, "a", "1", 0, &a[0], NULL);
    send(w->store, STORE_PUT, "a", "1", 0, &a[1], NULL);
    send(w->other, STORE_PUT, "b", "1", 0, &a[2], NULL);
    assert_int_equal(commit_run(w->commit), 3);
    atomic_store(&mailbox_at(w->area, 0)->answered, 2); /* one of its two answers was posted */
    atomic_store(&mailbox_at(w->area, 1)->answered, 0);
    memset(&mailbox_at(w->area, 0)->answer[2], 0, sizeof(struct mailbox_answer));
    memset(&mailbox_at(w->area, 1)->answer[0], 0, sizeof(struct mailbox_answer));
    atomic_store(w->area->revision, 2);
    close_commit(w);
    open_commit(w, 0);
    assert_int_equal(commit_run(w->commit), 0);
    store_poll(w->store);
    store_poll(w->other);
    assert_int_equal(a[0].r.error, 0);
    assert_int_equal(a[1].r.error, -EEXIST);
    assert_int_equal(a[1].r.actual, a[0].r.revision);
    assert_int_equal(a[2].r.error, 0);
    assert_int_equal(a[0].r.revision + a[2].r.revision, 7);
    assert_int_equal(store_revision(w->store), 4);
}

/* A restart of the whole server: the batch on disk belongs to mailboxes that are gone. */
static void another_instance_drops_the_batch(void **state)
{
    struct world *w = *state;
    struct answer a;
    expect_result(act(w, STORE_PUT, "a", "1", 0), 0, 2, 2);
    close_commit(w);
    store_free(w->store);
    store_free(w->other);
    area_free(w->area);
    w->area = area_new(2);
    w->store = embedded_open(w->area, 0);
    w->other = embedded_open(w->area, 1);
    send(w->store, STORE_PUT, "a", "1", 0, &a, NULL);
    open_commit(w, 0);
    assert_int_equal(store_revision(w->store), 2);
    assert_int_equal(commit_run(w->commit), 1);
    store_poll(w->store);
    expect_result(a.r, -EEXIST, 0, 2);
}

static void fill_up(struct world *w)
{
    static char text[200000], huge[3500000];
    struct answer a[8];
    memset(text, 'x', sizeof(text) - 1);
    memset(huge, 'x', sizeof(huge) - 1);
    int written = 0, refused = 0;
    for (int i = 0; i < 60; i++) {
        char name[16];
        snprintf(name, sizeof(name), "k%d", i);
        struct store_result r = act(w, STORE_PUT, name, text, 0);
        written += r.error == 0;
        refused += r.error == -ENOSPC;
        assert_true(r.error == 0 || r.error == -ENOSPC);
    }
    assert_true(written > 5 && refused > 5);
    assert_true(area_total(w->area, AREA_STORE_ERRORS) >= (uint64_t)refused);
    assert_int_equal(store_revision(w->store), 1 + written);
    /* the innocent of a batch are served, the guilty one is not */
    for (int i = 0; i < 5; i++)
        send(w->store, STORE_PUT, i == 2 ? "huge" : "small", i == 2 ? huge : "t", -1, &a[i], NULL);
    assert_int_equal(commit_run(w->commit), 5);
    store_poll(w->store);
    for (int i = 0; i < 5; i++)
        assert_int_equal(a[i].r.error, i == 2 ? -ENOSPC : 0);
    /* and what was refused left nothing behind */
    struct snapshots *snaps = snapshots_new(w->cache);
    struct snapshot *s = snapshot_get(snaps);
    struct key p;
    key_prefix(&p, RES, STR_NONE);
    assert_int_equal(snapshot_count(s, &p, NULL, 1000), written + 1);
    snapshot_unref(s);
    snapshots_free(snaps);
    /* deletions are served, and make room again */
    for (int i = 0; i < 60; i++) {
        char name[16];
        snprintf(name, sizeof(name), "k%d", i);
        struct store_result r = act(w, STORE_DELETE, name, "gone", STORE_EXPECT_ANY);
        assert_true(r.error == 0 || r.error == -ESTALE);
    }
    int64_t next = store_revision(w->store) + 1;
    expect_result(act(w, STORE_PUT, "k0", text, 0), 0, next, next);
}

static void a_full_map_refuses_and_serves_on(void **state)
{
    struct world *w = *state;
    close_commit(w);
    open_commit(w, 12u << 20);
    fill_up(w);
}

static void a_full_disk_refuses_and_serves_on(void **state)
{
    struct world *w = *state;
    close_commit(w);
    if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("none", w->dir, "tmpfs", 0, "size=12m")) {
        open_commit(w, 0);
        print_message("no right to mount a small disk\n");
        skip();
    }
    open_commit(w, 0);
    fill_up(w);
    close_commit(w);
    assert_int_equal(umount(w->dir), 0);
    open_commit(w, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(conditions),
        T(a_batch_sees_itself),
        T(limits),
        T(payloads_wrap),
        T(answers_wake_once_until_collected),
        T(cancelled_calls_are_not_called),
        T(a_new_worker_adopts_the_mailbox),
        T(damaged_requests_are_refused),
        T(a_successor_answers_what_was_committed),
        T(another_instance_drops_the_batch),
        T(a_full_map_refuses_and_serves_on),
        T(a_full_disk_refuses_and_serves_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
