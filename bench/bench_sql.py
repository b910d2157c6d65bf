# SPDX-License-Identifier: Apache-2.0
"""TPC-H on Iceberg tables against DuckDB's read_parquet over the same data files: two processes that stay
up, asked in turn, equal answers first; each query's median of wall clock and of processor time, and the
totals. Then the overhead of a statement on a table of one row, and, where tests/interop/peers.sh has installed
it, Spark local[2] on the same tables through the same catalog: its first and its second run of each query.

    bench_sql.py             scale BENCH_SQL_SCALE (1), BENCH_SQL_RUNS (5), BENCH_SQL_ONLY="1 6"
                    BENCH_SQL_PAGES=0: firn keeps no unpacked pages (its setting cache.pages)
    bench_sql.py --worker firn|duckdb FOLDER    one side: statements as lines of JSON

Data come from tpchgen-cli and stay in BENCH_SQL_FOLDER when that is set."""
import contextlib
import ctypes
import json
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLES = "region nation supplier customer part partsupp orders lineitem".split()
SCALE = os.environ.get("BENCH_SQL_SCALE", "1")
RUNS = int(os.environ.get("BENCH_SQL_RUNS", "5"))
THREADS = os.environ.get("BENCH_SQL_THREADS", "2")
PAGES = os.environ.get("BENCH_SQL_PAGES", "")


def queries():
    text = (ROOT / "bench/tpch.sql").read_text()
    found = re.split(r"^-- Q(\d+)\n", text, flags=re.M)
    return {int(n): sql.strip().rstrip(";") for n, sql in zip(found[1::2], found[2::2])}


# ---- workers ----

def firn_session(folder):
    sys.path.insert(0, str(ROOT / "tools"))
    import sqltest_session as s
    lib, error, keep = s.load(), s.Error(), []
    home, handle = ctypes.c_void_p(), ctypes.c_void_p()
    chosen = {"threads": THREADS} | ({"cache.pages": PAGES} if PAGES else {})
    settings = (s.Property * len(chosen))(*(s.Property(*(s.literal(x, keep) for x in pair)) for pair in chosen.items()))
    opts = s.HomeOpts(struct_size=ctypes.sizeof(s.HomeOpts), path=s.literal(f"{folder}/home", keep), settings=settings,
                      n_settings=len(chosen), ignore_environment=True)
    if lib.firn_home_create(ctypes.byref(opts), None, ctypes.byref(home), ctypes.byref(error)):
        sys.exit(error.message.decode())
    catalogs = (ctypes.c_void_p * 1)(lib.firn_home_catalog(home))
    opened = s.SessionOpts(struct_size=ctypes.sizeof(s.SessionOpts), catalogs=catalogs, n_catalogs=1)
    if lib.firn_session_open(lib.firn_home_env(home), lib.firn_home_store(home), ctypes.byref(opened),
                             ctypes.byref(handle), ctypes.byref(error)):
        sys.exit(error.message.decode())
    class Rows(s.Session):
        """Rows are turned into text only when they are compared."""
        is_shown = False

        def read(self, result, outcome, error):
            if self.is_shown:
                return super().read(result, outcome, error)
            batch = ctypes.POINTER(s.Batch)()
            while (status := lib.firn_result_next(result, ctypes.byref(batch), ctypes.byref(error))) == 0:
                pass
            return status

    session = Rows(lib, handle)

    def execute(sql, is_shown):
        session.is_shown = is_shown
        outcome = session.run(sql)
        if outcome.error:
            sys.exit(f"firn: {outcome.error.message}: {sql}")
        return [[cell.strip('"') for cell in row] for row in outcome.rows]
    return execute


def duckdb_session(folder):
    import duckdb
    connection = duckdb.connect()
    connection.execute(f"SET threads = {THREADS}; SET TimeZone = 'UTC'")
    for table in TABLES + ["tiny"]:
        files = json.loads((pathlib.Path(folder) / f"{table}.json").read_text())
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet({files})")

    def execute(sql, is_shown):
        if is_shown:
            return [[str(cell) for cell in row] for row in connection.execute(sql).fetchall()]
        connection.sql(sql).to_arrow_table()
        return []
    return execute


