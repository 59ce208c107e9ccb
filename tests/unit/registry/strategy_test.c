/* What happens to objects between decoding and the store: defaults, preparation, admission, conversion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "registry/admission/chain.h"
#include "registry/strategy/strategy.h"
#include "registry/walk/default.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"

struct fixture {
    struct arena *arena;
    struct status st;
    struct findings warnings;
    struct world world;
    json_t *namespace;   /* the one namespace of this world */
    const char *address; /* the one address that is taken */
    json_t *ranges;      /* the ServiceCIDRs; NULL: none */
    json_t *ports;       /* the map of node ports */
};

static json_t *world_get(void *arg, const struct schema_resource *r, struct str ns, struct str name)
{
    struct fixture *f = arg;

    if (strcmp(r->plural, "rangeallocations") == 0)
        return json_incref(f->ports);
    return strcmp(r->plural, "namespaces") == 0 && f->namespace ? json_incref(f->namespace) : NULL;
}

static bool world_has(void *arg, const struct schema_resource *r, struct str ns, struct str name)
{
    struct fixture *f = arg;

    return strcmp(r->plural, "ipaddresses") == 0 && f->address && str_is(name, f->address);
}

static json_t *world_list(void *arg, const struct schema_resource *r)
{
    struct fixture *f = arg;

    return f->ranges && strcmp(r->plural, "servicecidrs") == 0 ? json_incref(f->ranges) : json_array();
}

static int64_t world_now(void *arg)
{
    return 1700000000;
}

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));

    f->arena = arena_new(0);
    f->st.arena = f->arena;
    f->warnings.arena = f->arena;
    f->world = (struct world){.arg = f,
                              .get = world_get,
                              .has = world_has,
                              .list = world_list,
                              .now_s = world_now,
                              .service_cluster_ip_range = "10.0.0.0/28",
                              .node_port_first = 30000,
                              .node_port_last = 32767};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    json_decref(f->namespace);
    json_decref(f->ranges);
    json_decref(f->ports);
    arena_free(f->arena);
    test_free(f);
    return 0;
}

static json_t *tree(struct fixture *f, const char *text)
{
    const char *err = "";
    json_t *v = json_read(f->arena, str_of(text), NULL, &err);

    if (!v)
        fail_msg("%s", err);
    return v;
}

static struct strategy_call call(struct fixture *f, const char *group, const char *plural, const char *sub)
{
    const struct schema_resource *r = schema_resource(str_of(group), STR("v1"), str_of(plural));

    assert_non_null(r);
    return (struct strategy_call){.arena = f->arena,
                                  .resource = r,
                                  .subresource = sub,
                                  .world = &f->world,
                                  .warnings = &f->warnings,
                                  .user = "jane"};
}

static void assert_str(const json_t *obj, const char *path, const char *want)
{
    const char *is = tree_string(obj, path);

    if (!is || strcmp(is, want) != 0)
        fail_msg("%s is %s, not %s", path, is ? is : "(absent)", want);
}

#define POD_SPEC                                                                                             \
    "{\"containers\":[{\"name\":\"c\",\"image\":\"reg:5000/nginx\"},{\"name\":\"d\",\"image\":\"r/x:1\"}]}"

static void test_template_defaults(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "apps", "deployments", "");
    json_t *d = tree(f, "{\"spec\":{\"template\":{\"spec\":" POD_SPEC "}}}"), *spec, *first;

    strategy_defaults(&c, d);
    assert_int_equal(tree_int(d, "spec.replicas", 0), 1);
    assert_int_equal(tree_int(d, "spec.progressDeadlineSeconds", 0), 600);
    assert_str(d, "spec.strategy.type", "RollingUpdate");
    assert_str(d, "spec.strategy.rollingUpdate.maxSurge", "25%");
    spec = tree_get(d, "spec.template.spec");
    assert_str(spec, "restartPolicy", "Always");
    assert_int_equal(tree_int(spec, "terminationGracePeriodSeconds", 0), 30);
    assert_null(tree_get(spec, "enableServiceLinks"));
    first = json_array_get(tree_get(spec, "containers"), 0);
    assert_str(first, "imagePullPolicy", "Always");
    assert_str(json_array_get(tree_get(spec, "containers"), 1), "imagePullPolicy", "IfNotPresent");
    json_decref(d);
}

