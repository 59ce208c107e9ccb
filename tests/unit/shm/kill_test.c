/* The embedded store under kill -9: of the watcher, of its clients, of both. What must hold afterwards: every
 * acknowledged write is in the log exactly once, at the revision that was acknowledged; every refused one is
 * not there; revisions have no gap and no double; a consumer of the ring saw each exactly once, in order. */
#include "tests/unit/shm/util.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include "shm/cache/log.h"
#include "shm/ring/ring.h"
#include "shm/store/embedded/commit.h"
#include "shm/store/embedded/mailbox.h"

#define WRITERS 3
#define SERIALS 60000
#define OUTSTANDING 8
#define SHARED_KEYS 5

enum state { FREE, SUBMITTED, ANSWERED };

struct outcome {
    _Atomic int state;
    int error;
    int64_t revision, actual, expect;
};

/* Shared with all children of a test. */
struct field {
    _Atomic int stop;            /* writers finish what is outstanding and leave */
    _Atomic int64_t goal;        /* the consumer may leave once it saw this revision; 0: not known yet */
    _Atomic int serial[WRITERS]; /* next */
    _Atomic int64_t seen;        /* newest revision of the consumer */
    struct outcome outcome[WRITERS][SERIALS];
};

struct arena_of_test {
    struct area *area;
    char *dir;
    struct field *field;
    unsigned seed;
};

static void pause_ms(int ms)
{
    struct timespec t = {ms / 1000, (ms % 1000) * 1000000l};
    nanosleep(&t, NULL);
}

