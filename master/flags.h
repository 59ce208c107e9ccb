/* The command line: rows of shm/base/options.def become a parser and the text of --help. */
#ifndef MASTER_FLAGS_H
#define MASTER_FLAGS_H

#include <stdio.h>
#include "shm/base/options.h"
#include "shm/base/str.h"

enum flags_action { FLAGS_RUN, FLAGS_HELP, FLAGS_VERSION, FLAGS_BAD };

/* Fills *o with the defaults and then with argv (argv[0] is skipped). Strings in *o point into argv or into
 * constants. On FLAGS_BAD err holds one line without newline that names the flag, the value and what to do.
 * Forms are those of kube-apiserver (pflag): --flag=value, --flag value, --bool, --bool=false, -v4; '_'
 * counts as '-'; the last of several wins. */
enum flags_action flags_parse(struct options *o, int argc, char *const *argv, char *err, size_t err_bytes);

/* The text of --help, grouped as the rows are. */
void flags_help(FILE *out);

/* A duration as Go writes it: "1h30m", "500ms", "1.5s", "0". *ms: milliseconds, rounded down. 0, or -EINVAL
 * (form) or -ERANGE. */
int flags_duration(struct str s, int64_t *ms);
/* The same, printed: "1h0m0s", "500ms", "1.5s". out holds at least 40 bytes. */
void flags_duration_print(int64_t ms, char out[40]);
/* A byte count: digits, then nothing or one of k M G T (powers of 1000), Ki Mi Gi Ti (of 1024). 0, -EINVAL or
 * -ERANGE. */
int flags_bytes(struct str s, int64_t *bytes);

#endif
