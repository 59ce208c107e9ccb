/* How a pod's resources are asked for, as one word. Rule: pkg/apis/core/helper/qos. */
#ifndef REGISTRY_RULES_QOS_H
#define REGISTRY_RULES_QOS_H

#include <jansson.h>

/* "Guaranteed", "Burstable" or "BestEffort". */
const char *qos_class(const json_t *pod);

#endif
