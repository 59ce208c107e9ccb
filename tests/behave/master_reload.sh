#!/bin/bash
# SIGHUP: keeps serving while it reloads, takes a new certificate and new tokens, and keeps the old where the new are
# broken.
set -u
. "$(dirname "$0")/../lib/server.sh"
server_new_dir
certs=$SERVER_DIR/certs
mkdir "$certs"

new_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" \
        -addext "subjectAltName=IP:127.0.0.1" -keyout "$certs/$1.key" -out "$certs/$1.crt" 2>/dev/null
    cp "$certs/$1.key" "$certs/tls.key"
    cp "$certs/$1.crt" "$certs/tls.crt"
}

served() {
    openssl s_client -connect "127.0.0.1:$SERVER_PORT" </dev/null 2>/dev/null | openssl x509 -noout -subject
}

serves_cn() {
    served | grep -qE "CN ?= ?$1\$"
}

token_works() {
    [ "$(SERVER_TOKEN=$1 code GET /api/v1/namespaces)" = 200 ]
}

new_certificate first
launch_server --workers=2 --tls-cert-file="$certs/tls.crt" --tls-private-key-file="$certs/tls.key"
SERVER_CA=$certs/tls.crt
await_ready
serves_cn first || fail "serves $(served)"

# requests all the while: none may fail
: >"$SERVER_DIR/go"
(
    bad=0 n=0
    while [ -e "$SERVER_DIR/go" ]; do
        curl -sfk --max-time 5 "$SERVER_URL/readyz" >/dev/null || bad=$((bad + 1))
        n=$((n + 1))
    done
    echo "$n $bad" >"$SERVER_DIR/count"
) &
load=$!
children=$(server_pids | sort | paste -sd' ')

new_certificate second
printf 'late-token,late,late-uid,"system:masters"\n' >>"$SERVER_DIR/tokens.csv"
token_works late-token && fail "a token works before it was loaded"
kill -HUP "$SERVER_PID"
wait_for 5 serves_cn second || fail "after SIGHUP it still serves $(served)"
SERVER_CA=$certs/tls.crt
wait_for 5 token_works late-token || fail "the new token does not work after SIGHUP"

# a key that does not fit: refused, the old pair stays
cp "$certs/first.key" "$certs/tls.key"
kill -HUP "$SERVER_PID"
wait_for 5 grep -q 'reload refused.*--tls-private-key-file' "$SERVER_DIR/log" || fail "the log does not say why"
serves_cn second || fail "a broken pair replaced a good one: $(served)"

rm "$SERVER_DIR/go"
wait $load
read -r n bad <"$SERVER_DIR/count"
[ "$n" -gt 3 ] || fail "only $n requests were made"
is "$bad" 0 "failed requests of $n during reloads"
is "$(server_pids | sort | paste -sd' ')" "$children" "process ids after reloads"
stop_server || fail "exit status $?"
