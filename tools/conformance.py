#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files of many writers, good and bad, against what must come out of them.

    conformance.py [--firn PROGRAM] [--all] [CORPUS...]

Walks the INDEX.tsv of each folder of FIRN_CORPORA, runs the program on every file it names, and
prints for each corpus how many passed, failed and were refused. Refused means that a file differs
from its expectation and docs/conformance.md says why; a failure that is not in there makes exit
status 1. --all also lists the refused files.
"""
import argparse
import concurrent.futures
import fnmatch
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOC = os.path.join(ROOT, "docs/conformance.md")
TIMEOUT_S = 120


class Failure(Exception):
    """A file did not give what it must; the text says what it gave."""


class Firn:
    def __init__(self, program):
        self.program = program

    def start(self, *arguments):
        return subprocess.run([self.program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False)

    def read(self, *arguments):
        """Standard output of a command that must succeed."""
        done = self.start(*arguments)
        if done.returncode:
            raise Failure(message(done))
        return done.stdout

    def json(self, *arguments):
        return json.loads(self.read(*arguments, "--format", "json"))

    def refuse(self, *arguments):
        """A command that must end with status 1 and one line that says why."""
        done = self.start(*arguments)
        lines = [line for line in done.stderr.decode(errors="replace").splitlines() if not line.startswith("hint: ")]
        if done.returncode == 0:
            raise Failure("accepted, and must be rejected")
        if done.returncode != 1 or len(lines) != 1 or not lines[0].startswith("error: "):
            raise Failure(message(done))
        return lines[0]

    def survive(self, *arguments):
        done = self.start(*arguments)
        if done.returncode not in (0, 1):
            raise Failure(message(done))
        return done.returncode == 0


def message(done):
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return f"exit status {done.returncode}: {lines[0] if lines else 'nothing on stderr'}"


def md5(data):
    return hashlib.md5(data).hexdigest()


def equal(what, found, expected):
    if found != expected:
        raise Failure(f"{what} is {found}, expected {expected}")


class File:
    """One line of an INDEX.tsv."""

    def __init__(self, corpora, corpus, line, exceptions=()):
        self.corpora, self.corpus, self.exceptions = corpora, corpus, exceptions
        self.name, _, self.what, self.expected = (line.split("\t") + [""] * 4)[:4]
        self.key = f"{corpus}/{self.name}"
        self.path = os.path.join(corpora, corpus, self.name)

    @property
    def is_good(self):
        return self.expected.startswith("ok")

    @property
    def is_bad(self):
        return self.expected.startswith("must be rejected")

    def values(self):
        """expected/<path>.json, or {}"""
        path = os.path.join(self.corpora, self.corpus, "expected", self.name.rstrip("/") + ".json")
        if not os.path.exists(path):
            return {}
        with open(path, encoding="utf-8") as f:
            return json.load(f)


# ---- one function a kind of file ----------------------------------------------------------------

def check_rows(firn, file, *arguments):
    """Rows in the canonical rendering, by MD5 where there is one, else by their number."""
    if file.is_bad or "encrypted" in file.what:
        return firn.refuse("cat", "--canonical", file.path, *arguments)
    values = file.values()
    if file.expected.startswith("either") or not (values or file.is_good):
        return firn.survive("cat", "--canonical", file.path, *arguments)
    if "codec not supported" in file.expected and not firn.survive("cat", "--canonical", file.path):
        equal("refusal", "not supported: avro codec" in firn.refuse("cat", "--canonical", file.path), True)
        return None
    rows = firn.read("cat", "--canonical", file.path, *arguments)
    want = values.get("rows_md5") or values.get("md5_canonical_lines")
    count = values.get("rows_read", values.get("num_rows", values.get("records")))
    if count is None and (found := re.search(r"with (\d+) (?:rows|records)", file.expected)):
        count = int(found.group(1))
    if count is not None:
        equal("number of rows", rows.count(b"\n"), count)
    return equal("MD5 of the rows", md5(rows), want) if want else None


def check_shredded_variant(firn, file):
    """Each row of the variant column equals the bytes of its file: metadata, then value."""
    if file.is_bad:
        return firn.refuse("cat", "--canonical", file.path)
    if file.expected.startswith("either") and not firn.survive("cat", "--canonical", file.path):
        return None
    rows = [json.loads(line) for line in firn.read("cat", "--canonical", file.path, "--columns", "var").splitlines()]
    stem = re.sub(r"\.parquet$", "", file.path)
    for i, row in enumerate(rows):
        path = f"{stem}_row-{i}.variant.bin"
        want = None
        if os.path.exists(path):
            with open(path, "rb") as f:
                want = f.read().hex()
        equal(f"row {i}", row[0], want)
    return None


def check_positions(kind):
    def check(firn, file):
        arguments = ("cat", "--as", kind, file.path)
        if file.is_bad:
            return firn.refuse(*arguments)
        out, values = firn.read(*arguments), file.values()
        found = re.search(r"(?:cardinality |ok: )(\d+)", file.expected)
        want = values.get("cardinality", int(found.group(1)) if found else None)
        if want is not None:
            equal("cardinality", out.count(b"\n"), want)
        return equal("MD5 of the positions", md5(out), values["md5_decimal_lines"]) if values else None
    return check


def check_puffin(firn, file):
    if file.is_bad:
        return firn.refuse("inspect", file.path)
    found, want = firn.json("inspect", file.path), file.values()
    equal("number of blobs", len(found["blobs"]), len(want["blobs"]))
    if want.get("properties"):
        equal("properties", found["properties"], want["properties"])
    for i, (blob, expected) in enumerate(zip(found["blobs"], want["blobs"])):
        for key in ("type", "fields", "snapshot-id", "sequence-number", "offset", "length"):
            equal(f"{key} of blob {i}", blob[key], expected[key])
        equal(f"properties of blob {i}", blob.get("properties") or {}, expected.get("properties") or {})
        contents = firn.read("cat", file.path, "--blob", str(i))
        if "decoded_md5" in expected:
            equal(f"contents of blob {i}", md5(contents), expected["decoded_md5"])
        if "dv" in expected:
            positions = firn.read("cat", file.path, "--blob", str(i), "--as", "deletion-vector")
            equal(f"positions of blob {i}", md5(positions), expected["dv"]["md5_decimal_lines"])


def check_inspect(kind):
    def check(firn, file):
        arguments = ("inspect", "--as", kind, file.path)
        if file.is_bad:
            firn.refuse(*arguments)
        elif file.is_good:
            firn.read(*arguments)
        else:
            firn.survive(*arguments)
    return check


def check_json_text(firn, file):
    name = os.path.basename(file.name)
    arguments = ("inspect", "--as", "json", file.path)
    if name.startswith("y_"):
        firn.read(*arguments)
    elif name.startswith("n_"):
        firn.refuse(*arguments)
    else:
        firn.survive(*arguments)


def check_avro_schema(firn, file):
    if file.name.endswith(".avpr"):  # a protocol: JSON with schemas inside, not a schema
        return firn.read("inspect", "--as", "json", file.path)
    return check_inspect("avro-schema")(firn, file)


def check_schema_cases(firn, file):
    """schema-tests.txt: canonical form and fingerprint of each schema."""
    with open(file.path, encoding="utf-8") as f:
        text = "\n" + re.sub(r"^(//|#).*$", "", f.read(), flags=re.M)
    cases = text.split("\n<<INPUT")[1:]
    for case in cases:
        parts = re.split(r"\n<<(canonical|fingerprint)", case)
        source = re.sub(r"^\s*<<\w*$|^INPUT$", "", parts[0], flags=re.M).strip()
        want = dict(zip(parts[1::2], (part.strip() for part in parts[2::2])))
        with tempfile.NamedTemporaryFile("w", suffix=".avsc", encoding="utf-8") as schema:
            schema.write(source)
            schema.flush()
            found = firn.json("inspect", "--as", "avro-schema", schema.name)
        equal(f"canonical form of {source}", found["canonical_form"], want["canonical"])
        if "fingerprint" in want:
            equal(f"fingerprint of {source}", found["fingerprint"], int(want["fingerprint"]))
    equal("number of cases", len(cases) > 30, True)


def check_manifest_list(firn, file):
    if not file.is_good:
        return firn.survive("inspect", file.path)
    if not firn.json("inspect", file.path)["manifests"]:
        raise Failure("no manifest in the list")
    return None


def table_arguments(file, values):
    """Where the metadata file of a table is, and how its locations map to the corpus."""
    root = os.path.join(file.corpora, file.corpus)
    location = values["metadata_file"]
    prefix = re.match(r"s3://firn-fixtures/|file:/firn-fixtures/", location).group()
    local = os.path.join(root, "bucket", location[len(prefix):])
    return ["cat", "--canonical", "--table", local, "--map", f"{prefix.rstrip('/')}={os.path.join(root, 'bucket')}"]


def check_view(firn, file):
    name = file.name.rstrip("/").rsplit("/", 1)[1]
    with open(os.path.join(file.corpora, file.corpus, "expected", name + ".json"), encoding="utf-8") as f:
        location = json.load(f)["metadata_file"]
    path = os.path.join(file.corpora, file.corpus, "bucket", location.split("/firn-fixtures/", 1)[1])
    equal("kind", firn.json("inspect", path)["format"], "view-metadata")


def check_nothing(firn, file):
    raise Failure("no check for this kind of file")


def check_scan(firn, arguments, scan, what):
    rows = firn.read(*arguments)
    equal(f"number of rows of {what}", rows.count(b"\n"), scan["rows"])
    lines = sorted(rows.splitlines(keepends=True))
    equal(f"MD5 of the sorted rows of {what}", md5(b"".join(lines)), scan["sorted_rows_md5"])


def check_filter(firn, arguments, case):
    """Rows, and no more files planned than by the reference; of delete files not fewer."""
    check_scan(firn, [*arguments, "--where", case["filter"]], case["scan"], case["filter"])
    if "files_planned" not in case:
        return
    plan = firn.json("plan", *arguments[2:], "--where", case["filter"])
    if plan["data_files"] > case["files_planned"]:
        raise Failure(f"{plan['data_files']} data files planned for {case['filter']}, expected {case['files_planned']}")
    if plan["data_files"] == case["files_planned"] and plan["delete_files"] < case.get("delete_files_planned", 0):
        raise Failure(f"{plan['delete_files']} delete files planned for {case['filter']}, "
                      f"expected {case['delete_files_planned']}")


def check_table(firn, file):
    """The current rows, those of each snapshot, of each branch and tag, and of each filter."""
    name = file.name.rstrip("/").rsplit("/", 1)[1]
    with open(os.path.join(file.corpora, file.corpus, "expected", name + ".json"), encoding="utf-8") as f:
        values = json.load(f)
    arguments = table_arguments(file, values)
    current = values.get("current", values)
    if "sorted_rows_md5" in current:
        check_scan(firn, arguments, current, "the table")
    for snapshot in values.get("snapshots", []):
        if "sorted_rows_md5" in snapshot.get("scan", {}):
            identity = str(snapshot["snapshot_id"])
            check_scan(firn, [*arguments, "--snapshot", identity], snapshot["scan"], f"snapshot {identity}")
    refs = values.get("refs_scan", [])
    for ref in refs if isinstance(refs, list) else []:
        if "sorted_rows_md5" in ref.get("scan", ref):
            check_scan(firn, [*arguments, "--ref", ref.get("ref", ref.get("name"))], ref.get("scan", ref), f"{ref}")
    for case in values.get("filters", []):
        if not reason_for(f"{file.key}: {case['filter']}", file.exceptions):
            check_filter(firn, arguments, case)


def check_duckdb_table(firn, file):
    """Each table of the folder: the rows that PyIceberg reads."""
    root = os.path.join(file.corpora, file.corpus)
    folder = os.path.join(root, "expected", os.path.basename(file.name.rstrip("/")))
    scans = [n for n in os.listdir(folder) if n.endswith(".scan.json")] if os.path.isdir(folder) else []
    if not scans:
        raise Failure("no expected rows, only queries")
    for name in sorted(scans):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            scan = json.load(f)
        arguments = ["cat", "--canonical", "--table", os.path.join(root, scan["metadata"]), "--map",
                     f"data/={os.path.join(root, 'data')}"]
        for table in sorted(os.listdir(file.path)):  # locations without a folder are relative to this one
            arguments += ["--map", f"{table}/={os.path.join(file.path, table)}"]
        check_scan(firn, arguments, scan, name)


def check_for(file):
    """The check of a file; None: it only explains or holds values for another."""
    what, name = file.what, file.name
    if name.startswith("data/persistent/"):
        return check_duckdb_table
    if name.endswith("/"):
        return check_view if "Iceberg view" in what else check_table
    if name.endswith((".md", "cases.json", "data_dictionary.json")):
        return None
    if file.expected.startswith("reference") and not name.endswith("schema-tests.txt"):
        return None
    rules = [
        (name.endswith("schema-tests.txt"), check_schema_cases),
        (what.startswith("shredded variant"), check_shredded_variant),
        ("Parquet" in what, check_rows),
        ("manifest list" in what, check_manifest_list),
        (what.startswith("Avro schema"), check_avro_schema),
        ("Avro" in what, check_rows),
        ("Puffin" in what, check_puffin),
        (what.endswith("deletion-vector-v1 blob") or what == "malformed deletion vector", check_positions("deletion-vector")),
        (re.search("oaring.*64|64.*oaring", what + " " + name), check_positions("bitmap64")),
        ("oaring" in what, check_positions("bitmap32")),
        (what.startswith("table metadata"), check_inspect("table-metadata")),
        (what.startswith("view metadata"), check_inspect("view-metadata")),
        (what == "JSON text", check_json_text),
        ("JSON" in what, check_inspect("json")),
    ]
    return next((check for matches, check in rules if matches), check_nothing)


# ---- running ------------------------------------------------------------------------------------

def documented():
    """Patterns of files and the reason, from the tables of docs/conformance.md."""
    out = []
    if os.path.exists(DOC):
        with open(DOC, encoding="utf-8") as f:
            for line in f:
                cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
                if line.startswith("| `") and len(cells) >= 2:
                    out.extend((pattern, cells[-1]) for pattern in re.findall("`([^`]+)`", cells[0]))
    return out


def reason_for(key, exceptions):
    for pattern, reason in exceptions:
        if fnmatch.fnmatch(key, pattern):
            return reason
    return None


def read_index(corpora, corpus, exceptions):
    with open(os.path.join(corpora, corpus, "INDEX.tsv"), encoding="utf-8") as f:
        return [File(corpora, corpus, line.rstrip("\n"), exceptions) for line in f.read().splitlines()[1:]]


def run_check(firn, file, check):
    """None, or what is wrong."""
    try:
        check(firn, file)
    except Failure as failure:
        return str(failure)
    except subprocess.TimeoutExpired:
        return f"not done in {TIMEOUT_S} s"
    except (KeyError, TypeError, ValueError) as error:
        return f"unexpected answer: {error!r}"
    return None


def run_corpus(firn, corpora, corpus, pool, exceptions):
    files = [(file, check) for file in read_index(corpora, corpus, exceptions) if (check := check_for(file))]
    results = list(pool.map(lambda job: run_check(firn, *job), files))
    failed = [(file, wrong) for (file, _), wrong in zip(files, results) if wrong]
    refused = [(file, reason) for file, _ in failed if (reason := reason_for(file.key, exceptions))]
    unknown = [(file, wrong) for file, wrong in failed if not reason_for(file.key, exceptions)]
    stale = [file for (file, _), wrong in zip(files, results)
             if not wrong and (file.is_good or file.is_bad) and reason_for(file.key, exceptions)]
    return len(files) - len(failed), unknown, refused, stale


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--firn", default=os.path.join(ROOT, "build/firn"))
    parser.add_argument("--all", action="store_true")
    parser.add_argument("corpora", nargs="*", metavar="CORPUS")
    options = parser.parse_args()
    corpora = os.environ.get("FIRN_CORPORA")
    if not corpora:
        print("conformance: skipped: FIRN_CORPORA names no folder of corpora")
        return 0
    found = sorted(n for n in os.listdir(corpora) if os.path.exists(os.path.join(corpora, n, "INDEX.tsv")))
    exceptions, status = documented(), 0
    print(f"{'corpus':<22}{'passed':>8}{'failed':>8}{'refused':>8}")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for corpus in options.corpora or found:
            passed, failed, refused, stale = run_corpus(Firn(options.firn), corpora, corpus, pool, exceptions)
            print(f"{corpus:<22}{passed:>8}{len(failed):>8}{len(refused):>8}", flush=True)
            for file, wrong in failed:
                print(f"  {file.key}: {wrong[:200]}")
            for file in stale:
                print(f"  {file.key}: passes, docs/conformance.md says it does not")
            for file, reason in refused if options.all else []:
                print(f"  {file.key}: refused: {reason}")
            status = status or (1 if failed else 0)
    return status


if __name__ == "__main__":
    sys.exit(main())
