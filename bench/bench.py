#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""firn against DuckDB and PyIceberg: the same data, the same machine, runs interleaved A/B/A/B,
medians, peak memory of the process. Figures are ratios to the peer; they are never pass or fail."""
import glob
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIRN = ROOT / "build/firn"
PYTHON = ROOT / "build/venv/bin/python"
WORK = ROOT / "build/bench/work"
ROWS = int(os.environ.get("BENCH_ROWS", "10000000"))
FILES = int(os.environ.get("BENCH_FILES", "100000"))
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
ORDER_COLUMNS = {"order_id": "VARCHAR", "line": "INTEGER", "event_time": "TIMESTAMPTZ",
                 "customer_id": "VARCHAR", "country": "VARCHAR", "stock_code": "VARCHAR",
                 "description": "VARCHAR", "quantity": "INTEGER",
                 "unit_price": "DECIMAL(18,3)", "status": "VARCHAR"}
lines = []


def measure(args, stdin=None):
    """(seconds, peak resident MB, stdout) of a process."""
    start = time.perf_counter()
    p = subprocess.Popen([str(a) for a in args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         cwd=ROOT)
    out = p.stdout.read().decode()
    err = p.stderr.read().decode()
    _, status, usage = os.wait4(p.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        sys.exit(f"{args}: status {status}\n{out}{err}")
    return seconds, usage.ru_maxrss / 1024, out, err


def interleaved(ours, theirs, runs=RUNS):
    """Run both in turn; each returns (seconds, MB). Medians of seconds, maxima of MB."""
    a, b = [], []
    for _ in range(runs):
        a.append(ours())
        b.append(theirs())
    mid = lambda xs: statistics.median(x[0] for x in xs)
    return mid(a), max(x[1] for x in a), mid(b), max(x[1] for x in b)


def row(work, goal, result, peer):
    seconds, mb, peer_seconds, peer_mb = result
    lines.append(f"| {work} | {goal} | {seconds:.3f} s, {mb:.0f} MB | {peer_seconds:.3f} s, "
                 f"{peer_mb:.0f} MB | {peer} | {peer_seconds / seconds:.2f}x |")
    print(lines[-1], flush=True)


def firn(home, *args):
    return measure([FIRN, "--home", home, *args])


def python(code):
    return measure([PYTHON, "-c", code])


def fresh(name):
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def bench_first_row():
    home = fresh("tiny")
    firn(home, "init")
    firn(home, "sql", "-c", "CREATE SCHEMA a; CREATE TABLE a.t (id BIGINT, name STRING); "
                            "INSERT INTO a.t VALUES (1, 'one')")
    code = ("from pyiceberg.catalog.sql import SqlCatalog\n"
            f"c = SqlCatalog('firn', uri='sqlite:///{home}/catalog.db', warehouse='file://{home}/warehouse')\n"
            "print(c.load_table('a.t').scan().to_arrow().to_pylist())\n")
    result = interleaved(lambda: firn(home, "sql", "-c", "SELECT * FROM a.t")[:2],
                         lambda: python(code)[:2], RUNS * 2)
    row("process start to first row of a small table", "<= 60 ms, <= 80 MB, >= 10x", result, "PyIceberg")


def bench_load():
    landing = fresh("landing")
    seconds, mb, _, _ = firn(WORK, "generate", "orders", "--out", landing, "--seed", "1", "--events", ROWS)
    lines.append(f"| generate {ROWS:,} orders to disk | >= 1 M events/s | {seconds:.3f} s, {mb:.0f} MB "
                 f"| | | {ROWS / seconds / 1e6:.2f} M events/s |")
    print(lines[-1], flush=True)
    columns = ", ".join(f"'{k}': '{v}'" for k, v in ORDER_COLUMNS.items())
    target = WORK / "duckdb.parquet"
    code = ("import duckdb\n"
            "c = duckdb.connect(config={'memory_limit': '20GB'})\n"
            "c.execute('SET preserve_insertion_order=false')\n"
            f"c.execute(\"\"\"COPY (SELECT * FROM read_json('{landing}/*.ndjson', "
            f"format='newline_delimited', columns={{{columns}}}, ignore_errors=true)) "
            f"TO '{target}' (FORMAT parquet, COMPRESSION zstd)\"\"\")\n")

    def ours():
        home = fresh("orders")
        firn(home, "init")
        return firn(home, "run", "examples/ecommerce", "--select", "bronze.orders",
                    "--set", f"landing={landing}")[:2]

    result = interleaved(ours, lambda: python(code)[:2], max(1, RUNS // 2))
    row(f"bronze load of {ROWS:,} orders (NDJSON to Parquet)", ">= 2x, <= 512 MB", result, "DuckDB")
    size = lambda pattern: sum(os.path.getsize(f) for f in glob.glob(pattern, recursive=True))
    ours_bytes = size(f"{WORK}/orders/warehouse/bronze/orders/data/**/*.parquet")
    lines.append(f"| bytes of that load | | {ours_bytes / 1e6:.0f} MB | {size(str(target)) / 1e6:.0f} MB "
                 f"| DuckDB | {ours_bytes / size(str(target)):.2f} of its bytes, 3 columns more |")
    print(lines[-1], flush=True)


def sums(with_extra):
    parts = []
    for name, kind in ORDER_COLUMNS.items():
        if kind == "VARCHAR":
            parts.append(f"sum(strlen({name}))")
        elif kind == "TIMESTAMPTZ":
            parts.append(f"sum(epoch_us({name}))")
        else:
            parts.append(f"sum({name})")
    return ", ".join(parts)


def bench_scan():
    home = WORK / "orders"
    files = sorted(glob.glob(f"{home}/warehouse/bronze/orders/data/**/*.parquet", recursive=True))
    query = f"SELECT {sums(True)}"

    def ours():
        _, mb, out, err = firn(home, "sql", "--timer", "-c", f"{query} FROM bronze.orders")
        found = re.search(r"in ([0-9.]+) ms", err)
        ours.answer = out.splitlines()[1]
        return float(found.group(1)) / 1000, mb

    code = ("import duckdb, time\n"
            "c = duckdb.connect()\n"
            "t = time.perf_counter()\n"
            f"r = c.execute(\"\"\"{query} FROM read_parquet({files!r})\"\"\").fetchall()\n"
            "print(time.perf_counter() - t)\n"
            "print(','.join(str(x) for x in r[0]))\n")

    def theirs():
        _, mb, out, _ = python(code)
        seconds, theirs.answer = out.splitlines()
        return float(seconds), mb

    result = interleaved(ours, theirs)
    if ours.answer != theirs.answer:
        sys.exit(f"scan: different answers\n{ours.answer}\n{theirs.answer}")
    row(f"sum() over every column, {ROWS:,} rows", "<= 1.2x DuckDB's time", result, "DuckDB")


def bench_rerun():
    """After bench_load: every model of the example once, then again with nothing new."""
    home = WORK / "orders"
    run = ("run", "examples/ecommerce", "--set", f"landing={WORK / 'landing'}")
    firn(home, *run)
    samples = [firn(home, *run)[:2] for _ in range(RUNS * 2)]
    lines.append(f"| re-run of a pipeline with nothing new | < 100 ms | "
                 f"{statistics.median(x[0] for x in samples):.3f} s, {max(x[1] for x in samples):.0f} MB "
                 f"| | | |")
    print(lines[-1], flush=True)


SILVER = ("SELECT order_id, line, event_time, customer_id, country, stock_code, description, quantity, "
          "unit_price, CAST(quantity * unit_price AS DECIMAL(18, 4)) AS amount, status FROM read_parquet({})")


def bench_silver():
    """After bench_load: the example's silver model into an empty table; DuckDB does the same checks
    and the same MERGE into a table of its own file."""
    bronze, home, database = WORK / "orders-bronze", WORK / "orders", WORK / "duckdb-silver.db"
    files = sorted(glob.glob(f"{home}/warehouse/bronze/orders/data/**/*.parquet", recursive=True))
    query = SILVER.format(repr(files))
    code = ("import duckdb\n"
            f"c = duckdb.connect('{database}', config={{'memory_limit': '512MiB'}})\n"
            "c.execute('SET preserve_insertion_order=false')\n"
            "c.execute('SET enable_progress_bar=false')\n"
            f"q = \"\"\"{query}\"\"\"\n"
            "c.execute(f'CREATE TABLE silver AS FROM ({q}) WHERE false')\n"
            "c.execute(f'CREATE TABLE bad AS FROM ({q}) WHERE (amount > 0) IS NOT TRUE')\n"
            "c.execute(f'MERGE INTO silver t USING (FROM ({q}) WHERE amount > 0 QUALIFY row_number() OVER '\n"
            "          '(PARTITION BY order_id, line ORDER BY event_time DESC) = 1) s '\n"
            "          'ON t.order_id = s.order_id AND t.line = s.line WHEN MATCHED AND s.event_time > '\n"
            "          't.event_time THEN UPDATE WHEN NOT MATCHED THEN INSERT')\n"
            "c.execute('CHECKPOINT')\n"
            "print(c.execute('SELECT count(*) FROM silver').fetchone()[0])\n")
    firn(home, "sql", "-c", "CREATE SCHEMA IF NOT EXISTS silver; DROP TABLE IF EXISTS silver.orders; "
                            "DROP TABLE IF EXISTS silver.orders_quarantine")
    shutil.copy(home / "catalog.db", bronze)

    def ours():
        shutil.copy(bronze, home / "catalog.db")
        result = firn(home, "run", "examples/ecommerce", "--select", "silver.orders",
                      "--set", f"landing={WORK / 'landing'}")[:2]
        ours.n = firn(home, "sql", "-c", "SELECT count(*) FROM silver.orders")[2].split()[1]
        return result

    def theirs():
        for path in glob.glob(f"{database}*"):
            os.remove(path)
        seconds, mb, out, _ = python(code)
        theirs.n = out.split()[-1]
        return seconds, mb

    result = interleaved(ours, theirs, max(1, RUNS // 2))
    if ours.n != theirs.n:
        sys.exit(f"silver: different answers: {ours.n} and {theirs.n} rows")
    row(f"silver merge of {ROWS:,} orders, 512 MiB", ">= 1x", result, "DuckDB")


def bench_delete():
    """After bench_load: 1 % of the rows, spread over all files, which are all written anew."""
    home, saved = WORK / "orders", WORK / "orders-saved"
    files = sorted(glob.glob(f"{home}/warehouse/bronze/orders/data/**/*.parquet", recursive=True))
    condition = "hash(order_id) % 100 = 7"
    target = WORK / "duckdb-deleted.parquet"
    code = ("import duckdb\n"
            "c = duckdb.connect(config={'memory_limit': '512MiB'})\n"
            "c.execute('SET preserve_insertion_order=false')\n"
            f"c.execute(\"\"\"COPY (FROM read_parquet({files!r}) WHERE NOT ({condition})) "
            f"TO '{target}' (FORMAT parquet, COMPRESSION zstd)\"\"\")\n")
    shutil.copy(home / "catalog.db", saved)

    def ours():
        shutil.copy(saved, home / "catalog.db")
        return firn(home, "sql", "-c", f"DELETE FROM bronze.orders WHERE {condition}")[:2]

    result = interleaved(ours, lambda: python(code)[:2], max(1, RUNS // 2))
    shutil.copy(saved, home / "catalog.db")
    row(f"DELETE of 1 % of {ROWS:,} rows, in every file", ">= 1x", result,
        "DuckDB, COPY of the rest")


def bench_plan():
    folder = WORK / f"plan-{FILES}"
    program = ROOT / "build/bench/bench_plan"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        measure([program, "--write", folder, "--files", FILES])
        (folder / "ready").touch()
    (metadata,) = sorted(glob.glob(f"{folder}/**/*.metadata.json", recursive=True))[-1:]
    code = ("import time\n"
            "from pyiceberg.table import StaticTable\n"
            f"t = StaticTable.from_metadata('file://{metadata}')\n"
            "s = time.perf_counter()\n"
            "n = len(list(t.scan(row_filter='id = 4242').plan_files()))\n"
            "print(time.perf_counter() - s, n)\n")

    def ours():
        _, mb, out, _ = measure([program, "--plan", metadata, "--id", "4242"])
        seconds, ours.n = out.split()[:2]
        return float(seconds), mb

    def theirs():
        _, mb, out, _ = python(code)
        seconds, theirs.n = out.split()[:2]
        return float(seconds), mb

    result = interleaved(ours, theirs)
    if ours.n != theirs.n:
        sys.exit(f"plan: different answers: {ours.n} and {theirs.n} files")
    row(f"plan {FILES:,} files with a selective filter, first time", ">= 20x", result, "PyIceberg")


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    lines.append("| work | goal | firn | peer | which | peer's time / firn's |")
    lines.append("|---|---|---|---|---|---|")
    only = sys.argv[1:]
    for bench in (bench_first_row, bench_load, bench_scan, bench_silver, bench_rerun, bench_delete,
                  bench_plan):
        if not only or bench.__name__.removeprefix("bench_") in only:
            bench()
    cpu = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    text = "\n".join(lines) + (f"\n\n{os.cpu_count()} CPUs, {cpu.group(1) if cpu else 'unknown'}; "
                               f"medians of interleaved runs; {time.strftime('%Y-%m-%d')}\n")
    (ROOT / "build/bench/results.md").write_text(text)
    print("\n" + text)


if __name__ == "__main__":
    main()
