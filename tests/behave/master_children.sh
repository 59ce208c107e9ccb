#!/bin/bash
# kill -9 of each kind of process in turn: it is replaced, the others stay, the log says why, and the service is back
# within a second. Then of the master itself: its children go, and a new one started at once takes over.
set -u
. "$(dirname "$0")/../lib/server.sh"
start_server --workers=2

runs() {
    [ -n "$(child_pids "$1")" ]
}

gone() {
    ! alive "$1"
}

makes_configmap() {
    [ "$(code POST /api/v1/namespaces/default/configmaps -H 'Content-Type: application/json' --max-time 1 \
        -d '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"after-"}}')" = 201 ]
}

wait_for 5 makes_configmap || fail "cannot create a ConfigMap to begin with"
for round in 1 2 3; do
    for child in "worker 0" "worker 1" keeper watcher; do
        victim=$(child_pids "$child")
        others=$(server_pids | grep -vx "$victim" | sort | paste -sd' ')
        kill -KILL "$victim"
        wait_for 1 makes_configmap || fail "round $round: no service a second after kill -9 of $child"
        wait_for 2 runs "$child" || fail "$child was not replaced"
        wait_for 1 grep -q "$child died pid=$victim signal=9" "$SERVER_DIR/log" || fail "the log does not say why $child died"
        now=$(server_pids | grep -vx "$(child_pids "$child")" | sort | paste -sd' ')
        is "$now" "$others" "the other processes after kill -9 of $child"
    done
done
# one that is asked to stop drains; its successor takes over its socket
victim=$(child_pids "worker 0")
kill -TERM "$victim"
wait_for 5 gone "$victim" || fail "worker 0 did not stop"
wait_for 2 runs "worker 0" || fail "worker 0 was not replaced after SIGTERM"
for ((i = 0; i < 16; i++)); do
    wait_for 1 makes_configmap || fail "no service after SIGTERM of a worker"
done
count=$(req GET /api/v1/namespaces/default/configmaps | grep -o '"name": *"after-' | wc -l)
[ "$count" -ge 13 ] || fail "$count of at least 13 ConfigMaps are there"

children=$(server_pids | tail -n +2)
kill_server KILL
launch_server --workers=2
await_ready
for pid in $children; do
    wait_for 5 gone "$pid" || fail "process $pid of the killed master lives on"
done
again=$(req GET /api/v1/namespaces/default/configmaps | grep -o '"name": *"after-' | wc -l)
is "$again" "$count" "ConfigMaps after kill -9 of the master"
stop_server || fail "exit status $?"
