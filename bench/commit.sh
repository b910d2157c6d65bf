#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# commit.sh [SECONDS (5)] [WRITERS (10)]: durable commits a second to one table, in a folder under
# BENCH_FOLDER (build/bench), which decides the disk that is measured.
set -eu
cd "$(dirname "$0")/.."
mkdir -p "${BENCH_FOLDER:-build/bench}"
folder=$(mktemp -d "${BENCH_FOLDER:-build/bench}/commit.XXXXXX")
trap 'rm -rf "$folder"' EXIT
build/bench/bench_commit_together "$(cd "$folder" && pwd)" "${1:-5}" "${2:-10}"