static void test_said_stays(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "apps", "deployments", "");
    json_t *d = tree(f, "{\"spec\":{\"replicas\":0,\"strategy\":{\"type\":\"Recreate\"}}}");

    strategy_defaults(&c, d);
    assert_int_equal(tree_int(d, "spec.replicas", 7), 0);
    assert_null(tree_get(d, "spec.strategy.rollingUpdate"));
    json_decref(d);
}

static void test_service_defaults(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "", "services", "");
    json_t *s = tree(f, "{\"spec\":{\"ports\":[{\"port\":80},{\"port\":81,\"targetPort\":\"web\"}]}}"), *port;

    strategy_defaults(&c, s);
    assert_str(s, "spec.type", "ClusterIP");
    assert_str(s, "spec.internalTrafficPolicy", "Cluster");
    assert_null(tree_get(s, "spec.externalTrafficPolicy"));
    port = json_array_get(tree_get(s, "spec.ports"), 0);
    assert_str(port, "protocol", "TCP");
    assert_int_equal(tree_int(port, "targetPort", 0), 80);
    assert_str(json_array_get(tree_get(s, "spec.ports"), 1), "targetPort", "web");
    json_decref(s);
}

static void test_service_keeps_the_address_it_names(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "", "services", "");
    json_t *s =
        tree(f, "{\"metadata\":{\"name\":\"s\",\"namespace\":\"n\"},\"spec\":{\"clusterIP\":\"10.0.0.7\","
                "\"type\":\"ClusterIP\",\"ports\":[{\"port\":80}]}}");

    strategy_defaults(&c, s);
    assert_true(strategy_before_create(&c, s, &f->st));
    assert_str(s, "spec.clusterIP", "10.0.0.7");
    assert_string_equal(json_string_value(json_array_get(tree_get(s, "spec.clusterIPs"), 0)), "10.0.0.7");
    assert_string_equal(json_string_value(json_array_get(tree_get(s, "spec.ipFamilies"), 0)), "IPv4");
    json_decref(s);
}

#define PORT80 "\"ports\":[{\"port\":80}]"
#define OLD(policy, ips, families)                                                                           \
    "{\"type\":\"ClusterIP\",\"ipFamilyPolicy\":\"" policy                                                   \
    "\",\"clusterIP\":\"10.0.0.7\",\"clusterIPs\":[" ips "],\"ipFamilies\":[" families "]," PORT80 "}"
#define V4 "\"10.0.0.7\""
#define V6 "\"fd00::7\""

/* What becomes of addresses and families: the policy, families and addresses afterwards, or the refusal. The
 * cluster has 10.0.0.0/28, of which 10.0.0.9 is taken, and in rows that say so fd00::/124. */
