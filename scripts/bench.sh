#!/bin/bash
# make bench, bench-check, bench-baseline, numbers: figures of the server built here. Arguments go to cubed-bench.
set -euo pipefail
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
scripts/deps.sh bench
export PATH="$PATH:/usr/sbin:/sbin"
if [ ! -x "$BUILD/cubed-bench" ]; then
    echo "bench.sh: $BUILD/cubed-bench is not built: run make" >&2
    exit 1
fi
exec "$BUILD/cubed-bench" --start "$BUILD/cubed" "$@"
