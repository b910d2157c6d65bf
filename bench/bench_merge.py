#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Row-level changes: upserts and merges by firn, PyIceberg's upsert of the same rows in the same run, and what
merge-on-read costs a reader. A table goes to standard output. Figures are ratios, never pass or fail.

Both processes are measured from start to end; PyIceberg also without its imports, as its own clock says.
Times are wall clock, and CPU time (user and system) beside it, which a busy machine disturbs less.
BENCH_UPSERT_ROWS (1000000), BENCH_MERGE_ROWS (3000000) and BENCH_MERGE_BIG (30000000; 0: left out) are sizes, BENCH_RUNS (5) the runs."""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIRN = ROOT / "build/firn"
VENV = ROOT / "build/venv/bin/python"
PYTHON = VENV if VENV.exists() else sys.executable
WORK = ROOT / "build/bench/merge"
UPSERT = int(os.environ.get("BENCH_UPSERT_ROWS", "1000000"))
ROWS = int(os.environ.get("BENCH_MERGE_ROWS", "3000000"))
BIG = int(os.environ.get("BENCH_MERGE_BIG", "30000000"))
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
MODES = {"copy-on-write": 2, "merge-on-read": 2, "deletion vectors": 3}
# Spark 4 with Iceberg 1.11 in a warm JVM on a quiet machine of two cores; tables of the same shape.
SPARK = {"copy-on-write": 7.4, "merge-on-read": 1.9, "deletion vectors": 1.9}


def measure(args):
    """(seconds, CPU seconds, peak MB, output) of a process."""
    start = time.perf_counter()
    p = subprocess.Popen([str(a) for a in args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT)
    out = p.stdout.read().decode()
    _, status, usage = os.wait4(p.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        sys.exit(f"{args}: status {status}\n{out}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out


def firn(home, sql):
    return measure([FIRN, "--home", home, "sql", "-c", sql])


def make(name, tables):
    """A home with tables: {name: (version, mode, columns, query)}."""
    home = WORK / name
    shutil.rmtree(home, ignore_errors=True)
    measure([FIRN, "--home", home, "init"])
    for table, (version, mode, columns, query) in tables.items():
        mode = "copy-on-write" if mode == "copy-on-write" else "merge-on-read"
        modes = ", ".join(f"'write.{change}.mode' = '{mode}'" for change in ("delete", "update", "merge"))
        firn(home, f"CREATE SCHEMA IF NOT EXISTS b; CREATE TABLE b.{table} ({columns}) TBLPROPERTIES ('format-version' = '{version}', {modes}); "
                   f"INSERT INTO b.{table} {query}")
    return home


def median(runs):
    return [statistics.median(r[i] for r in runs) for i in range(2)] + [max(r[2] for r in runs)]


def row(work, ours, peer, against):
    seconds, cpu, mb = ours
    print(f"| {work} | {seconds:.3f} s, {cpu:.3f} s CPU, {mb:.0f} MB | {against} {peer:.3f} s | {peer / seconds:.2f}x |", flush=True)


def again(home, start, statement, runs=RUNS):
    """The statement on copies of the same home."""
    results = []
    for _ in range(runs):
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(start, home, copy_function=os.link)  # data files are never changed, the catalog is
        os.remove(home / "catalog.db")
        shutil.copyfile(start / "catalog.db", home / "catalog.db")
        results.append(firn(home, statement))
    return median(results)


PYICEBERG = """
import sys, time
import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
folder, n = sys.argv[1], int(sys.argv[2])
catalog = SqlCatalog('b', uri=f'sqlite:///{folder}/catalog.db', warehouse=f'file://{folder}')
catalog.create_namespace_if_not_exists('b')
schema = pa.schema([pa.field('id', pa.int64(), nullable=False), pa.field('k', pa.int32()), pa.field('s', pa.string())])
def rows(low, high, word):
    return pa.table([pa.array(range(low, high), pa.int64()), pa.array([i % 1000 for i in range(low, high)], pa.int32()),
                     pa.array([f'{word}-{i}' for i in range(low, high)])], schema=schema)
