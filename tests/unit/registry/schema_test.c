/* The built-in schema is complete and finds everything it holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "registry/schema.h"
#include "shm/base/hash.h"

static void every_resource_has_what_requests_need(void **state)
{
    int n;
    const struct schema_resource *const *all = schema_resources(&n);
    assert_true(n > 60);
    for (int i = 0; i < n; i++) {
        const struct schema_resource *r = all[i];
        assert_non_null(r->type);
        assert_string_equal(r->type->name, r->kind);
        assert_true(r->verbs != 0);
        assert_true(*r->singular != '\0');
        assert_true(*r->description != '\0');
        assert_non_null(r->short_names);
        assert_non_null(r->categories);
        assert_non_null(r->name_rule);
        bool virtual = r->flags & RESOURCE_VIRTUAL;
        assert_int_equal(virtual, !(r->verbs & VERB_WATCH));
        assert_int_equal(virtual, r->etcd_prefix == NULL);
        assert_int_equal(virtual, r->stored_version == NULL);
        assert_int_equal(!!(r->flags & RESOURCE_STATUS), !!schema_subresource(r, STR("status")));
    }
}

static void every_resource_is_found_by_plural_and_kind(void **state)
{
    int n;
    const struct schema_resource *const *all = schema_resources(&n);
    for (int i = 0; i < n; i++) {
        const struct schema_resource *r = all[i];
        struct str g = str_of(r->group), v = str_of(r->version);
        assert_ptr_equal(schema_resource(g, v, str_of(r->plural)), r);
        assert_ptr_equal(schema_resource_of_kind(g, v, str_of(r->kind)), r);
        assert_null(schema_resource(g, v, str_of(r->kind)));
    }
    assert_null(schema_resource(STR("apps"), STR("v1"), STR("pods")));
    assert_null(schema_resource(STR(""), STR("v1"), STR("pod")));
    assert_null(schema_resource(STR(""), STR("v1"), STR("podss")));
    assert_null(schema_resource(STR(""), STR("v2"), STR("pods")));
    assert_null(schema_resource(STR_NONE, STR_NONE, STR_NONE));
}

static void ids_are_of_the_storage_resource_and_unique(void **state)
{
    int n;
    const struct schema_resource *const *all = schema_resources(&n);
    for (int i = 0; i < n; i++) {
        const struct schema_resource *r = all[i];
        assert_ptr_equal(schema_resource_of_id(r->id), r->storage);
        assert_ptr_equal(r->storage->storage, r->storage);
        for (int j = 0; j < i; j++)
            assert_true(all[j]->id != r->id || all[j]->storage == r->storage);
    }
    assert_int_equal(schema_resource(STR(""), STR("v1"), STR("pods"))->id, hash_str32(STR("/pods")));
    assert_int_equal(schema_resource(STR("apps"), STR("v1"), STR("deployments"))->id,
                     hash_str32(STR("apps/deployments")));
}

static void some_resources_are_stored_as_others(void **state)
{
    const struct schema_resource *core = schema_resource(STR(""), STR("v1"), STR("events"));
    const struct schema_resource *events = schema_resource(STR("events.k8s.io"), STR("v1"), STR("events"));
    assert_ptr_equal(events->storage, core);
    assert_int_equal(events->id, core->id);
    for (int i = 0; i < events->nselectable; i++) { /* slots mean the same thing in both */
        const char *a = strrchr(events->selectable[i].label, '.'),
                   *b = strrchr(core->selectable[i].label, '.');
        if (a && b)
            assert_string_equal(a, b);
    }
    const struct schema_resource *hpa =
        schema_resource(STR("autoscaling"), STR("v1"), STR("horizontalpodautoscalers"));
    assert_string_equal(hpa->storage->api_version, "autoscaling/v2");
    assert_string_equal(hpa->stored_version, "autoscaling/v2");
    assert_string_equal(schema_resource(STR(""), STR("v1"), STR("services"))->etcd_prefix, "services/specs");
}

static void check_type(const struct schema_type *t, int depth)
{
    if (t->kind == SCHEMA_LIST || t->kind == SCHEMA_MAP) {
        assert_non_null(t->elem);
        assert_true(depth < 4);
        check_type(t->elem, depth + 1);
    }
    for (int i = 0; i < t->nvalues; i++)
        assert_non_null(t->values[i]);
}

static void fields_are_complete_and_found(void **state)
{
    int n;
    const struct schema_type *const *types = schema_types(&n);
    assert_true(n > 600);
    for (int i = 0; i < n; i++) {
        const struct schema_type *t = types[i];
        assert_ptr_equal(schema_type(str_of(t->group_version), str_of(t->name)), t);
        for (int j = 0; j < t->nfields; j++) {
            const struct schema_field *f = &t->fields[j];
            assert_non_null(f->type);
            assert_int_equal(f->json_n, strlen(f->json));
            assert_ptr_equal(schema_field(t, str_of(f->json)), f);
            check_type(f->type, 0);
            for (int k = 0; f->list_keys && f->list_keys[k]; k++)
                assert_non_null(schema_field(f->type->elem, str_of(f->list_keys[k])));
            if (f->patch_key)
                assert_non_null(schema_field(f->type->elem, str_of(f->patch_key)));
        }
        assert_null(schema_field(t, STR("noSuchField")));
        assert_null(schema_field(t, STR("")));
    }
    assert_null(schema_type(STR("core/v1"), STR("Deployment")));
    assert_null(schema_type(STR("core/v1"), STR("")));
}

