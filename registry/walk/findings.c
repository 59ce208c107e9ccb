/* What strict decoding found: kept small and free of repetitions, as a client decides how many there are. */
#include "registry/walk/json.h"

#include <stdlib.h>

#define YAML_FINDING "line "

bool findings_full(const struct findings *f)
{
    return f->n >= FINDINGS_MAX || f->bytes > FINDINGS_BYTES_MAX;
}

void findings_add(struct findings *f, const char *text)
{
    if (!f || findings_full(f))
        return;
    f->bytes += strlen(text);
    for (int i = 0; i < f->n; i++) {
        if (strcmp(f->text[i], text) == 0)
            return;
    }
    if (f->n == f->cap) {
        int cap = f->cap ? f->cap * 2 : 8;
        const char **more = arena_alloc(f->arena, (size_t)cap * sizeof(*more));

        if (f->n)
            memcpy(more, f->text, (size_t)f->n * sizeof(*more));
        f->text = more;
        f->cap = cap;
    }
    f->text[f->n++] = arena_cstr(f->arena, str_of(text));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void findings_sort(struct findings *f, int first)
{
    if (f->n > first)
        qsort(f->text + first, (size_t)(f->n - first), sizeof(*f->text), by_text);
}

/* The YAML reader's findings are one error with a line each. */
const char *findings_text(const struct findings *f)
{
    struct buf b = {0};
    const char *text;
    bool yaml = false;

    for (int i = 0; i < f->n; i++) {
        bool now = str_starts(str_of(f->text[i]), STR(YAML_FINDING));

        if (now)
            buf_puts(&b, yaml ? "\n  " : i ? ", yaml: unmarshal errors:\n  " : "yaml: unmarshal errors:\n  ");
        else if (i)
            buf_puts(&b, ", ");
        buf_puts(&b, f->text[i]);
        yaml = now;
    }
    text = arena_cstr(f->arena, buf_view(&b));
    buf_free(&b);
    return text;
}
