#!/bin/bash
# make check: installs what the tests need, builds, runs every test. One line a test, `ok NAME` or `not ok NAME` with what
# it printed; the last line is the sum. BUILD: output directory; SAN=1: with sanitizers (make asan).
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
SAN=${SAN:-}
JOBS=2
slow=1
[ -n "$SAN" ] && slow=3
out=$BUILD/check
results=$out/results

scripts/deps.sh build check || { echo "check.sh: could not install what the tests need"; echo "0 passed, 1 failed"; exit 1; }
eval "$(scripts/tools.sh)"
export BUILD SAN CUBED=$PWD/$BUILD/cubed
if [ -n "$SAN" ]; then
    export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0} UBSAN_OPTIONS=print_stacktrace=1
fi
rm -rf "$out"
mkdir -p "$out"
: >"$results"

# run NAME SECONDS COMMAND...: one test
run() {
    local name=$1 limit=$(($2 * slow)) log status=0
    shift 2
    log=$out/${name//\//_}.log
    timeout -k 10 "$limit" "$@" >"$log" 2>&1 </dev/null || status=$?
    (
        flock 9
        if [ $status = 0 ]; then
            echo "ok $name" | tee -a "$results"
        else
            echo "not ok $name" | tee -a "$results"
            [ $status = 124 ] && echo "    (ended after $limit s)"
            tail -n 80 "$log" | sed 's/^/    /'
        fi
    ) 9>"$out/lock"
    return $status
}

# two at a time
run_aside() {
    while [ "$(jobs -rp | wc -l)" -ge $JOBS ]; do
        wait -n
    done
    run "$@" &
}

finish() {
    wait
    local passed failed
    passed=$(grep -c '^ok ' "$results")
    failed=$(grep -c '^not ok ' "$results")
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
    exit
}

run build/gcc 900 make -s -j$JOBS CC=gcc BUILD="$BUILD" SAN="$SAN" WERROR=1 all || finish

if [ -z "$SAN" ]; then
    run build/clang 600 make -s -j$JOBS CC=clang BUILD=build-clang OPT=-O0 WERROR=1 lib-shm lib-registry lib-worker lib-master
    run style/includes 120 scripts/includes.sh
    run style/docs 30 scripts/docs.sh
fi

# unit: one cmocka program each; built first, so that one that does not compile is one that fails
mapfile -t units < <(cd tests/unit && find . -name '*_test.c' | sed 's|^\./||; s|_test\.c$||' | sort)
make -s -k -j$JOBS CC=gcc BUILD="$BUILD" SAN="$SAN" WERROR=1 unit >"$out/unit-build.log" 2>&1
for t in "${units[@]}"; do
    if [ -x "$BUILD/unit/${t}_test" ]; then
        run_aside "unit/$t" 120 "$BUILD/unit/${t}_test"
    else
        run_aside "unit/$t" 300 sh -c "make -s CC=gcc BUILD=$BUILD SAN=$SAN WERROR=1 unit T=$t && $BUILD/unit/${t}_test"
    fi
done
wait

# behaviour, with either store beside each other; those that bring an etcd of their own choose the store themselves
for t in tests/behave/*.sh tests/behave/*.py; do
    name=$(basename "${t%.*}")
    run_aside "behave/$name" 240 "$t"
    grep -q 'Etcd(\|$BENCH' "$t" || run_aside "etcd/$name" 240 env STORE=etcd "$t"
done
run_aside etcd/kill_every_process 300 env STORE=etcd tests/fault/kill_every_process.py
wait
# those that hold the server to a time, or keep both cores busy by themselves, have the machine alone
alone=' etcd_members kill_every_process many_connections stalled_pipeline stopped_watcher watch_history '
for t in tests/fault/*.py; do
    name=$(basename "${t%.*}")
    [[ $alone == *" $name "* ]] || run_aside "fault/$name" 300 "$t"
done
wait
for name in $alone; do
    run "fault/$name" 300 "tests/fault/$name.py"
done

# fuzz: seeds and a few seconds each, to keep the targets alive; `make fuzz` is the real thing
if [ -z "$SAN" ] && compgen -G 'tests/fuzz/*_fuzz.c' >/dev/null; then
    make -s -k -j$JOBS BUILD=build-fuzz fuzz-build >"$out/fuzz-build.log" 2>&1
    for t in tests/fuzz/*_fuzz.c; do
        t=$(basename "${t%_fuzz.c}")
        run_aside "fuzz/$t" 120 make -s BUILD=build-fuzz fuzz-one T="$t" SECONDS=3
    done
fi
finish
