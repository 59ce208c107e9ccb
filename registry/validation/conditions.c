/* What every condition in the newer style must have. */
#include "registry/validation/conditions.h"

#include "registry/validation/seen.h"

#define REASON_MAX 1024
#define MESSAGE_MAX (32 * 1024)

static bool is_letter(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

static bool is_word(char ch)
{
    return is_letter(ch) || (ch >= '0' && ch <= '9') || ch == '_';
}

static bool is_reason(struct str s)
{
    if (!s.n || !is_letter(s.p[0]) || !is_word(s.p[s.n - 1]))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_word(s.p[i]) && s.p[i] != ',' && s.p[i] != ':')
            return false;
    }
    return true;
}

static void check_reason(struct check *c, const struct at *up, const json_t *condition)
{
    struct at at = at_field(up, "reason");
    struct str reason = check_str(condition, "reason");

    if (!reason.n) {
        check_required(c, &at, "");
        return;
    }
    if (!is_reason(reason))
        check_invalid_str(c, &at, reason,
                          "a condition reason must start with alphabetic character, optionally followed by a "
                          "string of alphanumeric characters or '_,:', and must end with an alphanumeric "
                          "character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or "
                          "'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is "
                          "'[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')");
    if (reason.n > REASON_MAX)
        check_too_long(c, &at, REASON_MAX);
}

static void check_condition(struct check *c, const struct at *up, const json_t *condition)
{
    static const char *const STATUSES[] = {"False", "True", "Unknown"};
    struct at type = at_field(up, "type"), status = at_field(up, "status");
    struct at generation = at_field(up, "observedGeneration"), time = at_field(up, "lastTransitionTime");
    struct at message = at_field(up, "message");
    int64_t observed = check_int(condition, "observedGeneration", 0);

    check_qualified_name(c, &type, check_str(condition, "type"));
    check_enum(c, &status, check_str(condition, "status"), STATUSES, 3);
    if (observed < 0)
        check_invalid_int(c, &generation, observed, "must be greater than or equal to zero");
    if (!check_str(condition, "lastTransitionTime").n)
        check_required(c, &time, "");
    check_reason(c, up, condition);
    if (check_str(condition, "message").n > MESSAGE_MAX)
        check_too_long(c, &message, MESSAGE_MAX);
}

void check_conditions(struct check *c, const struct at *at, const json_t *list)
{
    struct seen *types = seen_new(c);

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *condition = json_array_get(list, i);
        struct at one = at_index(at, i), type = at_field(&one, "type");

        if (seen_add(types, check_str(condition, "type")))
            check_duplicate_str(c, &type, check_str(condition, "type"));
        check_condition(c, &one, condition);
    }
}
