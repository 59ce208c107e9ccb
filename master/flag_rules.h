/* What the value of a flag must be beyond its kind. */
#ifndef MASTER_FLAG_RULES_H
#define MASTER_FLAG_RULES_H

#include <stdbool.h>
#include <stdint.h>

struct flag_text_rule {
    const char *flag;
    bool (*ok)(const char *s);
    const char *expected; /* for the refusal: "expected ..." */
};
struct flag_number_rule {
    const char *flag;
    int64_t min, max; /* in the kind's unit */
};

/* NULL: any value of its kind will do. */
const struct flag_text_rule *flag_text_rule(const char *flag);
const struct flag_number_rule *flag_number_rule(const char *flag);

#endif
