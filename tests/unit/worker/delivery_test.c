/* How long events were under way, as /metrics tells it. */
#include "tests/unit/shm/util.h"

#include "shm/area.h"
#include "shm/base/clock.h"
#include "worker/watch/delivery.h"

/* The number behind NAME in the text; -1: there is none. */
static double told(struct area *a, const char *name)
{
    struct buf text = {0};
    char line[64];
    delivery_put(a, &text, "x");
    buf_putc(&text, 0);
    snprintf(line, sizeof(line), "%s ", name);
    const char *at = strstr(text.p, line);
    double v = at ? strtod(at + strlen(line), NULL) : -1;
    buf_free(&text);
    return v;
}

/* When something was published that many milliseconds ago. */
static uint32_t ago(int64_t ms)
{
    return (uint32_t)(clock_ns() / 1000 - ms * 1000);
}

static void deliveries_count_with_the_time_since_publication(void **state)
{
    struct area *a = area_new(1);
    struct delivery *d = delivery_new(a, 0);
    delivery_published(d, 7, ago(30));
    delivery_published(d, 8, ago(60000));
    for (int i = 0; i < 1000; i++)
        delivery_sent(d, 7);
    delivery_sent(d, 8);
    assert_true(told(a, "x_count") == 0); /* not before the turn is over */
    delivery_turn_over(d);
    assert_true(told(a, "x_count") == 1001);
    assert_true(told(a, "x_bucket{le=\"0.025\"}") == 0);
    assert_true(told(a, "x_bucket{le=\"10\"}") == 1000);
    assert_true(told(a, "x_bucket{le=\"+Inf\"}") == 1001);
    assert_true(told(a, "x_sum") >= 1000 * 0.03 + 60 && told(a, "x_sum") < 10000);
    delivery_turn_over(d);
    assert_true(told(a, "x_count") == 1001); /* once */
    delivery_free(d);
    area_free(a);
}

static void what_a_slow_client_takes_up_later_counts_with_that_time(void **state)
{
    struct area *a = area_new(1);
    struct delivery *d = delivery_new(a, 0);
    delivery_published(d, 1, ago(200));
    for (int64_t r = 2; r <= DELIVERY_EVENTS; r++)
        delivery_published(d, r, ago(0));
    delivery_sent(d, 1);
    delivery_turn_over(d);
    assert_true(told(a, "x_bucket{le=\"0.1\"}") == 0);
    assert_true(told(a, "x_count") == 1);
    delivery_published(d, DELIVERY_EVENTS + 1, ago(0));
    delivery_sent(d, 1); /* too long ago */
    delivery_sent(d, 999999);
    delivery_turn_over(d);
    assert_true(told(a, "x_count") == 1);
    delivery_free(d);
    area_free(a);
}

static void an_event_that_is_pushed_out_in_its_turn_is_counted(void **state)
{
    struct area *a = area_new(1);
    struct delivery *d = delivery_new(a, 0);
    for (int64_t r = 1; r <= 3 * DELIVERY_EVENTS; r++) {
        delivery_published(d, r, ago(0));
        delivery_sent(d, r);
    }
    delivery_turn_over(d);
    assert_true(told(a, "x_count") == 3 * DELIVERY_EVENTS);
    delivery_free(d);
    area_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deliveries_count_with_the_time_since_publication),
        cmocka_unit_test(what_a_slow_client_takes_up_later_counts_with_that_time),
        cmocka_unit_test(an_event_that_is_pushed_out_in_its_turn_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
