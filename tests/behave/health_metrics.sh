#!/bin/bash
# Health checks one by one and all together, and metrics that speak for the whole server and survive a worker.
set -u
. "$(dirname "$0")/../lib/server.sh"
start_server --workers=2

for path in /healthz /livez /readyz; do
    is "$(req GET $path)" ok "$path"
    is "$(req GET $path/ping)" ok "$path/ping"
    is "$(req GET "$path?verbose" | tail -n 1)" "${path#/} check passed" "the last line of $path?verbose"
done
is "$(req GET '/livez?verbose' | head -n 1)" "[+]ping ok" "the first line of /livez?verbose"
req GET '/livez?verbose&exclude=etcd' | grep -qx '\[+\]etcd excluded: ok' || fail "a check is not excluded"
req GET '/livez?verbose&exclude=nope' | grep -q 'no matches for "nope"' || fail "an unknown check is excluded silently"
is "$(code GET /readyz/shutdown)" 200 "/readyz/shutdown"
is "$(code GET /livez/shutdown)" 404 "/livez/shutdown"

# who asks for a page, and in which form: as people read it, or as an object by its name
req GET /statusz | head -n 2 | grep -qx 'apiserver statusz' || fail "/statusz"
req GET /flagz | grep -qE '^workers[:= ]+2$' || fail "a flag in /flagz"
page() { # page PATH KIND FIELD
    req GET "$1" -H "Accept: application/json;as=$2;g=config.k8s.io;v=v1beta1" |
        python3 -c "import json, sys; print(json.load(sys.stdin)$3)"
}
is "$(page /statusz Statusz "['paths'][0]")" /flagz "/statusz as an object"
is "$(page /flagz Flagz "['flags']['request-timeout']")" 1m0s "/flagz as an object"
is "$(code GET /statusz -H 'Accept: application/json')" 406 "/statusz as JSON of no kind"
is "$(page / x "['paths'].count('/metrics/slis')")" 1 "/metrics/slis among the paths"

slis() { # slis METRIC-WITH-LABELS
    req GET /metrics/slis | awk -v m="$1" '$1 == m { print $2 }'
}
is "$(slis 'kubernetes_healthcheck{name="etcd",type="livez"}')" 1 "the state of a check"
is "$(slis 'kubernetes_healthchecks_total{name="ping",status="success",type="healthz"}')" 3 "checks of /healthz"

value() { # value METRIC-WITH-LABELS: from a new connection each time, so that either worker answers
    req GET /metrics | awk -v m="$1" '$1 == m { print $2 }'
}
counted() { # how many GETs of this ConfigMap were answered 404
    req GET /metrics | grep '^apiserver_request_total{' | grep 'verb="GET"' | grep 'resource="configmaps"' |
        grep 'code="404"' | awk '{ sum += $NF } END { print sum + 0 }'
}
for _ in $(seq 20); do
    code GET /api/v1/namespaces/default/configmaps/none >/dev/null
done
is "$(counted)" 20 "requests that both workers answered"
is "$(counted)" 20 "the same from another connection"

# what a watch was sent, who asks for what is deprecated, and how long certificates still last
namespaces='group="",resource="namespaces",version="v1"'
req GET '/api/v1/namespaces?watch=1&timeoutSeconds=1' >/dev/null
is "$(value "apiserver_watch_events_total{$namespaces}")" 4 "events sent"
is "$(value "apiserver_watch_events_sizes_count{$namespaces}")" 4 "events measured"
is "$(value 'apiserver_init_events_total{group="",resource="namespaces"}')" 4 "events of the initial state"

# how long events take to those who watch
delivered() { # delivered METRIC...: of cubed_watch_delivery_seconds
    value "cubed_watch_delivery_seconds_$1"
}
before=$(delivered count)
maps=/api/v1/namespaces/default/configmaps
req GET "$maps?watch=1&resourceVersion=0&timeoutSeconds=4" >"$SERVER_DIR/watched" &
for ((i = 0; i < 100 && $(value cubed_watches) == 0; i++)); do sleep 0.05; done
for i in 1 2 3; do
    code POST $maps -H 'Content-Type: application/json' -d '{"metadata":{"name":"delivered-'$i'"}}' >/dev/null
done
wait $!
is "$(grep -c delivered- "$SERVER_DIR/watched")" 3 "events that came"
is "$(($(delivered count) - before))" 3 "deliveries counted"
is "$(delivered 'bucket{le="+Inf"}')" "$(delivered count)" "deliveries in buckets"
awk -v s="$(delivered sum)" 'BEGIN { exit !(s > 0 && s < 60) }' || fail "seconds of deliveries: $(delivered sum)"

code GET /api/v1/componentstatuses >/dev/null
req GET /metrics | grep '^apiserver_requested_deprecated_apis{' | grep -q 'resource="componentstatuses"' ||
    fail "a deprecated resource is not told"
pki=$SERVER_DIR/data/pki
is "$(value apiserver_client_certificate_expiration_seconds_count)" 0 "certificates before any came"
curl -sf --max-time 30 --cacert "$SERVER_CA" --cert "$pki/admin.crt" --key "$pki/admin.key" "$SERVER_URL/version" \
    >/dev/null || fail "a client certificate"
is "$(value apiserver_client_certificate_expiration_seconds_count)" 1 "certificates that came"

victim=$(child_pids "worker 0")
kill -KILL "$victim"
back() {
    local now
    now=$(child_pids "worker 0")
    [ -n "$now" ] && [ "$now" != "$victim" ] && [ "$(code GET /readyz --max-time 2)" = 200 ]
}
wait_for 5 back || fail "worker 0 was not replaced"
is "$(counted)" 20 "requests after one of the workers died"
is "$(value cubed_restarts_total)" 1 "restarts"

req GET /metrics | python3 -c '
import re, sys
kinds, names = {}, set()
line_re = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (-?[0-9.e+-]+|\+Inf|NaN)$")
for line in sys.stdin.read().splitlines():
    if line.startswith("# TYPE "):
        _, _, name, kind = line.split()
        assert name not in kinds, "twice: " + name
        kinds[name] = kind
    elif not line.startswith("# HELP "):
        m = line_re.match(line)
        assert m, line
        base = m[1] if m[1] in kinds else re.sub(r"_(bucket|sum|count)$", "", m[1])
        assert base in kinds, "no type: " + line
        key = m[1] + (m[2] or "")
        assert key not in names, "twice: " + key
        names.add(key)
for want in ("apiserver_request_duration_seconds", "process_resident_memory_bytes", "cubed_ring_events_total",
             "apiserver_current_inflight_requests", "cubed_cache_bytes"):
    assert want in kinds, want
' || fail "the text of /metrics"

is "$(req DELETE /metrics)" "metrics reset" "DELETE /metrics"
is "$(counted)" 0 "requests after a reset"
is "$(slis 'kubernetes_healthchecks_total{name="ping",status="success",type="healthz"}')" "" "checks after a reset"
code GET /api/v1/namespaces/default/configmaps/none >/dev/null
is "$(counted)" 1 "requests since then"
exit 0
