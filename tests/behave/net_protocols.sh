#!/bin/bash
# One server, both protocols, as curl and openssl speak them: the same answers, HEAD, resumption, gzip, limits.
set -eu
. "$(dirname "$0")/../lib/server.sh"
start_server

for proto in --http1.1 --http2; do
    is "$(req GET /version "$proto" -o /dev/null -w '%{http_version}')" "$([ $proto = --http2 ] && echo 2 || echo 1.1)" "protocol"
    is "$(code GET /api/v1/namespaces "$proto")" 200 "list over $proto"
    is "$(code GET /api/v1/namespaces/none "$proto")" 404 "absent over $proto"
    is "$(req GET /api "$proto" -I | tr -d '\r' | grep -ci '^content-length: 0$')" 0 "HEAD has the length"
done

# a body that is sent only when the server asks for it, and one it refuses
yes 'x: y' | head -c 4000000 >"$SERVER_DIR/large" || true
head -c 600000 "$SERVER_DIR/large" >"$SERVER_DIR/half"
is "$(code POST /api/v1/namespaces --http1.1 -H 'Expect: 100-continue' -H 'Content-Type: application/json' \
    --data-binary '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"expected"}}')" 201 "100-continue"
is "$(code POST /api/v1/namespaces --http1.1 -H 'Content-Type: application/json' --data-binary "@$SERVER_DIR/large")" 413 \
    "a body over 3 MiB"
# over HTTP/2 the answer comes before the body has gone out: a client that is cut off meanwhile loses it
is "$(code POST /api/v1/namespaces --http2 -H 'Content-Type: application/json' --data-binary "@$SERVER_DIR/large")" 413 \
    "a body over 3 MiB over HTTP/2"
for _ in 1 2 3 4 5 6 7 8; do
    is "$(code PATCH /api/v1/namespaces/default --http2 -H 'Content-Type: text/plain' --data-binary "@$SERVER_DIR/half")" 415 \
        "a body that is not read"
done
big=$(head -c 70000 /dev/zero | tr '\0' x)
printf 'header = "X-Big: %s"\n' "$big" >"$SERVER_DIR/big"
is "$(code GET /version --http1.1 -K "$SERVER_DIR/big")" 431 "headers over 64 KiB" # over HTTP/2 curl does not send them

# gzip above 128 KiB, when asked
is "$(req GET /openapi/v2 -o "$SERVER_DIR/plain" -w '%{http_code}')" 200 "a large document"
if [ "$(stat -c %s "$SERVER_DIR/plain")" -gt 131072 ]; then
    req GET /openapi/v2 -H 'Accept-Encoding: gzip' -o "$SERVER_DIR/packed" -D "$SERVER_DIR/headers"
    grep -qi '^content-encoding: gzip' "$SERVER_DIR/headers" || fail "not compressed"
    gunzip -c <"$SERVER_DIR/packed" | cmp - "$SERVER_DIR/plain" || fail "compressed and plain differ"
fi

# a session is resumed, by whichever worker answers
hello() {
    printf 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' |
        timeout 5 openssl s_client -connect "127.0.0.1:$SERVER_PORT" -CAfile "$SERVER_CA" -ign_eof "$@" 2>/dev/null
}
for version in -tls1_2 -tls1_3; do
    hello $version -sess_out "$SERVER_DIR/session" >/dev/null
    for _ in 1 2 3; do
        hello $version -sess_in "$SERVER_DIR/session" | grep -q '^Reused' || fail "not resumed with $version"
    done
done

is "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$SERVER_PORT/")" 400 "plain HTTP on the TLS port"
stop_server
