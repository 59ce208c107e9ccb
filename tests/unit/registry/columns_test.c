/* Cells of every kind of row, from objects that have something to tell. Times are relative to NOW. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/columns/age.h"
#include "registry/columns/columns.h"
#include "shm/base/clock.h"

#define NOW "2026-03-04T05:06:07Z"
#define META "\"metadata\":{\"name\":\"x\",\"creationTimestamp\":\"2026-03-04T05:01:07Z\"}" /* 5m */
#define GONE                                                                                                 \
    "\"metadata\":{\"name\":\"x\",\"creationTimestamp\":\"2026-03-04T05:01:07Z\",\"deletionTimestamp\":"     \
    "\"2026-03-04T05:06:37Z\"}"
#define AT(time) "\"2026-03-0" time "Z\""

struct row_case {
    const char *about, *group, *plural, *obj, *cells;
};

static int64_t now_us(void)
{
    int64_t us;
    assert_int_equal(clock_parse_rfc3339(NOW, strlen(NOW), &us), 0);
    return us;
}

static void check_row(const struct columns *c, const struct row_case *row)
{
    struct buf out = {0};
    json_t *obj = json_loads(row->obj, 0, NULL);
    if (!obj)
        fail_msg("%s: bad object", row->about);
    columns_row(c, &out, obj, now_us());
    json_t *got = json_loadb(out.p, out.n, 0, NULL), *expected = json_loads(row->cells, 0, NULL);
    assert_non_null(expected);
    if (!json_equal(got, expected))
        fail_msg("%s: got %.*s, expected %s", row->about, STR_ARG(buf_view(&out)), row->cells);
    json_decref(got);
    json_decref(expected);
    json_decref(obj);
    buf_free(&out);
}

static const struct columns *find(const char *group, const char *plural)
{
    struct schema_resource r = {.group = group, .plural = plural};
    return columns_for(&r);
}

static void check_rows(const struct row_case *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_row(find(rows[i].group, rows[i].plural), &rows[i]);
}
#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void ages(void **state)
{
    static const struct {
        int64_t s;
        const char *text;
    } cases[] = {
        {-5, "<invalid>"},
        {-2, "<invalid>"},
        {-1, "0s"},
        {0, "0s"},
        {119, "119s"},
        {120, "2m"},
        {185, "3m5s"},
        {600, "10m"},
        {10799, "179m"},
        {10800, "3h"},
        {3 * 3600 + 1200, "3h20m"},
        {8 * 3600, "8h"},
        {47 * 3600, "47h"},
        {48 * 3600, "2d"},
        {50 * 3600, "2d2h"},
        {8 * 86400, "8d"},
        {729 * 86400, "729d"},
        {730 * 86400, "2y"},
        {731 * 86400, "2y1d"},
        {9 * 365 * 86400LL, "9y"},
    };
    char out[AGE_TEXT_BYTES];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        age_text(out, cases[i].s * 1000000);
        assert_string_equal(out, cases[i].text);
    }
    age_text(out, -1999999); /* whole seconds, cut towards zero */
    assert_string_equal(out, "0s");
    age_since(out, STR_NONE, now_us());
    assert_string_equal(out, "<unknown>");
    age_since(out, STR("0001-01-01T00:00:00Z"), now_us());
    assert_string_equal(out, "<unknown>");
    age_since(out, STR("2026-03-04T05:06:00.500000Z"), now_us());
    assert_string_equal(out, "6s");
}

#define POD(meta, spec, status) "{" meta ",\"spec\":{" spec "},\"status\":{" status "}}"
#define TWO "\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"}]"
#define INITS "\"initContainers\":[{\"name\":\"i\"},{\"name\":\"j\"}]," TWO
#define SIDE "\"initContainers\":[{\"name\":\"s\",\"restartPolicy\":\"Always\"},{\"name\":\"i\"}]," TWO
#define RUNNING "\"state\":{\"running\":{}}"
#define ENDED(how) "\"state\":{\"terminated\":{" how "}}"
#define WAITS(why) "\"state\":{\"waiting\":{\"reason\":\"" why "\"}}"
#define DIED(time) "\"lastState\":{\"terminated\":{\"exitCode\":1,\"finishedAt\":" AT(time) "}}"
#define REST ",\"<none>\",\"<none>\",\"<none>\",\"<none>\"]"
#define STATUSES "\"containerStatuses\":"
#define INIT_STATUSES "\"initContainerStatuses\":"
#define TRUE_CONDITION(type) "\"conditions\":[{\"type\":\"" type "\",\"status\":\"True\"}]"

