#!/bin/bash
# Start: files and their modes, names in ps, one server a port and a directory. Stop: SIGTERM and SIGINT drain and exit
# with 0, and the directory serves again.
set -u
. "$(dirname "$0")/../lib/server.sh"
start_server --workers=2

is "$(stat -c %a "$KUBECONFIG")" 600 "mode of admin.kubeconfig"
is "$(stat -c %a "$SERVER_DIR/data")" 700 "mode of the data directory"
is "$(stat -c %a "$SERVER_DIR/data/pki")" 700 "mode of pki"
for key in ca apiserver admin sa; do
    is "$(stat -c %a "$SERVER_DIR/data/pki/$key.key")" 600 "mode of $key.key"
done
openssl verify -CAfile "$SERVER_CA" "$SERVER_DIR/data/pki/apiserver.crt" >/dev/null || fail "serving certificate"
kubectl get --raw /readyz | grep -q ok || fail "the kubeconfig does not work"

for child in watcher keeper "worker 0" "worker 1"; do
    is "$(child_pids "$child" | wc -l)" 1 "processes called cubed: $child"
done

# same port, other directory: one line that names the port
other=$SERVER_DIR/other
status=0
"$CUBED" --data-dir="$other" --secure-port="$SERVER_PORT" >"$SERVER_DIR/err" 2>&1 || status=$?
is "$status" 1 "exit status where the port is taken"
grep -q "127.0.0.1:$SERVER_PORT.*--secure-port" "$SERVER_DIR/err" || fail "port taken: $(cat "$SERVER_DIR/err")"
# same directory, other port
status=0
"$CUBED" --data-dir="$SERVER_DIR/data" --secure-port="$(free_port)" >"$SERVER_DIR/err" 2>&1 || status=$?
is "$status" 1 "exit status where the directory is taken"
grep -q "another cubed runs on $SERVER_DIR/data" "$SERVER_DIR/err" || fail "directory taken: $(cat "$SERVER_DIR/err")"
is "$(code GET /readyz)" 200 "readyz beside two refused servers"

certificate=$(sha256sum <"$SERVER_DIR/data/pki/apiserver.crt")
config=$(sha256sum <"$KUBECONFIG")
stop_server || fail "exit status $? after SIGTERM"
restart_server
is "$(sha256sum <"$SERVER_DIR/data/pki/apiserver.crt")" "$certificate" "serving certificate after a restart"
is "$(sha256sum <"$KUBECONFIG")" "$config" "kubeconfig after a restart"

# SIGINT is a stop too
children=$(server_pids | tail -n +2)
kill -INT "$SERVER_PID"
status=0
wait "$SERVER_PID" || status=$?
is "$status" 0 "exit status after SIGINT"
SERVER_PID=
for pid in $children; do
    alive "$pid" && fail "child $pid outlived its master"
done
exit 0
