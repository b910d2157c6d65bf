#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Queries of duckdb-iceberg's own tests, over the tables of that corpus, as firn answers them.

    duckdb_queries.py [--firn PROGRAM] [--verbose]

Each `iceberg_scan('...')` becomes a table that is registered in a home of its own. What a query needs
that firn has not (DuckDB's logs, settings and views of another engine) is counted as not supported, by
the reasons in REASONS; docs/conformance.md lists them. Exit status 1 when an answer differs."""
import argparse
import collections
import contextlib
import csv
import datetime
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCAN = re.compile(r"iceberg_scan\s*\(\s*'([^']*)'([^)]*)\)", re.I)
REASONS = [
    (r"duckdb_logs|enable_logging|truncate_duckdb_logs", "DuckDB's logs"),
    (r"iceberg_metadata|iceberg_snapshots|iceberg_column_stats|iceberg_table_properties", "table functions on metadata"),
    (r"\bpragma\b|^\s*set\b|^\s*reset\b|disabled_optimizers|explain", "settings and plans of DuckDB"),
    (r"^\s*attach|^\s*create|^\s*load|^\s*detach|my_datalake|oracle_|^\s*drop|\bcall\b", "objects of another catalog"),
    (r"from\s+'[^']*\.parquet'", "files beside tables"),
    (r"\{TEST_DIR\}", "tables that the test writes"),
    (r"version=(3\.1|3\.2|4\.1)\b", "files pruned by metrics of a column that the name mapping has lost"),
    (r"\bfilename\b", "the column filename, which is _file"),
]
# Whole tests, by the beginning of their names.
TABLES = {
    "big_query_read": "manifests whose data_file may be null",
    "case_sensitive_names": "columns whose names differ by case only",
    "equality_delete_cross_partition": "a snapshot id of more than 64 bits",
}


class Block:
    def __init__(self, path, line, head, sql, rows):
        self.path, self.line, self.head, self.sql, self.rows = path, line, head, sql, rows


def blocks_of(path):
    lines = path.read_text(encoding="utf-8").split("\n")
    at = 0
    while at < len(lines):
        head = lines[at].split()
        if not head or head[0] not in ("query", "statement"):
            at += 1
            continue
        first, body, rows = at + 1, [], []
        at += 1
        while at < len(lines) and lines[at].strip() and not lines[at].startswith("----"):
            body.append(lines[at])
            at += 1
        if at < len(lines) and lines[at].startswith("----"):
            at += 1
            while at < len(lines) and lines[at].strip():
                rows.append(lines[at])
                at += 1
        yield Block(path, first, head, "\n".join(body).strip().rstrip(";"), rows)


# ---- locations in the corpus are relative to it; tables in a catalog have absolute ones ----

PREFIX = b"data/persistent/"


def read_long(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return (value >> 1) ^ -(value & 1), at


def put_long(value):
    value, out = (value << 1) ^ (value >> 63), bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def move_avro(data, prefix):
    """The container with its blocks unpacked and the prefix, which is as long as the old one, in place."""
    at, meta = 4, {}
    while True:
        n, at = read_long(data, at)
        if n == 0:
            break
        for _ in range(n):
            pair = []
            for _ in range(2):
                size, at = read_long(data, at)
                pair.append(data[at:at + size])
                at += size
            meta[pair[0]] = pair[1]
    sync, at, blocks = data[at:at + 16], at + 16, b""
    codec = meta.get(b"avro.codec", b"null")
    while at < len(data):
        count, at = read_long(data, at)
        size, at = read_long(data, at)
        block = data[at:at + size] if codec == b"null" else zlib.decompress(data[at:at + size], -15)
        at += size + 16
        blocks += put_long(count) + put_long(len(block)) + block.replace(PREFIX, prefix) + sync
    meta[b"avro.codec"] = b"null"
    text = b"".join(put_long(len(k)) + k + put_long(len(v)) + v for k, v in meta.items())
    return data[:4] + put_long(len(meta)) + text + put_long(0) + sync + blocks


def move_tables(corpus, folder, prefix):
    shutil.copytree(corpus / "data", folder / "data", copy_function=shutil.copyfile)
    for path in (folder / "data").rglob("*"):
        if path.suffix == ".json":
            path.write_bytes(path.read_bytes().replace(PREFIX, prefix))
        elif path.suffix == ".avro" and path.read_bytes()[:4] == b"Obj\x01":
            path.write_bytes(move_avro(path.read_bytes(), prefix))


@contextlib.contextmanager
def short_link(target):
    """A name for the folder that is no longer than the prefix it stands for."""
    link = tempfile.mkdtemp(prefix="d", dir="/tmp")
    os.rmdir(link)
    os.symlink(target, link)
    try:
        yield link
    finally:
        os.unlink(link)


class Tables:
    """Registers what a query scans, once."""

    def __init__(self, program, corpus, home):
        self.program, self.corpus, self.home, self.names = program, corpus, home, {}
        self.firn("init")

    def firn(self, *arguments):
        return subprocess.run([self.program, "--home", self.home, *arguments], capture_output=True, text=True, timeout=60,
                              check=False)

    def metadata_of(self, place, version):
        if place.endswith(".json"):
            return place
        folder = self.corpus / place / "metadata"
        hint = folder / "version-hint.text"
        found = sorted(folder.glob("*.metadata.json"))
        if not version and hint.exists():
            version = hint.read_text().strip()
        if version:
            found = [p for p in found if p.name in (f"v{version}.metadata.json", f"{version}.metadata.json")] or found
        return str(found[-1].relative_to(self.corpus)) if found else place

    def name(self, place, version=None):
        place = re.sub(r"^(\{|__)WORKING_DIRECTORY(\}|__)/", "", place)
        if (place, version) not in self.names:
            name = f"t{len(self.names)}"
            done = self.firn("table", "register_table", f"default.{name}", f"metadata_file={self.corpus / self.metadata_of(place, version)}")
            self.names[place, version] = (name, done.stderr.strip())
        return self.names[place, version]


def plain(text):
    """One spelling for what both print: DuckDB's tests have 1 and 0 for booleans and no quotes within structs."""
    if re.fullmatch(r"(\\x[0-9A-F]{2})+", text):
        text = bytes.fromhex(text.replace("\\x", "")).decode("utf-8", "replace")
    text = {"": "NULL", "true": "1", "false": "0"}.get(text.lower(), text)
    text = re.sub(r"(\d{4}-\d\d-\d\d)T(\d\d:)", r"\1 \2", text)
    text = re.sub(r"(:\d\d(?:\.\d+)?)Z", r"\1+00", text)
    text = re.sub(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{6})?)([+-]\d\d)\b", in_utc, text)
    text = re.sub(r"\\x([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), text)
    return text.replace("'", "").replace("True", "true").replace("False", "false").replace(": ", "=")


def in_utc(found):
    """Times with an offset by what they mean: the tests were made an hour to the east."""
    moment = datetime.datetime.fromisoformat(found[1]) - datetime.timedelta(hours=int(found[2]))
    return moment.isoformat(" ") + "+00"


def cell_equals(got, want):
    if plain(got) == plain(want):
        return True
    try:
        return abs(float(got) - float(want)) <= 1e-6 * abs(float(want))  # a float is shown as one, there as a double
    except ValueError:
        return False


def same(got, want, mode):
    if "rowsort" in mode:
        got, want = sorted(got), sorted(want)
    return len(got) == len(want) and all(
        len(g) == len(w) and all(map(cell_equals, g, w)) for g, w in zip(got, want))


def scan_of(found, tables):
    """(SQL, problem) of one iceberg_scan; SQL None: it has arguments that firn has not."""
    options = dict(re.findall(r"(\w+)\s*=\s*'?([^',)]+)", found[2]))
    version, snapshot = options.pop("version", None), options.pop("snapshot_from_id", None)
    options.pop("allow_moved_paths", None)
    name, problem = tables.name(found[1], version)
    return (None if options else name + (f" AT (VERSION => {snapshot})" if snapshot else "")), problem


def judge(block, tables):
    """(outcome, why): passed, failed, or not supported."""
    text = re.sub(r"\s+", " ", block.sql)
    for name, reason in TABLES.items():
        if block.path.name.startswith(name):
            return "not supported", reason
    for pattern, reason in REASONS:
        if re.search(pattern, text, re.I):
            return "not supported", reason
    if not SCAN.search(block.sql):
        return "not supported", "no table is read"
    scans = [scan_of(m, tables) for m in SCAN.finditer(block.sql)]
    if any(sql is None for sql, _ in scans):
        return "not supported", "arguments of iceberg_scan"
    problems = [problem for _, problem in scans if problem]
    is_error = block.head[:2] == ["statement", "error"]
    if problems:
        return ("passed", "") if is_error else ("failed", problems[0])
    sql = SCAN.sub(lambda m: scan_of(m, tables)[0], block.sql)
    done = tables.firn("sql", "--format", "csv", "-c", sql)
    if is_error or done.returncode:
        return ("passed", "") if is_error and done.returncode else ("failed", done.stderr.strip() or "succeeded")
    if block.head[0] == "statement":
        return "passed", ""
    got = list(csv.reader(io.StringIO(done.stdout)))[1:]
    want = [row.split("\t") for row in block.rows]
    if same(got, want, block.head):
        return "passed", ""
    return "failed", f"{got[:3]}, expected {want[:3]}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--firn", default=str(ROOT / "build/firn"))
    arguments.add_argument("--verbose", action="store_true")
    args = arguments.parse_args()
    corpora = os.environ.get("FIRN_CORPORA")
    if not corpora:
        print("duckdb-iceberg's queries: skipped, FIRN_CORPORA is not set")
        return 0
    corpus = Path(corpora) / "duckdb-iceberg"
    counts, reasons = collections.Counter(), collections.Counter()
    with tempfile.TemporaryDirectory() as folder, short_link(Path(folder) / "data" / "persistent") as link:
        move_tables(corpus, Path(folder), os.path.join(link, "").encode().ljust(len(PREFIX), b"/"))
        tables = Tables(args.firn, Path(folder), folder + "/home")
        for path in sorted((corpus / "expected").rglob("*.test.txt")):
            for block in blocks_of(path):
                outcome, why = judge(block, tables)
                counts[outcome] += 1
                if outcome == "not supported":
                    reasons[why] += 1
                if outcome == "failed" or args.verbose:
                    print(f"{outcome.upper()} {path.name}:{block.line} {why}")
    asked = counts["passed"] + counts["failed"]
    print(f"duckdb-iceberg's queries: {counts['passed']} of {asked} passed, {counts['not supported']} not supported ("
          + ", ".join(f"{n} {why}" for why, n in reasons.most_common()) + ")")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
