/* Expressions in objects: whether they are right where they stand, and yield what is wanted there. Private to
 * this folder. Rule: apiserver/pkg/admission/plugin/cel, pkg/apis/admissionregistration/validation. */
#ifndef REGISTRY_VALIDATION_EXPRESSIONS_H
#define REGISTRY_VALIDATION_EXPRESSIONS_H

#include "registry/cel/environments.h"
#include "registry/validation/check.h"

struct expression_variable {
    struct str name;
    const struct cel_type *type;
    const struct expression_variable *next;
};

/* What the expressions of one admission object share. */
struct expressions {
    bool params;                                 /* params is known */
    bool composed;                               /* variables.* are, once they are declared */
    const struct expression_variable *variables; /* the latest first */
};

enum expression_yields {
    EXPRESSION_ANYTHING,
    EXPRESSION_BOOL,
    EXPRESSION_STRING,
    EXPRESSION_STRING_OR_NULL,
    EXPRESSION_OBJECT,
    EXPRESSION_PATCHES
};

/* An expression that may name what flags (of cel_env_admission(), CEL_PARAMS aside) and x allow. shown: as
 * the client wrote it. */
void check_admission_expression(struct check *c, const struct at *at, const struct expressions *x,
                                unsigned flags, struct str text, struct str shown,
                                enum expression_yields yields);
/* The same of a variable's, which expressions behind it may use. */
void check_variable_expression(struct check *c, const struct at *at, struct expressions *x, struct str name,
                               struct str text);
/* A device selector's. */
void check_device_expression(struct check *c, const struct at *at, struct str text);
/* Without blanks around it, as Go trims. */
struct str check_trimmed(struct str s);

#endif
