/* Pods and their templates: what the files about them share. Rule: ValidatePodSpec of
 * pkg/apis/core/validation, with the options that the default feature gates of 1.36 give. */
#ifndef REGISTRY_VALIDATION_PODS_H
#define REGISTRY_VALIDATION_PODS_H

#include "registry/validation/check.h"
#include "registry/validation/seen.h"

/* What is let through because the old object has it (pkg/api/pod/util.go). All false on create. */
struct pod_options {
    bool is_pod;              /* else a template */
    bool lax_selectors;       /* bad values in selectors of affinity */
    bool lax_node_affinity;   /* ... of required node affinity */
    bool lax_hugepages;       /* amounts that are no multiple of the page size */
    bool lax_spread_selector; /* bad selectors of topology spread */
    bool lax_spread_keys;     /* matchLabelKeys as they were allowed before */
    bool lax_token_path;      /* projected tokens at odd paths */
    bool lax_sysctls;         /* namespaced sysctls with the host's namespace */
    bool lax_deletion_cost;
    bool lax_restart_init;   /* init containers with a resize policy of RestartContainer */
    bool lax_devices;        /* block devices without the host's users */
    bool any_selinux_change; /* not only Recursive */
};

/* A pod spec under check. */
struct pod {
    struct check *c;
    const struct pod_options *o;
    const json_t *spec;
    const json_t *meta;   /* of the pod; NULL in a template */
    struct seen *volumes; /* names of those in order, with 1 + their index */
    struct seen *claims;  /* names of resourceClaims */
    bool host_users;
};

/* Options of an update; old_spec and old_meta NULL: of a create. */
struct pod_options pod_options(struct check *c, const json_t *old_spec, const json_t *old_meta);
/* ValidatePodSpec. */
void check_pod_spec(struct check *c, const struct at *at, const json_t *spec, const json_t *meta,
                    const struct pod_options *o);
/* ValidatePodTemplateSpec. */
void check_pod_template(struct check *c, const struct at *at, const json_t *template_,
                        const struct pod_options *o);
/* ValidatePodSpecificAnnotations. */
void check_pod_annotations(struct check *c, const struct at *at, const json_t *annotations,
                           const json_t *spec, const struct pod_options *o);
bool has_odd_deletion_cost(const json_t *annotations);
/* Annotations of old must agree with the fields that took their place. */
void check_profiles_agree(struct check *c, const struct at *at, const json_t *meta, const json_t *spec);

/* VisitContainersWithPath: init containers, containers, ephemeral containers. */
typedef void (*container_visit)(const struct pod *p, const struct at *at, const json_t *container, void *arg);
void visit_containers(const struct pod *p, const struct at *at, container_visit visit, void *arg);

/* ---- containers.c ---- */
void check_containers(const struct pod *p, const struct at *at);
void check_init_containers(const struct pod *p, const struct at *at);
void check_ephemeral_containers(const struct pod *p, const struct at *at);
/* What a template may have, a pod not: blanks around the image. */
void check_container_image(struct check *c, const struct at *at, const json_t *container);
bool is_sidecar(const json_t *init_container);
/* ---- env.c ---- */
void check_env(struct check *c, const struct at *at, const json_t *list);
void check_env_from(struct check *c, const struct at *at, const json_t *list);
/* fieldRef and resourceFieldRef of a variable, or of a file of a volume. */
void check_field_ref(struct check *c, const struct at *at, const json_t *ref, bool of_volume);
void check_resource_field_ref(struct check *c, const struct at *at, const json_t *ref, bool of_volume);
void check_file_key_volumes(const struct pod *p, const struct at *at);
/* ---- probes.c ---- */
enum probe { LIVENESS, READINESS, STARTUP };
void check_probe(struct check *c, const struct at *at, const json_t *probe, enum probe which);
void check_lifecycle(const struct pod *p, const struct at *at, const json_t *lifecycle);
/* ---- volumes.c ---- */
void check_volumes(struct pod *p, const struct at *at);
void check_volume_mounts(const struct pod *p, const struct at *at, const json_t *container);
void check_volume_devices(const struct pod *p, const struct at *at, const json_t *container);
/* ---- projected.c ---- */
void check_projected(const struct pod *p, const struct at *at, const json_t *source);
void check_downward_api(struct check *c, const struct at *at, const json_t *source);
/* ---- security.c, windows.c ---- */
void check_pod_security(const struct pod *p, const struct at *at);
void check_container_security(const struct pod *p, const struct at *at, const json_t *context);
/* A sysctl of a namespace that is the host's. */
bool has_conflicting_sysctls(const struct pod *p);
void check_seccomp_annotations(struct check *c, const struct at *at, const json_t *annotations);
void check_apparmor_annotations(struct check *c, const struct at *at, const json_t *annotations,
                                const json_t *spec);
void check_windows_options(struct check *c, const struct at *at, const json_t *options);
void check_host_process(const struct pod *p, const struct at *at);
void check_os(const struct pod *p, const struct at *at);
/* ---- affinity.c ---- */
void check_affinity(const struct pod *p, const struct at *at);
void check_topology_spread(const struct pod *p, const struct at *at);
/* matchLabelKeys and mismatchLabelKeys of an affinity term or a spread constraint. */
void check_match_label_keys(struct check *c, const struct at *at, const json_t *term);
void check_tolerations(struct check *c, const struct at *at, const json_t *list);
/* ---- podresources.c ---- */
/* pod level: only resources that a pod as a whole can have. claims NULL: none. */
void check_requirements(struct check *c, const struct at *at, const json_t *requirements,
                        const struct seen *claims, bool pod_level, bool lax_hugepages);
void check_resource_claims(struct pod *p, const struct at *at);
void check_pod_resources(const struct pod *p, const struct at *at);
/* ---- podnet.c ---- */
void check_dns(const struct pod *p, const struct at *at);
void check_host_network_ports(const struct pod *p, const struct at *at);
void check_host_aliases(struct check *c, const struct at *at, const json_t *list);
void check_host_users(const struct pod *p, const struct at *at);
void check_hostname_override(const struct pod *p, const struct at *at);

#endif
