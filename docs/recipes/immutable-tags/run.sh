#!/usr/bin/env bash
# Each build has a tag of its own, and the floating one is an alias that can go back. See ../immutable-tags.md.
#
#     run.sh [FOLDER]      plays it on this machine, with a batond of its own. FOLDER, new or empty, gets
#                          what happened, a line for each: built, pushed, deployed, skipped, history.
#
# Needs baton, batond, grep, sed and coreutils. What a pipeline copies is between the two rules; the rest
# plays GitHub, the registry and the cluster.
#
# What `baton run` starts is a shell of its own:
# shellcheck disable=SC2016
set -euo pipefail

# ───────────────────────────────────────────────────────────────────────────────────────────────
tag() { echo "workers-sha-$GITHUB_SHA"; }

# On a runner of each architecture: built once, however often the job is started. A build that fails
# has failed for all: --max-attempts 1.
build_leg() { # ARCHITECTURE
    baton run "workers-$GITHUB_SHA-$1" --once --max-attempts 1 -- bash -euc '
        build "$1" metadata
        echo "digest=$(cat metadata)" >> "$BATON_RESULT"' build "$1"
}

# The join: waits for both, and ends with 76 as soon as one has failed. Then the two are one tag, and
# its marker has the digests. The number says which push it was, also when its pipeline is slow.
merge() {
    local amd64=workers-$GITHUB_SHA-amd64 arm64=workers-$GITHUB_SHA-arm64
    baton wait "$amd64" "$arm64" --all --timeout 1h > digests
    amd64=$(sed -n "s/^$amd64\.digest=//p" digests)
    arm64=$(sed -n "s/^$arm64\.digest=//p" digests)
    baton run "$(tag)" --once --artifact amd64="$amd64" --artifact arm64="$arm64" -- bash -euc '
        push_index "$@" > index
        echo "index=$(cat index)" >> "$BATON_RESULT"
        echo "number=$GITHUB_RUN_NUMBER" >> "$BATON_RESULT"' merge "$(tag)" "$amd64" "$arm64"
}

# The alias goes to our build, unless that of a later push is there: 77. Somebody may move it between
# our look and our move: then --expect isn't met, 77 as well, and we look again. What counts is the order of
# the pushes and not which build ended first, hence --allow-older.
move() {
    local there number code
    while :; do
        code=0
        there=$(baton alias get latest-workers --target) || code=$?
        case $code in
            0)
                number=$(number_of "$there") || return
                if [ "${number:-0}" -gt "$GITHUB_RUN_NUMBER" ]; then return 77; fi ;;
            1) there=absent ;;
            *) return "$code" ;;
        esac
        code=0
        baton alias set latest-workers "$(tag)" --expect "$there" --allow-older \
            --reason "push $GITHUB_RUN_NUMBER" || code=$?
        if [ "$code" != 77 ]; then return "$code"; fi
    done
}
number_of() { baton wait "$1" | sed -n 's/^number=//p'; }

# By digest: what was rolled out stays what it was, and `kubectl rollout undo` has somewhere to go. One at
# a time, and each looks at the alias when it is its turn: the last one is never an older one.
rollout() {
    baton run rollout-workers -- bash -euo pipefail -c '
        target=$(baton alias get latest-workers --target)
        index=$(baton wait "$target" | sed -n "s/^index=//p")
        deploy "$target" "$index"'
}

# A late pipeline isn't a broken one.
release() {
    local code=0
    merge
    move || code=$?
    case $code in
        0) rollout ;;
        77) echo "::notice::push $GITHUB_RUN_NUMBER: a later one is out already" ;;
        *) return "$code" ;;
    esac
}
# ───────────────────────────────────────────────────────────────────────────────────────────────

