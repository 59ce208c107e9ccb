/* A pod spec, in the order of the reference's checks. */
#include "registry/validation/pods.h"

#include "registry/rules/names.h"
#include "registry/rules/quantities.h"
#include "registry/validation/formats.h"
#include "registry/validation/numbers.h"
#include "registry/validation/selectors.h"
#include "registry/validation/volumesources.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"

#define MIRROR "kubernetes.io/config.mirror"
#define DELETION_COST "controller.kubernetes.io/pod-deletion-cost"

void visit_containers(const struct pod *p, const struct at *at, container_visit visit, void *arg)
{
    static const char *const LISTS[] = {"initContainers", "containers", "ephemeralContainers"};

    for (int k = 0; k < 3; k++) {
        const json_t *list = json_object_get(p->spec, LISTS[k]);
        struct at list_at = at_field(at, LISTS[k]);

        for (size_t i = 0; i < json_array_size(list); i++) {
            struct at one = at_index(&list_at, i);

            visit(p, &one, json_array_get(list, i), arg);
        }
    }
}

/* A name that may be left out. */
static void check_optional_name(const struct pod *p, const struct at *up, const char *field, const char *rule)
{
    struct at at = at_field(up, field);

    if (check_str(p->spec, field).n)
        check_name(p->c, &at, check_str(p->spec, field), rule);
}

static void check_choice(const struct pod *p, const struct at *up, const char *field,
                         const char *const *valid, int n)
{
    struct at at = at_field(up, field);

    if (check_needed(p->c, up, p->spec, field))
        check_enum(p->c, &at, check_str(p->spec, field), valid, n);
}

static void check_readiness_gates(const struct pod *p, const struct at *up)
{
    struct at at = at_field(up, "readinessGates");
    const json_t *list = json_object_get(p->spec, "readinessGates");

    for (size_t i = 0; i < json_array_size(list) && !check_full(p->c); i++) {
        struct at one = at_index(&at, i), type = at_field(&one, "conditionType");

        check_qualified_name(p->c, &type, check_str(json_array_get(list, i), "conditionType"));
    }
}

static void check_scheduling_gates(const struct pod *p, const struct at *up)
{
    struct at at = at_field(up, "schedulingGates");
    const json_t *list = json_object_get(p->spec, "schedulingGates");
    struct seen *names = seen_new(p->c);

    for (size_t i = 0; i < json_array_size(list) && !check_full(p->c); i++) {
        struct str name = check_str(json_array_get(list, i), "name");
        struct at one = at_index(&at, i);

        check_qualified_name(p->c, &one, name);
        if (seen_add(names, name))
            check_duplicate_str(p->c, &one, name);
    }
}

/* From service account to overhead: what a pod may leave out. */
static void check_optional(const struct pod *p, const struct at *at)
{
    static const char *const PREEMPTION[] = {"PreemptLowerPriority", "Never"};
    struct at deadline = at_field(at, "activeDeadlineSeconds"), tolerations = at_field(at, "tolerations");
    struct at aliases = at_field(at, "hostAliases"), overhead = at_field(at, "overhead"),
              runtime = at_field(at, "runtimeClassName");
    json_t *limits;

    check_optional_name(p, at, "serviceAccountName", "dns-subdomain");
    check_optional_name(p, at, "nodeName", "dns-subdomain");
    if (check_has(p->spec, "activeDeadlineSeconds"))
        check_range(p->c, &deadline, check_int(p->spec, "activeDeadlineSeconds", 0), 1, INT32_MAX);
    check_optional_name(p, at, "hostname", "dns-label");
    check_optional_name(p, at, "subdomain", "dns-label");
    check_tolerations(p->c, &tolerations, json_object_get(p->spec, "tolerations"));
    check_host_aliases(p->c, &aliases, json_object_get(p->spec, "hostAliases"));
    check_optional_name(p, at, "priorityClassName", "dns-subdomain");
    if (check_has(p->spec, "runtimeClassName"))
        check_name(p->c, &runtime, check_str(p->spec, "runtimeClassName"), "dns-subdomain");
    if (check_has(p->spec, "preemptionPolicy"))
        check_choice(p, at, "preemptionPolicy", PREEMPTION, 2);
    if (!json_object_size(json_object_get(p->spec, "overhead")))
        return;
    limits = json_pack("{s:O}", "limits", json_object_get(p->spec, "overhead"));
    check_requirements(p->c, &overhead, limits, NULL, false, p->o->lax_hugepages);
    json_decref(limits);
}

