#!/usr/bin/env bash
# A shard's work: imports a release, here without a registry. It moves and hashes real bytes
# (layers of random content), a piece at a time, and writes the result to $BATON_RESULT.
set -euo pipefail

target=${DEMO_TARGET:?where to import to}
pieces=${DEMO_PIECES:-10}
# A folder for each holding: what a dead holder left half done can't be mistaken for done.
folder=$target/$BATON_FENCING_TOKEN
mkdir -p "$folder"

echo "import: attempt $BATON_ATTEMPT, token $BATON_FENCING_TOKEN${BATON_PREVIOUS_END:+, the last holder $BATON_PREVIOUS_END}" >&2
echo "$$ $BATON_HOLDER" >> "$target/started"
for piece in $(seq "$pieces"); do
    head -c 4194304 /dev/urandom > "$folder/.layer-$piece"
    sha256sum "$folder/.layer-$piece" | cut -d' ' -f1 >> "$folder/digests"
    mv "$folder/.layer-$piece" "$folder/layer-$piece"
    echo "$piece" > "$target/progress"
    sleep "${DEMO_PIECE_TIME:-0.3}"
    # A registry that is slow.
    while [ "$piece" -ge $((pieces / 2)) ] && [ -e "$target/slow" ]; do sleep 0.1; done
done
bytes=$(cat "$folder"/layer-* | wc -c)
digest=$(sha256sum "$folder/digests" | cut -d' ' -f1)
echo "$$ $BATON_HOLDER" >> "$target/finished"
{
    echo "release=4.18.1-x86_64"
    echo "layers=$pieces"
    echo "bytes=$bytes"
    echo "digest=sha256:$digest"
} >> "$BATON_RESULT"
