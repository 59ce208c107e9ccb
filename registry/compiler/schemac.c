/* schemac -o OUT.c FILE...: schema text (registry/schema/README.md) to the constant tables of
 * registry/schema.h. */
#include <string.h>
#include <unistd.h>
#include "registry/compiler/model.h"

int main(int argc, char **argv)
{
    const char *out = NULL;
    struct model m = {0};
    int files = 0;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-o") && i + 1 < argc) {
            out = argv[++i];
            continue;
        }
        parse_file(&m, argv[i]);
        files++;
    }
    if (!out || !files)
        fail((struct place){0}, "usage: schemac -o OUT.c FILE...");
    resolve(&m);
    emit(&m, out);
    _exit(0); /* the model was made to last until here: nothing to free, no leak to report */
}
