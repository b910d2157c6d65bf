#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All benchmarks: prints the table and leaves it in build/bench/results.md. BENCH_ROWS (10000000),
# BENCH_FILES (100000) and BENCH_RUNS (5) make it smaller.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build/bench
build/venv/bin/python bench/bench.py
