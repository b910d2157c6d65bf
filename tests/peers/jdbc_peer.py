# SPDX-License-Identifier: Apache-2.0
"""Iceberg's Java JdbcCatalog (tests/peers/java) for the tests of this folder. Without a JVM or Maven the
tests fail: "make test-java" installs both."""
import datetime
import decimal
import json
import math
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "python"))
from judge import ask, differences, firn_rows, plain, plain_json  # noqa: E402

# Quick starts matter more than peak speed here.
JAVA = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
        "-cp", f"{ROOT}/build/peers/java/classes:{ROOT}/build/peers/java/lib/*", "firn.peers.Peer"]


class JavaError(Exception):
    """What a Java command failed with: "Class: message"."""


def unwrap(line):
    answer = json.loads(line, parse_float=decimal.Decimal)
    if "error" in answer:
        raise JavaError(answer["error"])
    return answer["ok"]


class Jvm:
    """One JVM for the commands of all tests; Java opens the catalog anew for each."""

    def __init__(self, errors):
        self.errors = errors
        self.process = subprocess.Popen([*JAVA, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=errors, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})

    def ask(self, words):
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the JVM ended at {words}: see {self.errors.name}"
        return unwrap(line)

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(30) == 0


class Catalog:
    """A catalog file as JdbcCatalog sees it."""

    def __init__(self, jvm, db, warehouse, name="firn", schema="-"):
        self.jvm = jvm
        self.words = [str(db), str(warehouse), name, schema]

    def __call__(self, command, *args):
        texts = [a if isinstance(a, str) else json.dumps(a) for a in args]
        return self.jvm.ask([*self.words, command, *texts])

    def start(self, command, *args):
        """The command in a process of its own; its answer by finish."""
        texts = [a if isinstance(a, str) else json.dumps(a) for a in args]
        return subprocess.Popen([*JAVA, *self.words, command, *texts], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    @staticmethod
    def finish(process):
        out, errors = process.communicate(timeout=120)
        assert out, errors
        return unwrap(out)


@pytest.fixture(scope="session")
def jvm(tmp_path_factory):
    done = subprocess.run([ROOT / "tests" / "peers" / "java.sh"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    with open(tmp_path_factory.mktemp("jvm") / "stderr", "w") as errors:
        it = Jvm(errors)
        yield it
        it.close()


@pytest.fixture
def java(jvm, home):
    """JdbcCatalog on the catalog of the firn home."""
    return Catalog(jvm, home.path / "catalog.db", f"file://{home.path}/warehouse")


# ---- rows: Python values in, one form out (judge.py) ----

def to_json(value):
    """A Python value as Java's "append" takes it."""
    if isinstance(value, dict):
        return {str(k): to_json(v) for k, v in value.items()}
    if isinstance(value, list):
        return [to_json(v) for v in value]
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else "NaN" if math.isnan(value) else \
            "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int)) else str(value)


def check(home, java, table, schema, rows, got=None):
    """Both programs read these rows (dictionaries of Python values) and no others; got: what firn read, if
    it was asked already."""
    want = sorted(([plain(r.get(f.name), f.field_type) for f in schema.fields] for r in rows), key=repr)
    if got is None:
        (got,) = ask(home, [f"SELECT * FROM {table}"])
    assert not (diff := differences(firn_rows(got, schema), want)), f"{table} in firn: {diff}"
    got = sorted(([plain_json(r[f.name], f.field_type) for f in schema.fields] for r in java("rows", table)),
                 key=repr)
    assert not (diff := differences(got, want)), f"{table} in Java: {diff}"