/* Children say what is wrong and leave with 9; cmocka's asserts belong to the parent. */
#define CHILD_MUST(cond)                                                                                     \
    do {                                                                                                     \
        if (!(cond)) {                                                                                       \
            fprintf(stderr, "child: %s at line %d\n", #cond, __LINE__);                                      \
            _exit(9);                                                                                        \
        }                                                                                                    \
    } while (0)

static pid_t start(struct arena_of_test *t, void (*body)(struct arena_of_test *t, int arg), int arg)
{
    t->seed = t->seed * 1103515245u + 12345u;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    body(t, arg);
    _exit(0);
}

/* --- the watcher --- */

static void watcher(struct arena_of_test *t, int arg)
{
    char err[256];
    struct cache *cache = open_at(t->dir, true, true, 0);
    CHILD_MUST(cache);
    struct commit_options o = {.window_bytes = 1u << 30, .window_ms = 300000, .batch_max = 64};
    struct commit *c = commit_open(t->area, cache, &o, err, sizeof(err));
    CHILD_MUST(c);
    for (;;) {
        struct pollfd p = {.fd = t->area->watcher_fd, .events = POLLIN};
        uint64_t bell;
        poll(&p, 1, commit_sleep(c) ? 1000 : 0);
        atomic_store(t->area->watcher_asleep, 0);
        ssize_t n = read(t->area->watcher_fd, &bell, sizeof(bell));
        (void)n;
        CHILD_MUST(commit_run(c) >= 0);
    }
}

/* --- a client --- */

struct call {
    struct client *client;
    int serial, kind, subject;
    bool busy;
};

enum kind { CREATE, UPDATE_SHARED, REMOVE };

struct client {
    struct arena_of_test *t;
    struct store *store;
    int index, outstanding;
    unsigned seed;
    int64_t shared[SHARED_KEYS]; /* last known revision */
    int created;                 /* serial of an object that may be removed, -1: none */
    int64_t created_revision;
    struct call call[OUTSTANDING];
    struct buf buf;
};

static unsigned dice(struct client *c, unsigned n)
{
    c->seed = c->seed * 1103515245u + 12345u;
    return (c->seed >> 16) % n;
}

static void done(void *arg, const struct store_result *r)
{
    struct call *call = arg;
    struct client *c = call->client;
    struct outcome *o = &c->t->field->outcome[c->index][call->serial];
    CHILD_MUST(call->busy);
    o->error = r->error;
    o->revision = r->revision;
    o->actual = r->actual;
    atomic_store(&o->state, ANSWERED);
    if (call->kind == UPDATE_SHARED)
        c->shared[call->subject] = r->actual;
    if (call->kind == CREATE && r->error == 0) {
        c->created = call->serial;
        c->created_revision = r->revision;
    }
    call->busy = false;
    c->outstanding--;
}

static void name_of(char *out, size_t n, int writer, int serial)
{
    snprintf(out, n, "own-%d-%06d", writer, serial);
}

static void submit_one(struct client *c, struct call *call)
{
    struct field *f = c->t->field;
    int serial = atomic_fetch_add(&f->serial[c->index], 1);
    CHILD_MUST(serial < SERIALS);
    char name[64], tag[64];
    struct store_op op = {.verb = STORE_PUT};
    snprintf(tag, sizeof(tag), "<%d:%d>", c->index, serial);
    unsigned d = dice(c, 10);
    *call = (struct call){.client = c, .serial = serial, .kind = CREATE, .busy = true};
    name_of(name, sizeof(name), c->index, serial);
    if (d < 3) {
        call->kind = UPDATE_SHARED;
        call->subject = (int)dice(c, SHARED_KEYS);
        op.expect = c->shared[call->subject];
        snprintf(name, sizeof(name), "shared-%d", call->subject);
    } else if (d == 3 && c->created >= 0) {
        call->kind = REMOVE;
        name_of(name, sizeof(name), c->index, c->created);
        op.verb = STORE_DELETE;
        op.expect = c->created_revision;
        c->created = -1;
    }
    const struct record *draft = make_draft(&c->buf, "ns", name, tag, NULL);
    *(op.verb == STORE_PUT ? &op.draft : &op.last) = draft;
    key_make(&op.key, RES, STR("ns"), str_of(name));
    struct outcome *o = &f->outcome[c->index][serial];
    o->expect = op.expect;
    atomic_store(&o->state, SUBMITTED);
    uint64_t ticket;
    CHILD_MUST(store_submit(c->store, &op, done, call, &ticket) == 0);
    c->outstanding++;
}

static void writer(struct arena_of_test *t, int index)
{
    struct client *c = calloc(1, sizeof(*c));
    *c = (struct client){.t = t, .index = index, .created = -1, .seed = t->seed ^ (unsigned)getpid()};
    c->store = embedded_open(t->area, index);
    int fd = t->area->wake_fd[index];
    for (;;) {
        bool stop =
            atomic_load(&t->field->stop) || atomic_load(&t->field->serial[index]) > SERIALS - OUTSTANDING * 2;
        for (int i = 0; i < OUTSTANDING && !stop; i++)
            if (!c->call[i].busy)
                submit_one(c, &c->call[i]);
        if (stop && !c->outstanding)
            return;
        store_poll(c->store);
        if (!stop && c->outstanding < OUTSTANDING)
            continue;
        /* answers must always wake: ten seconds of silence are a lost wake-up */
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (c->outstanding)
            CHILD_MUST(poll(&p, 1, 10000) == 1);
        uint64_t n;
        ssize_t got = read(fd, &n, sizeof(n));
        (void)got;
    }
}

/* --- a consumer of the ring --- */

static void consumer(struct arena_of_test *t, int index)
{
    struct cache *cache = open_at(t->dir, false, false, 0);
    CHILD_MUST(cache);
    struct snapshots *snaps = snapshots_new(cache);
    struct consumer c;
    consumer_init(&c, t->area, index, 1);
    int64_t seen = 1;
    for (;;) {
        struct ring_slot slot;
        enum consumer_result r = consumer_next(&c, &slot);
        snapshots_turn(snaps);
        if (r == CONSUMER_SLOT) {
            struct snapshot *s = snapshot_get(snaps);
            struct event e;
            CHILD_MUST(slot.revision == seen + 1);
            CHILD_MUST(log_get(s, slot.revision, 0, &e) && e.type == slot.type);
            snapshot_unref(s);
            atomic_store(&t->field->seen, seen = slot.revision);
            continue;
        }
        if (r == CONSUMER_LAPPED) {
            struct snapshot *s = snapshot_get(snaps);
            struct log_scan sc;
            struct event e;
            CHILD_MUST(s && log_scan_open(&sc, s, c.revision) == 0);
            while (log_scan_next(&sc, &e)) {
                CHILD_MUST(e.revision == seen + 1);
                seen = e.revision;
            }
            log_scan_close(&sc);
            consumer_caught_up(&c, snapshot_revision(s));
            CHILD_MUST(seen == snapshot_revision(s));
            snapshot_unref(s);
            atomic_store(&t->field->seen, seen);
            continue;
        }
        int64_t goal = atomic_load(&t->field->goal);
        if (goal && seen >= goal)
            return;
        if (!consumer_sleep(&c))
            continue;
        struct pollfd p = {.fd = t->area->wake_fd[index], .events = POLLIN};
        poll(&p, 1, 500);
        consumer_awake(&c);
    }
}

/* --- the check --- */

static bool tag_of(const struct record *r, int *writer_index, int *serial)
{
    struct str j = record_json(r);
    const char *at = memmem(j.p, j.n, "\"text\":\"<", 9);
    return at && sscanf(at + 9, "%d:%d>", writer_index, serial) == 2;
}

static int64_t check_log(struct arena_of_test *t)
{
    static int64_t found[WRITERS][SERIALS];
    memset(found, 0, sizeof(found));
    struct cache *cache = open_at(t->dir, false, false, 0);
    assert_non_null(cache);
    struct snapshots *snaps = snapshots_new(cache);
    struct snapshot *s = snapshot_get(snaps);
    struct log_scan sc;
    struct event e;
    int64_t last = 1, acknowledged = 0, refused = 0, lost = 0;
    assert_int_equal(log_scan_open(&sc, s, 1), 0);
    while (log_scan_next(&sc, &e)) {
        int w, n;
        assert_int_equal(e.revision, last + 1);
        last = e.revision;
        assert_true(tag_of(e.record, &w, &n));
        assert_int_equal(found[w][n], 0); /* applied twice */
        found[w][n] = e.revision;
    }
    log_scan_close(&sc);
    assert_int_equal(snapshot_revision(s), last);
    for (int w = 0; w < WRITERS; w++)
        for (int n = 0; n < SERIALS; n++) {
            struct outcome *o = &t->field->outcome[w][n];
            int state = atomic_load(&o->state);
            if (state == ANSWERED && o->error == 0) {
                assert_int_equal(found[w][n], o->revision);
                acknowledged++;
            } else if (state == ANSWERED) {
                assert_int_equal(found[w][n], 0);
                assert_true(o->error == -ESTALE || o->error == -EEXIST);
                assert_true(o->actual != o->expect);
                refused++;
            } else if (state == SUBMITTED) {
                lost++; /* its writer was killed: applied or not, but not twice */
            }
        }
    assert_true(acknowledged > 0);
    print_message("revisions %ld, acknowledged %ld, refused %ld, unanswered %ld\n", (long)last,
                  (long)acknowledged, (long)refused, (long)lost);
    snapshot_unref(s);
    snapshots_free(snaps);
    cache_close(cache);
    return last;
}

static void kill_and_wait(pid_t pid)
{
    int status;
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status)); /* it was still at work, not gone with a complaint */
}