static void pods(void **state)
{
    static const struct row_case rows[] = {
        {"nothing known", "", "pods", POD(META, TWO, ""), "[\"x\",\"0/2\",\"\",\"0\",\"5m\"" REST},
        {"phase alone", "", "pods", POD(META, TWO, "\"phase\":\"Pending\""),
         "[\"x\",\"0/2\",\"Pending\",\"0\",\"5m\"" REST},
        {"a reason outdoes the phase", "", "pods",
         POD(META, TWO, "\"phase\":\"Failed\",\"reason\":\"Evicted\""),
         "[\"x\",\"0/2\",\"Evicted\",\"0\",\"5m\"" REST},
        {"a scheduling gate outdoes both", "", "pods",
         POD(META, TWO,
             "\"phase\":\"Pending\",\"reason\":\"Odd\",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":"
             "\"False\",\"reason\":\"SchedulingGated\"}]"),
         "[\"x\",\"0/2\",\"SchedulingGated\",\"0\",\"5m\"" REST},
        {"wide columns", "", "pods",
         POD(META,
             TWO
             ",\"nodeName\":\"n\",\"readinessGates\":[{\"conditionType\":\"g\"},{\"conditionType\":\"h\"}]",
             "\"phase\":\"Running\",\"podIPs\":[{\"ip\":\"10.0.0.1\"},{\"ip\":\"fd::1\"}],"
             "\"nominatedNodeName\":\"m\"," TRUE_CONDITION("g")),
         "[\"x\",\"0/2\",\"Running\",\"0\",\"5m\",\"10.0.0.1\",\"n\",\"m\",\"1/2\"]"},
        {"restarts, the last one is told", "", "pods",
         POD(META, TWO,
             "\"phase\":\"Running\"," STATUSES "[{\"ready\":true,\"restartCount\":3," RUNNING "," DIED(
                 "4T03:06:07") "},{\"ready\":true,\"restartCount\":2," RUNNING "," DIED("4T02:06:07") "}]"),
         "[\"x\",\"2/2\",\"Running\",\"5 (120m ago)\",\"5m\"" REST},
        {"the first container's trouble is told", "", "pods",
         POD(META, TWO,
             "\"phase\":\"Running\"," STATUSES
             "[{" WAITS("CrashLoopBackOff") "},{" WAITS("ImagePullBackOff") "}]"),
         "[\"x\",\"0/2\",\"CrashLoopBackOff\",\"0\",\"5m\"" REST},
        {"done", "", "pods",
         POD(META, TWO,
             "\"phase\":\"Succeeded\"," STATUSES "[{" ENDED("\"exitCode\":0,\"reason\":\"Completed\"") "}]"),
         "[\"x\",\"0/2\",\"Completed\",\"0\",\"5m\"" REST},
        {"done, but another failed", "", "pods",
         POD(META, TWO,
             "\"phase\":\"Failed\"," STATUSES
             "[{" ENDED("\"exitCode\":0,\"reason\":\"Completed\"") "},{" ENDED("\"exitCode\":7") "}]"),
         "[\"x\",\"0/2\",\"ExitCode:7\",\"0\",\"5m\"" REST},
        {"a signal", "", "pods",
         POD(META, TWO, "\"phase\":\"Failed\"," STATUSES "[{" ENDED("\"exitCode\":137,\"signal\":9") "}]"),
         "[\"x\",\"0/2\",\"Signal:9\",\"0\",\"5m\"" REST},
        {"done beside one that runs", "", "pods",
         POD(META, TWO,
             "\"phase\":\"Running\"," STATUSES
             "[{" ENDED("\"exitCode\":0,\"reason\":\"Completed\"") "},{\"ready\":true," RUNNING "}]"),
         "[\"x\",\"1/2\",\"NotReady\",\"0\",\"5m\"" REST},
        {"done beside one that runs, and that is enough", "", "pods",
         POD(META, TWO,
             "\"phase\":\"Running\"," TRUE_CONDITION("Ready") "," STATUSES "[{" ENDED(
                 "\"exitCode\":0,\"reason\":\"Completed\"") "},{\"ready\":true," RUNNING "}]"),
         "[\"x\",\"1/2\",\"Running\",\"0\",\"5m\"" REST},
        {"first init container", "", "pods",
         POD(META, INITS,
             INIT_STATUSES "[{\"name\":\"i\",\"restartCount\":2," RUNNING "," DIED(
                 "4T05:06:00") "}]," STATUSES "[{\"restartCount\":9," WAITS("PodInitializing") "}]"),
         "[\"x\",\"0/2\",\"Init:0/2\",\"2 (7s ago)\",\"5m\"" REST},
        {"second init container", "", "pods",
         POD(META, INITS,
             INIT_STATUSES
             "[{\"name\":\"i\"," ENDED("\"exitCode\":0") "},{\"name\":\"j\"," WAITS("PodInitializing") "}]"),
         "[\"x\",\"0/2\",\"Init:1/2\",\"0\",\"5m\"" REST},
        {"init container that cannot start", "", "pods",
         POD(META, INITS, INIT_STATUSES "[{\"name\":\"i\"," WAITS("ErrImagePull") "}]"),
         "[\"x\",\"0/2\",\"Init:ErrImagePull\",\"0\",\"5m\"" REST},
        {"init container that failed", "", "pods",
         POD(META, INITS,
             INIT_STATUSES "[{\"name\":\"i\"," ENDED("\"exitCode\":1,\"reason\":\"Error\"") "}]"),
         "[\"x\",\"0/2\",\"Init:Error\",\"0\",\"5m\"" REST},
        {"init container that failed without a word", "", "pods",
         POD(META, INITS, INIT_STATUSES "[{\"name\":\"i\"," ENDED("\"exitCode\":3") "}]"),
         "[\"x\",\"0/2\",\"Init:ExitCode:3\",\"0\",\"5m\"" REST},
        {"init container that was killed", "", "pods",
         POD(META, INITS, INIT_STATUSES "[{\"name\":\"i\"," ENDED("\"exitCode\":1,\"signal\":11") "}]"),
         "[\"x\",\"0/2\",\"Init:Signal:11\",\"0\",\"5m\"" REST},
        {"initialized once is enough", "", "pods",
         POD(META, INITS,
             TRUE_CONDITION("Initialized") "," INIT_STATUSES "[{\"name\":\"i\",\"restartCount\":4," RUNNING
                                           "}]," STATUSES "[{\"ready\":true,\"restartCount\":1," RUNNING
                                           "}]"),
         "[\"x\",\"1/2\",\"Init:0/2\",\"1\",\"5m\"" REST},
        {"a sidecar counts, and its restarts", "", "pods",
         POD(META, SIDE,
             "\"phase\":\"Running\"," INIT_STATUSES
             "[{\"name\":\"s\",\"ready\":true,\"started\":true,\"restartCount\":5," RUNNING
             "," DIED("4T05:05:57") "},{\"name\":\"i\",\"restartCount\":2," ENDED(
                 "\"exitCode\":0") "}]," STATUSES "[{\"ready\":true,\"restartCount\":1," RUNNING "}]"),
         "[\"x\",\"2/3\",\"Running\",\"6 (10s ago)\",\"5m\"" REST},
        {"a sidecar that has not started holds up the rest", "", "pods",
         POD(META, SIDE, INIT_STATUSES "[{\"name\":\"s\",\"started\":false," RUNNING "}]"),
         "[\"x\",\"0/3\",\"Init:0/2\",\"0\",\"5m\"" REST},
        {"going", "", "pods", POD(GONE, TWO, "\"phase\":\"Running\""),
         "[\"x\",\"0/2\",\"Terminating\",\"0\",\"5m\"" REST},
        {"going on a node that is lost", "", "pods",
         POD(GONE, TWO, "\"phase\":\"Running\",\"reason\":\"NodeLost\""),
         "[\"x\",\"0/2\",\"Unknown\",\"0\",\"5m\"" REST},
        {"going, but done already", "", "pods", POD(GONE, TWO, "\"phase\":\"Succeeded\""),
         "[\"x\",\"0/2\",\"Succeeded\",\"0\",\"5m\"" REST},
        {"template", "", "podtemplates",
         "{" META
         ",\"template\":{\"metadata\":{\"labels\":{\"a\":\"1\",\"a-b\":\"2\"}},\"spec\":{\"containers\":["
         "{\"name\":\"c\",\"image\":\"i:1\"},{\"name\":\"d\",\"image\":\"j\"}]}}}",
         "[\"x\",\"c,d\",\"i:1,j\",\"a-b=2,a=1\"]"},
    };
    CHECK_ROWS(rows);
}