static const struct addressing {
    bool dual;
    const char *range; /* of a ServiceCIDR instead of the flag's; NULL: none */
    const char *old, *spec;
    const char *result; /* "POLICY FAMILIES ADDRESSES"; ? stands for any address */
    const char *refusal;
} ADDRESSINGS[] = {
    {false, NULL, NULL, "{" PORT80 "}", "SingleStack IPv4 ?", NULL},
    {true, NULL, NULL, "{" PORT80 "}", "SingleStack IPv4 ?", NULL},
    {true, NULL, NULL, "{\"ipFamilyPolicy\":\"RequireDualStack\"," PORT80 "}",
     "RequireDualStack IPv4,IPv6 ?,?", NULL},
    {false, NULL, NULL, "{\"ipFamilyPolicy\":\"PreferDualStack\"," PORT80 "}", "PreferDualStack IPv4 ?",
     NULL},
    {true, NULL, NULL, "{\"ipFamilyPolicy\":\"PreferDualStack\",\"ipFamilies\":[\"IPv6\"]," PORT80 "}",
     "PreferDualStack IPv6,IPv4 ?,?", NULL},
    {true, NULL, NULL, "{\"clusterIP\":\"fd00::7\"," PORT80 "}", "SingleStack IPv6 fd00::7", NULL},
    {false, NULL, NULL, "{\"clusterIP\":\"None\",\"selector\":{\"a\":\"b\"}," PORT80 "}",
     "SingleStack IPv4 None", NULL},
    {false, NULL, NULL, "{\"clusterIP\":\"None\"," PORT80 "}", "RequireDualStack IPv4,IPv6 None", NULL},
    {false, NULL, NULL, "{\"type\":\"ExternalName\",\"externalName\":\"a.b\"}", "- - -", NULL},
    {false, NULL, NULL, "{\"clusterIP\":\"10.0.0.7\"," PORT80 "}", "SingleStack IPv4 10.0.0.7", NULL},
    {false, "10.9.0.0/28", NULL, "{\"clusterIP\":\"10.9.0.7\"," PORT80 "}", "SingleStack IPv4 10.9.0.7",
     NULL},
    {false, NULL, NULL, "{\"clusterIP\":\"10.0.0.9\"," PORT80 "}", NULL,
     "spec.clusterIPs: Invalid value: [\"10.0.0.9\"]: failed to allocate IP 10.0.0.9: provided IP is already "
     "allocated"},
    {false, NULL, NULL, "{\"clusterIP\":\"10.9.0.7\"," PORT80 "}", NULL,
     "spec.clusterIPs: Invalid value: [\"10.9.0.7\"]: failed to allocate IP 10.9.0.7: the provided network "
     "does not "
     "match the current range"},
    {false, NULL, NULL, "{\"clusterIP\":\"10.0.0.15\"," PORT80 "}", NULL,
     "spec.clusterIPs: Invalid value: [\"10.0.0.15\"]: failed to allocate IP 10.0.0.15: the provided network "
     "does not "
     "match the current range"},
    {false, NULL, NULL, "{\"clusterIP\":\"fd00::7\"," PORT80 "}", NULL,
     "spec.clusterIPs[0]: Invalid value: [\"fd00::7\"]: IPv6 is not configured on this cluster"},
    {false, NULL, NULL, "{\"clusterIP\":\"x\"," PORT80 "}", NULL,
     "spec.clusterIPs[0]: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or "
     "2001:db8::ffff)"},
    {false, NULL, NULL, "{\"ipFamilyPolicy\":\"RequireDualStack\"," PORT80 "}", NULL,
     "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured for "
     "dual-stack services"},
    {false, NULL, NULL, "{\"ipFamilies\":[\"IPv6\"]," PORT80 "}", NULL,
     "spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster"},
    {true, NULL, NULL, "{\"clusterIP\":\"10.0.0.7\",\"clusterIPs\":[" V4 "," V6 "]," PORT80 "}", NULL,
     "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' "
     "when multiple "
     "cluster IPs are specified"},
    {true, NULL, OLD("SingleStack", V4, "\"IPv4\""), OLD("PreferDualStack", V4, "\"IPv4\""),
     "PreferDualStack IPv4,IPv6 10.0.0.7,?", NULL},
    {true, NULL, OLD("PreferDualStack", V4, "\"IPv4\""), OLD("PreferDualStack", V4, "\"IPv4\""),
     "PreferDualStack IPv4 10.0.0.7", NULL},
    {true, NULL, OLD("PreferDualStack", V4 "," V6, "\"IPv4\",\"IPv6\""),
     OLD("SingleStack", V4 "," V6, "\"IPv4\",\"IPv6\""), "SingleStack IPv4 10.0.0.7", NULL},
    {true, NULL, OLD("RequireDualStack", V4 "," V6, "\"IPv4\",\"IPv6\""),
     OLD("RequireDualStack", V4, "\"IPv4\",\"IPv6\""), NULL,
     "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": must be 'SingleStack' to release the "
     "secondary cluster IP"},
    {false, NULL, OLD("SingleStack", V4, "\"IPv4\""), "{\"type\":\"ClusterIP\"," PORT80 "}",
     "SingleStack IPv4 10.0.0.7", NULL},
    {false, NULL, OLD("SingleStack", V4, "\"IPv4\""),
     "{\"type\":\"ExternalName\",\"externalName\":\"a.b\",\"clusterIP\":\"10.0.0.7\",\"clusterIPs\":[" V4
     "],\"ipFamilies\":[\"IPv4\"],\"ipFamilyPolicy\":\"SingleStack\"}",
     "- - -", NULL},
    {false, NULL, "{\"type\":\"ExternalName\",\"externalName\":\"a.b\"}",
     "{\"type\":\"ClusterIP\"," PORT80 "}", "SingleStack IPv4 ?", NULL},
};

/* What nobody named was chosen, and shows as ?. */
static void put_list(struct buf *b, const json_t *list, const struct addressing *named)
{
    size_t i;
    json_t *v;

    if (!json_array_size(list))
        buf_putc(b, '-');
    json_array_foreach(list, i, v)
    {
        const char *text = json_string_value(v);
        bool known = !named || strstr(named->spec, text) || (named->old && strstr(named->old, text));

        if (i)
            buf_putc(b, ',');
        buf_puts(b, known ? text : "?");
    }
}

