#!/bin/bash
# cubed-bench starts a server, runs every scenario small, and tells figures that make sense; says what is wrong with a
# command line; leaves no process and no directory behind.
set -u
. "$(dirname "$0")/../lib/server.sh"
BENCH=$(dirname "$CUBED")/cubed-bench
OUT=$(mktemp -d "${TMPDIR:-/tmp}/cubed-test.XXXXXX")
SERVER_DIR=$OUT
export TMPDIR=$OUT

"$BENCH" --start "$CUBED" --json --report "$OUT/page.html" --pods 60 --nodes 6 --watchers 20 --events 3 --kubelets 12 --lease-seconds 0.5 --connections 2 \
    --seconds 0.2 --scenarios idle,get,same,list,listall,nodelist,watch-fanout,watch-sparse,connect,create,churn,mixed,storm,slow,many \
    >"$OUT/json" 2>"$OUT/err" || fail "$(cat "$OUT/err")"
[ ! -s "$OUT/err" ] || fail "standard error: $(cat "$OUT/err")"
is "$(ls "$OUT")" "err
json
page.html" "what is left of it"

python3 - "$OUT/json" <<'PY' || fail "figures"
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
scenarios = {r['scenario'] for r in rows}
assert scenarios == set('idle get same list listall nodelist watch-fanout watch-sparse connect create churn mixed storm slow many'.split()), scenarios
for r in rows:
    print(r)
    assert r['server'] == 'cubed' and r['failed'] == 0 and r['ops'] > 0 and r['seconds'] > 0, r
    assert 1 < r['cpu_us'] < 1e6 and 1 < r['private_mib'] < 4096, r
    ms = [r['ms'][k] for k in ('p0', 'p50', 'p90', 'p99', 'p99.9', 'p100')]
    assert ms == sorted(ms) and ms[0] > 0, r
by_name = {r['name']: r for r in rows}
assert len(by_name) == len(rows)
assert 2000 < by_name['get, HTTP/1.1']['bytes'] < 8000
assert abs(by_name['get, HTTP/2, 16 streams']['bytes'] - by_name['get, HTTP/1.1']['bytes']) < 20
assert by_name['list of 500, HTTP/1.1']['bytes'] > 50 * by_name['get, HTTP/1.1']['bytes'] * 0.8
assert by_name['event to all, HTTP/2']['ops'] == 20 * 3
assert by_name['event to one, HTTP/2']['ops'] == 30
assert by_name['all kubelets reconnect']['ops'] == 12
assert by_name["kubelets' everyday load"]['kubelets'] == 12
assert by_name['event to all, next to bad ones']['p99 ratio'] > 0
assert by_name['a watch a connection']['watches'] == 20 and by_name['a watch a connection']['ended'] == 0
PY

# the page is well-formed and has a curve and a bar for what was timed
python3 - "$OUT/page.html" <<'PY' || fail "page"
import sys, xml.etree.ElementTree as et
text = open(sys.argv[1]).read().replace("<meta charset='utf-8'>", '').replace('<br>', '<br/>').replace('<!DOCTYPE html>', '')
page = et.fromstring(text)
rows = len(page.findall('.//tr')) - 1
assert rows == 25 and len(page.findall('.//svg')) > rows, (rows, len(page.findall('.//svg')))
PY

# interrupted, it takes its servers and files along
"$BENCH" --start "$CUBED" --pods 20 --seconds 60 --scenarios get >"$OUT/out" 2>&1 &
pid=$!
wait_for 20 compgen -G "$OUT/cubed-bench-*/server-*/data/admin.kubeconfig" || fail "it does not start a server"
kill -TERM $pid
wait $pid
is $? 1 "status of one that was interrupted"
is "$(ls -d "$OUT"/cubed-bench-* 2>/dev/null)" "" "files of one that was interrupted"
no_server() {
    ! pgrep -f "data-dir=$OUT/cubed-bench"
}
wait_for 20 no_server || fail "its servers outlive one that was interrupted"

# wrong command lines: one line that names what is wrong, status 1
while IFS='|' read -r arguments said; do
    # shellcheck disable=SC2086
    "$BENCH" $arguments >"$OUT/out" 2>"$OUT/err" && fail "$arguments: succeeded"
    grep -qF -- "$said" "$OUT/err" || fail "$arguments: said $(cat "$OUT/err")"
    is "$(wc -l <"$OUT/err")" 1 "$arguments: lines"
done <<'TABLE'
|say one of --start FILE, --server URL, --kubeconfig FILE
--server https://127.0.0.1:1 --frobnicate|--frobnicate: no such option
--server https://127.0.0.1:1 --pods|--pods needs a value
--server https://127.0.0.1:1 --pods=-3|--pods -3: not a number above 0
--server https://127.0.0.1:1 --json=yes|--json takes no value
--server https://127.0.0.1:1 --scenarios get,put|--scenarios: no scenario put
--server https://192.0.2.1:6443|only loopback addresses
--server ftp://127.0.0.1|not an http:// or https:// URL
TABLE

# a running server, as a user gives it; it must outlive the measurement
"$BENCH" --help | grep -q -- '--kubeconfig FILE' || fail "--help"
SERVER_DIR=
start_server --workers=1
"$BENCH" --kubeconfig "$KUBECONFIG" --pids "$SERVER_PID" --pods 20 --nodes 2 --seconds 0.1 --scenarios get \
    >"$OUT/table" 2>&1 || fail "$(cat "$OUT/table")"
is "$(grep -c '^get, HTTP' "$OUT/table")" 3 "rows of the table"
is "$(code GET /readyz)" 200 "the server afterwards"
stop_server
rm -rf "$OUT"