static void known_facts(void **state)
{
    const struct schema_type *pod = schema_type(STR("core/v1"), STR("Pod"));
    assert_string_equal(pod->openapi, "io.k8s.api.core.v1.Pod");
    assert_string_equal(pod->fields[0].json, "kind");
    assert_string_equal(pod->fields[1].json, "apiVersion");
    assert_int_equal(pod->fields[0].number, 0);
    const struct schema_field *spec = schema_field(pod, STR("spec"));
    assert_int_equal(spec->number, 2);
    const struct schema_field *containers = schema_field(spec->type, STR("containers"));
    assert_int_equal(containers->list, LIST_MAP);
    assert_string_equal(containers->list_keys[0], "name");
    assert_int_equal(containers->patch, PATCH_MERGE);
    assert_true(containers->repeated && containers->wire == 2);
    assert_true(containers->flags & FIELD_REQUIRED);
    assert_false(containers->flags & FIELD_OMITEMPTY);
    const struct schema_field *port =
        schema_field(schema_type(STR("core/v1"), STR("ContainerPort")), STR("protocol"));
    assert_string_equal(port->dflt, "\"TCP\"");
    assert_int_equal(port->type->nvalues, 3);
    assert_false(port->type->open_values);
}

static void inlined_structs_are_flat(void **state)
{
    const struct schema_type *volume = schema_type(STR("core/v1"), STR("Volume"));
    const struct schema_field *f = schema_field(volume, STR("hostPath"));
    assert_int_equal(f->number, 1);
    assert_int_equal(f->inline_number, 2);
    assert_true(f->flags & FIELD_INLINED);
    assert_int_equal(schema_field(volume, STR("name"))->inline_number, 0);
    const struct schema_type *rule =
        schema_type(STR("admissionregistration.k8s.io/v1"), STR("NamedRuleWithOperations"));
    assert_int_equal(schema_field(rule, STR("operations"))->inline_number, 2);
    assert_int_equal(schema_field(rule, STR("apiGroups"))->inline_number, 2 | 2 << 8);
}

static void named_lists_are_messages(void **state)
{
    const struct schema_type *user = schema_type(STR("authentication.k8s.io/v1"), STR("UserInfo"));
    const struct schema_type *extra = schema_field(user, STR("extra"))->type;
    assert_int_equal(extra->kind, SCHEMA_MAP);
    assert_int_equal(extra->elem->kind, SCHEMA_LIST);
    assert_non_null(extra->elem->group_version);
    assert_null(schema_field(user, STR("groups"))->type->group_version);
}

static void groups_are_in_discovery_order(void **state)
{
    int n;
    const struct schema_group *g = schema_groups(&n);
    assert_string_equal(g[0].name, "");
    assert_string_equal(g[1].name, "apiregistration.k8s.io");
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < g[i].nversions; j++) {
            const struct schema_group_version *v = &g[i].versions[j];
            assert_string_equal(v->group, g[i].name);
            assert_true(v->nresources > 0);
            assert_ptr_equal(schema_group_version(str_of(v->group), str_of(v->version)), v);
        }
        if (!strcmp(g[i].name, "autoscaling"))
            assert_string_equal(g[i].versions[0].version, "v2");
    }
    assert_null(schema_group_version(STR("apps"), STR("v2")));
}

static void subresources(void **state)
{
    const struct schema_resource *pods = schema_resource(STR(""), STR("v1"), STR("pods"));
    const struct schema_subresource *s = schema_subresource(pods, STR("eviction"));
    assert_string_equal(s->group, "policy");
    assert_string_equal(s->kind, "Eviction");
    assert_non_null(s->type);
    assert_null(schema_subresource(pods, STR("exec"))->type);
    assert_ptr_equal(schema_subresource(pods, STR("status"))->type, pods->type);
    assert_null(schema_subresource(pods, STR("statu")));
    assert_null(schema_subresource(pods, STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_resource_has_what_requests_need),
        cmocka_unit_test(every_resource_is_found_by_plural_and_kind),
        cmocka_unit_test(ids_are_of_the_storage_resource_and_unique),
        cmocka_unit_test(some_resources_are_stored_as_others),
        cmocka_unit_test(fields_are_complete_and_found),
        cmocka_unit_test(known_facts),
        cmocka_unit_test(inlined_structs_are_flat),
        cmocka_unit_test(named_lists_are_messages),
        cmocka_unit_test(groups_are_in_discovery_order),
        cmocka_unit_test(subresources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
