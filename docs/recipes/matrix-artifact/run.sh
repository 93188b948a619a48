#!/usr/bin/env bash
# One leg of a matrix builds an image, forty use it. See ../matrix-artifact.md.
#
#     run.sh [FOLDER]      plays it on this machine, with a batond of its own. FOLDER, new or empty,
#                          gets what happened, a line for each: built, fetched, traffic, verified,
#                          refused, deleted.
#
# Needs baton, batond, awk, grep and coreutils. What a pipeline copies is between the two rules; the rest
# plays GitHub, the store, and a network that loses the end of a file.
set -euo pipefail

# ───────────────────────────────────────────────────────────────────────────────────────────────
# The run's id is in the name, its attempt isn't: what "Re-run failed jobs" starts finds the same.
image() { echo "image-$GITHUB_RUN_ID"; }

# The leg that builds: builds and uploads once, whoever comes first and however often it is started.
build_leg() {
    baton run "$(image)" --once --artifact image=image.tar -- bash -euc "
        build image.tar
        store put image.tar '$GITHUB_RUN_ID/image.tar'
        echo 'location=$GITHUB_RUN_ID/image.tar' >> \"\$BATON_RESULT\""
}

# The legs that use it. They may start before it is there: they wait, or fail as soon as it has failed.
test_leg() {
    local location
    location=$(baton wait "$(image)" --timeout 30m)
    fetch "${location#location=}" image.tar
}

# fetch LOCATION FILE: downloads until FILE is what was built. 79 says that it isn't, 66 that there
# is none; anything else is no matter of downloading again.
fetch() {
    local code
    for _ in 1 2 3; do
        limited store get "$1" "$2" || true
        code=0
        baton verify "$(image)" image="$2" || code=$?
        case $code in
            0) return ;;
            66 | 79) rm -f "$2" ;;
            *) return "$code" ;;
        esac
    done
    return "$code"
}

# Eight at a time, of all runs: the store answers eight well and forty not at all. The others queue. It is
# a lock without a marker: each downloads for itself.
limited() { baton run downloads --permits 8 -- "$@"; }

# Once a week, with an age of 14d: first what would go, and why the others stay; then it goes. Markers
# first: whoever finds one finds its image. Here all markers are images'; else say --name 'image-*' as well.
prune() { # AGE
    local marker gone
    baton prune --older-than "$1" --keep cache --dry-run
    gone=$(baton prune --older-than "$1" --keep cache --output name)
    for marker in $gone; do
        echo "$marker is gone, and its image goes"
        store delete "${marker#marker/image-}/image.tar"
    done
}
# ───────────────────────────────────────────────────────────────────────────────────────────────

legs=40
victim=17

# The programs that build.sh and `aws s3 cp` are in a pipeline.
stage_programs() {
    mkdir -p "$folder/bin" "$folder/store"
    cat > "$folder/bin/build" <<'SCRIPT'
#!/usr/bin/env bash
set -euo pipefail
head -c 4000000 /dev/urandom > "$1"
echo "attempt $GITHUB_RUN_ATTEMPT" >> "$FOLDER/built"
SCRIPT
    cat > "$folder/bin/store" <<'SCRIPT'
#!/usr/bin/env bash
set -euo pipefail
case $1 in
    put) mkdir -p "$FOLDER/store/${3%/*}"; cp "$2" "$FOLDER/store/$3" ;;
    get)
        echo "$LEG" >> "$FOLDER/fetched"
        echo "begin $LEG" >> "$FOLDER/traffic"
        # The first ones take until eight are at it: so many may be, and there are forty.
        for _ in $(seq 1200); do
            if [ "$(grep -c begin "$FOLDER/traffic")" -ge 8 ]; then break; fi
            sleep 0.05
        done
        # The first of the unlucky leg's downloads ends early, and says nothing of it.
        if [ -e truncate ]; then
            rm truncate
            head -c 1234567 "$FOLDER/store/$2" > "$3"
        else
            cp "$FOLDER/store/$2" "$3"
        fi
        echo "end $LEG" >> "$FOLDER/traffic" ;;
    delete) rm "$FOLDER/store/$2"; echo "$2" >> "$FOLDER/deleted" ;;
esac
SCRIPT
    chmod +x "$folder/bin/build" "$folder/bin/store"
}

