#include "registry/apply/shapeset.h"

/* The shape at an element, or one of no type where the schema knows nothing. */
static struct shape step(const struct shape *shape, const struct element *e)
{
    struct shape_member m = {0};
    bool in_list = e->kind != ELEMENT_FIELD;

    if (!shape->type)
        return *shape;
    switch (shape->type->kind) {
    case SCHEMA_STRUCT:
        m.field = in_list ? NULL : schema_field(shape->type, e->name);
        return m.field ? shape_field(m.field) : (struct shape){0};
    case SCHEMA_MAP:
        return in_list ? (struct shape){0} : shape_elem(shape);
    case SCHEMA_LIST:
        return in_list ? shape_elem(shape) : (struct shape){0};
    default:
        return (struct shape){0};
    }
}

static bool has_one_owner(const struct shape *shape)
{
    switch (shape->type ? shape->type->kind : SCHEMA_STRING) {
    case SCHEMA_STRUCT:
    case SCHEMA_MAP:
    case SCHEMA_LIST:
        return shape->atomic;
    case SCHEMA_RAW:
        return shape_is_leaf(shape, SHAPE_MAP);
    default:
        return false;
    }
}

const struct fieldset *shapeset_reconcile(struct arena *a, const struct shape *shape,
                                          const struct fieldset *set)
{
    struct fieldset_builder b = {.arena = a};
    bool changed = false;

    for (int i = 0; set && i < set->n; i++) {
        const struct fieldset_node *node = &set->nodes[i];
        struct shape inner = step(shape, &node->element);
        const struct fieldset *below = node->children;

        if (below && has_one_owner(&inner)) {
            fieldset_add(&b, &node->element, true, NULL);
            changed = true;
            continue;
        }
        below = inner.type ? shapeset_reconcile(a, &inner, below) : below;
        changed |= below != node->children;
        fieldset_add(&b, &node->element, node->member, below);
    }
    return changed ? fieldset_finish(&b) : set;
}

const struct fieldset *shapeset_named(struct arena *a, const struct shape *shape, const struct fieldset *set)
{
    struct fieldset_builder b = {.arena = a};

    for (int i = 0; set && i < set->n; i++) {
        const struct fieldset_node *node = &set->nodes[i];
        struct shape inner = step(shape, &node->element);
        bool named = inner.type && shape->type->kind == SCHEMA_STRUCT;

        fieldset_add(&b, &node->element, node->member || named,
                     inner.type ? shapeset_named(a, &inner, node->children) : node->children);
    }
    return fieldset_finish(&b);
}
