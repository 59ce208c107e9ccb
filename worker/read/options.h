/* ListOptions of lists and watches: read from the query, checked, refused with the reference's texts
 * (apimachinery meta/internalversion/validation, strconv's messages for numbers). */
#ifndef WORKER_READ_OPTIONS_H
#define WORKER_READ_OPTIONS_H

#include "registry/rules/selectors.h"
#include "worker/request/request.h"

enum rv_match { MATCH_UNSET, MATCH_EXACT, MATCH_NOT_OLDER, MATCH_OTHER };

struct list_options {
    struct str rv_text, match_text, token; /* token: continue= */
    enum rv_match match;
    int64_t limit;     /* <= 0: none */
    int64_t timeout_s; /* as asked */
    bool has_timeout;
    int send_initial; /* -1 absent, 0, 1; watches without a version behave as 1 */
    bool bookmarks;
    struct label_selector labels;
    struct field_selector fields; /* metadata.name of the path is added as a requirement */
};

/* false: st is the 400 or 422. */
bool list_options_parse(struct request *rq, bool watch, struct list_options *o, struct status *st);

/* A resourceVersion. Empty gives 0. On failure false and *why is the reference's text ("resourceVersion:
 * Invalid value: ..."), in the arena; callers differ in the code they answer with. Above int64: INT64_MAX (no
 * store gets there, so it is merely too large). */
bool rv_parse(struct arena *a, struct str text, int64_t *rv, const char **why);

/* Whether the name in the path can be one at all. false: st is the 400. */
bool options_name_fits(struct request *rq, struct status *st);

/* A string as Go's %q prints it. */
const char *go_quote(struct arena *a, struct str s);

#endif