static void test_services_get_families_and_addresses(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(ADDRESSINGS) / sizeof(ADDRESSINGS[0]); i++) {
        const struct addressing *row = &ADDRESSINGS[i];
        struct strategy_call c = call(f, "", "services", "");
        json_t *old = row->old ? json_pack("{s:{s:s, s:s, s:s}, s:o}", "metadata", "name", "s", "namespace",
                                           "n", "resourceVersion", "1", "spec", tree(f, row->old))
                               : NULL;
        json_t *s = json_pack("{s:{s:s, s:s}, s:o}", "metadata", "name", "s", "namespace", "n", "spec",
                              tree(f, row->spec));
        struct buf b = {0};
        bool ok;

        f->st = (struct status){.arena = f->arena};
        f->address = "10.0.0.9";
        f->world.service_cluster_ip_range = row->dual ? "10.0.0.0/28,fd00::/124" : "10.0.0.0/28";
        json_decref(f->ranges);
        f->ranges = row->range ? json_pack("[{s:{s:s}, s:{s:[s]}}]", "metadata", "name", "kubernetes", "spec",
                                           "cidrs", row->range)
                               : NULL;
        strategy_defaults(&c, s);
        if (old) {
            strategy_defaults(&c, old);
            tree_set_string(s, "metadata.resourceVersion", "1");
        }
        ok = old ? strategy_before_update(&c, s, old, &f->st) : strategy_before_create(&c, s, &f->st);
        if (ok) {
            buf_printf(&b, "%s ",
                       tree_string(s, "spec.ipFamilyPolicy") ? tree_string(s, "spec.ipFamilyPolicy") : "-");
            put_list(&b, tree_get(s, "spec.ipFamilies"), NULL);
            buf_putc(&b, ' ');
            put_list(&b, tree_get(s, "spec.clusterIPs"), row);
        } else {
            buf_puts(&b, f->st.message + strlen("Service \"s\" is invalid: "));
        }
        buf_putc(&b, '\0');
        if (strcmp(b.p, row->result ? row->result : row->refusal) != 0)
            fail_msg("row %zu: got %s, wanted %s", i, b.p, row->result ? row->result : row->refusal);
        buf_free(&b);
        json_decref(s);
        json_decref(old);
    }
}

/* The map says that 30000 and 30009 are taken. */
static void test_services_get_node_ports(void **state)
{
    static const struct {
        const char *ports;
        const char *result; /* node ports; ? is any, = the one before */
        const char *refusal;
    } rows[] = {
        {"[{\"port\":80}]", "?", NULL},
        {"[{\"port\":80,\"name\":\"a\"},{\"port\":80,\"name\":\"b\",\"protocol\":\"UDP\"}]", "?=", NULL},
        {"[{\"port\":80,\"name\":\"a\"},{\"port\":81,\"name\":\"b\",\"nodePort\":30001}]", "?30001", NULL},
        {"[{\"port\":80,\"name\":\"a\"},{\"port\":80,\"name\":\"b\",\"protocol\":\"UDP\",\"nodePort\":30001}"
         "]",
         "30001=", NULL},
        {"[{\"port\":80,\"nodePort\":30009}]", NULL,
         "spec.ports[0].nodePort: Invalid value: 30009: provided port is already allocated"},
        {"[{\"port\":80,\"nodePort\":29999}]", NULL,
         "spec.ports[0].nodePort: Invalid value: 29999: provided port is not in the valid range. The range "
         "of valid "
         "ports is 30000-32767"},
        {"[{\"port\":80,\"name\":\"a\",\"nodePort\":30001},{\"port\":81,\"name\":\"b\",\"protocol\":\"UDP\","
         "\"nodePort\":30001}]",
         NULL, "spec.ports[1].nodePort: Invalid value: 30001: provided port is already allocated"},
    };
    struct fixture *f = *state;

    f->ports = json_pack("{s:s, s:s}", "range", "30000-32767", "data", "AgE=");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct strategy_call c = call(f, "", "services", "");
        json_t *s = json_pack("{s:{s:s, s:s}, s:{s:s, s:o}}", "metadata", "name", "s", "namespace", "n",
                              "spec", "type", "NodePort", "ports", tree(f, rows[i].ports));
        struct buf b = {0};
        int64_t before = 0;
        json_t *port;
        size_t j;

        f->st = (struct status){.arena = f->arena};
        strategy_defaults(&c, s);
        if (strategy_before_create(&c, s, &f->st)) {
            json_array_foreach(tree_get(s, "spec.ports"), j, port)
            {
                int64_t n = tree_int(port, "nodePort", 0);

                assert_in_range(n, 30001, 32767);
                assert_int_not_equal(n, 30009);
                if (n == before)
                    buf_putc(&b, '=');
                else if (strstr(rows[i].ports, "30001") && n == 30001)
                    buf_puts(&b, "30001");
                else
                    buf_putc(&b, '?');
                before = n;
            }
        } else {
            buf_puts(&b, f->st.message + strlen("Service \"s\" is invalid: "));
        }
        buf_putc(&b, '\0');
        if (!rows[i].result ? strcmp(b.p, rows[i].refusal) : strcmp(b.p, rows[i].result))
            fail_msg("row %zu: got %s, wanted %s", i, b.p, rows[i].result ? rows[i].result : rows[i].refusal);
        buf_free(&b);
        json_decref(s);
    }
}