static void completed(void **state)
{
    static const struct {
        const char *phase, *reason;
    } cases[] = {{"Succeeded", "Succeeded"}, {"Failed", "Failed"}, {"Running", NULL}};
    const struct columns *c = find("", "pods");
    for (size_t i = 0; i < 3; i++) {
        const char *reason, *message;
        json_t *obj = json_pack("{s:{s:s}}", "status", "phase", cases[i].phase);
        assert_int_equal(c->completed(obj, &reason, &message), cases[i].reason != NULL);
        if (cases[i].reason)
            assert_string_equal(reason, cases[i].reason);
        json_decref(obj);
    }
    assert_null(find("", "nodes")->completed);
}

static void core(void **state)
{
    static const struct row_case rows[] = {
        {"bare node", "", "nodes", "{" META "}",
         "[\"x\",\"Unknown\",\"<none>\",\"5m\",\"\",\"<none>\",\"<none>\",\"<unknown>\",\"<unknown>\",\"<"
         "unknown>\"]"},
        {"node", "", "nodes",
         "{\"metadata\":{\"name\":\"x\",\"labels\":{\"node-role.kubernetes.io/worker\":\"\",\"kubernetes.io/"
         "role\":"
         "\"old\",\"node-role.kubernetes.io/"
         "infra\":\"\",\"a\":\"b\"}},\"spec\":{\"unschedulable\":true},\"status\":{"
         "\"conditions\":[{\"type\":\"Ready\",\"status\":\"Unknown\"}],\"addresses\":[{\"type\":"
         "\"ExternalIP\",\"address\":"
         "\"e\"},{\"type\":\"InternalIP\",\"address\":\"i\"},{\"type\":\"InternalIP\",\"address\":\"j\"}],"
         "\"nodeInfo\":{"
         "\"kubeletVersion\":\"v1\",\"osImage\":\"o\",\"kernelVersion\":\"k\",\"architecture\":\"amd64\","
         "\"containerRuntimeVersion\":\"c\"}}}",
         "[\"x\",\"NotReady,SchedulingDisabled\",\"infra,old,worker\",\"<unknown>\",\"v1\",\"i\",\"e\",\"o\","
         "\"k "
         "(amd64)\",\"c\"]"},
        {"service", "", "services",
         "{" META ",\"spec\":{\"type\":\"NodePort\",\"clusterIPs\":[\"10.0.0.1\"],\"externalIPs\":[\"1.1.1."
                  "1\",\"2.2.2.2\"],"
         "\"ports\":[{\"port\":80,\"nodePort\":30080,\"protocol\":\"TCP\"},{\"port\":53,\"protocol\":\"UDP\"}"
         "],"
         "\"selector\":{\"b\":\"1\",\"a\":\"2\"}}}",
         "[\"x\",\"NodePort\",\"10.0.0.1\",\"1.1.1.1,2.2.2.2\",\"80:30080/TCP,53/UDP\",\"5m\",\"a=2,b=1\"]"},
        {"headless service", "", "services",
         "{" META ",\"spec\":{\"type\":\"ClusterIP\",\"clusterIPs\":[\"None\"]}}",
         "[\"x\",\"ClusterIP\",\"None\",\"<none>\",\"<none>\",\"5m\",\"<none>\"]"},
        {"balancer that is not there yet", "", "services", "{" META ",\"spec\":{\"type\":\"LoadBalancer\"}}",
         "[\"x\",\"LoadBalancer\",\"<none>\",\"<pending>\",\"<none>\",\"5m\",\"<none>\"]"},
        {"balancer, each address once", "", "services",
         "{" META
         ",\"spec\":{\"type\":\"LoadBalancer\",\"externalIPs\":[\"9.9.9.9\"]},\"status\":{\"loadBalancer\":{"
         "\"ingress\":[{\"hostname\":\"z\"},{\"ip\":\"8.8.8.8\"},{\"ip\":\"8.8.8.8\",\"hostname\":\"y\"},{}]}"
         "}}",
         "[\"x\",\"LoadBalancer\",\"<none>\",\"8.8.8.8,z,9.9.9.9\",\"<none>\",\"5m\",\"<none>\"]"},
        {"name of another", "", "services",
         "{" META ",\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"a.b\"}}",
         "[\"x\",\"ExternalName\",\"<none>\",\"a.b\",\"<none>\",\"5m\",\"<none>\"]"},
        {"no endpoints", "", "endpoints", "{" META "}", "[\"x\",\"<none>\",\"5m\"]"},
        {"endpoints", "", "endpoints",
         "{" META
         ",\"subsets\":[{\"addresses\":[{\"ip\":\"1.1.1.1\"},{\"ip\":\"fd::1\"}],\"ports\":[{\"port\":80},{"
         "\"port\":81}]},{\"addresses\":[{\"ip\":\"fd::2\"}]}]}",
         "[\"x\",\"1.1.1.1:80,[fd::1]:80,1.1.1.1:81 + 2 more...\",\"5m\"]"},
        {"endpoints that are not ready", "", "endpoints",
         "{" META ",\"subsets\":[{\"notReadyAddresses\":[{\"ip\":\"1.1.1.1\"}],\"ports\":[{\"port\":80}]}]}",
         "[\"x\",\"\",\"5m\"]"},
        {"slice", "discovery.k8s.io", "endpointslices",
         "{" META ",\"addressType\":\"IPv4\",\"ports\":[{\"name\":\"a\",\"port\":80},{\"name\":\"b\"},{},{"
                  "\"port\":81}],"
         "\"endpoints\":[{\"addresses\":[\"1.1.1.1\",\"1.1.1.2\"]},{\"addresses\":[\"1.1.1.3\"]}]}",
         "[\"x\",\"IPv4\",\"80,b,* + 1 more...\",\"1.1.1.1,1.1.1.2,1.1.1.3\",\"5m\"]"},
        {"empty slice", "discovery.k8s.io", "endpointslices",
         "{" META ",\"addressType\":\"FQDN\",\"endpoints\":[]}",
         "[\"x\",\"FQDN\",\"<unset>\",\"<unset>\",\"5m\"]"},
        {"volume", "", "persistentvolumes",
         "{" META ",\"spec\":{\"capacity\":{\"storage\":\"1Gi\"},\"accessModes\":[\"ReadWriteOncePod\","
                  "\"ReadWriteMany\","
         "\"ReadWriteOnce\"],\"persistentVolumeReclaimPolicy\":\"Retain\",\"claimRef\":{\"namespace\":\"n\","
         "\"name\":\"c\"},"
         "\"storageClassName\":\"s\",\"volumeMode\":\"Block\"},\"status\":{\"phase\":\"Bound\",\"reason\":"
         "\"r\"}}",
         "[\"x\",\"1Gi\",\"RWO,RWX,RWOP\",\"Retain\",\"Bound\",\"n/"
         "c\",\"s\",\"<unset>\",\"r\",\"5m\",\"Block\"]"},
        {"volume that goes", "", "persistentvolumes", "{" GONE ",\"status\":{\"phase\":\"Bound\"}}",
         "[\"x\",\"0\",\"\",\"\",\"Terminating\",\"\",\"\",\"<unset>\",\"\",\"5m\",\"<unset>\"]"},
        {"claim without a volume", "", "persistentvolumeclaims",
         "{" META
         ",\"spec\":{\"accessModes\":[\"ReadOnlyMany\"],\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}},"
         "\"status\":{\"phase\":\"Pending\",\"accessModes\":[\"ReadOnlyMany\"]}}",
         "[\"x\",\"Pending\",\"\",\"\",\"\",\"\",\"<unset>\",\"5m\",\"<unset>\"]"},
        {"claim", "", "persistentvolumeclaims",
         "{\"metadata\":{\"name\":\"x\",\"annotations\":{\"volume.beta.kubernetes.io/"
         "storage-class\":\"old\"}},\"spec\":{"
         "\"volumeName\":\"v\",\"storageClassName\":\"new\",\"volumeAttributesClassName\":\"g\","
         "\"volumeMode\":"
         "\"Filesystem\"},\"status\":{\"phase\":\"Bound\",\"capacity\":{\"storage\":\"2Gi\"},\"accessModes\":"
         "["
         "\"ReadOnlyMany\"]}}",
         "[\"x\",\"Bound\",\"v\",\"2Gi\",\"ROX\",\"old\",\"g\",\"<unknown>\",\"Filesystem\"]"},
        {"map", "", "configmaps", "{" META ",\"data\":{\"a\":\"\",\"b\":\"\"},\"binaryData\":{\"c\":\"\"}}",
         "[\"x\",3,\"5m\"]"},
        {"secret", "", "secrets", "{" META ",\"type\":\"Opaque\"}", "[\"x\",\"Opaque\",0,\"5m\"]"},
        {"namespace", "", "namespaces", "{" META ",\"status\":{\"phase\":\"Active\"}}",
         "[\"x\",\"Active\",\"5m\"]"},
        {"quota", "", "resourcequotas",
         "{" META ",\"status\":{\"hard\":{\"pods\":\"3\",\"limits.cpu\":\"2\",\"cpu\":\"1\",\"limits."
                  "memory\":\"1Gi\"},\"used\":{"
         "\"pods\":\"1\",\"limits.cpu\":\"500m\"}}}",
         "[\"x\",\"cpu: 0/1, pods: 1/3\",\"limits.cpu: 500m/2, limits.memory: 0/1Gi\",\"5m\"]"},
        {"controller", "", "replicationcontrollers",
         "{" META ",\"spec\":{\"replicas\":3,\"selector\":{\"a\":\"b\"},\"template\":{\"spec\":{"
                  "\"containers\":[{\"name\":\"c\","
         "\"image\":\"i\"}]}}},\"status\":{\"replicas\":2,\"readyReplicas\":1}}",
         "[\"x\",3,2,1,\"5m\",\"c\",\"i\",\"a=b\"]"},
        {"component", "", "componentstatuses",
         "{" META
         ",\"conditions\":[{\"type\":\"Healthy\",\"status\":\"False\",\"message\":\"m\",\"error\":\"e\"}]}",
         "[\"x\",\"Unhealthy\",\"m\",\"e\"]"},
        {"limits", "", "limitranges", "{" META "}", "[\"x\",\"2026-03-04T05:01:07Z\"]"},
        {"account", "", "serviceaccounts", "{" META "}", "[\"x\",\"5m\"]"},
    };
    CHECK_ROWS(rows);
}

