/* Only the differences are here: a type that is in order needs no row. */
#include "registry/validation/printedrows.h"

const struct printed_word printed_words[] = {
    {"apiGroup", "APIGroup"},
    {"apiGroups", "APIGroups"},
    {"apiVersion", "APIVersion"},
    {"apiVersions", "APIVersions"},
    {"awsElasticBlockStore", "AWSElasticBlockStore"},
    {"caBundle", "CABundle"},
    {"cel", "CEL"},
    {"cephfs", "CephFS"},
    {"chapAuthDiscovery", "DiscoveryCHAPAuth"},
    {"chapAuthSession", "SessionCHAPAuth"},
    {"cidr", "CIDR"},
    {"cidrs", "CIDRs"},
    {"csi", "CSI"},
    {"dnsConfig", "DNSConfig"},
    {"dnsPolicy", "DNSPolicy"},
    {"fc", "FC"},
    {"fsGroup", "FSGroup"},
    {"fsGroupChangePolicy", "FSGroupChangePolicy"},
    {"fsGroupPolicy", "FSGroupPolicy"},
    {"fsType", "FSType"},
    {"gcePersistentDisk", "GCEPersistentDisk"},
    {"gid", "GID"},
    {"gmsaCredentialSpec", "GMSACredentialSpec"},
    {"gmsaCredentialSpecName", "GMSACredentialSpecName"},
    {"grpc", "GRPC"},
    {"http", "HTTP"},
    {"httpGet", "HTTPGet"},
    {"httpHeaders", "HTTPHeaders"},
    {"ip", "IP"},
    {"ipBlock", "IPBlock"},
    {"ipFamilies", "IPFamilies"},
    {"ipFamilyPolicy", "IPFamilyPolicy"},
    {"ipMode", "IPMode"},
    {"ips", "IPs"},
    {"iqn", "IQN"},
    {"iscsi", "ISCSI"},
    {"iscsiInterface", "ISCSIInterface"},
    {"jsonPatch", "JSONPatch"},
    {"nfs", "NFS"},
    {"os", "OS"},
    {"osImage", "OSImage"},
    {"pdName", "PDName"},
    {"qosClass", "QOSClass"},
    {"rbd", "RBD"},
    {"seLinuxChangePolicy", "SELinuxChangePolicy"},
    {"seLinuxMount", "SELinuxMount"},
    {"seLinuxOptions", "SELinuxOptions"},
    {"sslEnabled", "SSLEnabled"},
    {"storageos", "StorageOS"},
    {"tcpSocket", "TCPSocket"},
    {"tls", "TLS"},
    {"ttlSecondsAfterFinished", "TTLSecondsAfterFinished"},
    {"tty", "TTY"},
    {"uid", "UID"},
    {"url", "URL"},
    {"wwids", "WWIDs"},
};
const int printed_nwords = sizeof(printed_words) / sizeof(printed_words[0]);

#define VOLUME_SOURCES                                                                                       \
    "*HostPath *EmptyDir *GCEPersistentDisk *AWSElasticBlockStore *GitRepo *Secret *NFS *ISCSI *Glusterfs "  \
    "*PersistentVolumeClaim *RBD *Quobyte *FlexVolume *Cinder *CephFS *Flocker *DownwardAPI *FC *AzureFile " \
    "*ConfigMap *VsphereVolume *AzureDisk *PhotonPersistentDisk *Projected *PortworxVolume *ScaleIO "        \
    "*StorageOS *CSI *Ephemeral *Image"
#define PERSISTENT_SOURCES                                                                                   \
    "*GCEPersistentDisk *AWSElasticBlockStore *HostPath *Glusterfs *NFS *RBD *Quobyte *ISCSI *FlexVolume "   \
    "*Cinder *CephFS *FC *Flocker *AzureFile *VsphereVolume *AzureDisk *PhotonPersistentDisk "               \
    "*PortworxVolume *ScaleIO *Local *StorageOS *CSI"
#define RBD                                                                                                  \
    "CephMonitors=monitors RBDImage=image FSType RBDPool=pool RadosUser=user Keyring *SecretRef ReadOnly"