static void test_service_keeps_the_node_port_of_a_namesake(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "", "services", "");
    json_t *old =
        tree(f, "{\"metadata\":{\"name\":\"s\",\"namespace\":\"n\",\"resourceVersion\":\"1\"},\"spec\":{"
                "\"type\":\"NodePort\",\"clusterIP\":\"10.0.0.7\",\"clusterIPs\":[\"10.0.0.7\"],"
                "\"ports\":[{\"name\":\"a\",\"port\":80,\"nodePort\":30123}]}}");
    json_t *s = json_deep_copy(old);

    tree_set(s, "spec.ports",
             json_pack("[{s:s,s:i},{s:s,s:i}]", "name", "b", "port", 80, "name", "a", "port", 81));
    strategy_defaults(&c, old);
    strategy_defaults(&c, s);
    assert_true(strategy_before_update(&c, s, old, &f->st));
    assert_int_equal(tree_int(json_array_get(tree_get(s, "spec.ports"), 1), "nodePort", 0), 30123);
    json_decref(s);
    json_decref(old);
}

static void test_warns_of_deprecated_node_labels(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "", "pods", "");
    json_t *p =
        tree(f, "{\"metadata\":{\"name\":\"p\",\"namespace\":\"n\"},\"spec\":{\"nodeSelector\":{"
                "\"beta.kubernetes.io/os\":\"linux\"},\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}");

    c.warnings = &f->warnings;
    strategy_defaults(&c, p);
    assert_true(strategy_before_create(&c, p, &f->st));
    assert_int_equal(f->warnings.n, 1);
    assert_string_equal(f->warnings.text[0],
                        "spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; "
                        "use \"kubernetes.io/os\" instead");
    json_decref(p);
}

static void test_resize_changes_resources_alone(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "", "pods", "resize");
    json_t *old =
        tree(f, "{\"metadata\":{\"name\":\"p\",\"namespace\":\"n\",\"generation\":1,"
                "\"resourceVersion\":\"1\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\","
                "\"resources\":{\"requests\":{\"cpu\":\"1\"}}}]}}");
    json_t *p, *container;

    strategy_defaults(&c, old);
    p = json_deep_copy(old);
    container = json_array_get(tree_get(p, "spec.containers"), 0);
    tree_set_string(container, "image", "other");
    tree_set_string(container, "resources.requests.cpu", "2");
    assert_true(strategy_before_update(&c, p, old, &f->st));
    container = json_array_get(tree_get(p, "spec.containers"), 0);
    assert_str(container, "image", "i");
    assert_str(container, "resources.requests.cpu", "2");
    json_decref(p);
    json_decref(old);
}

static void test_features_that_are_off_are_dropped(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "apps", "statefulsets", "");
    json_t *s = tree(
        f, "{\"spec\":{\"updateStrategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"partition\":2,"
           "\"maxUnavailable\":1}}}}");

    default_withhold(s, c.resource->type);
    assert_null(tree_get(s, "spec.updateStrategy.rollingUpdate.maxUnavailable"));
    assert_int_equal(tree_int(s, "spec.updateStrategy.rollingUpdate.partition", 0), 2);
    json_decref(s);
}

