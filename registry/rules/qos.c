/* Only cpu and memory count, and only amounts above zero. */
#include "registry/rules/qos.h"

#include <stdbool.h>
#include "registry/rules/quantities.h"

static const char *const RESOURCES[] = {"cpu", "memory"};

struct asked {
    int64_t requests[2], limits[2]; /* in thousandths */
    bool guaranteed;                /* so far: everybody limits both */
};

static int64_t amount(const json_t *list, const char *name)
{
    const json_t *v = json_object_get(list, name);

    return json_is_string(v) ? quantity_milli((struct str){json_string_value(v), json_string_length(v)}) : 0;
}

static void count(struct asked *a, const json_t *resources)
{
    for (int i = 0; i < 2; i++) {
        int64_t request = amount(json_object_get(resources, "requests"), RESOURCES[i]);
        int64_t limit = amount(json_object_get(resources, "limits"), RESOURCES[i]);

        if (request > 0)
            a->requests[i] += request;
        if (limit > 0)
            a->limits[i] += limit;
        else
            a->guaranteed = false;
    }
}

static void count_all(struct asked *a, const json_t *containers)
{
    for (size_t i = 0; i < json_array_size(containers); i++)
        count(a, json_object_get(json_array_get(containers, i), "resources"));
}

const char *qos_class(const json_t *pod)
{
    const json_t *spec = json_object_get(pod, "spec"), *whole = json_object_get(spec, "resources");
    struct asked a = {.guaranteed = true};

    if (whole) {
        count(&a, whole);
    } else {
        count_all(&a, json_object_get(spec, "containers"));
        count_all(&a, json_object_get(spec, "initContainers"));
    }
    if (!a.requests[0] && !a.requests[1] && !a.limits[0] && !a.limits[1])
        return "BestEffort";
    for (int i = 0; i < 2; i++)
        a.guaranteed = a.guaranteed && a.requests[i] == a.limits[i];
    return a.guaranteed ? "Guaranteed" : "Burstable";
}
