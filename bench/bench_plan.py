#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scan planning against Iceberg's Java library and PyIceberg: tables of invented data files with 12
columns of full statistics and a filter that leaves one file. The tables are written once, under
build/bench/plan. firn's times are whole processes (firn plan). Java's are inside a process that has
started: the first plan and the best of the later ones. PyIceberg's are of the first plan in a new
process, without its start and imports, and of that whole process. Seconds of CPU are printed beside
wall seconds, because they still mean something on a busy machine.

    bench_plan.py [--quick] [--runs N] [--out FILE] [--no-java] [--no-pyiceberg]"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIRN = ROOT / "build/firn"
WRITER = ROOT / "build/bench/bench_plan"
WORK = ROOT / "build/bench/plan"
JAVA = ["java", "-Xmx6g", "-Diceberg.worker.num-threads=2", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
        "-cp", f"{ROOT}/build/peers/java/classes:{ROOT}/build/peers/java/lib/*", "firn.peers.Plans", "time"]
PYICEBERG = """
import sys, time
from pyiceberg.table import StaticTable
cpu, wall = time.process_time(), time.perf_counter()
n = len(list(StaticTable.from_metadata(sys.argv[1]).scan(row_filter=f"id = {sys.argv[2]}").plan_files()))
print(time.perf_counter() - wall, time.process_time() - cpu, n)
"""


class Time:
    def __init__(self, wall, cpu):
        self.wall, self.cpu = wall, cpu

    def __str__(self):
        return f"{show(self.wall)} ({show(self.cpu)})"


def show(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds:.2f} s"


def best(times):
    return Time(min(t.wall for t in times), min(t.cpu for t in times))


def table(n_files, n_manifests):
    """Metadata file of the table, written once."""
    folder = WORK / f"{n_files}-{n_manifests}"
    metadata = folder / "00000-bench.metadata.json"
    if not metadata.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        subprocess.run([WRITER, "--write", folder, "--files", str(n_files), "--manifests", str(n_manifests)], check=True)
    return metadata


def plan(home, metadata, *args, cached=True):
    """(Time, what firn plan printed, most memory in KB) of a new process."""
    off = [] if cached else ["-o", "cache.memory=0", "-o", "cache.disk=0"]
    start = time.perf_counter()
    p = subprocess.Popen([FIRN, "--home", home, *off, "plan", "--table", metadata, "--format", "json", *args],
                         stdout=subprocess.PIPE)
    out = p.stdout.read()
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if p.returncode:
        sys.exit(f"firn plan failed with {p.returncode}")
    return Time(wall, usage.ru_utime + usage.ru_stime), json.loads(out), usage.ru_maxrss


def firn_times(home, metadata, ids, runs):
    cold, second, uncached = [], [], []
    for _ in range(runs):
        shutil.rmtree(home / "cache", ignore_errors=True)
        for times, number, cached in ((uncached, ids[0], False), (cold, ids[0], True), (second, ids[1], True)):
            t, out, _ = plan(home, metadata, "--where", f"id = {number}", cached=cached)
            if out["data_files"] != 1:
                sys.exit(f"{out['data_files']} files planned, expected 1")
            times.append(t)
    return best(cold), best(second), best(uncached)


def peer_plans(command, metadata, ids):
    """Times of the plans that a new process of a peer makes, and of the whole process."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = subprocess.run([*command, metadata, *map(str, ids)], check=True, capture_output=True, text=True).stdout
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    rows = [list(map(float, line.split())) for line in lines.splitlines()]
    if any(row[2] != 1 for row in rows):
        sys.exit(f"{command[0]} planned {[row[2] for row in rows]} files, expected 1 each")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return [Time(row[0], row[1]) for row in rows], Time(wall, cpu)


def java_times(metadata, ids):
    plans, _ = peer_plans(JAVA, metadata, ids)
    return plans[0], best(plans[1:] or plans)


def pyiceberg_times(metadata, ids):
    processes = [peer_plans([sys.executable, "-c", PYICEBERG], metadata, [i]) for i in ids]
    return best([plans[0] for plans, _ in processes]), best([whole for _, whole in processes])


def ratios(peer, own):
    return f"{peer.wall / own.wall:.1f} ({peer.cpu / max(own.cpu, 0.001):.1f})"


def curve(options, home, lines):
    sizes = [(10000, 10), (100000, 10)] + ([] if options.quick else [(1000000, 100)])
    for n, n_manifests in sizes:
        metadata = table(n, n_manifests)
        ids = [n * 1000 // 16 * k + 17 for k in (8, 5, 3, 11, 13, 7, 2, 9)]
        cold, second, uncached = firn_times(home, metadata, ids, options.runs)
        lines.append(f"| {n:,} | firn, cold | {cold} | |")
        lines.append(f"| | firn, cold, cache turned off | {uncached} | |")
        lines.append(f"| | firn, second plan | {second} | |")
        if not options.no_java:
            first, warm = java_times(metadata, ids)
            lines.append(f"| | Iceberg Java, first | {first} | cold {ratios(first, cold)} |")
            lines.append(f"| | Iceberg Java, warmed up | {warm} | cold {ratios(warm, cold)}, second {ratios(warm, second)} |")
        if not options.no_pyiceberg:
            few = ids[:1] if n > 10000 else ids[: options.runs]
            first, whole = pyiceberg_times(metadata, few)
            lines.append(f"| | PyIceberg, first | {first} | cold {ratios(first, cold)} |")
            lines.append(f"| | PyIceberg, whole process | {whole} | cold {ratios(whole, cold)} |")
        print("\n".join(lines[-7:]), flush=True)


def limit(options, home, lines):
    n = 10000 if options.quick else 100000
    metadata = table(n, n)
    t, out, memory = plan(home, metadata, "--limit", "10")
    lines.append(f"\nThe first 10 rows of {n:,} manifests: {out['data_manifests_read']} manifests read, {memory / 1024:.0f} MB, {t}.")
    print(lines[-1])
    if out["data_manifests_read"] > 3 or memory > 64 << 10:
        sys.exit("bench_plan: a limit of 10 rows reads too much")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="without the largest tables")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", help="also write the table here")
    parser.add_argument("--no-java", action="store_true")
    parser.add_argument("--no-pyiceberg", action="store_true")
    options = parser.parse_args()
    home = WORK / "home"
    home.mkdir(parents=True, exist_ok=True)
    lines = ["| files | who | best, wall (CPU) | that over firn's, wall (CPU) |", "|---|---|---|---|"]
    curve(options, home, lines)
    limit(options, home, lines)
    text = "\n".join(lines) + "\n"
    print("\n" + text)
    if options.out:
        pathlib.Path(options.out).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
