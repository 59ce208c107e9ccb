/* The file of a move, one JSON object a line:
 *
 *   {"cubedStore":1,"prefix":"/registry/","revision":N}                            first
 *   {"key":"KEY","createRevision":N,"modRevision":N,"value":"BASE64"}              one an object
 *   {"count":N,"sha256":"HEX"}                                                     last
 *
 * prefix and key are etcd's; value is the envelope, protobuf or JSON, not encrypted. revision is what the
 * store was read at. sha256 is of all lines before the last, newlines included. */
#ifndef WORKER_STORETOOL_FILE_H
#define WORKER_STORETOOL_FILE_H

#include "worker/storetool/tool.h"

struct file_writer;

/* Begins path.part, 0600. NULL and t->err. */
struct file_writer *file_new(struct tool *t, const char *path);
bool file_begin(struct file_writer *w, struct str prefix, int64_t revision);
bool file_entry(struct file_writer *w, const struct tool_entry *e);
/* Writes the last line, syncs, and gives the file its name. */
bool file_finish(struct file_writer *w);
/* What was not finished is removed. NULL is allowed. */
void file_free(struct file_writer *w);
int64_t file_count(const struct file_writer *w);

struct file_info {
    int64_t revision, count;
    char sha[TOOL_SHA_BYTES + 1];
};
/* Reads all of it and checks what it says of itself. v: given every object on the way, before the last line
 * was seen; NULL: nobody. */
bool file_read(struct tool *t, const char *path, struct file_info *info, struct tool_visit *v);

#endif
