#!/bin/bash
# SIGTERM ends a watch cleanly and answers a request under way; new connections are refused; a second signal does not
# wait for a client that keeps its connection busy.
set -u
. "$(dirname "$0")/../lib/server.sh"
start_server --workers=1 --shutdown-drain=20s

status_file=$SERVER_DIR/watch.status
(
    # HTTP/1.1 on purpose: a chunked body that ends without its last chunk makes curl exit with 18
    s=0
    curl -sN --http1.1 --cacert "$SERVER_CA" -H "Authorization: Bearer $SERVER_TOKEN" \
        "$SERVER_URL/api/v1/namespaces?watch=1" >"$SERVER_DIR/watch.out" || s=$?
    echo $s >"$status_file"
) &
watch=$!
wait_for 10 grep -q '"name":"default"' "$SERVER_DIR/watch.out" || fail "the watch shows no namespace"

begin=$(date +%s%N)
stop_server || fail "exit status $?"
took=$((($(date +%s%N) - begin) / 1000000))
wait $watch
is "$(cat "$status_file")" 0 "curl's exit status for the watch that was drained"
[ $took -lt 15000 ] || fail "an idle watch held the stop for $took ms"
curl -s --max-time 2 --cacert "$SERVER_CA" "$SERVER_URL/readyz" && fail "something still serves"

# a client in the middle of sending a body keeps the drain busy; a second SIGTERM ends it
restart_server --workers=1 --shutdown-drain=60s
{ printf '{"apiVersion":"v1"'; sleep 30; } | curl -s --http1.1 --cacert "$SERVER_CA" -H "Authorization: Bearer $SERVER_TOKEN" \
    -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' -X POST -T - \
    "$SERVER_URL/api/v1/namespaces/default/configmaps" >/dev/null &
slow=$!
sleep 1
begin=$(date +%s%N)
kill -TERM "$SERVER_PID"
sleep 0.3
alive "$SERVER_PID" || fail "the stop did not wait for the request under way"
status=0
curl -s --max-time 3 --cacert "$SERVER_CA" "$SERVER_URL/readyz" || status=$?
is "$status" 7 "curl's exit status for a new connection during the drain"
kill -TERM "$SERVER_PID"
status=0
wait "$SERVER_PID" || status=$?
SERVER_PID=
took=$((($(date +%s%N) - begin) / 1000000))
kill "$slow" 2>/dev/null
is "$status" 0 "exit status after a second signal"
[ $took -lt 5000 ] || fail "a second SIGTERM took $took ms"
exit 0
