/* The few kinds that are served in more than one form: HorizontalPodAutoscaler (autoscaler.c) and Event
 * (events.k8s.io/v1 renames the fields of the core kind). Rule: pkg/apis/events/v1/conversion.go. */
#include "registry/strategy/strategy.h"

#include "registry/strategy/autoscaler.h"
#include "registry/walk/decode.h"
#include "registry/walk/tree.h"

struct rename {
    const char *core, *events;
};

static const struct rename EVENT_FIELDS[] = {
    {"involvedObject", "regarding"},
    {"message", "note"},
    {"source", "deprecatedSource"},
    {"firstTimestamp", "deprecatedFirstTimestamp"},
    {"lastTimestamp", "deprecatedLastTimestamp"},
    {"count", "deprecatedCount"},
    {"reportingComponent", "reportingController"},
};

static void rename_events(json_t *obj, bool to_core)
{
    for (size_t i = 0; i < sizeof(EVENT_FIELDS) / sizeof(EVENT_FIELDS[0]); i++) {
        const char *from = to_core ? EVENT_FIELDS[i].events : EVENT_FIELDS[i].core;
        const char *to = to_core ? EVENT_FIELDS[i].core : EVENT_FIELDS[i].events;
        json_t *v = json_incref(json_object_get(obj, from));

        json_object_del(obj, from);
        if (v)
            json_object_set_new(obj, to, v);
    }
}

/* What came out of annotations was never read as its kind; what is not of it goes, as the reference drops it.
 */
static void autoscaler_read(struct arena *a, json_t *obj, const struct schema_resource *to)
{
    static const char *const ANNOTATED[] = {"spec.metrics", "spec.behavior", "status.conditions",
                                            "status.currentMetrics"};
    struct status st = {.arena = a};
    bool fits;

    autoscaler_to_v2(obj);
    fits = decode_tree(obj, to->type, NULL, &st);
    for (size_t i = 0; !fits && i < sizeof(ANNOTATED) / sizeof(ANNOTATED[0]); i++)
        tree_delete(obj, ANNOTATED[i]);
}

json_t *strategy_convert(struct arena *a, json_t *obj, const struct schema_resource *from,
                         const struct schema_resource *to, struct status *st)
{
    if (from == to)
        return obj;
    if (strcmp(from->kind, "Event") == 0)
        rename_events(obj, strcmp(to->group, "") == 0);
    else if (strcmp(from->kind, "HorizontalPodAutoscaler") == 0 && strcmp(to->version, "v1") == 0)
        autoscaler_to_v1(obj);
    else if (strcmp(from->kind, "HorizontalPodAutoscaler") == 0)
        autoscaler_read(a, obj, to);
    tree_set_string(obj, "kind", to->kind);
    tree_set_string(obj, "apiVersion", to->api_version);
    return obj;
}
