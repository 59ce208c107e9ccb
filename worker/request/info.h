/* From a request line to what it asks for: reference endpoints/request/requestinfo.go. */
#ifndef WORKER_REQUEST_INFO_H
#define WORKER_REQUEST_INFO_H

#include "worker/request/request.h"

enum info_result {
    INFO_OK,
    INFO_BAD_ESCAPE, /* the path has a broken %-escape: 400 */
    INFO_NO_KIND,    /* /api/v1/watch and the like: the reference's 500 */
};

/* Fills rq->info from method, path and query. Views into the request or its arena. Looks the resource up in
 * the schema; whether the path and the method are served is the route's business. */
enum info_result info_parse(struct request *rq);

/* Decodes %-escapes into the arena; in itself when there are none. false: a broken escape. */
bool path_unescape(struct arena *a, struct str in, struct str *out);
/* The next segment of a path whose slashes at both ends are gone; false at its end. "a//b" has three. */
bool path_next(struct str *rest, struct str *segment);
/* Without slashes at both ends. */
struct str path_trim(struct str path);

#endif