# start LEG FUNCTION: a job of the matrix, on a runner of its own.
start() {
    mkdir -p "$folder/runner-$1"
    set -m # a process group of its own
    (
        cd "$folder/runner-$1"
        export LEG=$1
        "$2" > out 2> err
        # The step that comes next has the whole file.
        if [ -e image.tar ]; then sha256sum < image.tar >> "$folder/verified"; fi
    ) &
    set +m
}

say() { printf '\n== %s\n' "$*"; }
fail() {
    printf '\nNOT AS PROMISED: %s\n' "$*" >&2
    tail -n 3 "$folder"/runner-*/err "$folder/batond.log" >&2 || true
    exit 1
}
lines() { if [ -f "$1" ]; then wc -l < "$1"; else echo 0; fi; }
all() { for job in "$@"; do wait "$job" || fail "a leg ended with $?"; done; }
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

play_prune() {
    say "Every week what is older than 14 days goes: today that is nothing"
    baton mark cache --artifact image="$folder/store/$GITHUB_RUN_ID/image.tar"
    prune 14d
    baton get marker "$(image)" > /dev/null || fail "it is gone"

    say "With an age of nothing at all it goes, with its image. The cache is protected"
    prune 0s
    [ "$(baton get markers -o name)" = marker/cache ] || fail "left: $(baton get markers -o name | paste -sd' ')"
    [ "$(cat "$folder/deleted")" = "$GITHUB_RUN_ID/image.tar" ] || fail "deleted: $(cat "$folder/deleted")"
}

main() {
    temporary='' daemon=''
    folder=${1:-}
    if [ -z "$folder" ]; then
        temporary=yes
        folder=$(mktemp -d "${TMPDIR:-/tmp}/baton-matrix.XXXXXX")
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
    export GITHUB_ACTIONS=true GITHUB_REPOSITORY=example/chain GITHUB_JOB=matrix GITHUB_RUN_ID=7301 GITHUB_RUN_ATTEMPT=1
    batond --listen "$BATON_SERVER" --data "$folder/data" > "$folder/batond.log" 2>&1 &
    daemon=$!
    for _ in $(seq 600); do if baton status > /dev/null 2>&1; then break; fi; sleep 0.05; done

    say "$legs legs want the image of run $GITHUB_RUN_ID, and one builds it"
    local jobs=() leg
    mkdir -p "$folder/runner-$victim" && touch "$folder/runner-$victim/truncate"
    for leg in $(seq "$legs"); do start "$leg" test_leg; jobs+=($!); done
    start build build_leg
    jobs+=($!)
    all "${jobs[@]}"
    grep -h "isn't 'image'" "$folder/runner-$victim/err" > "$folder/refused" || fail "nobody saw the truncated file"
    cat "$folder/refused"
    echo "leg $victim downloaded it again; $(lines "$folder/fetched") downloads in all"
    [ "$(lines "$folder/built")" = 1 ] || fail "built $(lines "$folder/built") times"
    [ "$(lines "$folder/fetched")" = $((legs + 1)) ] || fail "$(lines "$folder/fetched") downloads"

    local most
    most=$(awk '{ now += $1 == "begin" ? 1 : -1; if (now > most) most = now } END { print most }' "$folder/traffic")
    echo "and never more than $most at a time"
    [ "$most" = 8 ] || fail "$most downloaded at a time"

    say "One leg and the build are run again: attempt 2 of the same run"
    export GITHUB_RUN_ATTEMPT=2
    rm -rf "$folder/runner-$victim" "$folder/runner-build"
    start "$victim" test_leg
    jobs=($!)
    start build build_leg
    all "${jobs[@]}" $!
    cat "$folder/runner-build/out"
    [ "$(lines "$folder/built")" = 1 ] || fail "the re-run built it again"

    say "What the marker says"
    baton describe marker "$(image)"
    # The legs, the one that ran again, and the builder itself.
    [ "$(lines "$folder/verified")" = $((legs + 2)) ] || fail "$(lines "$folder/verified") have the file"
    [ "$(sort -u "$folder/verified" | wc -l)" = 1 ] || fail "they have different files"

    play_prune
    say "Built once, $((legs + 1)) times verified; what was truncated was noticed before it was used"
}

main "$@"
