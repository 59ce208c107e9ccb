#!/bin/bash
# make bench: figures of the server built here, next to static file servers. Arguments go to cubed-bench.
set -euo pipefail
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
scripts/deps.sh bench
eval "$(scripts/tools.sh)"
if [ ! -x "$BUILD/cubed-bench" ]; then
    echo "bench.sh: $BUILD/cubed-bench is not built: run make" >&2
    exit 1
fi
. tests/lib/server.sh
start_server --workers="${WORKERS:-1}"
"$BUILD/cubed-bench" --server "$SERVER_URL" --ca "$SERVER_CA" --token "$SERVER_TOKEN" \
    --pids "$SERVER_PID" --yardstick "$@"
stop_server
