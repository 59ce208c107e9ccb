#!/bin/bash
# make bench, make bench-check, make numbers: figures of the server built here. Arguments go to cubed-bench; with none that
# says what to run, all scenarios run next to the file servers.
set -euo pipefail
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
scripts/deps.sh bench
eval "$(scripts/tools.sh)"
if [ ! -x "$BUILD/cubed-bench" ]; then
    echo "bench.sh: $BUILD/cubed-bench is not built: run make" >&2
    exit 1
fi
exec "$BUILD/cubed-bench" --start "$BUILD/cubed" "$@"