const struct printed_row printed_rows[] = {
    {"apiextensions.k8s.io/v1", "JSONSchemaProps",
     "ID=id Schema=$schema *Ref=$ref Description Type Nullable Format Title *Default *Maximum "
     "ExclusiveMaximum "
     "*Minimum ExclusiveMinimum *MaxLength *MinLength Pattern *MaxItems *MinItems UniqueItems *MultipleOf "
     "Enum "
     "*MaxProperties *MinProperties Required *Items AllOf OneOf AnyOf *Not Properties *AdditionalProperties "
     "PatternProperties Dependencies *AdditionalItems Definitions *ExternalDocs *Example "
     "*XPreserveUnknownFields=x-kubernetes-preserve-unknown-fields "
     "XEmbeddedResource=x-kubernetes-embedded-resource XIntOrString=x-kubernetes-int-or-string "
     "XListMapKeys=x-kubernetes-list-map-keys *XListType=x-kubernetes-list-type "
     "*XMapType=x-kubernetes-map-type XValidations=x-kubernetes-validations"},
    {"core/v1", "Volume", "Name " VOLUME_SOURCES},
    {"core/v1", "VolumeSource", VOLUME_SOURCES},
    {"core/v1", "PersistentVolumeSource", PERSISTENT_SOURCES},
    {"core/v1", "PersistentVolumeSpec",
     "Capacity " PERSISTENT_SOURCES " AccessModes *ClaimRef PersistentVolumeReclaimPolicy StorageClassName "
     "MountOptions *VolumeMode *NodeAffinity *VolumeAttributesClassName"},
    {"core/v1", "GlusterfsVolumeSource", "EndpointsName=endpoints Path ReadOnly"},
    {"core/v1", "GlusterfsPersistentVolumeSource",
     "EndpointsName=endpoints Path ReadOnly *EndpointsNamespace"},
    {"core/v1", "RBDVolumeSource", RBD},
    {"core/v1", "RBDPersistentVolumeSource", RBD},
    {"core/v1", "AzureDiskVolumeSource", "DiskName DataDiskURI=diskURI *CachingMode *FSType *ReadOnly *Kind"},
    {"core/v1", "ServiceAccountTokenProjection", "Audience ExpirationSeconds Path"},
    {"core/v1", "ContainerStatus",
     "Name State LastTerminationState=lastState Ready RestartCount Image ImageID ContainerID *Started "
     "AllocatedResources *Resources VolumeMounts *User AllocatedResourcesStatus *StopSignal"},
    {"core/v1", "PodSpec",
     "Volumes InitContainers Containers EphemeralContainers RestartPolicy *TerminationGracePeriodSeconds "
     "*ActiveDeadlineSeconds DNSPolicy NodeSelector ServiceAccountName *AutomountServiceAccountToken "
     "NodeName !SecurityContext ImagePullSecrets Hostname Subdomain *SetHostnameAsFQDN *Affinity "
     "SchedulerName Tolerations HostAliases PriorityClassName *Priority *PreemptionPolicy *DNSConfig "
     "ReadinessGates *RuntimeClassName Overhead *EnableServiceLinks TopologySpreadConstraints *OS "
     "SchedulingGates ResourceClaims *Resources *HostnameOverride *SchedulingGroup"},
    {"core/v1", "PodSecurityContext",
     "HostNetwork=^hostNetwork HostPID=^hostPID HostIPC=^hostIPC "
     "*ShareProcessNamespace=^shareProcessNamespace *HostUsers=^hostUsers *SELinuxOptions *WindowsOptions "
     "*RunAsUser *RunAsGroup *RunAsNonRoot SupplementalGroups *SupplementalGroupsPolicy *FSGroup "
     "*FSGroupChangePolicy Sysctls *SeccompProfile *AppArmorProfile *SELinuxChangePolicy"},
    {"core/v1", "PodStatus",
     "ObservedGeneration Phase Conditions Message Reason NominatedNodeName HostIP HostIPs PodIPs *StartTime "
     "QOSClass InitContainerStatuses ContainerStatuses EphemeralContainerStatuses Resize "
     "ResourceClaimStatuses *ExtendedResourceClaimStatus AllocatedResources *Resources "
     "NodeAllocatableResourceClaimStatuses"},
    {"core/v1", "ServiceSpec",
     "Type Ports Selector ClusterIP ClusterIPs IPFamilies *IPFamilyPolicy ExternalName ExternalIPs "
     "LoadBalancerIP SessionAffinity *SessionAffinityConfig LoadBalancerSourceRanges ExternalTrafficPolicy "
     "HealthCheckNodePort PublishNotReadyAddresses *AllocateLoadBalancerNodePorts *LoadBalancerClass "
     "*InternalTrafficPolicy *TrafficDistribution"},
    {"core/v1", "NodeSpec",
     "PodCIDRs ProviderID Unschedulable Taints *ConfigSource DoNotUseExternalID=externalID"},
    {"core/v1", "Event",
     "@ObjectMeta InvolvedObject Reason Message Source FirstTimestamp LastTimestamp Count Type EventTime "
     "*Series Action *Related ReportingController=reportingComponent ReportingInstance"},
    {"core/v1", "Secret", "@ObjectMeta *Immutable Data Type"},
    {"apps/v1", "RollingUpdateStatefulSetStrategy", "Partition *MaxUnavailable"},
    {"apps/v1", "StatefulSetSpec",
     "Replicas *Selector Template VolumeClaimTemplates ServiceName PodManagementPolicy UpdateStrategy "
     "*RevisionHistoryLimit MinReadySeconds *PersistentVolumeClaimRetentionPolicy *Ordinals"},
    {"apps/v1", "StatefulSetStatus",
     "*ObservedGeneration Replicas ReadyReplicas CurrentReplicas UpdatedReplicas CurrentRevision "
     "UpdateRevision *CollisionCount Conditions AvailableReplicas"},
    {"apps/v1", "DeploymentSpec",
     "Replicas *Selector Template Strategy MinReadySeconds *RevisionHistoryLimit Paused *RollbackTo= "
     "*ProgressDeadlineSeconds"},
    {"apps/v1", "RollingUpdateDeployment", "MaxUnavailable MaxSurge"},
    {"apps/v1", "RollingUpdateDaemonSet", "MaxUnavailable MaxSurge"},
    {"apps/v1", "ReplicaSetSpec", "Replicas MinReadySeconds *Selector Template"},
    {"batch/v1", "JobSpec",
     "*Parallelism *Completions *PodFailurePolicy *SuccessPolicy *ActiveDeadlineSeconds *BackoffLimit "
     "*BackoffLimitPerIndex *MaxFailedIndexes *Selector *ManualSelector Template *TTLSecondsAfterFinished "
     "*CompletionMode *Suspend *PodReplacementPolicy *ManagedBy"},
    {"batch/v1", "JobStatus",
     "Conditions *StartTime *CompletionTime Active *Terminating *Ready Succeeded Failed CompletedIndexes "
     "*FailedIndexes *UncountedTerminatedPods"},
    {"autoscaling/v2", "ContainerResourceMetricSource", "Name Container Target"},
    {"autoscaling/v2", "ContainerResourceMetricStatus", "Name Container Current"},
    {"storage.k8s.io/v1", "CSIDriverSpec",
     "*AttachRequired *FSGroupPolicy *PodInfoOnMount VolumeLifecycleModes *StorageCapacity TokenRequests "
     "*RequiresRepublish *SELinuxMount *NodeAllocatableUpdatePeriodSeconds *ServiceAccountTokenInSecrets "
     "*PreventPodSchedulingIfMissing"},
    {"admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicySpec",
     "*ParamKind *MatchConstraints Validations MatchConditions *FailurePolicy AuditAnnotations Variables"},
    {"admissionregistration.k8s.io/v1", "ServiceReference", "Namespace Name *Path Port"},
    {"flowcontrol.apiserver.k8s.io/v1", "LimitedPriorityLevelConfiguration",
     "NominalConcurrencyShares LimitResponse *LendablePercent *BorrowingLimitPercent"},
    {"resource.k8s.io/v1", "DeviceAttribute",
     "*IntValue=int *BoolValue=bool *StringValue=string *VersionValue=version IntValues=ints "
     "BoolValues=bools StringValues=strings VersionValues=versions"},
};
const int printed_nrows = sizeof(printed_rows) / sizeof(printed_rows[0]);
