/* A unit file or manifest written for kube-apiserver may carry flags that cubed has no use for or does not
 * offer. Calling them unknown would send the user looking for a typing mistake, so their names are kept here:
 * families of flags that share a prefix, and what follows it. */
#include "master/known_flags.h"

static const struct family {
    const char *prefix;
    const char *rest; /* separated by blanks */
} families[] = {
    {"audit-log-batch-", "buffer-size max-size max-wait throttle-burst throttle-enable throttle-qps"},
    {"audit-log-truncate-", "enabled max-batch-size max-event-size"},
    {"audit-log-", "compress format maxage maxbackup maxsize mode path version"},
    {"audit-webhook-batch-", "buffer-size max-size max-wait throttle-burst throttle-enable throttle-qps"},
    {"audit-webhook-truncate-", "enabled max-batch-size max-event-size"},
    {"audit-webhook-", "config-file initial-backoff mode version"},
    {"authentication-", "config token-webhook-cache-ttl token-webhook-config-file token-webhook-version"},
    {"authorization-", "config mode policy-file webhook-cache-authorized-ttl webhook-cache-unauthorized-ttl "
                       "webhook-config-file webhook-version"},
    {"etcd-", "cafile certfile count-metric-poll-period db-metric-poll-interval "
              "healthcheck-timeout keyfile prefix readycheck-timeout servers servers-overrides"},
    {"oidc-", "ca-file client-id groups-claim groups-prefix issuer-url required-claim signing-algs "
              "username-claim username-prefix"},
    {"requestheader-",
     "allowed-names client-ca-file extra-headers-prefix group-headers uid-headers username-headers"},
    {"service-account-", "extend-token-expiration issuer jwks-uri key-file lookup max-token-expiration "
                         "signing-endpoint signing-key-file"},
    {"kubelet-", "certificate-authority client-certificate client-key preferred-address-types timeout"},
    {"tls-", "cert-file cipher-suites curve-preferences min-version private-key-file sni-cert-key"},
    {"log-",
     "flush-frequency json-info-buffer-size json-split-stream text-info-buffer-size text-split-stream"},
    {"shutdown-", "delay-duration send-retry-after watch-termination-grace-period"},
    {"enable-", "garbage-collector priority-and-fairness bootstrap-token-auth admission-plugins "
                "aggregator-routing logs-handler"},
    {"coordinated-leadership-", "lease-duration renew-deadline retry-period"},
    {"",
     "advertise-address cors-allowed-origins emulated-version emulation-forward-compatible external-hostname "
     "feature-gates goaway-chance livez-grace-period max-mutating-requests-inflight max-requests-inflight "
     "min-compatibility-version min-request-timeout request-timeout "
     "runtime-config-emulation-forward-compatible send-retry-after-while-not-ready-once "
     "storage-initialization-timeout strict-transport-security-directives delete-collection-workers "
     "lease-reuse-duration-seconds "
     "storage-backend storage-media-type watch-cache watch-cache-sizes bind-address cert-dir "
     "disable-http2-serving http2-max-streams-per-connection permit-address-sharing permit-port-sharing "
     "secure-port audit-policy-file contention-profiling debug-socket-path profiling anonymous-auth "
     "api-audiences client-ca-file token-auth-file runtime-config egress-selector-config-file "
     "admission-control admission-control-config-file default-not-ready-toleration-seconds "
     "default-unreachable-toleration-seconds disable-admission-plugins allow-metric-labels "
     "allow-metric-labels-manifest disabled-metrics show-hidden-metrics-for-version logging-format v vmodule "
     "tracing-config-file aggregator-reject-forwarding-redirect allow-privileged "
     "event-ttl kubernetes-service-node-port max-connection-bytes-per-sec peer-advertise-ip "
     "peer-advertise-port peer-ca-file service-cluster-ip-range "
     "service-node-port-range"},
};

bool known_flags_has(struct str name)
{
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        struct str prefix = str_of(families[i].prefix), rest = str_of(families[i].rest), word;
        if (!str_starts(name, prefix))
            continue;
        struct str tail = {name.p + prefix.n, name.n - prefix.n};
        while (str_next(&rest, ' ', &word))
            if (str_eq(word, tail))
                return true;
    }
    return false;
}