static void test_secret_text(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "", "secrets", "");
    json_t *s = tree(f, "{\"data\":{\"a\":\"eA==\"},\"stringData\":{\"b\":\"text\",\"a\":\"y\"}}");

    strategy_defaults(&c, s);
    assert_null(tree_get(s, "stringData"));
    assert_str(s, "data.b", "dGV4dA==");
    assert_str(s, "data.a", "eQ==");
    assert_str(s, "type", "Opaque");
    json_decref(s);
}

/* What a Deployment cannot do without. */
static json_t *deployment_spec(void)
{
    return json_pack("{s:i, s:{s:{s:s}}, s:{s:{s:{s:s}}, s:{s:[{s:s, s:s}]}}}", "replicas", 1, "selector",
                     "matchLabels", "app", "a", "template", "metadata", "labels", "app", "a", "spec",
                     "containers", "name", "c", "image", "i");
}

static void test_create_sets_system_metadata(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "apps", "deployments", "");
    json_t *d = tree(f, "{\"metadata\":{\"generateName\":\"web-\",\"namespace\":\"n\",\"uid\":\"mine\","
                        "\"deletionTimestamp\":\"2020-01-01T00:00:00Z\"},\"status\":{\"replicas\":3}}");

    json_object_set_new(d, "spec", deployment_spec());
    strategy_defaults(&c, d);
    assert_true(strategy_before_create(&c, d, &f->st));
    assert_int_equal(tree_str(d, "metadata.uid").n, 36);
    assert_int_equal(tree_str(d, "metadata.name").n, strlen("web-") + 5);
    assert_str(d, "metadata.creationTimestamp", "2023-11-14T22:13:20Z");
    assert_null(tree_get(d, "metadata.deletionTimestamp"));
    assert_null(tree_get(d, "status"));
    assert_int_equal(tree_int(d, "metadata.generation", 0), 1);
    assert_str(d, "apiVersion", "apps/v1");
    json_decref(d);
}

static void test_create_needs_a_name(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "", "configmaps", "");
    json_t *o = tree(f, "{\"metadata\":{\"namespace\":\"n\"}}");

    assert_false(strategy_before_create(&c, o, &f->st));
    assert_int_equal(f->st.code, 422);
    assert_string_equal(f->st.causes[0].field, "metadata.name");
    json_decref(o);
}

static void test_names_are_generated_from_what_fits(void **state)
{
    static const struct {
        const char *group, *plural, *base, *field; /* the field that is wrong; NULL: none is */
    } ROWS[] = {
        {"rbac.authorization.k8s.io", "clusterroles", ".", "metadata.generateName"},
        {"rbac.authorization.k8s.io", "clusterroles", "system:", NULL},
        {"", "namespaces", "a-", NULL},
        {"", "namespaces", "a_", "metadata.name"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct strategy_call c = call(f, ROWS[i].group, ROWS[i].plural, "");
        json_t *o = json_pack("{s:{s:s}}", "metadata", "generateName", ROWS[i].base);
        bool fits = strategy_before_create(&c, o, &f->st);

        assert_int_equal(fits, ROWS[i].field == NULL);
        if (!fits)
            assert_string_equal(f->st.causes[f->st.ncauses - 1].field, ROWS[i].field);
        f->st = (struct status){.arena = f->st.arena};
        json_decref(o);
    }
}

static void test_namespaces_are_labelled_with_their_name(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "", "namespaces", "");
    json_t *o = tree(f, "{\"metadata\":{\"generateName\":\"a-\"}}");

    assert_true(strategy_before_create(&c, o, &f->st));
    assert_string_equal(
        json_string_value(json_object_get(tree_get(o, "metadata.labels"), "kubernetes.io/metadata.name")),
        tree_string(o, "metadata.name"));
    json_decref(o);
}

static const char *const OLD =
    "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"metadata\":{\"name\":\"d\",\"namespace\":\"n\","
    "\"uid\":\"u\",\"resourceVersion\":\"7\",\"generation\":2,\"creationTimestamp\":\"2023-01-01T00:00:00Z\","
    "\"labels\":{\"a\":\"b\"}},\"status\":{\"replicas\":1}}";

static json_t *updated(struct fixture *f, const char *sub, const char *path, json_t *value)
{
    struct strategy_call c = call(f, "apps", "deployments", sub);
    json_t *old = tree(f, OLD), *obj;

    json_object_set_new(old, "spec", deployment_spec());
    strategy_defaults(&c, old);
    obj = json_deep_copy(old);
    tree_set(obj, path, value);
    if (!strategy_before_update(&c, obj, old, &f->st))
        fail_msg("%s", f->st.message);
    json_decref(old);
    return obj;
}

