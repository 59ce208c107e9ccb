#!/bin/bash
# Who one is and what one may: tokens, certificates, nobody, somebody else; a token file that changes.
set -u
. "$(dirname "$0")/../lib/server.sh"
start_server --workers=2

as() { # as TOKEN METHOD PATH [curl arguments...]: status code
    local token=$1 method=$2 path=$3
    shift 3
    curl -s -o /dev/null -w '%{http_code}' --max-time 10 --cacert "$SERVER_CA" ${token:+-H "Authorization: Bearer $token"} \
        -X "$method" "$@" "$SERVER_URL$path"
}
message() {
    python3 -c 'import json, sys; print(json.load(sys.stdin)["message"])'
}

is "$(as "" GET /healthz)" 200 "nobody reads health"
is "$(as "" GET /version)" 200 "nobody reads the version"
is "$(as "" GET /api)" 403 "nobody reads discovery"
is "$(as wrong GET /healthz)" 401 "a token that is wrong"
is "$(as user-token GET /api/v1)" 200 "a user reads discovery"
is "$(as user-token GET /metrics)" 403 "a user reads metrics"
is "$(as user-token GET /api/v1/namespaces)" 403 "a user lists namespaces"
is "$(as "$SERVER_TOKEN" GET /api/v1/namespaces)" 200 "the admin lists namespaces"
is "$(curl -s --cacert "$SERVER_CA" -H 'Authorization: Bearer user-token' "$SERVER_URL/api/v1/namespaces/y/pods" | message)" \
    'pods is forbidden: User "user" cannot list resource "pods" in API group "" in the namespace "y"' "what a 403 says"

# a client certificate, and somebody else's name
is "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$SERVER_CA" --cert "$SERVER_DIR/data/pki/admin.crt" \
    --key "$SERVER_DIR/data/pki/admin.key" "$SERVER_URL/api/v1/namespaces")" 200 "the admin certificate"
is "$(as "$SERVER_TOKEN" GET /api/v1/namespaces -H 'Impersonate-User: jane')" 403 "the admin as jane"
is "$(as "$SERVER_TOKEN" GET /api/v1/namespaces -H 'Impersonate-User: jane' -H 'Impersonate-Group: system:masters')" 200 \
    "the admin as a jane who may"
is "$(as user-token GET /api -H 'Impersonate-User: admin' -H 'Impersonate-Group: system:masters')" 403 \
    "a user as somebody who may"
is "$(as "$SERVER_TOKEN" GET /api -H 'Impersonate-Group: system:masters')" 400 "a group without a name"

review() { # review TOKEN KIND GROUP SPEC: the status
    curl -s --cacert "$SERVER_CA" -H "Authorization: Bearer $1" -H 'Content-Type: application/json' \
        -d "{\"apiVersion\":\"$3/v1\",\"kind\":\"$2\",\"spec\":$4}" \
        "$SERVER_URL/apis/$3/v1/$(echo "${2}s" | tr A-Z a-z)" |
        python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["status"], sort_keys=True))'
}
is "$(review user-token SelfSubjectAccessReview authorization.k8s.io '{"resourceAttributes":{"verb":"get","resource":"pods"}}')" \
    '{"allowed": false}' "what a user may"
is "$(review "$SERVER_TOKEN" SelfSubjectAccessReview authorization.k8s.io '{"resourceAttributes":{"verb":"get","resource":"pods"}}')" \
    '{"allowed": true}' "what the admin may"
review "$SERVER_TOKEN" TokenReview authentication.k8s.io '{"token":"user-token"}' | grep -q '"username": "user"' ||
    fail "a token review does not name the user"

# every worker takes the new tokens; a broken file changes nothing
token_is() { # token_is TOKEN CODE: for a while, whichever worker answers
    for _ in 1 2 3 4 5 6 7 8; do
        [ "$(as "$1" GET /version)" = "$2" ] || return 1
    done
}
printf 'broken\n' >"$SERVER_DIR/tokens.csv"
kill -HUP "$SERVER_PID"
wait_for 5 grep -q 'reload: .*tokens.csv' "$SERVER_DIR/log" || fail "a broken token file is not told"
token_is user-token 200 || fail "a broken token file made the old tokens unknown"
printf '%s,admin,admin,"system:masters"\nnew-token,new,new-uid\n' "$SERVER_TOKEN" >"$SERVER_DIR/tokens.csv"
kill -HUP "$SERVER_PID"
wait_for 5 token_is new-token 200 || fail "a new token is not known"
wait_for 5 token_is user-token 401 || fail "a removed token is still known"
stop_server || fail "exit status $?"

# /readyz too wants to know who asks now
launch_server --anonymous-auth=false --authorization-mode=AlwaysAllow
allowed() {
    [ "$(as new-token GET /readyz)" = 200 ]
}
wait_for 20 allowed || fail "not ready without anonymous requests"
is "$(as "" GET /api)" 401 "nobody, where nobody may be"
is "$(as new-token GET /api/v1/nodes)" 200 "anybody, where all may do everything"
exit 0