def work(side, folder):
    execute = {"firn": firn_session, "duckdb": duckdb_session}[side](folder)
    for line in sys.stdin:
        ask = json.loads(line)
        before, start = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        for _ in range(ask["times"]):
            rows = execute(ask["sql"], ask["is_shown"])
        wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_SELF)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(json.dumps({"wall": wall / ask["times"], "cpu": cpu / ask["times"], "rows": rows,
                          "peak": after.ru_maxrss // 1024}), flush=True)


class Worker:
    def __init__(self, side, folder):
        self.process = subprocess.Popen([sys.executable, __file__, "--worker", side, str(folder)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, sql, times=1, is_shown=False):
        self.process.stdin.write(json.dumps({"sql": sql, "times": times, "is_shown": is_shown}) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit("a worker ended")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


# ---- data ----

def firn(home, *args):
    done = subprocess.run([ROOT / "build/firn", "--home", home, *args], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return done.stdout


def make(folder):
    """The tables in folder/home, and the list of each one's data files in folder/TABLE.json."""
    home, source = folder / "home", folder / "generated"
    if (folder / "tiny.json").exists():
        return
    generator = pathlib.Path(sys.executable).parent / "tpchgen-cli"
    subprocess.run([generator, "parquet", "-s", SCALE, "--output-dir", source], check=True, stdout=subprocess.DEVNULL)
    firn(home, "init")
    for table in TABLES:
        firn(home, "sql", "--allow-files", "-c",
             f"CREATE TABLE {table} AS SELECT * FROM read_parquet('{source}/{table}.parquet')")
    firn(home, "sql", "-c", "CREATE TABLE tiny AS SELECT 1 AS id, 'one' AS name")
    shutil.rmtree(source)
    for table in TABLES + ["tiny"]:
        files = json.loads(firn(home, "table", "files", f"default.{table}", "--format", "json"))
        (folder / f"{table}.json").write_text(json.dumps([f["path"].removeprefix("file://") for f in files]))


# ---- comparison ----

def number(cell):
    try:
        return float(cell)
    except ValueError:
        return None


def same(ours, theirs, tolerance=1e-9):
    """Numbers that are computed in doubles may differ in their last digits; Spark's averages have six."""
    if len(ours) != len(theirs):
        return False
    for a, b in zip(sum(ours, []), sum(theirs, [])):
        x, y = number(a), number(b)
        if a != b and (x is None or y is None or abs(x - y) > tolerance * max(abs(x), abs(y))):
            return False
    return True


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def line(name, ours, theirs):
    print(f"| {name} | {ours[0] * 1000:.1f} | {theirs[0] * 1000:.1f} | {ours[0] / theirs[0]:.2f} | "
          f"{ours[1] * 1000:.1f} | {theirs[1] * 1000:.1f} | {ours[1] / theirs[1]:.2f} |", flush=True)


def compare(ours, theirs, name, sql, times=1):
    """(wall, cpu) of both sides: medians of RUNS runs in turn, after one that is compared."""
    first, other = ours.ask(sql, is_shown=True), theirs.ask(sql, is_shown=True)
    if not same(first["rows"], other["rows"]):
        sys.exit(f"{name}: the answers differ\n{first['rows'][:3]}\n{other['rows'][:3]}")
    runs = [(ours.ask(sql, times), theirs.ask(sql, times)) for _ in range(RUNS)]
    pairs = [tuple(median([run[side] for run in runs], key) for key in ("wall", "cpu")) for side in (0, 1)]
    line(name, *pairs)
    return {"pairs": pairs, "peaks": [max(run[side]["peak"] for run in runs) for side in (0, 1)], "rows": first["rows"]}


def run_all(folder):
    only = [int(n) for n in os.environ.get("BENCH_SQL_ONLY", "").split()]
    with contextlib.ExitStack() as stack:
        ours, theirs = (stack.enter_context(contextlib.closing(Worker(side, folder))) for side in ("firn", "duckdb"))
        print(f"TPC-H, scale {SCALE}, {THREADS} threads, medians of {RUNS} runs in turn\n")
        print("| query | firn, ms | DuckDB, ms | firn / DuckDB | firn, CPU ms | DuckDB, CPU ms | firn / DuckDB, CPU |")
        print("|---|--:|--:|--:|--:|--:|--:|")
        results = {n: compare(ours, theirs, f"Q{n}", sql) for n, sql in queries().items() if not only or n in only}
        line("total", *(tuple(sum(r["pairs"][side][i] for r in results.values()) for i in (0, 1)) for side in (0, 1)))
        peaks = [max(r["peaks"][side] for r in results.values()) for side in (0, 1)]
        print(f"\npeak memory: firn {peaks[0]} MB, DuckDB {peaks[1]} MB")
        print("\nA statement on a table of one row, warm:\n")
        compare(ours, theirs, "SELECT * FROM tiny", "SELECT * FROM tiny", times=100)
    run_spark(folder, {n: (r["pairs"][0][0], r["rows"]) for n, r in results.items()})


def run_spark(folder, results):
    """results: query -> (firn's wall clock, its first rows)."""
    sys.path.insert(0, str(ROOT / "tests/interop"))
    import spark_peer
    if not spark_peer.PEER.exists():
        print("\nSpark: skipped, tests/interop/peers.sh installs it")
        return
    scratch = folder / "spark"
    scratch.mkdir(exist_ok=True)
    print("\n| query | Spark first, ms | second, ms | first / firn | second / firn |\n|---|--:|--:|--:|--:|")
    totals = [0.0, 0.0, 0.0]
    with contextlib.closing(spark_peer.SparkProcess(scratch)) as process:
        process.ask(str(folder / "home"), "SELECT 1")
        for n, (ours, rows) in results.items():
            walls = []
            for _ in range(2):
                start = time.monotonic()
                answer = process.ask(str(folder / "home"), queries()[n])
                walls.append(time.monotonic() - start)
            if "error" in answer or not same(rows, [[str(cell) for cell in row] for row in answer["rows"]], 1e-4):
                sys.exit(f"Q{n}: Spark answers otherwise: {str(answer)[:500]}")
            totals = [a + b for a, b in zip(totals, (*walls, ours))]
            spark_line(f"Q{n}", *walls, ours)
    spark_line("total", *totals)


def spark_line(name, first, second, ours):
    print(f"| {name} | {first * 1000:.0f} | {second * 1000:.0f} | {first / ours:.1f} | {second / ours:.1f} |", flush=True)


def main():
    if sys.argv[1:2] == ["--worker"]:
        return work(*sys.argv[2:4])
    kept = os.environ.get("BENCH_SQL_FOLDER")
    folder = pathlib.Path(kept or tempfile.mkdtemp(prefix="bench-sql-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        make(folder)
        run_all(folder)
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
