#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""File formats against DuckDB, pyarrow and PyIceberg, one thread pinned to one CPU unless a row says
otherwise: the same bytes for all, equal checksums first, runs interleaved, medians. Every process
does its work twice and the second time counts. Rows of one thread compare CPU seconds, which are
wall seconds on a quiet machine and still mean something on a busy one (--clock wall: the others);
rows of two threads compare wall seconds. Ratios are the peer's time over firn's.

    bench_format.py [--quick] [--runs N] [--clock cpu|wall] [--out FILE] [row ...]"""
import argparse
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

import format_data as data

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = pathlib.Path(os.environ.get("FIRN_BENCH_PROGRAMS", ROOT / "build/bench"))
CPUS = sorted(os.sched_getaffinity(0))
WRAP = 1 << 64
TIMER = """
import time
class Timer:
    def __enter__(self):
        self.cpu, self.wall = time.process_time(), time.perf_counter()
    def __exit__(self, *_):
        print("cpu", time.process_time() - self.cpu, "wall", time.perf_counter() - self.wall)
def sums(values):
    print("sums", *values)
"""


class Sample:
    """What a program printed: seconds of its last round, and everything it computed."""

    def __init__(self, text):
        last = re.findall(r"^cpu (\S+) wall (\S+)", text, re.M)[-1]
        self.cpu, self.wall = float(last[0]), float(last[1])
        found = re.findall(r"^sums (.*)", text, re.M)
        # numbers as stored: decimals lose their point, and all wrap at 64 bits
        self.sums = [int(x.replace(".", "")) % WRAP for x in found[-1].split()] if found else None
        found = re.findall(r"^(bytes|reads) (\d+)", text, re.M)
        self.counts = {k: int(v) for k, v in found}


def run(args, threads=1):
    cpus = ",".join(str(c) for c in CPUS[-threads:])
    p = subprocess.run(["taskset", "-c", cpus, *map(str, args)], capture_output=True, text=True,
                       cwd=ROOT, check=False)
    if p.returncode != 0:
        sys.exit(f"{args}: status {p.returncode}\n{p.stdout}{p.stderr}")
    return Sample(p.stdout)


def program(name, *args, threads=1):
    return run([PROGRAMS / name, *args], threads)


def python(code, threads=1):
    return run([sys.executable, "-c", TIMER + code], threads)


class Bench:
    def __init__(self, options):
        self.options = options
        self.quick = options.quick
        self.work = ROOT / "build/bench" / ("format-quick" if self.quick else "format")
        self.work.mkdir(parents=True, exist_ok=True)
        self.lines = ["| work | goal | firn | peer | which | ratio |", "|---|---|---|---|---|---|"]

    def path(self, name):
        return self.work / name

    def made(self, name, make):
        """A file of the work folder, made once."""
        path = self.path(name)
        if not path.exists():
            make(path)
        return path

    def measure(self, ours, theirs, clock=None):
        """Medians of interleaved runs, after both computed the same."""
        clock = clock or self.options.clock
        a, b = [ours()], [theirs()]
        if a[0].sums != b[0].sums:
            sys.exit(f"different answers:\n{a[0].sums}\n{b[0].sums}")
        for _ in range(self.options.runs - 1):
            a.append(ours())
            b.append(theirs())
        mid = lambda xs: statistics.median(getattr(x, clock) for x in xs)
        return mid(a), mid(b)

    def row(self, work, goal, ours, theirs, which, ratio):
        self.lines.append(f"| {work} | {goal} | {ours} | {theirs} | {which} | {ratio} |")
        print(self.lines[-1], flush=True)

    def seconds(self, work, goal, pair, which):
        ours, theirs = pair
        self.row(work, goal, f"{ours:.4f} s", f"{theirs:.4f} s", which, f"{theirs / ours:.2f}x")

    # ---- Parquet ----

    def lineitem(self, codec):
        path = self.path(f"lineitem-{codec}.parquet")
        if not path.exists():
            data.write_lineitem(self.work, 20_000 if self.quick else 6_000_000)
        return path

    def duckdb_sums(self, path):
        return python(f"""
