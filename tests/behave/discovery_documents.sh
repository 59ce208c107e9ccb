#!/bin/bash
# Discovery and OpenAPI as clients use them: both forms of discovery, conditional requests, documents under their hash,
# paths and methods that are not served.
set -u
. "$(dirname "$0")/../lib/server.sh"
start_server --workers=1

aggregated='application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
header() { # header NAME METHOD PATH [curl arguments...]
    local name=$1
    shift
    req "$@" -o /dev/null -D - | tr -d '\r' | awk -v n="$name" 'tolower($1) == tolower(n) ":" { sub(/^[^ ]* /, ""); print }'
}

is "$(header Content-Type GET /apis -H "Accept: $aggregated")" "$aggregated" "type of aggregated discovery"
etag=$(header ETag GET /apis -H "Accept: $aggregated")
[ -n "$etag" ] || fail "aggregated discovery has no ETag"
is "$(code GET /apis -H "Accept: $aggregated" -H "If-None-Match: $etag")" 304 "the same document again"
is "$(code GET /apis -H "Accept: $aggregated" -H 'If-None-Match: "other"')" 200 "another document"
is "$(header Content-Type GET /apis -H 'Accept: application/yaml')" application/yaml "type of YAML discovery"
is "$(code GET /apis/apps -H 'Accept: text/html')" 406 "a type that is not served"

hashed=$(req GET /openapi/v3 | python3 -c 'import json, sys; print(json.load(sys.stdin)["paths"]["apis/apps/v1"]["serverRelativeURL"])')
is "$(code GET "$hashed")" 200 "a document under its hash"
is "$(header Cache-Control GET "$hashed")" "public, immutable" "how long it may be kept"
is "$(code GET "${hashed%=*}=0")" 301 "a document under an old hash"
is "$(header Location GET "${hashed%=*}=0")" "$hashed" "where it went"
etag=$(header Etag GET /openapi/v2)
is "$(code GET /openapi/v2 -H "If-None-Match: W/\"x\", $etag")" 304 "OpenAPI v2 again"
is "$(code GET /openapi/v2 -H 'Accept: text/html')" 406 "OpenAPI v2 as a page"

is "$(req GET /nope)" "404 page not found" "a path nobody knows"
is "$(code GET /apis/apps/v1/nope)" 404 "a resource nobody knows"
is "$(code POST /api)" 405 "a method that is not served"
is "$(code GET //api/v1)" 404 "two slashes"
is "$(code GET /api/v1/pods/%zz)" 400 "a broken escape"
is "$(code GET '/api/v1/namespaces?timeout=soon')" 400 "a timeout that is no duration"
is "$(code GET '/api/v1/namespaces?timeout=32s')" 200 "a timeout"
req GET / | python3 -c 'import json, sys; p = json.load(sys.stdin)["paths"]; assert p == sorted(p) and "/apis/apps/v1" in p, p' ||
    fail "the list of paths"
exit 0
