/* What a volume is made of. Rule: validateVolumeSource and its like in pkg/apis/core/validation. */
#ifndef REGISTRY_VALIDATION_VOLUMESOURCES_H
#define REGISTRY_VALIDATION_VOLUMESOURCES_H

#include "registry/validation/check.h"

typedef void (*volume_source_check)(struct check *c, const struct at *at, const json_t *source);

/* Those that pods and PersistentVolumes check alike, by field name ("nfs", "hostPath", "fc" ...; also
 * "iscsi", which a PersistentVolume names in its own way); NULL: none of these. */
volume_source_check volume_source(const char *field);

/* Paths. A relative one without "..": validateLocalDescendingPath; also not beginning with "..":
 * ValidateLocalNonReservedPath; none with "..": validatePathNoBacksteps. */
void check_descending_path(struct check *c, const struct at *at, struct str path);
void check_plain_path(struct check *c, const struct at *at, struct str path);
void check_no_backsteps(struct check *c, const struct at *at, struct str path);
bool path_has_backsteps(struct str path);
/* A file mode, when there: 0 to 0777. */
void check_file_mode(struct check *c, const struct at *up, const json_t *obj, const char *member);
/* validateKeyToPath. */
void check_key_to_path(struct check *c, const struct at *at, const json_t *item);
/* ValidateCSIDriverName. */
void check_csi_driver_name(struct check *c, const struct at *at, struct str name);
/* validatePVSecretReference. */
void check_secret_reference(struct check *c, const struct at *at, const json_t *ref);
/* The IQN of an iSCSI target, the secret and the initiator's name; of a PersistentVolume, or of a pod's
 * volume. */
void check_iscsi_names(struct check *c, const struct at *at, const json_t *source, bool of_volume);

#endif
