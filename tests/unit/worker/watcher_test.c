/* The watcher as a process: serves, drains on SIGTERM, ignores SIGHUP, comes back with everything, refuses a
 * second one on the same directory. */
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
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "shm/base/buf.h"
#include "shm/cache/cache.h"
#include "shm/store/embedded/mailbox.h"
#include "worker/worker.h"

struct world {
    struct area *area;
    char dir[64];
    char store[128];
    struct options options;
};

static void set_up(struct world *w)
{
    snprintf(w->dir, sizeof(w->dir), "/tmp/watcher-test-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->store, sizeof(w->store), "%s/store", w->dir);
    w->area = area_new(1);
    w->options = (struct options){.data_dir = w->dir,
                                  .cache_dir = w->store,
                                  .etcd_servers = "",
                                  .cache_window_bytes = 8 << 20,
                                  .cache_map_bytes = 1 << 30};
}

static void tear_down(struct world *w)
{
    static const char *const files[] = {"/data.mdb", "/lock.mdb", "/writer.lock", ""};
    char path[128];
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s/store%s", w->dir, files[i]);
        remove(path);
    }
    rmdir(w->dir);
    area_free(w->area);
}

static pid_t start(struct world *w)
{
    atomic_store(w->area->store_ready, 0);
    pid_t pid = fork();
    if (!pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(watcher_main(w->area, &w->options));
    }
    for (int i = 0; i < 5000 && !atomic_load(w->area->store_ready); i++)
        usleep(1000);
    assert_int_equal(atomic_load(w->area->store_ready), 1);
    return pid;
}

static int exit_of(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void submit(struct store *s, int n, store_done done, void *arg)
{
    struct buf b = {0};
    char name[16];
    uint64_t ticket;
    struct record_parts p = {.resource = 3, .json = STR("{\"a\":1}"), .body_at = 1};
    snprintf(name, sizeof(name), "n%d", n);
    record_draft(&b, &p);
    struct store_op op = {.verb = STORE_PUT, .draft = (const struct record *)b.p};
    key_make(&op.key, 3, STR("ns"), str_of(name));
    assert_int_equal(store_submit(s, &op, done, arg, &ticket), 0);
    buf_free(&b);
}

static void applied(void *arg, const struct store_result *r)
{
    assert_int_equal(r->error, 0);
    ++*(int *)arg;
}

static void refused(void *arg, const struct store_result *r)
{
    assert_int_equal(r->error, -EEXIST);
    ++*(int *)arg;
}

static void collect(struct world *w, struct store *s, int *n, int until)
{
    for (;;) {
        store_poll(s);
        if (*n >= until)
            break;
        struct pollfd p = {.fd = w->area->wake_fd[0], .events = POLLIN};
        uint64_t woken;
        assert_int_equal(poll(&p, 1, 5000), 1);
        assert_true(read(p.fd, &woken, sizeof(woken)) == sizeof(woken));
    }
    assert_int_equal(*n, until);
}

static void serves_drains_and_returns(void **state)
{
    struct world w;
    set_up(&w);
    pid_t pid = start(&w);
    struct store *s = embedded_open(w.area, 0);
    int n = 0;
    for (int i = 0; i < 100; i++)
        submit(s, i, applied, &n);
    collect(&w, s, &n, 100);
    assert_int_equal(kill(pid, SIGHUP), 0);
    submit(s, 100, applied, &n);
    collect(&w, s, &n, 101);

    /* what waits when it is told to stop is finished first */
    assert_int_equal(kill(pid, SIGSTOP), 0);
    for (int i = 101; i < 900; i++)
        submit(s, i, applied, &n);
    kill(pid, SIGTERM);
    kill(pid, SIGCONT);
    assert_int_equal(exit_of(pid), 0);
    collect(&w, s, &n, 900);
    assert_int_equal(store_revision(s), 901);
    store_free(s);

    /* a restart of the whole server: another area, the same disk */
    area_free(w.area);
    w.area = area_new(1);
    s = embedded_open(w.area, 0);
    pid = start(&w);
    assert_int_equal(store_revision(s), 901);
    int old = 0;
    for (int i = 0; i < 900; i++)
        submit(s, i, refused, &old);
    collect(&w, s, &old, 900);

    pid_t second = fork();
    if (!second)
        _exit(watcher_main(w.area, &w.options));
    assert_int_equal(exit_of(second), 1);
    kill(pid, SIGINT);
    assert_int_equal(exit_of(pid), 0);
    store_free(s);
    tear_down(&w);
}

static void a_bad_directory_is_said(void **state)
{
    struct world w;
    set_up(&w);
    w.options.cache_dir = "/proc/nowhere";
    pid_t pid = fork();
    if (!pid)
        _exit(watcher_main(w.area, &w.options));
    assert_int_equal(exit_of(pid), 1);
    assert_int_equal(atomic_load(w.area->store_ready), 0);
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_drains_and_returns),
        cmocka_unit_test(a_bad_directory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