static void events(void **state)
{
    static const struct row_case rows[] = {
        {"event that is counted", "", "events",
         "{" META
         ",\"type\":\"Normal\",\"reason\":\"R\",\"message\":\" two\\nlines\\n\",\"involvedObject\":{\"kind\":"
         "\"ReplicaSet\",\"name\":\"r\",\"fieldPath\":\"f\"},\"source\":{\"component\":\"c\",\"host\":\"h\"},"
         "\"count\":7,"
         "\"firstTimestamp\":" AT("4T04:06:07") ",\"lastTimestamp\":" AT("4T05:05:07") "}",
         "[\"60s\",\"Normal\",\"R\",\"replicaset/r\",\"f\",\"c, h\",\"two\\nlines\",\"60m\",7,\"x\"]"},
        {"event with a series", "events.k8s.io", "events",
         "{" META ",\"type\":\"Warning\",\"reason\":\"R\",\"involvedObject\":{\"kind\":\"Node\"},"
                  "\"reportingComponent\":\"c\","
         "\"reportingInstance\":\"i\",\"eventTime\":\"2026-03-04T05:05:57.250000Z\",\"series\":{\"count\":9,"
         "\"lastObservedTime\":\"2026-03-04T05:06:06.000000Z\"}}",
         "[\"1s\",\"Warning\",\"R\",\"node\",\"\",\"c, i\",\"\",\"9s\",9,\"x\"]"},
        {"event told once", "", "events",
         "{" META ",\"firstTimestamp\":null,\"lastTimestamp\":null,\"eventTime\":null}",
         "[\"<unknown>\",\"\",\"\",\"\",\"\",\"\",\"\",\"<unknown>\",1,\"x\"]"},
    };
    CHECK_ROWS(rows);
}