# The programs that docker and kubectl are in a pipeline. A build waits while there is a file hold-ARCHITECTURE.
stage_programs() {
    mkdir -p "$folder/bin"
    cat > "$folder/bin/build" <<'SCRIPT'
#!/usr/bin/env bash
set -euo pipefail
while [ -e "$FOLDER/hold-$GITHUB_SHA-$1" ]; do sleep 0.05; done
if [ "$1-$GITHUB_SHA" = arm64-0ddba11 ]; then
    echo "build: no space left on device" >&2
    exit 1
fi
echo "$GITHUB_RUN_NUMBER $1 $GITHUB_SHA" >> "$FOLDER/built"
echo "sha256:$(echo "$1 $GITHUB_SHA" | sha256sum | cut -d' ' -f1)" > "$2"
SCRIPT
    cat > "$folder/bin/push_index" <<'SCRIPT'
#!/usr/bin/env bash
set -euo pipefail
echo "$*" >> "$FOLDER/pushed"
echo "sha256:$(echo "$*" | sha256sum | cut -d' ' -f1)"
SCRIPT
    cat > "$folder/bin/deploy" <<'SCRIPT'
#!/usr/bin/env bash
set -euo pipefail
echo "$1 $2" >> "$FOLDER/deployed"
SCRIPT
    chmod +x "$folder/bin/build" "$folder/bin/push_index" "$folder/bin/deploy"
}

# push NUMBER SHA: what the jobs of that run find in their environment.
push() {
    export GITHUB_RUN_NUMBER=$1 GITHUB_RUN_ID=$((7400 + $1)) GITHUB_SHA=$2
}

# start JOB COMMAND…: a job of the run, on a runner of its own.
start() {
    local runner=$folder/run-$GITHUB_RUN_NUMBER-$1
    shift
    mkdir -p "$runner"
    set -m # a process group of its own
    (
        cd "$runner"
        "$@" > out 2> err
    ) &
    set +m
}

# pipeline NUMBER SHA: the whole of one, to its end.
pipeline() {
    local jobs=()
    push "$1" "$2"
    start release release
    jobs+=($!)
    start amd64 build_leg amd64
    jobs+=($!)
    start arm64 build_leg arm64
    all "${jobs[@]}" $!
    if grep -h '^::notice::' "$folder/run-$1-release/out" >> "$folder/skipped"; then tail -n 1 "$folder/skipped"; fi
}

say() { printf '\n== %s\n' "$*"; }
fail() {
    printf '\nNOT AS PROMISED: %s\n' "$*" >&2
    tail -n 3 "$folder"/run-*/err "$folder/batond.log" >&2 || true
    exit 1
}
all() { for job in "$@"; do wait "$job" || fail "a job ended with $?"; done; }
# deployed SHA: the alias points at it, and it is what was rolled out last.
deployed() {
    local target
    target=$(baton alias get latest-workers --target)
    [ "$target" = "workers-sha-$1" ] || fail "latest-workers points at $target, and not at workers-sha-$1"
    [ "$(tail -n 1 "$folder/deployed" | cut -d' ' -f1)" = "$target" ] || fail "$target isn't what is deployed"
    echo "latest-workers points at $target, and that is deployed"
}
# ends_with CODE COMMAND…
ends_with() {
    local code=0 expected=$1
    shift
    "$@" || code=$?
    [ "$code" = "$expected" ] || fail "'$*' ended with $code instead of $expected"
}
clean_up() {
    local status=$? job
    trap - EXIT
    # A job's group has all that it started. The daemon goes last, so that they can give back what they hold.
    for job in $(jobs -p); do
        if [ "$job" != "$daemon" ]; then kill -TERM -- "-$job" 2> /dev/null || true; fi
    done
    for job in $(jobs -p); do
        if [ "$job" != "$daemon" ]; then wait "$job" 2> /dev/null || true; fi
    done
    if [ -n "$daemon" ]; then kill "$daemon" 2> /dev/null || true; fi
    wait || true
    if [ -n "$temporary" ]; then rm -rf "$folder"; fi
    exit "$status"
}

