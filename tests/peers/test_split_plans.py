# SPDX-License-Identifier: Apache-2.0
"""Splits of a scan as Iceberg's Java library makes them: the same pieces of the same files together."""
import json
import subprocess

import pytest

from jdbc_peer import JAVA, ROOT

CASES = [(134217728, 4194304, 10), (200000, 30000, 3), (60000, 1, 1), (500000, 200000, 20), (10000, 1, 5)]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("splits")
    subprocess.run([ROOT / "build/bench/bench_plan", "--write", folder, "--files", "300", "--manifests", "1"],
                   check=True)
    return folder / "00000-bench.metadata.json"


def java_splits(metadata, case):
    lines = subprocess.run([*JAVA[:-1], "firn.peers.Plans", "splits", metadata, *map(str, case)],
                           check=True, capture_output=True, text=True).stdout.splitlines()
    splits = {}
    for line in lines:
        number, path, offset, length = line.split("\t")
        splits.setdefault(int(number), []).append((path, int(offset), int(length)))
    return [splits[i] for i in sorted(splits)]


def firn_splits(metadata, case):
    content = json.loads(metadata.read_text())
    names = ("target-size", "open-file-cost", "planning-lookback")
    content["properties"] = {f"read.split.{name}": str(value) for name, value in zip(names, case)}
    own = metadata.with_name("own.metadata.json")
    own.write_text(json.dumps(content))
    out = subprocess.run([ROOT / "build/firn", "plan", "--table", own, "--splits", "--format", "json"],
                         check=True, capture_output=True, text=True).stdout
    return [[(p["path"], p["offset"], p["length"]) for p in split["pieces"]]
            for split in json.loads(out)["splits"]]


@pytest.mark.parametrize("case", CASES)
def test_splits_are_those_of_java(table, case):
    want = java_splits(table, case)
    found = firn_splits(table, case)
    assert sum(map(len, want)) >= 300
    assert sorted(map(sorted, found)) == sorted(map(sorted, want))
