/* What is known of each expression while costs are added up: where its value comes from, and how large it may
 * be. */
#ifndef REGISTRY_CEL_COSTNOTES_H
#define REGISTRY_CEL_COSTNOTES_H

#include "registry/cel/costs.h"

/* Of what is in a list or map. */
struct cel_entry_size {
    bool list;
    struct cel_size key, value;
};

struct cel_note {
    const struct cel_path *path;
    bool sized, has_entry;
    struct cel_size size;
    struct cel_entry_size entry;
};

struct cel_local {
    struct str name;
    struct cel_note note;
    const struct cel_local *up;
};

struct cel_coster {
    struct arena *arena;
    const struct cel_sizes *sizes;
    struct cel_note *notes; /* by the number of the expression */
    const struct cel_local *locals;
};

/* The local variable that e names, or NULL. */
const struct cel_local *cel_local_of(const struct cel_coster *k, const struct cel_expr *e);
struct cel_note *cel_note_of(struct cel_coster *k, const struct cel_expr *e);
/* NULL when it is not known. */
const struct cel_path *cel_path_of(struct cel_coster *k, const struct cel_expr *e);
/* One step on. */
const struct cel_path *cel_path_to(struct cel_coster *k, const struct cel_path *up, struct str step);
/* False when it is not known. */
bool cel_size_of(struct cel_coster *k, const struct cel_expr *e, struct cel_size *size);
struct cel_size cel_size_or_unknown(struct cel_coster *k, const struct cel_expr *e);
/* The same of what is in it; NULL when it is not known. */
const struct cel_entry_size *cel_entry_of(struct cel_coster *k, const struct cel_expr *e);
/* Of two expressions, either of which may be it; NULL unless both are known. */
const struct cel_entry_size *cel_entries_of_both(struct cel_coster *k, const struct cel_expr *a,
                                                 const struct cel_expr *b);
void cel_set_size(struct cel_coster *k, const struct cel_expr *e, struct cel_size size);
/* entry: NULL leaves it as it is. */
void cel_set_entry(struct cel_coster *k, const struct cel_expr *e, const struct cel_entry_size *entry);
/* What is known of one is known of the other. */
void cel_same_sizes(struct cel_coster *k, const struct cel_expr *to, const struct cel_expr *from);

#endif