#define TEMPLATE                                                                                             \
    "\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"},{\"name\":\"d\",\"image\":"    \
    "\"j\"}]}}"

static void workloads(void **state)
{
    static const struct row_case rows[] = {
        {"deployment", "apps", "deployments",
         "{" META ",\"spec\":{\"replicas\":5,\"selector\":{\"matchLabels\":{\"m\":\"1\"},"
                  "\"matchExpressions\":[{\"key\":\"z\","
         "\"operator\":\"NotIn\",\"values\":[\"b\",\"a\"]},{\"key\":\"a\",\"operator\":\"DoesNotExist\"},{"
         "\"key\":\"b\","
         "\"operator\":\"Exists\"}]}," TEMPLATE "},\"status\":{\"updatedReplicas\":4,\"readyReplicas\":3,"
         "\"availableReplicas\":2}}",
         "[\"x\",\"3/5\",4,2,\"5m\",\"c,d\",\"i,j\",\"!a,b,m=1,z notin (a,b)\"]"},
        {"deployment without a selector", "apps", "deployments", "{" META ",\"spec\":{}}",
         "[\"x\",\"0/0\",0,0,\"5m\",\"\",\"\",\"\"]"},
        {"deployment with a selector that is none", "apps", "deployments",
         "{" META ",\"spec\":{\"selector\":{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Like\"}]}}}",
         "[\"x\",\"0/0\",0,0,\"5m\",\"\",\"\",\"<invalid>\"]"},
        {"replica set", "apps", "replicasets",
         "{" META ",\"spec\":{\"replicas\":5,\"selector\":{}," TEMPLATE
         "},\"status\":{\"replicas\":4,\"readyReplicas\":3}}",
         "[\"x\",5,4,3,\"5m\",\"c,d\",\"i,j\",\"<none>\"]"},
        {"replica set with a selector that is none", "apps", "replicasets",
         "{" META ",\"spec\":{\"selector\":{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\"}]}}}",
         "[\"x\",0,0,0,\"5m\",\"\",\"\",\"<error>\"]"},
        {"stateful set", "apps", "statefulsets",
         "{" META ",\"spec\":{\"replicas\":2," TEMPLATE "},\"status\":{\"readyReplicas\":1}}",
         "[\"x\",\"1/2\",\"5m\",\"c,d\",\"i,j\"]"},
        {"daemon set", "apps", "daemonsets",
         "{" META ",\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"b\"}},\"template\":{\"spec\":{"
                  "\"nodeSelector\":{\"d\":\"e\"},"
         "\"containers\":[]}}},\"status\":{\"desiredNumberScheduled\":5,\"currentNumberScheduled\":4,"
         "\"numberReady\":3,"
         "\"updatedNumberScheduled\":2,\"numberAvailable\":1}}",
         "[\"x\",5,4,3,2,1,\"d=e\",\"5m\",\"\",\"\",\"a=b\"]"},
        {"revision", "apps", "controllerrevisions",
         "{\"metadata\":{\"name\":\"x\",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"No\",\"name\":"
         "\"no\"},{"
         "\"apiVersion\":\"apps/"
         "v1\",\"kind\":\"StatefulSet\",\"name\":\"s\",\"controller\":true}]},\"revision\":3}",
         "[\"x\",\"statefulset.apps/s\",3,\"<unknown>\"]"},
        {"revision of a core kind", "apps", "controllerrevisions",
         "{\"metadata\":{\"name\":\"x\",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"Pod\","
         "\"name\":\"s\","
         "\"controller\":true}]},\"revision\":3}",
         "[\"x\",\"pod/s\",3,\"<unknown>\"]"},
        {"job", "batch", "jobs",
         "{" META ",\"spec\":{\"completions\":3,\"selector\":{\"matchLabels\":{\"a\":\"b\"}}," TEMPLATE
         "},\"status\":{"
         "\"succeeded\":1,\"startTime\":" AT("4T05:06:00") "}}",
         "[\"x\",\"Running\",\"1/3\",\"7s\",\"5m\",\"c,d\",\"i,j\",\"a=b\"]"},
        {"job that ended", "batch", "jobs",
         "{" META ",\"spec\":{\"parallelism\":4},\"status\":{\"succeeded\":2,\"startTime\":" AT(
             "3T05:00:00") ",\"completionTime\":" AT("3T06:10:00") ",\"conditions\":[{\"type\":"
                                                                   "\"SuccessCriteriaMet\",\"status\":"
                                                                   "\"True\"},{"
                                                                   "\"type\":\"Complete\",\"status\":"
                                                                   "\"True\"}]}}",
         "[\"x\",\"Complete\",\"2/1 of 4\",\"70m\",\"5m\",\"\",\"\",\"<none>\"]"},
        {"job that goes while suspended", "batch", "jobs",
         "{" GONE ",\"spec\":{\"parallelism\":1},\"status\":{\"conditions\":[{\"type\":\"Suspended\","
                  "\"status\":\"True\"}]}}",
         "[\"x\",\"Terminating\",\"0/1\",\"\",\"5m\",\"\",\"\",\"<none>\"]"},
        {"job that is to fail", "batch", "jobs",
         "{" META ",\"status\":{\"conditions\":[{\"type\":\"Failed\",\"status\":\"False\"},{\"type\":"
                  "\"FailureTarget\","
         "\"status\":\"True\"}]}}",
         "[\"x\",\"FailureTarget\",\"0/1\",\"\",\"5m\",\"\",\"\",\"<none>\"]"},
        {"cron job", "batch", "cronjobs",
         "{" META ",\"spec\":{\"schedule\":\"* * * * "
                  "*\",\"timeZone\":\"Etc/UTC\",\"suspend\":false,\"jobTemplate\":{\"spec\":{" TEMPLATE
         "}}},\"status\":{\"active\":[{},{}],\"lastScheduleTime\":" AT("4T05:06:00") "}}",
         "[\"x\",\"* * * * *\",\"Etc/UTC\",\"False\",2,\"7s\",\"5m\",\"c,d\",\"i,j\",\"<none>\"]"},
        {"cron job that says little", "batch", "cronjobs", "{" META ",\"spec\":{\"schedule\":\"@daily\"}}",
         "[\"x\",\"@daily\",\"<none>\",\"<unset>\",0,\"<none>\",\"5m\",\"\",\"\",\"<none>\"]"},
    };
    CHECK_ROWS(rows);
}

#define SCALER(min, metrics, status)                                                                         \
    "{" META ",\"spec\":{\"scaleTargetRef\":{\"kind\":\"Deployment\",\"name\":\"d\"}," min                   \
    "\"maxReplicas\":9,\"metrics\":[" metrics                                                                \
    "]},\"status\":{\"currentReplicas\":2,\"currentMetrics\":[" status "]}}"
#define OF(type, member, rest) "{\"type\":\"" type "\",\"" member "\":{" rest "}}"
#define SCALED(targets) "[\"x\",\"Deployment/d\",\"" targets "\",\"<unset>\",9,2,\"5m\"]"

static void autoscalers(void **state)
{
#define HPA "autoscaling", "horizontalpodautoscalers"
    static const struct row_case rows[] = {
        {"no metrics", HPA, SCALER("\"minReplicas\":1,", "", ""),
         "[\"x\",\"Deployment/d\",\"<none>\",\"1\",9,2,\"5m\"]"},
        {"unknown yet", HPA,
         SCALER("",
                OF("Resource", "resource", "\"name\":\"cpu\",\"target\":{\"averageUtilization\":70}") "," OF(
                    "Pods", "pods", "\"target\":{\"averageValue\":\"5\"}"),
                ""),
         SCALED("cpu: <unknown>/70%, <unknown>/5")},
        {"resources", HPA,
         SCALER("",
                OF("Resource", "resource", "\"name\":\"cpu\",\"target\":{\"averageUtilization\":70}") "," OF(
                    "ContainerResource", "containerResource",
                    "\"name\":\"memory\",\"target\":{\"averageValue\":\"1Gi\"}"),
                OF("Resource", "resource", "\"current\":{\"averageUtilization\":12}") "," OF(
                    "ContainerResource", "containerResource", "\"current\":{\"averageValue\":\"5Mi\"}")),
         SCALED("cpu: 12%/70%, memory: 5Mi/1Gi")},
        {"no target", HPA, SCALER("", OF("Resource", "resource", "\"name\":\"cpu\",\"target\":{}"), ""),
         SCALED("cpu: <unknown>/<auto>")},
        {"object and external", HPA,
         SCALER("",
                OF("Object", "object", "\"target\":{\"value\":\"10k\"}") "," OF(
                    "External", "external", "\"target\":{\"averageValue\":\"100\"}"),
                OF("Object", "object", "\"current\":{\"value\":\"9k\"}") "," OF(
                    "External", "external", "\"current\":{\"averageValue\":\"80\"}")),
         SCALED("9k/10k, 80/100 (avg)")},
        {"average without one", HPA,
         SCALER("", OF("Object", "object", "\"target\":{\"averageValue\":\"10\"}"),
                OF("Object", "object", "\"current\":{\"value\":\"9k\"}")),
         SCALED("<unknown>/10 (avg)")},
        {"more than two", HPA,
         SCALER("",
                OF("Pods", "pods", "\"target\":{\"averageValue\":\"5\"}") "," OF("Odd", "odd", "") "," OF(
                    "External", "external", "\"target\":{\"value\":\"1\"}"),
                OF("Pods", "pods", "\"current\":{\"averageValue\":\"3\"}")),
         SCALED("3/5, <unknown type> + 1 more...")},
    };
    CHECK_ROWS(rows);
}

static void networking(void **state)
{
#define NET "networking.k8s.io"
    static const struct row_case rows[] = {
        {"ingress for all", NET, "ingresses", "{" META ",\"spec\":{\"rules\":[{}]}}",
         "[\"x\",\"<none>\",\"*\",\"\",\"80\",\"5m\"]"},
        {"three hosts", NET, "ingresses",
         "{" META ",\"spec\":{\"rules\":[{\"host\":\"a\"},{},{\"host\":\"b\"},{\"host\":\"c\"}]}}",
         "[\"x\",\"<none>\",\"a,b,c\",\"\",\"80\",\"5m\"]"},
        {"many hosts", NET, "ingresses",
         "{" META ",\"spec\":{\"ingressClassName\":\"k\",\"tls\":[{}],\"rules\":[{\"host\":\"a\"},{\"host\":"
                  "\"b\"},{\"host\":\"c\"},"
         "{},{\"host\":\"d\"}]},\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":\"9.9.9.9\"},{"
         "\"hostname\":"
         "\"a-long-name.example.com\"}]}}}",
         "[\"x\",\"k\",\"a,b,c + 2 more...\",\"9.9.9.9,a-long-name.example.com\",\"80, 443\",\"5m\"]"},
        {"default class", NET, "ingressclasses",
         "{\"metadata\":{\"name\":\"x\",\"annotations\":{\"ingressclass.kubernetes.io/"
         "is-default-class\":\"true\"}},\"spec\":{"
         "\"controller\":\"c\",\"parameters\":{\"apiGroup\":\"g\",\"kind\":\"K\",\"name\":\"n\"}}}",
         "[\"x (default)\",\"c\",\"K.g/n\",\"<unknown>\"]"},
        {"class", NET, "ingressclasses", "{" META ",\"spec\":{\"controller\":\"c\"}}",
         "[\"x\",\"c\",\"<none>\",\"5m\"]"},
        {"policy", NET, "networkpolicies",
         "{" META ",\"spec\":{\"podSelector\":{\"matchLabels\":{\"a\":\"b\"}}}}", "[\"x\",\"a=b\",\"5m\"]"},
        {"policy for all", NET, "networkpolicies", "{" META ",\"spec\":{\"podSelector\":{}}}",
         "[\"x\",\"<none>\",\"5m\"]"},
        {"ranges", NET, "servicecidrs", "{" META ",\"spec\":{\"cidrs\":[\"a\",\"b\"]}}",
         "[\"x\",\"a,b\",\"5m\"]"},
        {"address", NET, "ipaddresses",
         "{" META ",\"spec\":{\"parentRef\":{\"resource\":\"services\",\"namespace\":\"n\",\"name\":\"s\"}}}",
         "[\"x\",\"services/n/s\",\"5m\"]"},
        {"address of a group", NET, "ipaddresses",
         "{" META ",\"spec\":{\"parentRef\":{\"group\":\"g.x\",\"resource\":\"gateways\",\"name\":\"s\"}}}",
         "[\"x\",\"gateways.g.x/s\",\"5m\"]"},
    };
    CHECK_ROWS(rows);
}

static void storage(void **state)
{
#define STORAGE "storage.k8s.io"
    static const struct row_case rows[] = {
        {"class", STORAGE, "storageclasses", "{" META ",\"provisioner\":\"p\"}",
         "[\"x\",\"p\",\"Delete\",\"Immediate\",false,\"5m\"]"},
        {"default class", STORAGE, "storageclasses",
         "{\"metadata\":{\"name\":\"x\",\"annotations\":{\"storageclass.beta.kubernetes.io/"
         "is-default-class\":\"true\"}},"
         "\"provisioner\":\"p\",\"reclaimPolicy\":\"Retain\",\"volumeBindingMode\":\"WaitForFirstConsumer\","
         "\"allowVolumeExpansion\":true}",
         "[\"x (default)\",\"p\",\"Retain\",\"WaitForFirstConsumer\",true,\"<unknown>\"]"},
        {"attributes", STORAGE, "volumeattributesclasses", "{" META ",\"driverName\":\"d\"}",
         "[\"x\",\"d\",\"5m\"]"},
        {"attachment", STORAGE, "volumeattachments",
         "{" META ",\"spec\":{\"attacher\":\"a\",\"nodeName\":\"n\",\"source\":{\"persistentVolumeName\":"
                  "\"v\"}},\"status\":{"
         "\"attached\":true}}",
         "[\"x\",\"a\",\"v\",\"n\",true,\"5m\"]"},
        {"node", STORAGE, "csinodes", "{" META ",\"spec\":{\"drivers\":[{},{}]}}", "[\"x\",2,\"5m\"]"},
        {"driver", STORAGE, "csidrivers", "{" META ",\"spec\":{}}",
         "[\"x\",true,false,false,\"<unset>\",false,\"<none>\",\"5m\"]"},
        {"driver that wants much", STORAGE, "csidrivers",
         "{" META ",\"spec\":{\"attachRequired\":false,\"podInfoOnMount\":true,\"storageCapacity\":true,"
                  "\"tokenRequests\":[{"
         "\"audience\":\"\"},{\"audience\":\"b\"}],\"requiresRepublish\":true,\"volumeLifecycleModes\":["
         "\"Persistent\","
         "\"Ephemeral\"]}}",
         "[\"x\",false,true,true,\",b\",true,\"Persistent,Ephemeral\",\"5m\"]"},
        {"capacity", STORAGE, "csistoragecapacities", "{" META "}", "[\"x\",\"2026-03-04T05:01:07Z\"]"},
    };
    CHECK_ROWS(rows);
}

static void policies(void **state)
{
#define RBAC "rbac.authorization.k8s.io"
#define ADMISSION "admissionregistration.k8s.io"
    static const struct row_case rows[] = {
        {"binding", RBAC, "rolebindings",
         "{" META ",\"roleRef\":{\"kind\":\"Role\",\"name\":\"r\"},\"subjects\":[{\"kind\":\"User\",\"name\":"
                  "\"u\"},{\"kind\":"
         "\"ServiceAccount\",\"namespace\":\"n\",\"name\":\"s\"},{\"kind\":\"User\",\"name\":\"v\"},{"
         "\"kind\":\"Group\",\"name\":"
         "\"g\"}]}",
         "[\"x\",\"Role/r\",\"5m\",\"u, v\",\"g\",\"n/s\"]"},
        {"binding of nobody", RBAC, "clusterrolebindings",
         "{" META ",\"roleRef\":{\"kind\":\"ClusterRole\",\"name\":\"r\"}}",
         "[\"x\",\"ClusterRole/r\",\"5m\",\"\",\"\",\"\"]"},
        {"role", RBAC, "roles", "{" META "}", "[\"x\",\"2026-03-04T05:01:07Z\"]"},
        {"cluster role", RBAC, "clusterroles", "{\"metadata\":{\"name\":\"x\",\"creationTimestamp\":null}}",
         "[\"x\",\"0001-01-01T00:00:00Z\"]"},
        {"webhooks", ADMISSION, "validatingwebhookconfigurations", "{" META ",\"webhooks\":[{},{}]}",
         "[\"x\",2,\"5m\"]"},
        {"no webhooks", ADMISSION, "mutatingwebhookconfigurations", "{" META "}", "[\"x\",0,\"5m\"]"},
        {"policy", ADMISSION, "validatingadmissionpolicies",
         "{" META
         ",\"spec\":{\"validations\":[{},{}],\"paramKind\":{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"}}}",
         "[\"x\",2,\"v1/ConfigMap\",\"5m\"]"},
        {"policy without parameters", ADMISSION, "mutatingadmissionpolicies",
         "{" META ",\"spec\":{\"mutations\":[{}]}}", "[\"x\",1,\"<unset>\",\"5m\"]"},
        {"binding", ADMISSION, "validatingadmissionpolicybindings",
         "{" META ",\"spec\":{\"policyName\":\"p\"}}", "[\"x\",\"p\",\"<unset>\",\"5m\"]"},
        {"binding to a name", ADMISSION, "mutatingadmissionpolicybindings",
         "{" META ",\"spec\":{\"policyName\":\"p\",\"paramRef\":{\"name\":\"n\"}}}",
         "[\"x\",\"p\",\"*/n\",\"5m\"]"},
        {"binding to a name in a namespace", ADMISSION, "validatingadmissionpolicybindings",
         "{" META ",\"spec\":{\"policyName\":\"p\",\"paramRef\":{\"name\":\"n\",\"namespace\":\"s\"}}}",
         "[\"x\",\"p\",\"s/n\",\"5m\"]"},
        {"binding to labels", ADMISSION, "validatingadmissionpolicybindings",
         "{" META ",\"spec\":{\"policyName\":\"p\",\"paramRef\":{\"selector\":{\"matchLabels\":{\"b\":\"1\","
                  "\"a\":\"2\"},"
         "\"matchExpressions\":[{\"key\":\"k\",\"operator\":\"In\",\"values\":[\"x\",\"y\"]},{\"key\":\"l\","
         "\"operator\":"
         "\"Exists\"}]}}}}",
         "[\"x\",\"p\",\"\\u0026LabelSelector{MatchLabels:map[string]string{a: 2,b: "
         "1,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:["
         "x "
         "y],},LabelSelectorRequirement{Key:l,Operator:Exists,Values:[],},},}\",\"5m\"]"},
        {"budget", "policy", "poddisruptionbudgets",
         "{" META ",\"spec\":{\"minAvailable\":2},\"status\":{\"disruptionsAllowed\":3}}",
         "[\"x\",\"2\",\"N/A\",3,\"5m\"]"},
        {"budget in percent", "policy", "poddisruptionbudgets",
         "{" META ",\"spec\":{\"maxUnavailable\":\"30%\"}}", "[\"x\",\"N/A\",\"30%\",0,\"5m\"]"},
    };
    CHECK_ROWS(rows);
}

