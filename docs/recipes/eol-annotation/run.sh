#!/usr/bin/env bash
# Publishers push images and then list them in a shared file; an annotator marks as end-of-life whatever
# the file doesn't list. See ../eol-annotation.md.
#
#     run.sh [FOLDER]      plays it on this machine, with a batond of its own. FOLDER, new or empty, gets
#                          what happened, in the file log: pushed, listed, annotated, refused.
#
# Needs baton, batond and coreutils. What a pipeline copies is between the two rules; the rest plays the
# registry and the file.
#
# What `baton run` starts is a shell of its own:
# shellcheck disable=SC2016
set -euo pipefail

# ───────────────────────────────────────────────────────────────────────────────────────────────
# Publishers hold together. The name of the work is the same in a re-run: when that ends well, what an
# earlier run left half done is cleared.
publish() { # NAME IMAGE…
    local name=$1
    shift
    baton run images --shared --holder "$name-$$-$RANDOM" --work "$name" -- \
        bash -euc '
            baton phase pushing
            for image in "$@"; do push "$image"; done
            baton phase pushed
            # One at a time changes the file. This name is asked for only by who holds the other one.
            baton run images-file --wait-timeout 10m -- list "$@"' publish "$@"
}

# The annotator holds alone: it waits for the publishers that are there, and those that come later wait
# for it. It doesn't begin on what a dead publisher pushed and never listed: exit code 80.
annotate() {
    baton run images --fail-on-abandoned --wait-timeout 1h -- annotate_unlisted
}

# Detection only, where nobody is to wait yet: each runs at once, and when it was at work is recorded. Under
# another name, so that who only watches and who holds don't mix.
watched() { # NAME COMMAND…
    local name=$1
    shift
    baton run images-watched --observe --holder "$name-$$-$RANDOM" -- "$@"
}
# Exit code 1 if any two met. Publishers may meet each other; the pairs to look for are the annotator's.
met() { # SINCE
    baton overlaps images-watched --since "$1" --output wide
}
# ───────────────────────────────────────────────────────────────────────────────────────────────

folder=${1:-$(mktemp -d "${TMPDIR:-/tmp}/eol-annotation.XXXXXX")}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
if [ -n "$(ls -A "$folder")" ]; then
    echo "run.sh: $folder isn't empty" >&2
    exit 64
fi
own=
[ $# -gt 0 ] || own=yes
export WORLD=$folder/world BATON_SERVER=unix:$folder/socket BATON_NAMESPACE=images
daemon=

# Also when something fails, or one presses ^C: nothing of ours goes on.
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
    [ -z "$own" ] || rm -rf "$folder"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '\n== %s\n' "$*"; }
fail() {
    printf '\nNOT AS PROMISED: %s\n' "$*" >&2
    tail -n 20 "$folder"/*.err >&2 2>/dev/null || true
    exit 1
}
# Until a command succeeds, for half a minute at most.
await() {
    local what=$1
    shift
    for _ in $(seq 600); do
        if "$@" 2>/dev/null; then return; fi
        sleep 0.05
    done
    fail "after 30 s still not: $what"
}

# The registry is a folder, and so are its annotations; the file has a line for each image.
note() { echo "$*" >> "$WORLD/log"; }
push() {
    # Some pushes take until they are let go on, and some never end.
    until [ ! -e "$WORLD/hold-back-$1" ]; do sleep 0.02; done
    : > "$WORLD/registry/$1"
    note "pushed $1"
    until [ ! -e "$WORLD/stop-after-$1" ]; do sleep 0.02; done
}
list() {
    local image
    cp "$WORLD/listed" "$WORLD/listed.new"
    for image in "$@"; do echo "$image" >> "$WORLD/listed.new"; done
    mv "$WORLD/listed.new" "$WORLD/listed"
    note "listed $*"
}
annotate_unlisted() {
    local path image known line
    for path in "$WORLD"/registry/*; do
        image=${path##*/}
        known=
        while read -r line; do [ "$line" != "$image" ] || known=yes; done < "$WORLD/listed"
        [ -n "$known" ] || {
            : > "$WORLD/end-of-life/$image"
            note "annotated $image"
        }
    done
}

# `annotate_unlisted`, `push` and `list` are functions here and programs in a pipeline.
mkdir -p "$folder/bin"
for name in push list annotate_unlisted; do
    printf '#!/usr/bin/env bash\nset -euo pipefail\n%s\n%s "$@"\n' "$(declare -f note "$name")" "$name" \
        > "$folder/bin/$name"
    chmod +x "$folder/bin/$name"
done
export PATH=$folder/bin:$PATH

