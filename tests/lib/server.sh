# shellcheck shell=bash disable=SC2034,SC2046
# Sourced by tests that need a running server. A test is a script that exits 0 or not; what it prints is shown only
# when it fails.
#
#   start_server [flags...]   a server of its own: temporary directory, free port, token file; returns when /readyz is 200
#   launch_server [flags...], await_ready   the same in two steps
#   stop_server               SIGTERM and wait; returns its exit status
#   kill_server [SIG]         signal to the master (KILL unless said) and wait
#   restart_server [flags...] start again on the same directory and port
#   req METHOD PATH [curl arguments...]   body on stdout; as the admin token
#   code METHOD PATH [curl arguments...]  status code on stdout
#   server_pids               process ids: master first
#   child_pids NAME           of children named so: watcher, keeper, "worker 0", worker
#   fail TEXT, check COMMAND..., is GOT WANTED WHAT, wait_for SECONDS COMMAND..., alive PID
#
# With STORE=etcd in the environment the server runs on an etcd of its own (SERVER_ETCD: its URL).
# They set SERVER_DIR SERVER_PORT SERVER_URL SERVER_CA SERVER_TOKEN SERVER_PID SERVER_LOG, and export KUBECONFIG.
# BUILD chooses the binary. Everything is killed by process id and removed when the script ends.

SERVER_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CUBED=${CUBED:-$SERVER_ROOT/${BUILD:-build}/cubed}
SERVER_PID=
SERVER_PIDS_SEEN=
SERVER_DIR=
SERVER_ETCD_PID=
SERVER_TOKEN=admin-token
[ -z "${SERVER_TOOLS:-}" ] && eval "$("$SERVER_ROOT/scripts/tools.sh")" && export SERVER_TOOLS=1

fail() {
    echo "FAILED: $*" >&2
    [ -n "$SERVER_DIR" ] && [ -s "$SERVER_DIR/log" ] && { echo "--- server log"; tail -n 60 "$SERVER_DIR/log"; } >&2
    exit 1
}

check() {
    "$@" || fail "$*"
}

is() {
    [ "$1" = "$2" ] || fail "$3: got '$1', expected '$2'"
}

# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
    local end=$(($(date +%s%N) + $1 * 1000000000))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s%N)" -lt $end ] || return 1
        sleep 0.05
    done
}

# alive PID: it runs. A zombie does not, though kill -0 would find it: where nobody collects orphans they stay.
alive() {
    case $(ps -o stat= -p "$1" 2>/dev/null) in
    '' | Z*) return 1 ;;
    esac
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

server_new_dir() {
    SERVER_DIR=$(mktemp -d "${TMPDIR:-/tmp}/cubed-test.XXXXXX")
    SERVER_LOG=$SERVER_DIR/log
    SERVER_PORT=$(free_port)
    printf '%s,admin,admin,"system:masters"\n' "$SERVER_TOKEN" >"$SERVER_DIR/tokens.csv"
    printf 'user-token,user,user-uid,"users"\n' >>"$SERVER_DIR/tokens.csv"
    SERVER_STORE=()
    [ "${STORE:-}" != etcd ] || server_etcd
}

server_etcd() {
    python3 "$SERVER_ROOT/tests/lib/etcd.py" >"$SERVER_DIR/etcd" &
    SERVER_ETCD_PID=$!
    wait_for 30 test -s "$SERVER_DIR/etcd" || fail "etcd does not start"
    SERVER_ETCD=$(cat "$SERVER_DIR/etcd")
    SERVER_STORE=(--etcd-servers="$SERVER_ETCD" --cache-dir="$SERVER_DIR/cache")
}

# Starts it without waiting for readiness.
launch_server() {
    [ -n "$SERVER_DIR" ] || server_new_dir
    SERVER_URL=https://127.0.0.1:$SERVER_PORT
    SERVER_CA=$SERVER_DIR/data/pki/ca.crt
    export KUBECONFIG=$SERVER_DIR/data/admin.kubeconfig
    "$CUBED" --data-dir="$SERVER_DIR/data" --secure-port="$SERVER_PORT" --token-auth-file="$SERVER_DIR/tokens.csv" \
        "${SERVER_STORE[@]}" "$@" >>"$SERVER_DIR/log" 2>&1 &
    SERVER_PID=$!
    SERVER_PIDS_SEEN="$SERVER_PIDS_SEEN $SERVER_PID"
}

server_is_ready() {
    curl -sf --max-time 2 --cacert "$SERVER_CA" "$SERVER_URL/readyz"
}

await_ready() {
    local end=$(($(date +%s) + ${SERVER_START_SECONDS:-20}))
    until server_is_ready >/dev/null 2>&1; do
        alive "$SERVER_PID" || fail "the server ended while starting"
        [ "$(date +%s)" -lt $end ] || fail "not ready in time"
        sleep 0.05
    done
}

start_server() {
    launch_server "$@"
    await_ready
}

restart_server() {
    start_server "$@"
}

stop_server() {
    local status=0
    kill -TERM "$SERVER_PID"
    wait "$SERVER_PID" || status=$?
    SERVER_PID=
    return $status
}

kill_server() {
    kill "-${1:-KILL}" "$SERVER_PID"
    wait "$SERVER_PID" 2>/dev/null
    SERVER_PID=
    return 0
}

req() {
    local method=$1 path=$2
    shift 2
    curl -sS --max-time 30 --cacert "$SERVER_CA" -H "Authorization: Bearer $SERVER_TOKEN" -X "$method" "$@" \
        "$SERVER_URL$path"
}

code() {
    req "$@" -o /dev/null -w '%{http_code}'
}

server_pids() {
    echo "$SERVER_PID"
    ps -o pid=,stat= --ppid "$SERVER_PID" | awk '$2 !~ /^Z/ { print $1 }'
}

child_pids() {
    ps -o pid=,args= --ppid "$SERVER_PID" | awk -v want="cubed: $1" \
        '/<defunct>/ { next } { pid = $1; $1 = ""; sub(/^ /, ""); if ($0 == want || index($0, want " ") == 1) print pid }'
}

server_cleanup() {
    local status=$? pid
    trap - EXIT
    set +e # who sources this may have set it, and a killed server's status is no failure
    [ -n "$SERVER_PID" ] && kill -KILL $(server_pids) 2>/dev/null
    for pid in $SERVER_PIDS_SEEN; do
        wait "$pid" 2>/dev/null
    done
    [ -n "$SERVER_ETCD_PID" ] && kill "$SERVER_ETCD_PID" && wait "$SERVER_ETCD_PID" 2>/dev/null
    [ -n "$SERVER_DIR" ] && [ -z "${SERVER_KEEP:-}" ] && rm -rf "$SERVER_DIR"
    exit $status
}
trap server_cleanup EXIT
trap 'exit 130' INT TERM
