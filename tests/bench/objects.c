#include "tests/bench/objects.h"

#include "shm/base/clock.h"

static void put_container(struct buf *b, int c, int i)
{
    buf_printf(b,
               "%s{\"name\":\"c%d\",\"image\":\"example.com/team/application-%d:v1.%d.0\","
               "\"imagePullPolicy\":\"IfNotPresent\","
               "\"ports\":[{\"name\":\"http-%d\",\"containerPort\":%d,\"protocol\":\"TCP\"}],"
               "\"resources\":{\"limits\":{\"cpu\":\"500m\",\"memory\":\"256Mi\"},"
               "\"requests\":{\"cpu\":\"100m\",\"memory\":\"128Mi\"}},\"env\":[",
               c ? "," : "", c, i % 10, c, c, 8080 + c);
    for (int e = 0; e < 3; e++)
        buf_printf(b, "%s{\"name\":\"SETTING_%d\",\"value\":\"value-of-setting-%d-%d\"}", e ? "," : "", e, e,
                   c);
    buf_printf(
        b,
        "],\"readinessProbe\":{\"httpGet\":{\"path\":\"/ready\",\"port\":\"http-%d\",\"scheme\":\"HTTP\"},"
        "\"timeoutSeconds\":1,\"periodSeconds\":10,\"successThreshold\":1,\"failureThreshold\":3},"
        "\"terminationMessagePath\":\"/dev/termination-log\",\"terminationMessagePolicy\":\"File\"}",
        c);
}

void object_pod(struct buf *b, const char *name, const char *node, int i)
{
    buf_printf(
        b,
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"bench\","
        "\"labels\":{\"app\":\"app-%d\",\"tier\":\"%s\",\"pod-template-hash\":\"5d89bdfbf9\"},"
        "\"annotations\":{\"" BENCH_STAMP "\":\"%lld\"",
        name, i % 10, i % 3 ? "backend" : "frontend", (long long)clock_ns());
    for (int k = 0; k < 2; k++)
        buf_printf(
            b,
            ",\"bench.example.com/note-%d\":\"a value long enough to look like what operators write %06d\"",
            k, i);
    buf_printf(
        b,
        "}},\"spec\":{\"nodeName\":\"%s\",\"serviceAccountName\":\"default\",\"restartPolicy\":\"Always\","
        "\"dnsPolicy\":\"ClusterFirst\",\"schedulerName\":\"default-scheduler\",\"containers\":[",
        node);
    for (int c = 0; c < 1; c++)
        put_container(b, c, i);
    buf_puts(b, "]}}");
}

static void put_conditions(struct buf *b)
{
    static const char *const types[] = {"MemoryPressure", "DiskPressure", "PIDPressure", "Ready"};
    char now[21];
    clock_rfc3339(clock_wall_s(), now);
    buf_puts(b, "\"conditions\":[");
    for (int i = 0; i < 4; i++)
        buf_printf(b,
                   "%s{\"type\":\"%s\",\"status\":\"%s\",\"lastHeartbeatTime\":\"%s\",\"lastTransitionTime\":"
                   "\"2026-01-01T00:00:00Z\",\"reason\":\"Kubelet%s\",\"message\":\"kubelet says so\"}",
                   i ? "," : "", types[i], i == 3 ? "True" : "False", now, types[i]);
    buf_putc(b, ']');
}

void object_node(struct buf *b, const char *name)
{
    buf_printf(
        b,
        "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"%s\",\"labels\":{"
        "\"kubernetes.io/hostname\":\"%s\",\"kubernetes.io/os\":\"linux\",\"kubernetes.io/arch\":\"amd64\"}},"
        "\"spec\":{},\"status\":{\"capacity\":{\"cpu\":\"16\",\"memory\":\"64Gi\",\"pods\":\"110\"},"
        "\"allocatable\":{\"cpu\":\"16\",\"memory\":\"64Gi\",\"pods\":\"110\"},",
        name, name);
    put_conditions(b);
    buf_puts(b, ",\"images\":[");
    for (int i = 0; i < 20; i++)
        buf_printf(b, "%s{\"names\":[\"example.com/team/application-%d:v1.0.0\"],\"sizeBytes\":%d}",
                   i ? "," : "", i, 10000000 + i);
    buf_puts(b, "]}}");
}

void object_lease(struct buf *b, const char *name, const char *version)
{
    char now[28];
    clock_rfc3339_micro(clock_wall_us(), now);
    buf_printf(
        b,
        "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{\"name\":\"%s\","
        "\"namespace\":\"kube-node-lease\",\"resourceVersion\":\"%s\"},\"spec\":{\"holderIdentity\":\"%s\","
        "\"leaseDurationSeconds\":40,\"renewTime\":\"%s\"}}",
        name, version, name, now);
}

void object_stamp(struct buf *b, long long ns)
{
    buf_printf(b, "{\"metadata\":{\"annotations\":{\"" BENCH_STAMP "\":\"%lld\"}}}", ns);
}

void object_pod_running(struct buf *b, int i)
{
    char now[21];
    clock_rfc3339(clock_wall_s(), now);
    buf_printf(
        b,
        "{\"status\":{\"phase\":\"Running\",\"podIP\":\"10.%d.%d.%d\",\"startTime\":\"%s\",\"conditions\":["
        "{\"type\":\"Ready\",\"status\":\"True\",\"lastTransitionTime\":\"%s\"}]}}",
        (i >> 16) & 255, (i >> 8) & 255, i & 255, now, now);
}

void object_node_status(struct buf *b)
{
    buf_puts(b, "{\"status\":{");
    put_conditions(b);
    buf_puts(b, "}}");
}
