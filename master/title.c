/* ps shows the memory the kernel put argv in. Writing a name there is the one way that needs no privilege; to
 * have room for it the environment strings behind argv move away first. */
#include "master/title.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

void title_init(struct title *t, struct arena *arena, int argc, char **argv)
{
    size_t n = 0;
    *t = (struct title){NULL, 0};
    if (argc < 1)
        return;
    char *end = argv[argc - 1] + strlen(argv[argc - 1]) + 1;
    for (; environ[n]; n++)
        if (environ[n] == end)
            end += strlen(end) + 1;
    char **copy = arena_alloc(arena, (n + 1) * sizeof(*copy));
    for (size_t i = 0; i < n; i++)
        copy[i] = arena_cstr(arena, str_of(environ[i]));
    environ = copy;
    *t = (struct title){argv[0], (unsigned long)(end - argv[0])};
}

void title_set(const struct title *t, const char *text)
{
    char comm[16];
    const char *space = strrchr(text, ' ');
    if (strlen(text) < sizeof(comm) || !space)
        snprintf(comm, sizeof(comm), "%s", text);
    else /* keep the number: "cubed: wor 100" */
        snprintf(comm, sizeof(comm), "%.*s%s", (int)(sizeof(comm) - 1 - strlen(space)), text, space);
    prctl(PR_SET_NAME, comm);
    if (!t->bytes)
        return;
    memset(t->start, 0, t->bytes);
    memcpy(t->start, text, strlen(text) < t->bytes ? strlen(text) : t->bytes - 1);
}

void title_end(void)
{
    environ = NULL;
}
