#!/bin/bash
# Fuzzes the request parser, guided by coverage: Tests/Fuzz/run.sh [executions] [libFuzzer options]
#
# Compiles Sources/Wire and the harness into one program, with libFuzzer, AddressSanitizer and the
# library's bounds checks, then runs it for so many executions (a million). It begins with
# Tests/Fuzz/corpus; what it adds stays in the build folder, as do the inputs of findings. Ends with
# an error when there is a finding.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
executions=${1:-1000000}
shift || true

folder=${FUZZ_BUILD:-$root/.build/fuzz}
mkdir -p "$folder/grown" "$folder/findings"

# -assert-config Debug: optimised, and every subscript of a buffer still checked.
swiftc -O -wmo -assert-config Debug -parse-as-library -module-name WireFuzz \
    -sanitize=fuzzer,address -g \
    "$root"/Sources/Wire/*.swift "$here"/*.swift -o "$folder/wire-fuzz"

exec nice -n 10 "$folder/wire-fuzz" "$folder/grown" "$here/corpus" \
    -runs="$executions" -max_len=600 -dict="$here/wire.dict" -artifact_prefix="$folder/findings/" \
    -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 "$@"
