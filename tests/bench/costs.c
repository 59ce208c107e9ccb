/* A dump has a block a function: "fn=(id) name", the name only where the id is met first, then lines of a
 * position and a cost: its own, and behind a line "calls=" all that the called function cost. Their sum is
 * what the function cost, unless it calls itself. */
#include "tests/bench/costs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDS_MAX (1 << 16)

struct reader {
    const struct cost *of;
    int n;
    short *known; /* by id: which of them, from 1 */
};

/* Of "fn=(12) name" and the like; 0: another function. */
static int which(struct reader *r, const char *line)
{
    char *end;
    long id = strtol(strchr(line, '(') + 1, &end, 10);
    if (id < 0 || id >= IDS_MAX)
        return 0;
    for (int i = 0; i < r->n && end[0] == ')' && end[1] == ' '; i++)
        if (strcmp(end + 2, r->of[i].function) == 0)
            r->known[id] = (short)(i + 1);
    return r->known[id];
}

static void read_lines(struct reader *r, FILE *f, double *out)
{
    char line[4096];
    int now = 0;
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "fn=(", 4) == 0)
            now = which(r, line);
        else if (strncmp(line, "cfn=(", 5) == 0)
            which(r, line);
        else if (now && (isdigit((unsigned char)line[0]) || strchr("+-*", line[0])) && strchr(line, ' '))
            out[now - 1] += atof(strrchr(line, ' ') + 1);
    }
}

int costs_read(const char *path, const struct cost *of, int n, double *out)
{
    struct reader r = {of, n, calloc(IDS_MAX, sizeof(short))};
    FILE *f = r.known ? fopen(path, "r") : NULL;
    for (int i = 0; i < n; i++)
        out[i] = 0;
    if (f) {
        read_lines(&r, f, out);
        fclose(f);
    }
    free(r.known);
    return f ? 0 : -1;
}
