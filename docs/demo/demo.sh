#!/usr/bin/env bash
# The main job, for real: twelve shards of one CI job want the same release imported. One is
# elected and does it. It is killed in the middle, and another takes over. All others print the
# same result. `make demo` builds and runs this; it takes about half a minute, needs nothing but
# the two programs, and leaves nothing behind.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
programs=${BATON_PROGRAMS:-$here/../../.build/release}
export PATH=$programs:$PATH
pullspec=quay.io/openshift-release-dev/ocp-release:4.18.1-x86_64
shards=12

folder=$(mktemp -d "${TMPDIR:-/tmp}/baton-demo.XXXXXX")
export DEMO_TARGET=$folder/registry DEMO_PIECES=12 DEMO_PIECE_TIME=0.4
daemon=
declare -A pid=()

# Also when something fails, or one presses ^C: nothing of ours goes on.
clean_up() {
    status=$?
    trap - EXIT
    for shard in "${!pid[@]}"; do kill -KILL "${pid[$shard]}" 2>/dev/null || true; done
    # The guardians of what was killed end the children themselves.
    for _ in $(seq 100); do [ -n "$(workers)" ] || break; sleep 0.05; done
    [ -z "$daemon" ] || { kill -TERM "$daemon" 2>/dev/null && wait "$daemon" 2>/dev/null; } || true
    rm -rf "$folder"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { if [ -t 1 ]; then printf '\n\033[1m%s\033[0m\n' "$*"; else printf '\n== %s\n' "$*"; fi; }
fail() {
    printf '\nNOT AS PROMISED: %s\n' "$*" >&2
    tail -n 5 "$folder"/shard-*.err "$folder/batond.log" >&2 2>/dev/null || true
    exit 1
}
# Those of our workers that are alive, by their process ids.
workers() {
    local id
    [ -f "$DEMO_TARGET/started" ] || return 0
    while read -r id _; do
        if [ -d "/proc/$id" ] && grep -qz "DEMO_TARGET=$DEMO_TARGET" "/proc/$id/environ" 2>/dev/null; then echo "$id"; fi
    done < "$DEMO_TARGET/started"
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
lines() { if [ -f "$1" ]; then wc -l < "$1"; else echo 0; fi; }
has_lines() { [ "$(lines "$1")" -ge "$2" ]; }
has_progress() { [ "$(cat "$DEMO_TARGET/progress")" -ge "$1" ]; }
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

for program in batond baton; do
    command -v $program > /dev/null || fail "there is no $program in $programs: run make build"
done
mkdir -p "$DEMO_TARGET"
# The registry is slow today: the import stops half way until this is gone.
touch "$DEMO_TARGET/slow"

say "A daemon, on a Unix socket, with its data in a new folder"
env -u BATOND_CONFIG batond --listen "unix:$folder/baton.sock" --data "$folder/data" 2> "$folder/batond.log" &
daemon=$!
export BATON_SERVER=unix:$folder/baton.sock BATON_NAMESPACE=ci-op-demo
unset GITHUB_OUTPUT
await "batond answers" baton status -o name > /dev/null
grep -h listening "$folder/batond.log"

say "$shards shards of one job start at once. Each calls the same:"
echo "    baton run release-import-initial --input $pullspec -- docs/demo/import.sh"
echo "(Baton will warn that a tag can be moved; the demo uses the pullspec as the incident had it.)"
for shard in $(seq -w $shards); do
    baton run release-import-initial --input "$pullspec" --holder "shard-$shard" \
        --result-file "$folder/result-$shard" --outcome-file "$folder/outcome-$shard" \
        -- "$here/import.sh" > "$folder/shard-$shard.out" 2> "$folder/shard-$shard.err" &
    pid[$shard]=$!
    disown
done

await "the import is under way" has_lines "$DEMO_TARGET/started" 1
read -r child holder < "$DEMO_TARGET/started"
first=${holder#shard-}
say "One is elected, $holder, and imports. The others wait. This is what it says:"
cat "$folder/shard-$first.err"
lease=$(baton key release-import-initial --input "$pullspec" -o name)
waiting() { [ "$(baton get leases "$lease" -o json | grep -o '"queueLength": *[0-9]*' | grep -o '[0-9]*$')" = $((shards - 1)) ]; }
await "the other $((shards - 1)) wait" waiting
for shard in $(seq -w $shards); do
    if [ "$shard" != "$first" ]; then other=$shard; fi
done
echo "and one of the others, shard-$other:"
cat "$folder/shard-$other.err"

await "the import is in its middle" has_progress 6
say "In the middle, after $(cat "$DEMO_TARGET/progress") of $DEMO_PIECES layers: kill -KILL ${pid[$first]} ($holder)"
killed=$(milliseconds)
kill -KILL "${pid[$first]}"
rm "$DEMO_TARGET/slow"
gone() { [ ! -d "/proc/$child" ]; }
await "its child is gone" gone
echo "Its import, process $child, is gone $(($(milliseconds) - killed)) ms later: a guardian outlives baton and ends it."
await "another one takes over" has_lines "$DEMO_TARGET/started" 2
took=$(($(milliseconds) - killed))
read -r _ successor < <(tail -n 1 "$DEMO_TARGET/started")
[ "$successor" != "$holder" ] || fail "the dead one took over from itself"
second=${successor#shard-}
say "$successor takes over, $took ms after the kill. Nobody waited for the lease's 90 s to pass."
grep -h 'elected' "$folder/shard-$second.err"

say "Everyone has the result:"
unset "pid[$first]"
for shard in "${!pid[@]}"; do
    ended() { ! kill -0 "${pid[$shard]}"; }
    await "shard-$shard ends" ended
done
for shard in $(seq -w $shards); do
    [ "$shard" != "$first" ] || { echo "shard-$shard  was killed"; continue; }
    code=$(grep -o '"exitCode": *[0-9]*' "$folder/outcome-$shard" | grep -o '[0-9]*$')
    [ "$code" = 0 ] || fail "shard-$shard ended with $code"
    cmp -s "$folder/result-$second" "$folder/result-$shard" || fail "shard-$shard has another result than shard-$second"
    how=$(grep -o '"outcome": *"[a-z]*"' "$folder/outcome-$shard" | head -n 1 | grep -o '[a-z]*"$' | tr -d '"')
    # Who waited prints it; who did the work has it in the file only, since standard output is the command's.
    printed=$folder/shard-$shard.out
    if [ "$shard" = "$second" ]; then
        printed=$folder/result-$shard
    else
        [ "$how" = done ] || fail "shard-$shard says it was $how"
        cmp -s "$folder/result-$second" "$printed" || fail "shard-$shard printed something else"
    fi
    echo "shard-$shard  exit code 0  $(printf '%-10s' "$how") $(grep digest "$printed")"
done
echo; echo "The whole result:"
sed 's/^/    /' "$folder/result-$second"

say "Is it true? The work itself:"
[ "$(lines "$DEMO_TARGET/started")" = 2 ] || fail "the import began $(lines "$DEMO_TARGET/started") times"
[ "$(lines "$DEMO_TARGET/finished")" = 1 ] || fail "the import was finished $(lines "$DEMO_TARGET/finished") times"
token=$(grep -o '"fencingToken": *[0-9]*' "$folder/outcome-$second" | head -n 1 | grep -o '[0-9]*$')
real=$(cd "$DEMO_TARGET/$token" && for layer in $(seq $DEMO_PIECES); do sha256sum "layer-$layer" | cut -d' ' -f1; done | sha256sum | cut -d' ' -f1)
grep -qx "digest=sha256:$real" "$folder/result-$second" || fail "the digest isn't that of the imported bytes"
bytes=$(cat "$DEMO_TARGET/$token"/layer-* | wc -c)
grep -qx "bytes=$bytes" "$folder/result-$second" || fail "the size isn't that of the imported bytes"
echo "begun twice, finished once; the digest and the $bytes bytes were computed again from the files, and agree."

say "Who held what, and why it ended:"
baton history "$lease"
ends=$(baton history "$lease" -o json | grep -o '"end": *"[a-z]*"' | grep -o '[a-z]*"$' | tr -d '"' | sort | tr '\n' ' ')
[ "$ends" = "abandoned completed " ] || fail "the history says: $ends"

say "As promised: one did it, one died, one took over, and nobody else had to."
