#!/usr/bin/env bash
# The tour: what curl alone can do. The same commands stand in the README.
#
#     batond --listen 127.0.0.1:7979 --data /tmp/baton &
#     docs/demo/tour.sh
set -euo pipefail

server=${BATON_SERVER:-http://127.0.0.1:7979}
ci=$server/v1/namespaces/ci

step() { printf '\n# %s\n' "$1"; }
# A number that the answer gives, the first of its name.
number() { grep -o "\"$1\":[0-9]*" | head -n 1 | cut -d: -f2; }

step "Anna asks to be elected for the import, for 30 s at a time. The answer has her fencing token."
answer=$(curl -sS --fail-with-body --json '{"holderIdentity": "anna", "leaseDuration": "30s"}' "$ci/leases/import/campaign")
echo "$answer"
token=$(number fencingToken <<<"$answer")

step "Bela asks for the same, and waits up to 20 s for her to end."
curl -sS --fail-with-body --json '{"holderIdentity": "bela"}' "$ci/leases/import/campaign?wait=20s" > /tmp/baton-tour.$$ &
bela=$!
trap 'rm -f /tmp/baton-tour.$$' EXIT

step "Anna is still at work: she renews."
curl -sS --fail-with-body --json '{"holderIdentity": "anna", "fencingToken": '"$token"'}' "$ci/leases/import/renew"
echo

step "Anyone may look."
curl -sS --fail-with-body "$ci/leases/import"
echo

step "Anna is done, and leaves her result."
curl -sS --fail-with-body --json '{"holderIdentity": "anna", "fencingToken": '"$token"', "result": {"image": "sha256:4f5a"}}' "$ci/leases/import/complete"
echo

step "That is Bela's answer. He needn't do it again."
wait $bela
cat /tmp/baton-tour.$$
echo

step "Whoever comes later, and only wants the result, waits for the marker."
curl -sS --fail-with-body "$ci/markers/import?wait=20s"
echo

step "Who held what, when, and why it ended."
curl -sS --fail-with-body "$ci/leases/import/history"
echo