main() {
    temporary='' daemon=''
    folder=${1:-}
    if [ -z "$folder" ]; then
        temporary=yes
        folder=$(mktemp -d "${TMPDIR:-/tmp}/baton-tags.XXXXXX")
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
    export FOLDER=$folder PATH=$folder/bin:$PATH
    export BATON_SERVER=unix:$folder/socket BATON_NAMESPACE=ci
    export GITHUB_ACTIONS=true GITHUB_REPOSITORY=example/testplan GITHUB_JOB=workers GITHUB_RUN_ATTEMPT=1
    batond --listen "$BATON_SERVER" --data "$folder/data" > "$folder/batond.log" 2>&1 &
    daemon=$!
    for _ in $(seq 600); do if baton status > /dev/null 2>&1; then break; fi; sleep 0.05; done

    say "Push 7 is built for two architectures, joined, and out"
    pipeline 7 c804cace
    deployed c804cace
    baton describe marker workers-sha-c804

    say "Push 8 is slow: its arm64 build hangs. Push 9 overtakes it"
    push 8 0ldb111d
    local slow=()
    touch "$folder/hold-0ldb111d-arm64"
    start amd64 build_leg amd64
    slow+=($!)
    start arm64 build_leg arm64
    slow+=($!)
    start release release
    slow+=($!)
    pipeline 9 badbad00
    deployed badbad00

    say "Push 8 ends late. It is refused, and doesn't break: its marker is the newest, its push isn't"
    rm "$folder/hold-0ldb111d-arm64"
    all "${slow[@]}"
    grep -h '^::notice::' "$folder/run-8-release/out" | tee -a "$folder/skipped"
    [ -s "$folder/skipped" ] || fail "push 8 wasn't skipped"
    deployed badbad00

    say "Push 9 crashes at start: the alias goes back, and what was built then is still there"
    BATON_HOLDER=olga baton alias rollback latest-workers --reason "crashes at start"
    rollout
    deployed c804cace
    [ "$(sed -n 1p "$folder/deployed")" = "$(tail -n 1 "$folder/deployed")" ] || fail "c804cace isn't what it was"

    say "By hand and without a look at the number: a marker that is older isn't set unless one says so"
    pipeline 10 f1xedf1x
    ends_with 77 baton alias set latest-workers workers-sha-badb --reason "by mistake"
    ends_with 77 baton alias set latest-workers workers-sha-badb --expect workers-sha-c804cace --allow-older
    deployed f1xedf1x

    say "Push 11 fails on arm64: the join ends at once, though amd64 is still at it, and the alias stays"
    push 11 0ddba11
    touch "$folder/hold-0ddba11-amd64"
    start amd64 build_leg amd64
    local amd64=$!
    start release release
    local release=$!
    start arm64 build_leg arm64
    ends_with 1 wait $!
    ends_with 76 wait "$release"
    cat "$folder/run-11-release/err"
    rm "$folder/hold-0ddba11-amd64"
    all "$amd64"
    deployed f1xedf1x

    say "Push 7 is run again, a year later: nothing is built, and nothing moves"
    GITHUB_RUN_ATTEMPT=2 pipeline 7 c804cace
    deployed f1xedf1x
    [ "$(grep -c ' c804cace$' "$folder/built")" = 2 ] || fail "it was built again"

    say "Pushes 12 to 17 end at the same time, in any order: the last of them is out"
    local number jobs=()
    for number in 15 12 17 13 16 14; do
        push "$number" "5ha$number"
        for leg in amd64 arm64; do start "$leg" build_leg "$leg"; jobs+=($!); done
        start release release
        jobs+=($!)
    done
    all "${jobs[@]}"
    deployed 5ha17

    say "Who moved it, when and why"
    baton alias history latest-workers | tee "$folder/history"
    say "Each build kept its tag, and the alias went back when it was told to and never by itself"
}

main "$@"