# A registry with an image that is out of date, and one that isn't.
new_world() {
    rm -rf "$WORLD"
    mkdir -p "$WORLD/registry" "$WORLD/end-of-life"
    : > "$WORLD/registry/old"
    : > "$WORLD/registry/current"
    echo current > "$WORLD/listed"
    : > "$WORLD/log"
}
# annotated IMAGE…: these are marked, and no other.
annotated() {
    local path found=
    for path in "$WORLD"/end-of-life/*; do [ ! -e "$path" ] || found="$found ${path##*/}"; done
    [ "${found# }" = "$*" ] || fail "annotated were '${found# }', not '$*'"
    echo "annotated: ${*:-nothing}"
}
finished() { cat "$WORLD/log" >> "$folder/log"; }
# In the background, with what it says in a file.
start() { # NAME COMMAND…
    local name=$1
    shift
    set -m # a process group of its own
    "$@" > "$folder/$name.out" 2> "$folder/$name.err" &
    started=$!
    set +m
}
annotator_waits() { [[ $(baton get leases images -o json) == *'"queueLength": 1'* ]]; }
abandoned() { [[ $(baton get leases images -o json) == *'"abandoned"'* ]]; }

without_baton() {
    new_world
    say "Without Baton: two pipelines, and the seven steps of the race"
    push a1                     # 1. pipeline A pushes its image,
    push b1                     # 2. pipeline B pushes its own,
    list a1                     # 3. A lists its image in the file,
    cp "$WORLD/listed" "$WORLD/seen"
    note "read the file"        # 4. A's annotator reads the file,
    note "listed the registry"  # 5. and what the registry has: b1 as well,
    annotate_unlisted           # 6. and marks what isn't in the file,
    list b1                     # 7. before B could list its image.
    annotated b1 old
    echo "b1 is fresh, listed, and marked as end-of-life."
    finished
}

with_baton() {
    new_world
    say "With Baton: the same, and the annotator waits for whoever is between push and list"
    : > "$WORLD/stop-after-b1"
    start publish-b publish publish-b b1
    local b=$started
    await "b1 is pushed" test -e "$WORLD/registry/b1"
    start publish-a publish publish-a a1
    wait "$started" || fail "publisher A: $?"
    start annotate annotate
    local annotator=$started
    await "the annotator waits" annotator_waits
    annotated
    rm "$WORLD/stop-after-b1"
    wait "$b" || fail "publisher B: $?"
    wait "$annotator" || fail "the annotator: $?"
    annotated old
    finished
}

killed_publisher() {
    new_world
    say "A publisher is killed between push and list"
    : > "$WORLD/stop-after-b1"
    # The process that is killed has to be baton itself.
    start killed baton run images --shared --holder publish-b-1 --work publish-b -- \
        bash -euc 'baton phase pushing; push b1'
    local b=$started code=0
    await "b1 is pushed" test -e "$WORLD/registry/b1"
    kill -KILL "$b"
    wait "$b" 2>/dev/null || true
    await "its hold is abandoned" abandoned
    annotate 2> "$folder/refused.err" || code=$?
    [ "$code" = 80 ] || fail "the annotator ended with $code, not 80"
    [[ $(cat "$folder/refused.err") == *publish-b-1*pushing* ]] || fail "the refusal doesn't say who"
    note "refused"
    annotated
    say "The same work runs again, and clears that"
    rm "$WORLD/stop-after-b1"
    publish publish-b b1 2> "$folder/again.err" || fail "the re-run: $?"
    annotate 2> "$folder/annotate.err" || fail "the annotator: $?"
    annotated old
    finished
}

# Nothing is serialised yet: the intervals are recorded, and looked at afterwards.
detection_only() {
    new_world
    say "Detection only: the race again, nobody waits for anybody, and it is found afterwards"
    local code=0 b
    : > "$WORLD/stop-after-b1"
    start watched-b watched publish-b bash -euc '
        baton phase pushing; push b1
        baton phase pushed; list b1'
    b=$started
    await "b1 is pushed" test -e "$WORLD/registry/b1"
    watched publish-a bash -euc 'push a1; list a1' 2> "$folder/watched-a.err"
    watched annotate annotate_unlisted 2> "$folder/watched-annotate.err"
    rm "$WORLD/stop-after-b1"
    wait "$b" || fail "publisher B: $?"
    annotated b1 old
    met 1h > "$folder/overlaps" || code=$?
    [ "$code" = 1 ] || fail "overlaps ended with $code, not 1"
    cat "$folder/overlaps"
    finished
    say "With Baton no hold overlapped that shouldn't"
    baton overlaps images --since 1h || fail "overlaps ended with $?, not 0"
}

batond --listen "unix:$folder/socket" --data "$folder/data" > "$folder/batond.log" 2>&1 &
daemon=$!
await "batond answers" baton status > /dev/null
without_baton
with_baton
killed_publisher
detection_only
say "All as promised"