static void wait_well(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void run(int kills, bool kill_watcher, bool kill_writers)
{
    struct arena_of_test t = {.area = area_new(WRITERS), .dir = scratch_dir(), .seed = (unsigned)clock_ns()};
    assert_non_null(t.area);
    print_message("seed %u\n", t.seed);
    t.field = mmap(NULL, sizeof(*t.field), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(t.field != MAP_FAILED);
    pid_t w = start(&t, watcher, 0), writers[WRITERS];
    while (!atomic_load(t.area->store_ready))
        pause_ms(1);
    pid_t reader = start(&t, consumer, WRITERS);
    for (int i = 0; i < WRITERS; i++)
        writers[i] = start(&t, writer, i);
    unsigned seed = t.seed;
    for (int i = 0; i < kills; i++) {
        seed = seed * 1103515245u + 12345u;
        pause_ms((int)((seed >> 16) % 100));
        if (kill_watcher) {
            kill_and_wait(w);
            w = start(&t, watcher, 0);
        }
        int victim = i % WRITERS;
        if (kill_writers) {
            kill_and_wait(writers[victim]);
            writers[victim] = start(&t, writer, victim);
        }
    }
    pause_ms(50);
    atomic_store(&t.field->stop, 1);
    for (int i = 0; i < WRITERS; i++)
        wait_well(writers[i]);
    /* what killed writers left is applied once the watcher sleeps */
    while (!atomic_load(t.area->watcher_asleep))
        pause_ms(1);
    atomic_store(&t.field->goal, atomic_load(t.area->revision));
    wait_well(reader);
    kill_and_wait(w);
    assert_int_equal(check_log(&t), atomic_load(&t.field->seen));
    munmap(t.field, sizeof(*t.field));
    area_free(t.area);
    scratch_remove(t.dir);
}

static void watcher_killed(void **state)
{
    run(60, true, false);
}

static void writers_killed(void **state)
{
    run(40, false, true);
}

static void all_killed(void **state)
{
    run(30, true, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(watcher_killed),
        cmocka_unit_test(writers_killed),
        cmocka_unit_test(all_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
