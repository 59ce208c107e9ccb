/* Writing cells: what kinds have in common. Private to this folder. */
#ifndef REGISTRY_COLUMNS_CELLS_H
#define REGISTRY_COLUMNS_CELLS_H

#include "registry/walk/tree.h"
#include "shm/base/buf.h"

struct cells {
    struct buf *out;
    struct buf text; /* of the cell that is open */
    int64_t now_us;
    int n;
};

/* ---- one cell each ---- */
void cell_str(struct cells *c, struct str s);
void cell_text(struct cells *c, const char *s);
void cell_int(struct cells *c, int64_t v);
void cell_bool(struct cells *c, bool v);
void cell_printf(struct cells *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A text in pieces: what is put into the buffer between the two is the cell; when that is nothing, otherwise.
 */
struct buf *cell_open(struct cells *c);
void cell_close(struct cells *c, const char *otherwise);

/* The string at path; otherwise when it is absent or empty. */
void cell_at(struct cells *c, const json_t *obj, const char *path, const char *otherwise);
/* The string at path, also when it is empty; otherwise only when it is absent (a pointer). */
void cell_at_pointer(struct cells *c, const json_t *obj, const char *path, const char *otherwise);
/* The number at path, or 0. */
void cell_int_at(struct cells *c, const json_t *obj, const char *path);
void cell_bool_at(struct cells *c, const json_t *obj, const char *path, bool otherwise);
/* How many elements or keys there are. */
void cell_size_at(struct cells *c, const json_t *obj, const char *path);
void cell_name(struct cells *c, const json_t *obj);
/* Time since the time at path; "<unknown>" when there is none. */
void cell_since(struct cells *c, const json_t *obj, const char *path);
/* Time since the object was created. */
void cell_age(struct cells *c, const json_t *obj);
/* Names and images of containers, a cell each; containers is the list or NULL. */
void cell_containers(struct cells *c, const json_t *containers);
/* A map of labels as k=v,k=v in order; "<none>" when there are none. */
void cell_labels(struct cells *c, const json_t *map);
/* A LabelSelector; "<none>" when it selects everything or is absent, "<error>" when it is none. */
void cell_selector(struct cells *c, const json_t *selector);

/* ---- pieces of cells ---- */
void put_at(struct buf *b, const json_t *obj, const char *path);
/* ASCII letters made small. */
void put_lower(struct buf *b, struct str s);
/* A comma (or what sep is) unless b is empty. */
void put_sep(struct buf *b, const char *sep);
/* The strings of a list. */
void put_joined(struct buf *b, const json_t *list, const char *sep);
/* A quantity: "0" when it is absent. */
void put_quantity(struct buf *b, const json_t *obj, const char *path);
/* Words in byte order, each once, with commas between them. Frees w. */
struct words {
    struct str *v;
    size_t n;
};
struct words words_new(size_t max);
void words_add(struct words *w, struct str s);
void words_put(struct words *w, struct buf *b);

/* The element of a list of conditions with this type; NULL. */
json_t *condition_of(const json_t *obj, const char *path, const char *type);
/* Whether that condition is "True". */
bool condition_true(const json_t *obj, const char *path, const char *type);

#endif
