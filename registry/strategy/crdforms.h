/* CustomResourceDefinitions in their old clothes: apiextensions/v1beta1, in which kube-apiserver stores them,
 * says once what all versions have alike. Rule: apiextensions-apiserver,
 * pkg/apis/apiextensions/v1/conversion.go and v1beta1/defaults.go. */
#ifndef REGISTRY_STRATEGY_CRDFORMS_H
#define REGISTRY_STRATEGY_CRDFORMS_H

#include <jansson.h>

#define CRDFORMS_STORED "apiextensions.k8s.io/v1beta1"

/* In place, whole objects; what is of another type than it should be stays as it is. Keys come in the order
 * that the reference writes them in. */
void crdforms_to_v1beta1(json_t *crd);
void crdforms_to_v1(json_t *crd);

#endif