static void others(void **state)
{
#define FLOW "flowcontrol.apiserver.k8s.io"
#define CSR "certificates.k8s.io", "certificatesigningrequests"
    static const struct row_case rows[] = {
        {"request", CSR, "{" META ",\"spec\":{\"username\":\"u\",\"signerName\":\"s\"}}",
         "[\"x\",\"5m\",\"s\",\"u\",\"<none>\",\"Pending\"]"},
        {"request that is done", CSR,
         "{" META
         ",\"spec\":{\"username\":\"u\",\"expirationSeconds\":7260},\"status\":{\"certificate\":\"QQ==\","
         "\"conditions\":[{\"type\":\"Approved\"}]}}",
         "[\"x\",\"5m\",\"<none>\",\"u\",\"121m\",\"Approved,Issued\"]"},
        {"request that failed", CSR,
         "{" META ",\"status\":{\"conditions\":[{\"type\":\"Failed\"},{\"type\":\"Approved\"},{\"type\":"
                  "\"Denied\"}]}}",
         "[\"x\",\"5m\",\"<none>\",\"\",\"<none>\",\"Denied,Failed\"]"},
        {"flow schema", FLOW, "flowschemas",
         "{" META ",\"spec\":{\"priorityLevelConfiguration\":{\"name\":\"p\"},\"matchingPrecedence\":7}}",
         "[\"x\",\"p\",7,\"<none>\",\"5m\",\"?\"]"},
        {"flow schema that leads nowhere", FLOW, "flowschemas",
         "{" META ",\"spec\":{\"priorityLevelConfiguration\":{\"name\":\"p\"},\"matchingPrecedence\":7,"
                  "\"distinguisherMethod\":{"
         "\"type\":\"ByUser\"}},\"status\":{\"conditions\":[{\"type\":\"Dangling\",\"status\":\"True\"}]}}",
         "[\"x\",\"p\",7,\"ByUser\",\"5m\",\"True\"]"},
        {"level", FLOW, "prioritylevelconfigurations",
         "{" META ",\"spec\":{\"type\":\"Limited\",\"limited\":{\"nominalConcurrencyShares\":0,"
                  "\"limitResponse\":{\"queuing\":{"
         "\"queues\":8,\"handSize\":3,\"queueLengthLimit\":9}}}}}",
         "[\"x\",\"Limited\",0,8,3,9,\"5m\"]"},
        {"level without limits", FLOW, "prioritylevelconfigurations",
         "{" META ",\"spec\":{\"type\":\"Exempt\"}}",
         "[\"x\",\"Exempt\",\"<none>\",\"<none>\",\"<none>\",\"<none>\",\"5m\"]"},
        {"claim", "resource.k8s.io", "resourceclaims", "{" META "}", "[\"x\",\"pending\",\"5m\"]"},
        {"claim in use", "resource.k8s.io", "resourceclaims",
         "{" META ",\"status\":{\"allocation\":{},\"reservedFor\":[{}]}}",
         "[\"x\",\"allocated,reserved\",\"5m\"]"},
        {"claim that goes", "resource.k8s.io", "resourceclaims", "{" GONE "}", "[\"x\",\"deleted\",\"5m\"]"},
        {"slice", "resource.k8s.io", "resourceslices",
         "{" META ",\"spec\":{\"driver\":\"d\",\"pool\":{\"name\":\"p\"}}}",
         "[\"x\",\"\",\"d\",\"p\",\"5m\"]"},
        {"priority", "scheduling.k8s.io", "priorityclasses",
         "{" META ",\"value\":-7,\"preemptionPolicy\":\"Never\"}", "[\"x\",-7,false,\"5m\",\"Never\"]"},
        {"lease", "coordination.k8s.io", "leases", "{" META ",\"spec\":{\"holderIdentity\":\"h\"}}",
         "[\"x\",\"h\",\"5m\"]"},
        {"runtime", "node.k8s.io", "runtimeclasses", "{" META ",\"handler\":\"h\"}", "[\"x\",\"h\",\"5m\"]"},
        {"local service", "apiregistration.k8s.io", "apiservices",
         "{" META
         ",\"status\":{\"conditions\":[{\"type\":\"Available\",\"status\":\"True\",\"reason\":\"Local\"}]}}",
         "[\"x\",\"Local\",\"True\",\"5m\"]"},
        {"service that is missing", "apiregistration.k8s.io", "apiservices",
         "{" META ",\"spec\":{\"service\":{\"namespace\":\"n\",\"name\":\"s\"}},\"status\":{\"conditions\":[{"
                  "\"type\":\"Available\","
         "\"status\":\"False\",\"reason\":\"Gone\"}]}}",
         "[\"x\",\"n/s\",\"False (Gone)\",\"5m\"]"},
        {"definition", "apiextensions.k8s.io", "customresourcedefinitions", "{" META "}",
         "[\"x\",\"2026-03-04T05:01:07Z\"]"},
        {"a kind that nobody knows", "example.com", "widgets", "{" META "}", "[\"x\",\"5m\"]"},
        {"a group that nobody knows", "example.com", "pods", "{" META "}", "[\"x\",\"5m\"]"},
    };
    static const struct row_case scale = {"scale", "", "",
                                          "{" META ",\"spec\":{\"replicas\":3},\"status\":{\"replicas\":2}}",
                                          "[\"x\",3,2,\"5m\"]"};
    CHECK_ROWS(rows);
    check_row(columns_of_scale(), &scale);
}