import duckdb
c = duckdb.connect()
c.execute("SET threads=1")
for _ in range(2):
    with Timer():
        r = c.execute(\"\"\"SELECT {data.lineitem_sums()} FROM read_parquet('{path}')\"\"\").fetchone()
sums(r)
""")

    def pyarrow_sums(self, path, read):
        return python(f"""
import pyarrow as pa, pyarrow.parquet as pq, pyarrow.compute as pc
pa.set_cpu_count(1)
def total(c):
    if pa.types.is_string(c.type):
        c = pc.binary_length(c)
    elif pa.types.is_date(c.type):
        c = c.cast(pa.int32())
    return pc.sum(c).as_py() or 0
def add(table, to):
    for i, c in enumerate(table.columns):
        to[i] += total(c)
def whole():
    yield pq.read_table('{path}', use_threads=False)
def batches():
    yield from pq.ParquetFile('{path}').iter_batches(batch_size=65536, use_threads=False)
for _ in range(2):
    with Timer():
        to = [0] * {len(data.LINEITEM)}
        for part in {read}():
            add(part, to)
sums(to)
""")

    def decode(self):
        for codec, name, goal in (("zstd", "zstd", ">= 1.5x"), ("uncompressed", "none", ">= 2.5x"),
                                  ("snappy", "snappy", "")):
            path = self.lineitem(codec)
            ours = lambda p=path: program("bench_parquet_decode", p, 2)
            self.seconds(f"decode 16 columns and sum them, {name}", goal,
                         self.measure(ours, lambda p=path: self.duckdb_sums(p)), "DuckDB, 1 thread")
        for codec, name in (("zstd", "zstd"), ("uncompressed", "none")):
            path = self.lineitem(codec)
            ours = lambda p=path: program("bench_parquet_decode", p, 2)
            for read, what in (("whole", "read_table"), ("batches", "iter_batches")):
                pair = self.measure(ours, lambda p=path, r=read: self.pyarrow_sums(p, r))
                self.seconds(f"the same, {name}", ">= 4x", pair, f"pyarrow {what}, 1 thread")

    def threads(self):
        for codec, name in (("zstd", "zstd"), ("uncompressed", "none")):
            path = self.lineitem(codec)
            rounds = 2 if self.quick else 4
            pair = self.measure(lambda p=path: program("bench_parquet_decode", p, rounds, 2, threads=2),
                                lambda p=path: program("bench_parquet_decode", p, rounds, 1, threads=2),
                                "wall")
            self.seconds(f"two threads against one, {name}", ">= 1.85x", pair, "itself, 1 thread")
        for work, name in (("compute", "arithmetic in registers"), ("memory", "adding up 512 MB"),
                           ("file", "the kernel's copies of the uncompressed file")):
            path = self.lineitem("uncompressed")
            pair = self.measure(lambda w=work, p=path: program("bench_ceiling", w, p, 4, 2, threads=2),
                                lambda w=work, p=path: program("bench_ceiling", w, p, 4, 1, threads=2),
                                "wall")
            self.seconds(f"the machine's own, {name}", "", pair, "itself, 1 thread")

    def encode(self):
        source = self.lineitem("uncompressed")
        rows = 20_000 if self.quick else 6_000_000
        ours_path, peer_path = self.path("encoded-firn.parquet"), self.path("encoded-duckdb.parquet")
        code = f"""
import duckdb
c = duckdb.connect()
c.execute("SET threads=1")
c.execute("CREATE TABLE li AS FROM read_parquet('{source}')")
for _ in range(2):
    with Timer():
        c.execute("COPY li TO '{peer_path}' (FORMAT parquet, COMPRESSION zstd)")
"""
        for encodings, name, goals in (("all", "all encodings", (">= 3x rows/s", "<= 0.95x")),
                                       ("v1", "PLAIN and dictionary only", ("", ""))):
            pair = self.measure(lambda e=encodings: program("bench_parquet_rewrite", source, ours_path, 2, e),
                                lambda: python(code))
            if self.duckdb_sums(ours_path).sums != self.duckdb_sums(source).sums:
                sys.exit("encode: DuckDB reads other sums from firn's file")
            ours, theirs = (rows / s / 1e6 for s in pair)
            self.row(f"encode 16 columns, zstd, {name}", goals[0], f"{ours:.2f} M rows/s",
                     f"{theirs:.2f} M rows/s", "DuckDB, 1 thread", f"{ours / theirs:.2f}x")
            a, b = os.path.getsize(ours_path), os.path.getsize(peer_path)
            self.row("bytes of that", goals[1], f"{a / 1e6:.1f} MB", f"{b / 1e6:.1f} MB", "DuckDB",
                     f"{a / b:.3f} of its bytes")

    # ---- manifests ----

    def manifests(self):
        entries = 500 if self.quick else 20_000
        path = self.path(f"manifest-{entries}.avro")
        if not path.exists():
            subprocess.run([PROGRAMS / "bench_manifest", str(entries), "12", path], check=True,
                           capture_output=True)
        code = f"""
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import ManifestFile
import pyiceberg.avro.decoder_fast
io = PyArrowFileIO()
m = ManifestFile.from_args(manifest_path='{path}', manifest_length={os.path.getsize(path)},
    partition_spec_id=0, content=0, sequence_number=1, min_sequence_number=1, added_snapshot_id=1)
for _ in range(2):
    with Timer():
        entries = m.fetch_manifest_entry(io)
files = [e.data_file for e in entries]
counts = [sum(sum((getattr(f, k) or {{}}).values()) for f in files)
          for k in ("column_sizes", "value_counts", "null_value_counts", "nan_value_counts")]
sums([len(files), sum(f.record_count for f in files), *counts,
      sum(len(b) for f in files for b in f.lower_bounds.values()),
      sum(len(b) for f in files for b in f.upper_bounds.values())])
"""
        pair = self.measure(lambda: program("bench_manifest", "--read", path), lambda: python(code))
        ours, theirs = (entries / s / 1e3 for s in pair)
        self.row(f"decode a manifest of {entries:,} entries, 12 columns, deflate", ">= 8x entries/s",
                 f"{ours:.0f} k/s", f"{theirs:.1f} k/s", "PyIceberg, compiled decoder",
                 f"{ours / theirs:.1f}x")

    # ---- text ----

    def text(self, path, read, work, goal, options, kind="orders"):
        """Typed columns out of a file of orders or lineitems, against DuckDB's reader of such files."""
        types, sums = {"orders": (data.ORDER_COLUMNS, data.order_sums()),
                       "lineitem": (data.LINEITEM_COLUMNS, data.lineitem_sums())}[kind]
        columns = ", ".join(f"'{k}': '{v}'" for k, v in types.items())
        code = f"""
import duckdb
c = duckdb.connect()
c.execute("SET threads=1")
c.execute("SET TimeZone='UTC'")
for _ in range(2):
    with Timer():
        r = c.execute(\"\"\"SELECT {sums} FROM {read}('{path}', {options}columns={{{columns}}})\"\"\").fetchone()
sums(r)
"""
        ours, theirs = self.measure(lambda: program("bench_text", path, 2, kind), lambda: python(code))
        size = os.path.getsize(path)
        self.row(work, goal, f"{size / ours / 1e6:.0f} MB/s", f"{size / theirs / 1e6:.0f} MB/s",
                 f"DuckDB {read}, 1 thread", f"{theirs / ours:.2f}x")

    def orders(self, name, write):
        rows = 5_000 if self.quick else 1_000_000
        kind, suffix = name.split(".")
        return self.made(f"orders-{kind}-{rows}.{suffix}", lambda path: write(path, rows))

    def ndjson(self):
        rows = 5_000 if self.quick else 600_000
        source = self.lineitem("uncompressed")
        lineitem = self.made(f"lineitem-{rows}.ndjson", lambda p: data.write_lineitem_ndjson(p, source, rows))
        self.text(lineitem, "read_json", "NDJSON to 16 columns, stable keys", ">= 3x",
                  "format='newline_delimited', ", "lineitem")
        self.text(self.orders("stable.ndjson", lambda p, n: data.write_orders(p, n, False)), "read_json",
                  "NDJSON to 10 columns, stable keys", "", "format='newline_delimited', ")
        self.text(self.orders("dirty.ndjson", lambda p, n: data.write_orders(p, n, True)), "read_json",
                  "NDJSON to 10 columns, shuffled keys, escapes, nulls", ">= 1.5x", "format='newline_delimited', ")

    def csv(self):
        self.text(self.orders("plain.csv", data.write_orders_csv), "read_csv", "CSV to columns", "", "header=true, ")
        self.text(self.orders("quoted.csv", lambda p, n: data.write_orders_csv(p, n, quoted=True)), "read_csv",
                  "CSV to columns, all quoted, doubled quotes", "", "header=true, ")

    # ---- one row ----

    def point(self):
        rows = 20_000 if self.quick else 14_000_000
        path = self.made(f"sorted-{rows}.parquet", lambda p: data.write_sorted(p, rows))
        key = rows // 2 * 7
        code = f"""
import duckdb
c = duckdb.connect()
c.execute("SET threads=1")
for _ in range(3):
    with Timer():
        r = c.execute("SELECT key, amount, strlen(payload) FROM read_parquet('{path}') WHERE key = {key}").fetchone()
sums(r)
"""
        ours = lambda: program("bench_point_lookup", path, "key", key, 3)
        size = os.path.getsize(path) / 1e9
        self.seconds(f"one row by its key, sorted file of {size:.1f} GB, all 3 columns", "<= 1.5x its time",
                     self.measure(ours, lambda: python(code)), "DuckDB, 1 thread")
        self.row("range reads of that", "<= 4", ours().counts["reads"], "-", "", "")

    def finish(self):
        cpu = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
        text = "\n".join(self.lines) + (
            f"\n\n{os.cpu_count()} CPUs, {cpu.group(1) if cpu else 'unknown'}; medians of "
            f"{self.options.runs} interleaved runs; {time.strftime('%Y-%m-%d')}\n")
        self.options.out.parent.mkdir(parents=True, exist_ok=True)
        self.options.out.write_text(text)


ROWS = ("decode", "threads", "encode", "manifests", "ndjson", "csv", "point")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="row", help=", ".join(ROWS))
    parser.add_argument("--quick", action="store_true", help="tiny data: does everything run?")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--clock", choices=("cpu", "wall"), default="cpu")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/bench/format.md")
    options = parser.parse_args()
    unknown = set(options.rows) - set(ROWS)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    if not shutil.which("taskset"):
        sys.exit("bench_format: taskset is missing (util-linux)")
    bench = Bench(options)
    print("\n".join(bench.lines))
    for name in options.rows or ROWS:
        getattr(bench, name)()
    bench.finish()


if __name__ == "__main__":
    main()
