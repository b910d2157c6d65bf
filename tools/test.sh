#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test.sh all|unit|python|crash|spill|java|interop|torture|model|tsan: the suites behind "make test". Prints each suite's own
# closing line, and one line in the end.
set -u
cd "$(dirname "$0")/.."
failed=""
suite() { # suite NAME COMMAND...
    name=$1
    shift
    echo "== $name"
    start=$(date +%s)
    if "$@"; then result=ok; else result=FAILED failed="$failed $name"; fi
    echo "== $name: $result in $(($(date +%s) - start)) s"
}
# As suite, beside what follows: most of them wait for processes and disks. join_suite says what came of it.
start_suite() {
    beside=$1
    shift
    beside_output=$(mktemp)
    beside_start=$(date +%s)
    "$@" >"$beside_output" 2>&1 &
    beside_pid=$!
}
join_suite() {
    if wait "$beside_pid"; then result=ok; else result=FAILED failed="$failed $beside"; fi
    echo "== $beside"
    cat "$beside_output"
    rm -f "$beside_output"
    echo "== $beside: $result in $(($(date +%s) - beside_start)) s, beside the suite before"
}
pytest() { build/venv/bin/python -m pytest -q -p no:cacheprovider "$@"; }
unit() {
    cmake --preset dev >/dev/null && cmake --build --preset dev &&
        ctest --test-dir build/dev --output-on-failure -j "$(nproc)" | grep -v '^ *Start ' | tail -n 40
    # tail hides ctest's status: ask again for failures
    [ -f build/dev/Testing/Temporary/LastTestsFailed.log ] && return 1 || return 0
}
tsan() {
    cmake --preset tsan >/dev/null && cmake --build --preset tsan &&
        TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp" ctest --test-dir build/tsan --output-on-failure -j "$(nproc)"
}
model() { # without sanitizers, for many steps; what ran is noted in tests/model_record.tsv
    cmake --preset quick >/dev/null && cmake --build --preset quick --target test_table_model >/dev/null || return 1
    start=$(date +%s)
    nice -n 19 build/quick/tests/test_table_model || return 1
    printf '%s\t%s\t%s\t%s\n' "$(date -u +%F)" "${MODEL_SEED:-1}" "$MODEL_STEPS" $(($(date +%s) - start)) >>tests/model_record.tsv
}
one() { # one PROGRAM: a test program of the dev build, alone
    cmake --preset dev >/dev/null && cmake --build --preset dev --target "$1" >/dev/null &&
        "build/dev/tests/$1"
}
case ${1:-all} in
all)
    rm -f build/dev/Testing/Temporary/LastTestsFailed.log
    suite "unit tests (ASan, UBSan)" unit
    suite "fuzz targets, briefly" tools/fuzz.py brief
    start_suite "kill tests" pytest tests/crash
    suite "PyIceberg, pyarrow and DuckDB" pytest tests/python
    join_suite
    ;;
unit) rm -f build/dev/Testing/Temporary/LastTestsFailed.log; suite "unit tests (ASan, UBSan)" unit ;;
python) suite "PyIceberg, pyarrow and DuckDB" pytest tests/python ;;
crash) suite "kill tests" pytest tests/crash ;;
spill) suite "tables larger than memory" pytest -s tests/spill ;;
java)
    suite "the Java peer's build" tests/peers/java.sh
    suite "Iceberg's Java JdbcCatalog" pytest tests/peers
    ;;
interop)
    suite "the Java peer's build" tests/peers/java.sh
    suite "Iceberg's Java JdbcCatalog" pytest tests/peers
    suite "the engines" tests/interop/peers.sh
    suite "Spark, DuckDB's Iceberg extension" pytest tests/interop
    ;;
torture)
    TORTURE_SECONDS=${TORTURE_SECONDS:-60}
    export TORTURE_SECONDS
    suite "killed writers" one test_torture
    ;;
model)
    MODEL_STEPS=${MODEL_STEPS:-1000000}
    export MODEL_STEPS
    suite "tables against a model" model
    ;;
tsan) suite "unit tests (TSan)" tsan ;;
*) echo "usage: test.sh all|unit|python|crash|spill|java|interop|torture|model|tsan" >&2; exit 2 ;;
esac
if [ -n "$failed" ]; then
    echo "test: FAILED:$failed"
    exit 1
fi
echo "test: all ok"
