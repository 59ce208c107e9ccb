/* The past: what there was at an older revision. */
#include "tests/unit/shm/world.h"

#include "shm/cache/history.h"

/* The past as one line: name=text pairs. */
static char *past(struct world *w, int64_t revision, const char *ns, const struct key *after,
                  int64_t *remaining)
{
    static char out[4096];
    struct snapshot *s = snapshot_get(w->snaps);
    struct key prefix;
    const struct record *r;
    out[0] = 0;
    key_prefix(&prefix, RES, str_of(ns));
    struct history *h = history_open(s, &prefix, revision);
    assert_non_null(h);
    if (after)
        assert_int_equal(history_seek(h, after), 0);
    if (remaining)
        *remaining = history_remaining(h, 100);
    while ((r = history_next(h, NULL))) {
        struct str text;
        assert_true(r->mod_revision <= revision);
        assert_true(record_table_label(record_table_view(r), STR("app"), &text));
        snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%.*s=%.*s", out[0] ? " " : "",
                 STR_ARG(record_name(r)), STR_ARG(text));
    }
    assert_int_equal(history_remaining(h, 100), 0);
    history_close(h);
    snapshot_unref(s);
    return out;
}

static void the_past_is_exact(void **state)
{
    struct world *w = *state;
    add(w, "a", "b", "1", NULL); /* 2 */
    add(w, "a", "d", "1", NULL); /* 3 */
    add(w, "z", "d", "1", NULL); /* 4 */
    add(w, "a", "d", "2", NULL); /* 5 */
    add(w, "a", "c", "1", NULL); /* 6 */
    drop(w, "a", "b");           /* 7 */
    add(w, "a", "d", "3", NULL); /* 8 */
    add(w, "a", "b", "9", NULL); /* 9: created anew */
    drop(w, "a", "c");           /* 10 */
    int64_t left;
    assert_string_equal(past(w, 10, "a", NULL, &left), "b=9 d=3");
    assert_int_equal(left, 2);
    assert_string_equal(past(w, 9, "a", NULL, NULL), "b=9 c=1 d=3");
    assert_string_equal(past(w, 8, "a", NULL, NULL), "c=1 d=3");
    assert_string_equal(past(w, 7, "a", NULL, NULL), "c=1 d=2");
    assert_string_equal(past(w, 6, "a", NULL, NULL), "b=1 c=1 d=2");
    assert_string_equal(past(w, 5, "a", NULL, NULL), "b=1 d=2");
    assert_string_equal(past(w, 3, "a", NULL, NULL), "b=1 d=1");
    assert_string_equal(past(w, 2, "a", NULL, NULL), "b=1");
    assert_string_equal(past(w, 1, "a", NULL, NULL), "");
    assert_string_equal(past(w, 6, "", NULL, NULL), "b=1 c=1 d=2 d=1");
    struct key after;
    key_make(&after, RES, STR("a"), STR("b"));
    assert_string_equal(past(w, 6, "a", &after, &left), "c=1 d=2");
    assert_int_equal(left, 2);
    key_make(&after, RES, STR("a"), STR("bb"));
    assert_string_equal(past(w, 6, "", &after, NULL), "c=1 d=2 d=1");

    struct snapshot *s = snapshot_get(w->snaps);
    struct key prefix, k;
    key_prefix(&prefix, RES, STR("a"));
    assert_null(history_open(s, &prefix, 11));
    assert_int_equal(errno, EOVERFLOW);
    struct history *h = history_open(s, &prefix, 7);
    key_make(&k, RES, STR("a"), STR("b"));
    assert_null(history_object(h, &k));
    key_make(&k, RES, STR("a"), STR("d"));
    assert_true(json_has(history_object(h, &k), "\"resourceVersion\":\"5\""));
    history_close(h);
    h = history_open(s, &prefix, 6); /* a deleted object has its old resourceVersion then */
    key_make(&k, RES, STR("a"), STR("b"));
    assert_true(json_has(history_object(h, &k), "\"resourceVersion\":\"2\""));
    history_close(h);
    snapshot_unref(s);
}

static void the_past_of_many_keys(void **state)
{
    struct world *w = *state;
    char name[32];
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "k%03d", (i * 7) % 300);
        add(w, "a", name, "old", NULL);
    }
    int64_t then = w->revision;
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "k%03d", i);
        if (i % 3 == 0)
            drop(w, "a", name);
        else
            add(w, "a", name, "new", NULL);
        snprintf(name, sizeof(name), "k%03da", i);
        add(w, "a", name, "new", NULL);
    }
    struct snapshot *s = snapshot_get(w->snaps);
    struct key prefix;
    key_prefix(&prefix, RES, STR_NONE);
    struct history *h = history_open(s, &prefix, then);
    assert_int_equal(history_remaining(h, 1000), 300);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "k%03d", i);
        const struct record *r = history_next(h, NULL);
        assert_name(r, name);
        assert_true(json_has(r, "\"text\":\"old\""));
        if (i == 100)
            assert_int_equal(history_remaining(h, 1000), 199);
    }
    assert_null(history_next(h, NULL));
    history_close(h);
    snapshot_unref(s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_past_is_exact),
        T(the_past_of_many_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
