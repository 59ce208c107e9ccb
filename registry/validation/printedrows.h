/* Where the reference's internal types differ from the served ones: what printed.c goes by. Private to this
 * folder. */
#ifndef REGISTRY_VALIDATION_PRINTEDROWS_H
#define REGISTRY_VALIDATION_PRINTEDROWS_H

struct printed_word {
    const char *json, *go;
};
/* Members as Go spells them where that is not the JSON name with a capital first letter. */
extern const struct printed_word printed_words[];
extern const int printed_nwords;

/* The members of an internal type in order, where order, names or pointers differ. Words: Go's name; "*Name"
 * a pointer (null when absent); "Name=json" where the JSON name can't be told from it; "Name=^json" what the
 * served type keeps one level up; "Name=" what is nowhere served;
 * "!Name" a pointer that is always set; "@Name" metadata, in its JSON form and without
 * braces around it. */
struct printed_row {
    const char *group_version, *type;
    const char *members;
};
extern const struct printed_row printed_rows[];
extern const int printed_nrows;

#endif
