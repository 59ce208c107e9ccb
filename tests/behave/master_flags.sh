#!/bin/bash
# The command line of the binary: help, version, refusals in one line, exit statuses.
set -u
. "$(dirname "$0")/../lib/server.sh"
work=$(mktemp -d)
SERVER_DIR=$work

# refused WHAT... -- ARGS...: exit status 1 and one line on stderr that holds every WHAT
refused() {
    local want=() status=0
    while [ "$1" != -- ]; do want+=("$1"); shift; done
    shift
    "$CUBED" "$@" >"$work/out" 2>"$work/err" || status=$?
    is "$status" 1 "exit status of $*"
    is "$(wc -l <"$work/err")" 1 "lines on stderr of $*"
    is "$(wc -c <"$work/out")" 0 "bytes on stdout of $*"
    for w in "${want[@]}"; do
        grep -qF -- "$w" "$work/err" || fail "$*: \"$w\" is not in: $(cat "$work/err")"
    done
}

"$CUBED" --help >"$work/out" 2>"$work/err" || fail "--help: exit status $?"
is "$(wc -c <"$work/err")" 0 "stderr of --help"
for group in "Secure serving:" "Authentication:" "Storage:"; do
    grep -qx "$group" "$work/out" || fail "no group $group in --help"
done
is "$("$CUBED" --version)" "$("$CUBED" version)" "both ways to ask for the version"
"$CUBED" version | grep -qE '^cubed v1\.36\.[0-9]+$' || fail "version: $("$CUBED" version)"

refused "--secure-prot" "--secure-port" -- --secure-prot=1
refused "--audit-log-path" "kube-apiserver" "not supported" -- --audit-log-path=/x
refused "--secure-port" '"x"' "whole number" -- --secure-port=x
refused "--event-ttl" '"1y"' "1h30m" -- --event-ttl 1y
refused "--etcd-servers" "URLs" -- --data-dir="$work/d" --etcd-servers=127.0.0.1:2379
refused "--etcd-certfile" "--etcd-keyfile" -- --data-dir="$work/d" --etcd-certfile=/x
[ -e "$work/d" ] && fail "a refused flag left a data directory"
refused "start" -- start
refused "--tls-private-key-file" -- --tls-cert-file=/x

# what the machine refuses
: >"$work/file"
refused "$work/file" "--data-dir" -- --data-dir="$work/file/x"
refused "--token-auth-file" "/nowhere" -- --data-dir="$work/d" --token-auth-file=/nowhere
refused "--tls-cert-file" "/nowhere" -- --data-dir="$work/d" --tls-cert-file=/nowhere --tls-private-key-file=/nowhere
echo rubbish >"$work/rubbish"
refused "--client-ca-file" "$work/rubbish" "PEM" -- --data-dir="$work/d" --client-ca-file="$work/rubbish"
refused "203.0.113.7" "--bind-address" -- --data-dir="$work/d" --bind-address=203.0.113.7
