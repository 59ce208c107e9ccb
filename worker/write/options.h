/* CreateOptions, UpdateOptions, PatchOptions of the query. Rule: apimachinery meta/v1/validation. */
#ifndef WORKER_WRITE_OPTIONS_H
#define WORKER_WRITE_OPTIONS_H

#include "worker/request/request.h"

enum options_kind { OPTIONS_CREATE, OPTIONS_UPDATE, OPTIONS_PATCH, OPTIONS_APPLY };
enum validation { VALIDATION_WARN, VALIDATION_STRICT, VALIDATION_IGNORE };

struct write_options {
    bool dry_run, force;
    enum validation validation;
    struct str field_manager;
};

/* false: st is the 400 or 422. */
bool write_options_parse(struct request *rq, enum options_kind kind, struct write_options *o,
                         struct status *st);
/* dryRun= in all its values. "All" alone, or nothing, is accepted; else a cause is added. */
void options_dry_run(struct status *st, const struct str *values, int n, bool *dry_run);
/* All values of a query parameter, decoded; how many. values: room for max. */
int query_values(struct request *rq, const char *name, struct str *values, int max);

#endif