static void ranks(void **state)
{
    json_t *obj = json_pack("{s:{s:i}}", "spec", "matchingPrecedence", 7);
    assert_int_equal(find(FLOW, "flowschemas")->rank(obj), 7);
    assert_null(find("", "pods")->rank);
    json_decref(obj);
}

/* Every kind that can be listed has columns of its own; names and cells go together, whatever the object
 * lacks. */
static void every_resource(void **state)
{
    int n;
    const struct schema_resource *const *all = schema_resources(&n);
    json_t *empty = json_pack("{s:{s:s}}", "metadata", "name", "x");
    for (int i = 0; i < n; i++) {
        const struct columns *c = columns_for(all[i]);
        struct buf out = {0};
        if (!(all[i]->verbs & VERB_LIST))
            continue;
        if (strcmp(c->plural, all[i]->plural) != 0)
            fail_msg("%s/%s has no columns", all[i]->api_version, all[i]->plural);
        columns_row(c, &out, empty, now_us());
        json_t *cells = json_loadb(out.p, out.n, 0, NULL);
        int extra = strcmp(c->plural, "ipaddresses") == 0;
        if ((int)json_array_size(cells) != c->n + extra)
            fail_msg("%s: %zu cells", c->plural, json_array_size(cells));
        json_decref(cells);
        buf_free(&out);
    }
    json_decref(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ages),           cmocka_unit_test(pods),       cmocka_unit_test(completed),
        cmocka_unit_test(core),           cmocka_unit_test(events),     cmocka_unit_test(workloads),
        cmocka_unit_test(autoscalers),    cmocka_unit_test(networking), cmocka_unit_test(storage),
        cmocka_unit_test(policies),       cmocka_unit_test(others),     cmocka_unit_test(ranks),
        cmocka_unit_test(every_resource),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
