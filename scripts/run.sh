#!/bin/bash
# make run: installs what is missing, builds, serves from .run/data in the foreground. Arguments are passed on to cubed.
set -euo pipefail
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
data=$PWD/.run/data

scripts/deps.sh build
scripts/deps.sh run || echo "run.sh: no kubectl; the server starts without it" >&2
eval "$(scripts/tools.sh)"
make -s -j"$(nproc)" BUILD="$BUILD" all
mkdir -p .run

# Waits beside the server and says how to reach it. exec keeps the process id, so $$ is the server's.
(
    exec 2>/dev/null
    for ((i = 0; i < 1200; i++)); do
        kill -0 $$ || exit
        url=$(sed -n 's/^ *server: //p' "$data/admin.kubeconfig" || true)
        if [ -n "$url" ] && curl -sf --max-time 2 --cacert "$data/pki/ca.crt" "$url/readyz" >/dev/null; then
            echo
            echo "cubed serves on $url. In another terminal:"
            echo
            command -v kubectl | grep -q "^$PWD/.run/tools/" && echo "  export PATH=\$PATH:$PWD/.run/tools"
            echo "  export KUBECONFIG=$data/admin.kubeconfig"
            echo "  kubectl get ns"
            echo
            echo "^C stops it; what was stored stays in .run/data."
            exit
        fi
        sleep 0.1
    done
) &

exec "$BUILD/cubed" --data-dir="$data" "$@"