static void test_update_raises_generation_with_spec(void **state)
{
    json_t *same = updated(*state, "", "metadata.labels", json_pack("{s:s}", "x", "y"));
    json_t *changed = updated(*state, "", "spec.replicas", json_integer(2));
    json_t *annotated = updated(*state, "", "metadata.annotations", json_pack("{s:s}", "x", "y"));

    assert_int_equal(tree_int(same, "metadata.generation", 0), 2);
    assert_int_equal(tree_int(changed, "metadata.generation", 0), 3);
    assert_int_equal(tree_int(annotated, "metadata.generation", 0), 3);
    json_decref(same);
    json_decref(changed);
    json_decref(annotated);
}

static void test_status_and_spec_are_apart(void **state)
{
    json_t *main = updated(*state, "", "status.replicas", json_integer(9));
    json_t *status = updated(*state, "status", "spec.replicas", json_integer(9));
    json_t *labels = updated(*state, "status", "metadata.labels", json_pack("{s:s}", "x", "y"));

    assert_int_equal(tree_int(main, "status.replicas", 0), 1);
    assert_int_equal(tree_int(status, "spec.replicas", 0), 1);
    assert_int_equal(tree_int(status, "metadata.generation", 0), 2);
    assert_str(labels, "metadata.labels.a", "b");
    json_decref(main);
    json_decref(status);
    json_decref(labels);
}

static void test_update_cannot_change_uid(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "apps", "deployments", "");
    json_t *old = tree(f, OLD), *obj = json_deep_copy(old);

    tree_set_string(obj, "metadata.uid", "other");
    assert_false(strategy_before_update(&c, obj, old, &f->st));
    assert_int_equal(f->st.code, 422);
    json_decref(obj);
    json_decref(old);
}

static void test_removal_waits_for_finalizers(void **state)
{
    struct fixture *f = *state;
    const struct schema_resource *r = schema_resource(STR(""), STR("v1"), STR("configmaps"));
    json_t *going = tree(f, "{\"metadata\":{\"deletionTimestamp\":\"2023-01-01T00:00:00Z\"}}");
    json_t *held = tree(f, "{\"metadata\":{\"finalizers\":[\"x/y\"]}}"), *live = tree(f, "{\"metadata\":{}}");

    assert_true(strategy_removes(r, live, going));
    assert_false(strategy_removes(r, held, going));
    assert_false(strategy_removes(r, live, live));
    tree_set_int(going, "metadata.deletionGracePeriodSeconds", 30);
    assert_false(strategy_removes(r, live, going));
    json_decref(going);
    json_decref(held);
    json_decref(live);
}

static void test_events_are_renamed(void **state)
{
    struct fixture *f = *state;
    const struct schema_resource *core = schema_resource(STR(""), STR("v1"), STR("events"));
    const struct schema_resource *v1 = schema_resource(STR("events.k8s.io"), STR("v1"), STR("events"));
    json_t *e =
        tree(f, "{\"kind\":\"Event\",\"note\":\"n\",\"regarding\":{\"name\":\"p\"},\"deprecatedCount\":3}");

    e = strategy_convert(f->arena, e, v1, core, &f->st);
    assert_str(e, "message", "n");
    assert_str(e, "involvedObject.name", "p");
    assert_int_equal(tree_int(e, "count", 0), 3);
    assert_str(e, "apiVersion", "v1");
    e = strategy_convert(f->arena, e, core, v1, &f->st);
    assert_str(e, "note", "n");
    assert_null(tree_get(e, "message"));
    json_decref(e);
}

static void test_autoscalers_keep_what_v1_cannot_say(void **state)
{
    struct fixture *f = *state;
    const struct schema_resource *v1 =
        schema_resource(STR("autoscaling"), STR("v1"), STR("horizontalpodautoscalers"));
    const struct schema_resource *v2 =
        schema_resource(STR("autoscaling"), STR("v2"), STR("horizontalpodautoscalers"));
    json_t *h =
        tree(f, "{\"spec\":{\"maxReplicas\":3,\"metrics\":[{\"type\":\"Resource\",\"resource\":{\"name\":"
                "\"memory\"}},{\"type\":\"Resource\",\"resource\":{\"name\":\"cpu\",\"target\":{\"type\":"
                "\"Utilization\",\"averageUtilization\":60}}}]}}");

    h = strategy_convert(f->arena, h, v2, v1, &f->st);
    assert_int_equal(tree_int(h, "spec.targetCPUUtilizationPercentage", 0), 60);
    assert_null(tree_get(h, "spec.metrics"));
    h = strategy_convert(f->arena, h, v1, v2, &f->st);
    assert_int_equal(tree_size(h, "spec.metrics"), 2);
    assert_null(tree_get(h, "metadata.annotations"));
    json_decref(h);
}

