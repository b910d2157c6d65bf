# SPDX-License-Identifier: Apache-2.0
"""Maintenance as ratios against DuckDB doing the same with the same files in the same run: bin-pack
against a rewrite of the files, sort and Z-order against COPY .. ORDER BY, and how many files a query on
two columns reads after Z-order. Both are processes of their own; wall clock and CPU are shown. Sorting is
compared with DuckDB as it comes, which takes what memory there is, and with what firn has by default; then
the other way round. Where tests/interop/peers.sh has installed it, Spark's rewrite_data_files (local[2],
warm) packs and sorts a table of 200 files and 185 MB through the same catalog."""
import contextlib
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
FIRN = pathlib.Path(os.environ.get("FIRN_PROGRAM", "build/firn")).resolve()
FILES = int(os.environ.get("BENCH_FILES", "1000"))
ROWS = int(os.environ.get("BENCH_ROWS", "10000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
WORK = os.environ.get("BENCH_WORK", "sort zorder binpack spark").split()
LITTLE, MUCH = "512MiB", "8GiB"  # memory: firn's default, and more than is needed


def run(*args, stdin=None):
    """Seconds of wall clock and of CPU, and what was printed."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True, input=stdin)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{args}: {done.stdout}{done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, done.stdout


def duckdb(sql):
    return run(sys.executable, "-c", "import sys, duckdb; duckdb.execute(sys.stdin.read())", stdin=sql)


def firn(home, *args):
    return run(FIRN, "--home", home, *args)


def last_snapshot(home):
    return json.loads(firn(home, "table", "history", "default.t", "--format", "json")[2])[-1]["snapshot"]


def make(folder):
    home = folder / "home"
    firn(home, "init")
    firn(home, "sql", "-c", f"""CREATE TABLE t AS SELECT i AS id, (i * 7919) % 100003 AS a, (i * 104729) % 99991 AS b,
         'customer ' || (i % 5000) AS c, (i % 9973) / 100.0::DOUBLE AS d FROM range({FILES * ROWS}) r(i)""")
    size = int(firn(home, "sql", "--format", "csv", "-c",
                    "SELECT sum(file_size_in_bytes) FROM t.files")[2].split()[-1])
    # Equal parts: the planner's groups are as many files as the target divides them into.
    firn(home, "table", "rewrite_data_files", "default.t",
         f"options=rewrite-all=true,target-file-size-bytes={size // FILES},min-file-size-bytes=1")
    files = json.loads(firn(home, "table", "files", "default.t", "--format", "json")[2])
    return home, [f["path"].removeprefix("file://") for f in files]


def report(name, ours, theirs):
    ours, theirs = min(ours), min(theirs)
    cpu = lambda pair: f"{pair[1]:.2f} s CPU"
    print(f"{name}: firn {ours[0]:.2f} s ({cpu(ours)}), DuckDB {theirs[0]:.2f} s ({cpu(theirs)}): "
          f"{theirs[0] / ours[0]:.2f}x by the clock, {theirs[1] / ours[1]:.2f}x by CPU", flush=True)


def compare(name, base, options, copy, memory=None):
    """base: home, first snapshot, files. memory: of firn and of DuckDB; None: each by its default. The table is
    left as the last round made it."""
    home, snapshot, files = base
    ours, theirs = [], []
    settings = [] if memory is None else ["-o", f"memory={memory[0]}"]
    limit = f"SET memory_limit = '{memory[1]}'; SET temp_directory = '{home.parent}'; " if memory else ""
    for i in range(ROUNDS):
        again = home.parent / f"round{i}"
        firn(home, "table", "rollback_to_snapshot", "default.t", f"snapshot_id={snapshot}")
        wall, cpu, _ = firn(home, *settings, "table", "rewrite_data_files", "default.t", *options)
        ours.append((wall, cpu))
        wall, cpu, _ = duckdb(limit + copy.format(files=files, out=f"{again}.parquet"))
        theirs.append((wall, cpu))
        os.remove(f"{again}.parquet")
    report(name, ours, theirs)


def report_pruning(home):
    metadata = sorted((home / "warehouse/default/t/metadata").glob("*.metadata.json"))[-1]
    where = "a >= 50000 and a < 52000 and b >= 30000 and b < 32000"
    plan = json.loads(run(FIRN, "plan", "--table", metadata, "--where", where, "--format", "json")[2])
    total = json.loads(run(FIRN, "plan", "--table", metadata, "--format", "json")[2])
    print(f"a query on both columns reads {plan['data_files']} of {total['data_files']} files "
          f"({100 * plan['data_files'] / total['data_files']:.0f} %)")


def binpack(base, copy):
    """Many small files to one, and what reading that one costs beside one that was encoded anew."""
    home = base[0]
    compare(f"bin-pack of {len(base[2])} files", base, ["options=rewrite-all=true"], copy)
    query = "SELECT sum(id), sum(a), sum(b), max(c), sum(d) FROM t"
    copied = min(firn(home, "sql", "-c", query)[1] for _ in range(2 * ROUNDS))
    firn(home, "sql", "-c", "CREATE TABLE again AS SELECT * FROM t")
    fresh = min(firn(home, "sql", "-c", query.replace("FROM t", "FROM again"))[1] for _ in range(2 * ROUNDS))
    print(f"reading it: {copied:.2f} s CPU, written anew {fresh:.2f} s CPU: {copied / fresh:.2f} times")


def make_for_spark(folder):
    home = folder / "spark-home"
    firn(home, "init")
    firn(home, "sql", "-c", """CREATE TABLE t AS SELECT i AS id, (hash(i) % 1000003)::BIGINT AS a, (hash(i + 7) >> 1)::BIGINT AS b,
         'customer ' || (hash(i + 1) % 50000) AS c, (hash(i + 2) % 99999) / 100.0::DOUBLE AS d
         FROM range(8700000) r(i)""")
    firn(home, "table", "rewrite_data_files", "default.t",
         "options=rewrite-all=true,target-file-size-bytes=750000,min-file-size-bytes=1")
    files = json.loads(firn(home, "table", "files", "default.t", "--format", "json")[2])
    size = sum(os.path.getsize(f["path"].removeprefix("file://")) for f in files)
    print(f"for Spark: {len(files)} files, {size / 1e6:.0f} MB")
    return home, last_snapshot(home)


def against_spark(folder):
    sys.path.insert(0, str(ROOT / "tests/interop"))
    import spark_peer
    if not spark_peer.PEER.exists():
        print("Spark: skipped, tests/interop/peers.sh installs it")
        return
    home, snapshot = make_for_spark(folder)
    scratch = folder / "spark"
    scratch.mkdir()
    rollback = ["table", "rollback_to_snapshot", "default.t", f"snapshot_id={snapshot}"]
    with contextlib.closing(spark_peer.SparkProcess(scratch)) as process:
        for name, order in ("bin-pack", None), ("sort by a, b", "a, b"), ("z-order of a, b", "zorder(a, b)"):
            theirs, ours = [], []
            strategy = f"strategy => 'sort', sort_order => '{order}', " if order else ""
            for _ in range(max(2, ROUNDS)):
                start = time.monotonic()
                answer = process.ask(str(home), "CALL firn.system.rewrite_data_files(table => 'default.t', "
                                     f"{strategy}options => map('rewrite-all', 'true'))")
                theirs.append(time.monotonic() - start)
                if "error" in answer:
                    sys.exit(f"Spark: {str(answer)[:500]}")
                firn(home, *rollback)
                ours.append(firn(home, "table", "rewrite_data_files", "default.t", "options=rewrite-all=true",
                                 *([f"sort_order={order}"] if order else []))[0])
                firn(home, *rollback)
            print(f"{name}: firn {min(ours):.2f} s with its start, Spark {min(theirs):.2f} s warm "
                  f"({theirs[0]:.2f} s first): {min(theirs) / min(ours):.1f}x", flush=True)


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-maintain-"))
    try:
        home, files = make(folder)
        print(f"{len(files)} files, {FILES * ROWS} rows, {sum(os.path.getsize(f) for f in files) / 1e6:.0f} MB")
        base = home, last_snapshot(home), files
        copy = "COPY (SELECT * FROM read_parquet({files})%s) TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
        parts = "options=rewrite-all=true,target-file-size-bytes={}".format(
            max(1, sum(os.path.getsize(f) for f in files) // 64))
        memories = (("", None), (f", both {LITTLE}", (LITTLE, LITTLE)), (f", both {MUCH}", (MUCH, MUCH)))
        if "sort" in WORK:
            for text, memory in memories:
                compare(f"sort by a, b{text}", base, [parts, "sort_order=a, b"], copy % " ORDER BY a, b", memory)
        if "zorder" in WORK:
            for text, memory in memories:
                compare(f"z-order of a, b{text}", base, [parts, "sort_order=zorder(a, b)"],
                        copy % " ORDER BY a, b", memory)
            report_pruning(home)
        if "binpack" in WORK:
            binpack(base, copy % "")
        if "spark" in WORK:
            against_spark(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
