# SPDX-License-Identifier: Apache-2.0
"""The live engines of the interoperability tests, and a closing table of what passed against which."""
import collections
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "python"), str(ROOT / "tests" / "peers")]

from spark_peer import Spark, SparkProcess  # noqa: E402


@pytest.fixture(scope="session")
def installed():
    done = subprocess.run([HERE / "peers.sh"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def spark_process(installed, tmp_path_factory):
    process = SparkProcess(tmp_path_factory.mktemp("spark"), "small")
    yield process
    process.close()


@pytest.fixture
def spark(spark_process, home):
    return Spark(spark_process, home)


def pytest_terminal_summary(terminalreporter):
    counts = collections.defaultdict(collections.Counter)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            peer = pathlib.Path(report.fspath).stem.removeprefix("test_").split("_")[0]
            counts[peer][outcome] += 1
    terminalreporter.write_line(f"{'peer':16}{'passed':>8}{'failed':>8}{'skipped':>8}")
    for peer, count in sorted(counts.items()):
        failed = count["failed"] + count["error"]
        terminalreporter.write_line(f"{peer:16}{count['passed']:8}{failed:8}{count['skipped']:8}")
