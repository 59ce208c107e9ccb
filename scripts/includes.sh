#!/bin/bash
# Who may include whom, whether every header compiles alone, and whether every folder says what lives in it. Prints what
# is wrong, one line each; exit 1 if anything is.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
bad=0

complain() {
    echo "$*"
    bad=1
}

# room : what its files may include besides the room itself. The first row whose room is a prefix of a file's path
# counts; an entry that ends in / is a folder, one that ends in . is a module's header or table. pipeline.h is
# seen from below for one promise only: how a parked request goes on.
rules='
master/            worker/worker. worker/watcher. worker/keeper. worker/storetool. shm/area. shm/base/
shm/base/
shm/cache/         shm/base/
shm/ring/          shm/cache/record. shm/area. shm/base/
shm/store/embedded/ shm/watcher/apply. shm/watcher/trim. shm/store/ shm/cache/ shm/ring/ shm/area. shm/base/
shm/store/         shm/cache/ shm/ring/ shm/area. shm/base/
shm/watcher/       shm/store/ shm/cache/ shm/ring/ shm/area. shm/base/
shm/               shm/ring/ shm/store/embedded/mailbox. shm/base/
registry/compiler/ registry/schema. shm/base/
registry/rules/    registry/schema. registry/status. shm/base/
registry/walk/     registry/rules/ registry/schema. registry/status. shm/base/
registry/cel/      registry/rules/ shm/base/
registry/validation/ registry/cel/ registry/walk/ registry/rules/ registry/world. registry/schema. registry/status. shm/base/
registry/strategy/ registry/validation/ registry/walk/ registry/rules/ registry/world. registry/schema. registry/status. shm/base/
registry/apply/    registry/strategy/strategy. registry/walk/ registry/rules/ registry/world. registry/schema. registry/status. shm/base/
registry/admission/ registry/walk/ registry/rules/ registry/strategy/ registry/world. registry/schema. registry/status. shm/base/
registry/          shm/base/
worker/request/    worker/pipeline/pipeline. worker/loop/ registry/ shm/
worker/loop/       worker/request/ registry/ shm/
worker/read/       worker/pipeline/pipeline. worker/request/ worker/loop/ registry/ shm/
worker/watch/      worker/pipeline/pipeline. worker/read/ worker/request/ worker/loop/ registry/ shm/
worker/write/      worker/pipeline/pipeline. worker/read/ worker/request/ worker/loop/ registry/ shm/
worker/callout/    worker/pipeline/pipeline. worker/read/ worker/request/ worker/loop/ registry/ shm/
worker/keeper/     worker/write/ worker/read/ worker/request/ worker/loop/ registry/ shm/
worker/handlers/review. worker/authn/union. worker/authz/union. worker/handlers/ worker/pipeline/pipeline. worker/watch/ worker/write/ worker/callout/ worker/read/ worker/request/ worker/loop/ registry/ shm/
worker/handlers/   worker/pipeline/pipeline. worker/watch/ worker/write/ worker/callout/ worker/read/ worker/request/ worker/loop/ registry/ shm/
worker/authn/      worker/pipeline/pipeline. worker/watch/ worker/write/ worker/callout/ worker/read/ worker/request/ worker/loop/ registry/ shm/
worker/authz/      worker/authn/union. worker/pipeline/pipeline. worker/watch/ worker/write/ worker/callout/ worker/read/ worker/request/ worker/loop/ registry/ shm/
worker/flow/       worker/authn/union. worker/pipeline/pipeline. worker/watch/ worker/write/ worker/callout/ worker/read/ worker/request/ worker/loop/ registry/ shm/
worker/audit/      worker/pipeline/pipeline. worker/watch/ worker/write/ worker/callout/ worker/read/ worker/request/ worker/loop/ registry/ shm/
worker/pipeline/   worker/authn/ worker/authz/ worker/flow/ worker/audit/ worker/handlers/ worker/watch/ worker/write/ worker/callout/ worker/read/ worker/request/ worker/loop/ registry/ shm/
worker/net/        worker/worker. worker/pipeline/ worker/request/ worker/loop/ registry/ shm/
worker/            registry/ shm/
tests/             master/ worker/ registry/ shm/
'

# one pass over all include lines: file and what it includes
edges=$(grep -rHoE --include='*.c' --include='*.h' '^[[:space:]]*#[[:space:]]*include[[:space:]]+"[^"]+"' \
    master shm registry worker tests 2>/dev/null | sed -E 's/:[^"]*"/ /; s/"$//')
forbidden=$(awk '
    NR == FNR { if (NF) { room[++n] = $1; may[n] = ""; for (i = 2; i <= NF; i++) may[n] = may[n] " " $i } next }
    {
        for (r = 1; r <= n; r++)
            if (index($1, room[r]) == 1) break
        if (r > n || index($2, room[r]) == 1) next
        # made at build time
        if ($2 !~ /\//) next
        k = split(may[r], m, " "); ok = 0
        for (i = 1; i <= k; i++)
            if (index($2, m[i]) == 1) ok = 1
        if (!ok) print $1 ": may not include " $2 " (" room[r] " may include:" (may[r] == "" ? " nothing else" : may[r]) ")"
    }' <(echo "$rules") <(echo "$edges"))
[ -z "$forbidden" ] || complain "$forbidden"

out=$(make -s -k -j2 headers BUILD="$BUILD" 2>&1) || complain "a header does not compile alone: $out"

while read -r dir; do
    [ -f "$dir/README.md" ] || complain "$dir: has no README.md"
done < <(find master shm registry worker scripts man tests -type f -regex '.*\.\(c\|h\|sh\|py\|schema\|8\)' -printf '%h\n' | sort -u)

exit $bad