static bool admitted(struct fixture *f, enum admission_verb verb, const char *plural, const char *ns,
                     const char *name)
{
    struct admission_call c = {.arena = f->arena,
                               .verb = verb,
                               .resource = schema_resource(STR(""), STR("v1"), str_of(plural)),
                               .subresource = "",
                               .ns = str_of(ns),
                               .name = str_of(name),
                               .obj =
                                   verb == ADMISSION_DELETE ? NULL : tree(f, "{\"metadata\":{},\"spec\":{}}"),
                               .world = &f->world};
    bool ok;

    f->st = (struct status){.arena = f->arena};
    ok = admission_admit(&c, &f->st);
    json_decref(c.obj);
    return ok;
}

static void test_autoscalers_drop_annotations_they_cannot_read(void **state)
{
    struct fixture *f = *state;
    const struct schema_resource *v1 =
        schema_resource(STR("autoscaling"), STR("v1"), STR("horizontalpodautoscalers"));
    const struct schema_resource *v2 =
        schema_resource(STR("autoscaling"), STR("v2"), STR("horizontalpodautoscalers"));
    json_t *h =
        tree(f, "{\"metadata\":{\"name\":\"h\",\"annotations\":{\"plain\":\"x\","
                "\"autoscaling.alpha.kubernetes.io/metrics\":"
                "\"[{\\\"type\\\":\\\"Pods\\\",\\\"pods\\\":{\\\"metricName\\\":[1]}}]\"}},\"spec\":{}}");

    h = strategy_convert(f->arena, h, v1, v2, &f->st);
    assert_non_null(h);
    assert_null(tree_get(h, "spec.metrics"));
    assert_int_equal(json_object_size(tree_get(h, "metadata.annotations")), 1);
    json_decref(h);
}

static void test_namespaces_come_first(void **state)
{
    struct fixture *f = *state;

    assert_false(admitted(f, ADMISSION_CREATE, "configmaps", "n", "a"));
    assert_int_equal(f->st.code, 404);
    f->namespace = tree(f, "{\"status\":{\"phase\":\"Active\"}}");
    assert_true(admitted(f, ADMISSION_CREATE, "configmaps", "n", "a"));
    tree_set_string(f->namespace, "status.phase", "Terminating");
    assert_false(admitted(f, ADMISSION_CREATE, "configmaps", "n", "a"));
    assert_int_equal(f->st.code, 403);
    assert_string_equal(f->st.causes[0].reason, "NamespaceTerminating");
    assert_false(admitted(f, ADMISSION_DELETE, "namespaces", "", "kube-system"));
    assert_true(admitted(f, ADMISSION_DELETE, "namespaces", "", "mine"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_template_defaults),
        TEST(test_said_stays),
        TEST(test_service_defaults),
        TEST(test_service_keeps_the_address_it_names),
        TEST(test_services_get_families_and_addresses),
        TEST(test_services_get_node_ports),
        TEST(test_service_keeps_the_node_port_of_a_namesake),
        TEST(test_warns_of_deprecated_node_labels),
        TEST(test_resize_changes_resources_alone),
        TEST(test_features_that_are_off_are_dropped),
        TEST(test_secret_text),
        TEST(test_create_sets_system_metadata),
        TEST(test_create_needs_a_name),
        TEST(test_names_are_generated_from_what_fits),
        TEST(test_namespaces_are_labelled_with_their_name),
        TEST(test_update_raises_generation_with_spec),
        TEST(test_status_and_spec_are_apart),
        TEST(test_update_cannot_change_uid),
        TEST(test_removal_waits_for_finalizers),
        TEST(test_events_are_renamed),
        TEST(test_autoscalers_keep_what_v1_cannot_say),
        TEST(test_autoscalers_drop_annotations_they_cannot_read),
        TEST(test_namespaces_come_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
