/* What the file servers serve: a file for every pod, under the path that the API has it at, and one list. As
 * many files as there are pods, because what a read costs depends on how much there is to read from. */
#ifndef BENCH_FILES_H
#define BENCH_FILES_H

#include "shm/base/str.h"

#define FILES_LIST "/list.json"

/* A new directory under TMPDIR (dir has WORKDIR_BYTES) with files of these bytes. 0, or -1 with errno. */
int files_make(char *dir, int pods, struct str pod, struct str list);

#endif