void check_pod_spec(struct check *c, const struct at *at, const json_t *spec, const json_t *meta,
                    const struct pod_options *o)
{
    static const char *const RESTARTS[] = {"Always", "OnFailure", "Never"};
    static const char *const DNS[] = {"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"};
    struct pod p = {.c = c,
                    .o = o,
                    .spec = spec,
                    .meta = meta,
                    .host_users = !json_is_false(json_object_get(spec, "hostUsers"))};
    struct at grace = at_field(at, "terminationGracePeriodSeconds"), volumes = at_field(at, "volumes");
    struct at claims = at_field(at, "resourceClaims"), containers = at_field(at, "containers");
    struct at inits = at_field(at, "initContainers"), ephemeral = at_field(at, "ephemeralContainers");
    struct at selector = at_field(at, "nodeSelector");

    if (!check_has(spec, "terminationGracePeriodSeconds"))
        check_required(c, &grace, "");
    check_volumes(&p, &volumes);
    check_resource_claims(&p, &claims);
    check_containers(&p, &containers);
    check_init_containers(&p, &inits);
    check_ephemeral_containers(&p, &ephemeral);
    check_pod_resources(&p, at);
    check_host_network_ports(&p, at);
    check_choice(&p, at, "restartPolicy", RESTARTS, 3);
    check_choice(&p, at, "dnsPolicy", DNS, 4);
    check_labels(c, &selector, json_object_get(spec, "nodeSelector"));
    check_pod_security(&p, at);
    check_affinity(&p, at);
    check_dns(&p, at);
    check_readiness_gates(&p, at);
    check_scheduling_gates(&p, at);
    check_topology_spread(&p, at);
    check_host_process(&p, at);
    check_host_users(&p, at);
    check_hostname_override(&p, at);
    check_optional(&p, at);
    check_os(&p, at);
    check_file_key_volumes(&p, at);
}

/* A whole number of 32 bits without a plus or needless zeros. */
static bool is_deletion_cost(struct str s)
{
    int64_t n;

    if (!s.n || (s.p[0] == '0' && s.n > 1) || (s.p[0] != '-' && (s.p[0] < '0' || s.p[0] > '9')))
        return false;
    return str_to_int64(s, &n) == 0 && n >= INT32_MIN && n <= INT32_MAX;
}

bool has_odd_deletion_cost(const json_t *annotations)
{
    return check_has(annotations, DELETION_COST) && !is_deletion_cost(check_str(annotations, DELETION_COST));
}

static void check_annotated_tolerations(struct check *c, const struct at *up, struct str text)
{
    static const char KEY[] = "scheduler.alpha.kubernetes.io/tolerations";
    struct at at = at_field(up, KEY);
    const char *err = NULL;
    json_t *list = json_read(c->arena, text, NULL, &err);

    if (!list)
        check_invalid_str(c, up, str_of(KEY), err);
    else if (json_is_array(list))
        check_tolerations(c, &at, list);
    json_decref(list);
}

void check_pod_annotations(struct check *c, const struct at *at, const json_t *annotations,
                           const json_t *spec, const struct pod_options *o)
{
    struct at mirror = at_key(at, STR(MIRROR)), cost = at_key(at, STR(DELETION_COST));
    struct str tolerations = check_str(annotations, "scheduler.alpha.kubernetes.io/tolerations");

    if (!json_object_size(annotations))
        return;
    if (check_has(annotations, MIRROR) && !check_str(spec, "nodeName").n)
        check_invalid_str(c, &mirror, check_str(annotations, MIRROR),
                          "must set spec.nodeName if mirror pod annotation is set");
    if (tolerations.n)
        check_annotated_tolerations(c, at, tolerations);
    if (!o->lax_deletion_cost && has_odd_deletion_cost(annotations))
        check_invalid_str(c, &cost, check_str(annotations, DELETION_COST), "must be a 32bit integer");
    check_seccomp_annotations(c, at, annotations);
    check_apparmor_annotations(c, at, annotations, spec);
}

void check_pod_template(struct check *c, const struct at *at, const json_t *template_,
                        const struct pod_options *o)
{
    struct at labels = at_field(at, "labels"), annotations = at_field(at, "annotations"),
              spec_at = at_field(at, "spec");
    struct at ephemeral = at_field(&spec_at, "ephemeralContainers");
    const json_t *meta = json_object_get(template_, "metadata"), *spec = json_object_get(template_, "spec");

    check_labels(c, &labels, json_object_get(meta, "labels"));
    check_annotations(c, &annotations, json_object_get(meta, "annotations"));
    check_pod_annotations(c, &annotations, json_object_get(meta, "annotations"), spec, o);
    check_pod_spec(c, &spec_at, spec, NULL, o);
    check_profiles_agree(c, &spec_at, meta, spec);
    if (json_array_size(json_object_get(spec, "ephemeralContainers")))
        check_forbidden(c, &ephemeral, "ephemeral containers not allowed in pod template");
}
