# SPDX-License-Identifier: Apache-2.0
"""The verdicts in tests/data/schema_evolution.tsv, which the C tests hold firn to, are those of Iceberg's Java
library: made anew and compared."""
import subprocess

from jdbc_peer import JAVA, ROOT


def test_recorded_verdicts_are_javas():
    recorded = (ROOT / "tests" / "data" / "schema_evolution.tsv").read_text()
    made = subprocess.run([*JAVA[:-1], "firn.peers.Evolution"], check=True, capture_output=True, text=True).stdout
    assert made == recorded
