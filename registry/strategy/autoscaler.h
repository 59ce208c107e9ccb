/* HorizontalPodAutoscalers in their old clothes: autoscaling/v1 says one CPU target; all else of v2 goes into
 * annotations. Rule: pkg/apis/autoscaling/v1/conversion.go. */
#ifndef REGISTRY_STRATEGY_AUTOSCALER_H
#define REGISTRY_STRATEGY_AUTOSCALER_H

#include <jansson.h>

/* In place, whole objects. What an annotation holds and can't be read is dropped. */
void autoscaler_to_v1(json_t *hpa);
void autoscaler_to_v2(json_t *hpa);

#endif