table = catalog.create_table(f'b.t{time.time_ns()}', schema)
table.append(rows(0, n, 'v'))
more = rows(n - n // 200, n + n // 200, 'u')
start = time.perf_counter()
table.upsert(more, join_cols=['id'])
print(time.perf_counter() - start)
"""


def bench_upsert():
    theirs = []
    for _ in range(RUNS):
        folder = WORK / "pyiceberg"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        theirs.append(float(measure([PYTHON, "-c", PYICEBERG, folder, UPSERT])[3].split()[-1]))
    peer = statistics.median(theirs)
    for mode, version in MODES.items():
        start = make("upsert-start", {"t": (version, mode, "id BIGINT NOT NULL, k INT, s STRING", f"SELECT i, (i % 1000)::INT, 'v-' || i FROM range({UPSERT}) r(i)")})
        ours = again(WORK / "upsert", start,
                     f"MERGE INTO b.t USING (SELECT i AS id, (i % 1000)::INT AS k, 'u-' || i AS s FROM range({UPSERT - UPSERT // 200}, {UPSERT + UPSERT // 200}) r(i)) u ON t.id = u.id "
                     "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *")
        row(f"upsert of {UPSERT // 100:,} rows into {UPSERT:,}, {mode}", ours, peer, "PyIceberg")


def wide(n):
    return "id BIGINT, k INT, v DOUBLE, s STRING", f"SELECT i, (i % 1000)::INT, random(), 'value-' || i FROM range({n}) r(i)"


def merge_of(n, m):
    """m rows with every key in n * 1.1 / m: ten of eleven are there, all over the table."""
    return (f"MERGE INTO b.t USING (SELECT i * {n * 11 // 10 // m} AS id, -1::INT AS k, 0.5::DOUBLE AS v, concat('upd-', i) AS s FROM range({m}) r(i)) u ON t.id = u.id "
            "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *")


def bench_merge(n, runs, has_peer):
    for mode, version in MODES.items():
        start = make("merge-start", {"t": (version, mode, *wide(n))})
        ours = again(WORK / "merge", start, merge_of(n, n // 30), runs)
        what = f"MERGE of {n // 30:,} rows into {n:,}, {mode}"
        row(what, ours, SPARK[mode] if has_peer else 4.0, "Spark, recorded" if has_peer else "goal")


def bench_read():
    tables = {"clean": (3, "merge-on-read", *wide(3 * ROWS)), "vectors": (3, "merge-on-read", *wide(3 * ROWS)), "positions": (2, "merge-on-read", *wide(3 * ROWS))}
    home = make("read", tables)
    for table in ("vectors", "positions"):
        firn(home, f"DELETE FROM b.{table} WHERE hash(id) % 20 = 0")
    times = {table: [] for table in tables}
    for _ in range(RUNS):
        for table in tables:
            times[table].append(firn(home, f"SELECT sum(id), sum(k), sum(v), max(s) FROM b.{table}"))
    clean = median(times["clean"])
    for table in ("vectors", "positions"):
        ours = median(times[table])
        row(f"read {3 * ROWS:,} rows, 5 % of them deleted ({table}); CPU {ours[1] / clean[1]:.2f} of the clean table's", ours, clean[0], "clean")


def main():
    if not FIRN.exists():
        sys.exit(f"{FIRN} is missing: run make")
    WORK.mkdir(parents=True, exist_ok=True)
    print("| work | firn | peer | ratio |\n|---|---|---|---|")
    bench_upsert()
    bench_merge(ROWS, RUNS, True)
    bench_read()
    if BIG > 0:
        bench_merge(BIG, 1, False)
    shutil.rmtree(WORK, ignore_errors=True)


if __name__ == "__main__":
    main()
