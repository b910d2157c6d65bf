#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh [SECONDS]: every fuzz target under libFuzzer with ASan and UBSan, starting from its corpus.
# A finding is left in build/fuzz/findings and fails the run.
set -u
cd "$(dirname "$0")/.."
seconds=${1:-${FUZZ_SECONDS:-60}}
cmake --preset fuzz >/dev/null && cmake --build --preset fuzz || exit 1
mkdir -p build/fuzz/findings
failed=0
for target in build/fuzz/fuzz/fuzz_*; do
    [ -x "$target" ] || continue
    name=$(basename "$target" | sed 's/^fuzz_//')
    mkdir -p "build/fuzz/new/$name" "fuzz/corpus/$name"
    if "$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -max_len=65536 \
        -artifact_prefix="build/fuzz/findings/$name-" "build/fuzz/new/$name" "fuzz/corpus/$name" \
        >"build/fuzz/$name.log" 2>&1; then
        echo "fuzz $name: ok, $(grep -oE '^#[0-9]+' "build/fuzz/$name.log" | tail -n 1 | tr -d '#') runs"
    else
        echo "fuzz $name: FAILED"
        tail -n 30 "build/fuzz/$name.log"
        failed=1
    fi
done
exit $failed
