#!/usr/bin/env bash
# Every test with the programs under a sanitizer: Tests/Sanitizers/run.sh [thread|address] …
#
# Builds into .build-tsan and .build-asan, runs the rooms' own tests there and then the end-to-end suite with those
# programs. A step that fails stops no other one, except what needs its build. The last lines say how each ended, how
# long it took, and for a failure the lines that tell of it; all of the output is in .build-?san/*.log.
set -uo pipefail
cd "$(dirname "$0")/../.."
python=/usr/bin/python3

summary=()
failed=0

# step NAME LOG COMMAND…
step() {
    local name=$1 log=$2 began=$SECONDS
    shift 2
    echo "== $name"
    if "$@" 2>&1 | tee "$log"; then
        summary+=("ok      $((SECONDS - began)) s  $name")
        return
    fi
    failed=1
    summary+=("FAILED  $((SECONDS - began)) s  $name, see $log")
    summary+=("$(grep -E '^(FAILED|SUMMARY: )|: error: |^✘|^ *SUMMARY: |Fatal error' "$log" | sort -u | head -20)")
    return 1
}

# check KIND BUILD VARIABLE=VALUE…: the variables are for the tests.
check() {
    local kind=$1 build=$2
    shift 2
    mkdir -p "$build"
    step "$kind: build" "$build/build.log" \
        swift build --build-tests --sanitize="$kind" --scratch-path "$build" || return
    step "$kind: the rooms' tests" "$build/unit.log" \
        env "$@" swift test --skip-build --sanitize="$kind" --scratch-path "$build"
    step "$kind: end to end" "$build/end-to-end.log" \
        env "$@" BATON_PROGRAMS="$PWD/$build/debug" BATON_TIME_SCALE=4 "$python" -u Tests/EndToEnd/run.py
}

# The compiler beside swift: Swift's calling convention is known to no other.
teach_mutex() {
    local clang
    clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang
    mkdir -p .build-tsan
    step "thread: Tests/Sanitizers/mutex.c" .build-tsan/mutex.log \
        "$clang" -Wall -Wextra -Werror -O1 -shared -fPIC -o .build-tsan/libmutex.so Tests/Sanitizers/mutex.c
}

# A finding ends the program, with a status that is nothing else's.
common="halt_on_error=1:exitcode=86"
# Swift's crash handler reads a thread's whole stack and clones the process: under AddressSanitizer that is a finding
# of its own, under ThreadSanitizer it hangs. What a program says at its crash is said without it, too.
export SWIFT_BACKTRACE=enable=no

[ $# -gt 0 ] || set -- thread address
for kind in "$@"; do
    case $kind in
    thread)
        # By default a program sleeps for a second at its end, in the hope of more findings; `baton` promises
        # to be gone in time.
        teach_mutex && check thread .build-tsan \
            TSAN_OPTIONS="$common:atexit_sleep_ms=0" LD_PRELOAD="$PWD/.build-tsan/libmutex.so"
        ;;
    address)
        # Giving freed memory back to the kernel all the time takes longer than the tests themselves.
        check address .build-asan \
            ASAN_OPTIONS="$common:detect_leaks=0:allocator_release_to_os_interval_ms=-1"
        ;;
    *)
        echo "usage: $0 [thread|address] …" >&2
        exit 64
        ;;
    esac
done

echo
printf '%s\n' "${summary[@]}"
exit "$failed"
