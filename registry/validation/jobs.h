/* Jobs and what CronJobs make. Private to this folder. */
#ifndef REGISTRY_VALIDATION_JOBS_H
#define REGISTRY_VALIDATION_JOBS_H

#include "registry/validation/pods.h"

/* validateJobSpec: all but the selector. */
void check_job_spec(struct check *c, const struct at *at, const json_t *spec, const struct pod_options *o);
/* ValidateJobUpdateStatus, metadata aside. */
void job_status_update(struct check *c, const json_t *job, const json_t *old);
bool job_condition_is(const json_t *job, const char *type, const char *status);
/* "Invalid value: <detail>": without the value. */
void check_invalid_bare(struct check *c, const struct at *at, const char *detail);

#endif
