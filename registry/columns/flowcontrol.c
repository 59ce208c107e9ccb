/* Priority and fairness. Flow schemas are listed in the order in which requests are matched against them. */
#include "registry/columns/rows.h"

#define GROUP "flowcontrol.apiserver.k8s.io"

static void put_schema(struct cells *c, const json_t *obj)
{
    const json_t *dangling = condition_of(obj, "status.conditions", "Dangling");
    cell_name(c, obj);
    cell_at(c, obj, "spec.priorityLevelConfiguration.name", "");
    cell_int_at(c, obj, "spec.matchingPrecedence");
    cell_at_pointer(c, obj, "spec.distinguisherMethod.type", "<none>");
    cell_age(c, obj);
    cell_str(c, dangling ? tree_str(dangling, "status") : STR("?"));
}

static int64_t precedence(const json_t *obj)
{
    return tree_int(obj, "spec.matchingPrecedence", 0);
}

static const struct column schema_columns[] = {
    COLUMN_NAME,
    {TEXT("PriorityLevel"), "Priority level of the requests that match."},
    {TEXT("MatchingPrecedence"), "Lower numbers are tried first."},
    {TEXT("DistinguisherMethod"), "How flows are told apart."},
    COLUMN_AGE,
    {TEXT("MissingPL"), "Whether that priority level does not exist."},
};

static void put_number_or_none(struct cells *c, const json_t *v)
{
    if (json_is_integer(v))
        cell_int(c, json_integer_value(v));
    else
        cell_text(c, "<none>");
}

static void put_level(struct cells *c, const json_t *obj)
{
    const json_t *queues = tree_get(obj, "spec.limited.limitResponse.queuing");
    cell_name(c, obj);
    cell_at(c, obj, "spec.type", "");
    put_number_or_none(c, tree_get(obj, "spec.limited.nominalConcurrencyShares"));
    put_number_or_none(c, tree_get(queues, "queues"));
    put_number_or_none(c, tree_get(queues, "handSize"));
    put_number_or_none(c, tree_get(queues, "queueLengthLimit"));
    cell_age(c, obj);
}

static const struct column level_columns[] = {
    COLUMN_NAME,
    {TEXT("Type"), "Whether requests of the level are limited."},
    {TEXT("NominalConcurrencyShares"), "The level's part of all requests at a time."},
    {TEXT("Queues"), "How many queues the level has."},
    {TEXT("HandSize"), "How many queues a flow may use."},
    {TEXT("QueueLengthLimit"), "How many requests a queue holds."},
    COLUMN_AGE,
};

static const struct columns rows[] = {
    ROW_WITH(GROUP, "flowschemas", schema_columns, put_schema, .rank = precedence),
    ROW(GROUP, "prioritylevelconfigurations", level_columns, put_level),
};

const struct columns_rows columns_rows_flowcontrol = COLUMNS_ROWS(rows);
