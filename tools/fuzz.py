#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fuzz targets under libFuzzer with the address and undefined-behaviour sanitizers.

    fuzz.py            deep: each target for FUZZ_SECONDS (60) or, if set, FUZZ_RUNS executions
    fuzz.py brief      the same executions every time: the corpus, then a fixed number of mutations
    fuzz.py table      write the figures of fuzz/record.tsv into docs/testing.md

FUZZ_ONLY="csv ndjson" picks targets, FUZZ_JOBS says how many run at a time, FUZZ_MAX_LEN (65536) how
long inputs grow. FUZZ_FAST=1 leaves out the tracing of comparisons: twice the executions a second,
for a long run after one with it. Seconds are the processor's, whatever else the machine does. What a deep run finds
worth keeping stays in build/fuzz/corpus and is where the next run begins; inputs of at most 4 KiB
that cover something new join fuzz/corpus (64 files a target at most), and the executions are added to
fuzz/record.tsv. A finding is left in build/fuzz/findings and fails the run.
"""
import concurrent.futures
import datetime
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build/fuzz")
PRESET = "fuzz-fast" if os.environ.get("FUZZ_FAST") else "fuzz"
RECORD = os.path.join(ROOT, "fuzz/record.tsv")
DOC = os.path.join(ROOT, "docs/testing.md")
BEGIN, END = "<!-- fuzz figures: make fuzz-table -->\n", "<!-- end of fuzz figures -->\n"
KEEP_FILES, KEEP_BYTES = 64, 4096
BRIEF_RUNS = 5000


def build():
    for command in (["cmake", "--preset", PRESET], ["cmake", "--build", "--preset", PRESET]):
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            sys.stdout.buffer.write(done.stdout[-8000:])
            sys.exit("fuzz: cannot build the targets")


def all_targets():
    return [n[5:-2] for n in sorted(os.listdir(os.path.join(ROOT, "fuzz"))) if re.fullmatch(r"fuzz_\w+\.c", n)]


def targets():
    only = os.environ.get("FUZZ_ONLY", "").split()
    found = all_targets()
    unknown = set(only) - set(found)
    if unknown:
        sys.exit(f"fuzz: no target called {' '.join(sorted(unknown))}")
    return [name for name in found if not only or name in only]


def program(name):
    return os.path.join(ROOT, "build", PRESET, "fuzz", "fuzz_" + name)


def folder(*parts):
    path = os.path.join(*parts)
    os.makedirs(path, exist_ok=True)
    return path


def committed(name):
    return folder(ROOT, "fuzz/corpus", name)


def files_of(path):
    return sorted(os.path.join(path, n) for n in os.listdir(path) if not n.startswith("."))


def common(name):
    return [f"-artifact_prefix={folder(BUILD, 'findings')}/{name}-", "-print_final_stats=1"]


def run(name, arguments):
    """(ok, executions, seconds of processor time, log path)"""
    log = os.path.join(BUILD, name + ".log")
    # stacks of allocations cost a third of the time (a finding that needs them is run once more by hand), giving
    # pages back to the system half of it
    env = {"ASAN_OPTIONS": "malloc_context_size=0:quarantine_size_mb=16:allocator_release_to_os_interval_ms=-1", **os.environ}
    with open(log, "wb") as out:
        child = subprocess.Popen([program(name)] + arguments, stdout=out, stderr=subprocess.STDOUT, cwd=BUILD, env=env)
        _, status, usage = os.wait4(child.pid, 0)
        code = child.returncode = os.waitstatus_to_exitcode(status)
    with open(log, encoding="utf-8", errors="replace") as f:
        stats = re.findall(r"stat::number_of_executed_units:\s*(\d+)", f.read())
    return code == 0, int(stats[-1]) if stats else 0, usage.ru_utime + usage.ru_stime, log


def brief(name):
    """Neither clock nor order of a folder decides what is executed, so that a slow or loaded machine
    sees what every other one sees."""
    inputs = files_of(committed(name))
    arguments = common(name) + ["-seed=1", f"-runs={BRIEF_RUNS + len(inputs)}", "-timeout=300", "-rss_limit_mb=0",
                                "-malloc_limit_mb=2048", "-max_len=8192", "-reload=0"]
    return run(name, arguments + ["-seed_inputs=" + ",".join(inputs)] if inputs else arguments)


def deep(name):
    grown = folder(BUILD, "corpus", name)
    arguments = common(name) + ["-timeout=30", "-rss_limit_mb=4096", "-malloc_limit_mb=2048",
                                f"-max_len={os.environ.get('FUZZ_MAX_LEN', '65536')}", grown, committed(name)]
    runs = os.environ.get("FUZZ_RUNS")
    limit = f"-runs={runs}" if runs else f"-max_total_time={os.environ.get('FUZZ_SECONDS', '60')}"
    ok, executions, seconds, log = run(name, [limit] + arguments)
    if ok:
        keep(name, grown)
    return ok, executions, seconds, log


def keep(name, grown):
    """Choose the found part of the committed corpus anew: what covers something that the files with
    names of their own do not, smallest first."""
    found = [path for path in files_of(committed(name)) if is_found(path)]
    named = [path for path in files_of(committed(name)) if not is_found(path)]
    small = [path for path in found + files_of(grown) if os.path.getsize(path) <= KEEP_BYTES]
    stage, merged = os.path.join(BUILD, "stage", name), os.path.join(BUILD, "merged", name)
    for path, files in ((stage, small), (merged, named)):
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        for each in files:
            shutil.copy(each, path)
    done = subprocess.run([program(name), "-merge=1", "-timeout=30", "-rss_limit_mb=4096", merged, stage], cwd=BUILD,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if done.returncode:
        return
    new = sorted((path for path in files_of(merged) if is_found(path)), key=lambda path: (os.path.getsize(path), path))
    for path in found:
        os.remove(path)
    for path in new[:max(KEEP_FILES - len(named), 0)]:
        shutil.copy(path, committed(name))


def is_found(path):
    """libFuzzer names what it finds by its hash."""
    return re.fullmatch(r"[0-9a-f]{40}", os.path.basename(path)) is not None


def read_record():
    rows = {}
    if os.path.exists(RECORD):
        with open(RECORD, encoding="utf-8") as f:
            for line in f.read().splitlines()[1:]:
                target, executions, seconds, day = line.split("\t")
                rows[target] = [int(executions), int(seconds), day]
    return rows


def write_record(rows):
    with open(RECORD, "w", encoding="utf-8") as f:
        f.write("target\texecutions\tseconds\tlast run\n")
        for target, row in sorted(rows.items()):
            f.write(f"{target}\t{row[0]}\t{row[1]}\t{row[2]}\n")


def add_to_record(results):
    rows = read_record()
    for name, (ok, executions, seconds, _) in results.items():
        row = rows.setdefault(name, [0, 0, ""])
        row[0] += executions
        row[1] += round(seconds)
        row[2] = datetime.date.today().isoformat()
    write_record(rows)


def table():
    lines = ["| target | executions | hours | last deep run |", "|---|--:|--:|---|"]
    record = read_record()
    for name in all_targets():
        executions, seconds, day = record.get(name, (0, 0, "never"))
        lines.append(f"| {name} | {executions:,} | {seconds / 3600:.2f} | {day} |")
    return "\n".join(lines) + "\n"


def write_table():
    with open(DOC, encoding="utf-8") as f:
        text = f.read()
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    with open(DOC, "w", encoding="utf-8") as f:
        f.write(head + BEGIN + table() + END + tail)


def fuzz(mode):
    build()
    results = {}
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("FUZZ_JOBS") or os.cpu_count() or 1)) as pool:
        jobs = {pool.submit(mode, name): name for name in targets()}
        for job in concurrent.futures.as_completed(jobs):
            name = jobs[job]
            ok, executions, seconds, log = results[name] = job.result()
            print(f"fuzz {name}: {'ok' if ok else 'FAILED'}, {executions} executions in {seconds:.0f} s", flush=True)
            if not ok:
                with open(log, encoding="utf-8", errors="replace") as f:
                    print("".join(f.readlines()[-40:]))
    if mode is deep:
        add_to_record(results)
        write_table()
    return 0 if all(result[0] for result in results.values()) else 1


def main():
    mode = sys.argv[1] if len(sys.argv) > 1 else "deep"
    if mode == "table":
        write_table()
        return 0
    if mode not in ("deep", "brief"):
        sys.exit("usage: fuzz.py [deep|brief|table]")
    return fuzz(deep if mode == "deep" else brief)


if __name__ == "__main__":
    sys.exit(main())
