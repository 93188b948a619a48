#!/usr/bin/env bash
# Every test with the programs under a sanitizer: Tests/Sanitizers/run.sh [thread|address] …
#
# Builds into .build-tsan and .build-asan, runs the rooms' own tests in it and then the end-to-end suite with its
# programs. All steps are run, also after one failed; the last lines say which did. Output goes to .build-?san/*.log
# as well.
set -uo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/Tests/Sanitizers

# A finding ends the program with this, so that the test which started it can't pass over it.
common="halt_on_error=1:exitcode=86"
failures=()
summary=()

# step NAME LOG COMMAND…: runs it, keeps its output, remembers how it ended and how long it took.
step() {
    local name=$1 log=$2 began=$SECONDS
    shift 2
    echo "== $name"
    if "$@" 2>&1 | tee "$log"; then
        summary+=("ok      $((SECONDS - began)) s  $name")
    else
        summary+=("FAILED  $((SECONDS - began)) s  $name: $log")
        failures+=("$name")
        return 1
    fi
}

check() {
    local kind=$1 build=$2
    mkdir -p "$build"
    step "$kind: build" "$build/build.log" \
        swift build --build-tests --sanitize="$kind" --scratch-path "$build" || return
    step "$kind: the rooms' tests" "$build/unit.log" \
        swift test --skip-build --sanitize="$kind" --scratch-path "$build"
    step "$kind: end to end" "$build/end-to-end.log" \
        env BATON_PROGRAMS="$PWD/$build/debug" BATON_TIME_SCALE=4 /usr/bin/python3 -u Tests/EndToEnd/run.py
}

[ $# -gt 0 ] || set -- thread address
for kind in "$@"; do
    case $kind in
    thread)
        mkdir -p .build-tsan
        clang -Wall -Wextra -Werror -O1 -shared -fPIC -o .build-tsan/libmutex.so "$here/mutex.c" || exit
        # By default a program sleeps for a second at its end, in the hope of more findings; `baton` promises
        # to be gone in time.
        export TSAN_OPTIONS="$common:atexit_sleep_ms=0" LD_PRELOAD="$PWD/.build-tsan/libmutex.so"
        check thread .build-tsan
        unset TSAN_OPTIONS LD_PRELOAD
        ;;
    address)
        export ASAN_OPTIONS="$common:detect_leaks=0"
        check address .build-asan
        unset ASAN_OPTIONS
        ;;
    *) echo "usage: $0 [thread|address] …" >&2; exit 64 ;;
    esac
done

echo
printf '%s\n' "${summary[@]}"
[ ${#failures[@]} -eq 0 ]
