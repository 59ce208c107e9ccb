/* The plugins in their order. What is here needs nothing but the object and the namespace it goes to; those
 * with configuration of their own get files of their own. */
#include "registry/admission/chain.h"

#include "registry/admission/plugins.h"

struct plugin {
    const char *name;
    unsigned verbs; /* set of enum admission_verb */
    bool (*admit)(const struct admission_call *c, struct status *st);
};

static const struct plugin PLUGINS[] = {
    {"NamespaceLifecycle", ADMISSION_CREATE | ADMISSION_DELETE, admission_namespace_lifecycle},
    {"TaintNodesByCondition", ADMISSION_CREATE, admission_taint_nodes},
    {"Priority", ADMISSION_CREATE, admission_priority},
    {"DefaultTolerationSeconds", ADMISSION_CREATE | ADMISSION_UPDATE, admission_default_tolerations},
    {"StorageObjectInUseProtection", ADMISSION_CREATE, admission_storage_protection},
};

bool admission_admit(const struct admission_call *c, struct status *st)
{
    for (size_t i = 0; i < sizeof(PLUGINS) / sizeof(PLUGINS[0]); i++) {
        if ((PLUGINS[i].verbs & c->verb) && !PLUGINS[i].admit(c, st))
            return false;
    }
    return true;
}
