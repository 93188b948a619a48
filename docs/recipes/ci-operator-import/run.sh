#!/usr/bin/env bash
# Forty runs share a namespace and want the same release imported. See ../ci-operator-import.md.
#
#     run.sh [FOLDER]      plays it on this machine, with a batond of its own. FOLDER, new or empty,
#                          gets what happened, a line for each: begun, imported, failed, overlapped.
#
# Needs baton, batond, grep and coreutils. What a pipeline copies is between the two rules; the rest
# plays the cluster and what goes wrong in it.
set -euo pipefail

# ───────────────────────────────────────────────────────────────────────────────────────────────
# The namespace is named after the inputs of the job, and is deleted and made again under the same
# name. Its UID isn't: what was imported into the one before is no result for this one.
# exec, so that the signal that cancels the step reaches baton and not a shell that waits for it.
import_release() {
    exec baton run release-import-initial \
        --input "$PULLSPEC" --input "$(namespace_uid)" \
        --verify "imagestream exists stable-initial" \
        "$@" -- import "$PULLSPEC" stable-initial
}
# ───────────────────────────────────────────────────────────────────────────────────────────────

runs=40

# A namespace of the cluster is a folder with its UID in it, an image stream a file.
namespace_uid() { cat "$CLUSTER/uid"; }
make_namespace() {
    rm -rf "$CLUSTER"
    mkdir -p "$CLUSTER"
    cat /proc/sys/kernel/random/uuid > "$CLUSTER/uid"
}

stage_programs() {
    mkdir -p "$folder/bin"
    cat > "$folder/bin/imagestream" <<'SCRIPT'
#!/usr/bin/env bash
test -s "$CLUSTER/$2"
SCRIPT
    # An import takes a while, and two at a time break each other.
    cat > "$folder/bin/import" <<'SCRIPT'
#!/usr/bin/env bash
set -euo pipefail
echo "$BATON_HOLDER $BATON_ATTEMPT ${BATON_PREVIOUS_END:-first} $1" >> "$FOLDER/begun"
mkdir "$CLUSTER/importing" || { echo "$BATON_HOLDER" >> "$FOLDER/overlapped"; exit 1; }
trap 'rmdir "$CLUSTER/importing"' EXIT
trap 'exit 143' TERM
if [ -e "$FOLDER/break" ]; then
    rm "$FOLDER/break"
    echo "$BATON_HOLDER" >> "$FOLDER/failed"
    echo "import: the registry answers 503" >&2
    exit 1
fi
while [ -e "$FOLDER/slow" ]; do sleep 0.05; done
for _ in 1 2 3 4 5; do sleep 0.05; done
echo "$1" > "$CLUSTER/$2"
echo "$BATON_HOLDER" >> "$FOLDER/imported"
echo "digest=sha256:$(sha256sum < "$CLUSTER/$2" | cut -d' ' -f1)" >> "$BATON_RESULT"
SCRIPT
    chmod +x "$folder/bin/imagestream" "$folder/bin/import"
}

# start_runs ROUND COUNT: that many ci-operators.
start_runs() {
    local run
    jobs=()
    for run in $(seq "$2"); do
        import_release --holder "$1-$run" --result-file "$folder/$1-$run.result" \
            --outcome-file "$folder/$1-$run.outcome" > /dev/null 2> "$folder/$1-$run.err" &
        jobs+=($!)
    done
}

# finish ROUND WORDS: waits for its runs. They ended as said, and all have the same result.
finish() {
    local job words
    for job in "${jobs[@]}"; do wait "$job" || true; done
    words=$(grep -ho '^  "outcome": *"[a-z-]*"' "$folder/$1"-*.outcome | cut -d'"' -f4 | sort | uniq -c \
        | while read -r count word; do echo "$count×$word"; done | paste -sd' ')
    echo "$words"
    [ "$words" = "$2" ] || fail "they should have ended as $2"
    [ "$(cat "$folder/$1"-*.result | sort -u | wc -l)" = 1 ] || fail "the results of $1 differ"
}

say() { printf '\n== %s\n' "$*"; }
fail() {
    printf '\nNOT AS PROMISED: %s\n' "$*" >&2
    tail -n 5 "$folder/batond.log" >&2 || true
    exit 1
}
lines() { if [ -f "$folder/$1" ]; then wc -l < "$folder/$1"; else echo 0; fi; }
# expect FILE COUNT
expect() { [ "$(lines "$1")" = "$2" ] || fail "$1: $(lines "$1") instead of $2"; }
await() {
    local what=$1
    shift
    for _ in $(seq 1200); do
        if "$@" 2> /dev/null; then return; fi
        sleep 0.05
    done
    fail "after a minute still not: $what"
}
has_begun() { [ "$(lines begun)" -ge "$1" ]; }
clean_up() {
    local status=$?
    trap - EXIT
    rm -f "$folder/slow"
    # shellcheck disable=SC2046
    kill $(jobs -p) 2> /dev/null || true
    wait || true
    if [ -n "$temporary" ]; then rm -rf "$folder"; fi
    exit "$status"
}

main() {
    temporary=
    folder=${1:-}
    if [ -z "$folder" ]; then
        temporary=yes
        folder=$(mktemp -d "${TMPDIR:-/tmp}/baton-import.XXXXXX")
    fi
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd)
    if [ -n "$(ls -A "$folder")" ]; then
        echo "run.sh: $folder isn't empty" >&2
        exit 64
    fi
    stage_programs
    export FOLDER=$folder CLUSTER=$folder/ci-op-x7k2 PATH=$folder/bin:$PATH
    export BATON_SERVER=unix:$folder/socket BATON_NAMESPACE=ci-op-x7k2
    export PULLSPEC=registry.example.org/release@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    batond --listen "$BATON_SERVER" --data "$folder/data" > "$folder/batond.log" 2>&1 &
    await "batond is ready" baton status > /dev/null
    make_namespace

    say "$runs runs; the first that is elected fails early"
    touch "$folder/break"
    start_runs once "$runs"
    finish once "1×command-failed $((runs - 2))×done 1×succeeded"
    expect begun 2 && expect failed 1 && expect imported 1

    say "The image stream is deleted: done is hollow, and of $runs runs one imports again"
    rm "$CLUSTER/stable-initial"
    start_runs hollow "$runs"
    finish hollow "$((runs - 1))×done 1×succeeded"
    expect begun 3 && expect imported 2

    say "The namespace is deleted and made again: another UID, another import"
    make_namespace
    start_runs again 5
    finish again "4×done 1×succeeded"
    expect begun 4 && expect imported 3

    say "The importing run is cancelled (SIGTERM): the lease is given back, and the next one imports"
    make_namespace
    touch "$folder/slow"
    start_runs cancelled 1
    await "it imports" has_begun 5
    local first=${jobs[0]} code=0
    start_runs next 5
    kill -TERM "$first"
    await "another one imports" has_begun 6
    rm "$folder/slow"
    wait "$first" || code=$?
    echo "the cancelled one ended with $code"
    [ "$code" = 143 ] || fail "it should have been 143, as a command that got SIGTERM"
    finish next "4×done 1×succeeded"
    # A cancel is no failed attempt.
    tail -n 1 "$folder/begun" | grep -q ' 1 resigned ' || fail "$(tail -n 1 "$folder/begun")"
    expect begun 6 && expect imported 4

    say "Who held it, and how it ended"
    baton history
    expect overlapped 0
    say "Four imports for $((2 * runs + 11)) runs, never two at a time, and nobody waited for a dead one"
}

main "$@"
