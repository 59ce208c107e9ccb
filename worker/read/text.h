/* Looking into a record's JSON without parsing it: the text is the server's own, compact and well formed. */
#ifndef WORKER_READ_TEXT_H
#define WORKER_READ_TEXT_H

#include <stdbool.h>
#include "shm/base/arena.h"
#include "shm/base/str.h"

/* The value of a key directly inside an object ("{...}"), as text. false: not there. */
bool text_member(struct str object, struct str key, struct str *value);
/* The metadata object of a record's JSON, as text; "{}" when there is none. */
struct str text_metadata(struct str json);
/* A plain string member without quotes (no escapes are undone); STR_NONE when absent. */
struct str text_string(struct str object, struct str key);

/* Metadata without one annotation whose value is a plain string, and without annotations if that was the only
 * one; the same text when it has none such. */
struct str text_without_annotation(struct arena *a, struct str metadata, struct str key);

#endif
