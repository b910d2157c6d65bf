# SPDX-License-Identifier: Apache-2.0
"""Random histories of tables that firn, Spark and PyIceberg change in turn. HISTORY_SEED begins elsewhere, HISTORY_SECONDS (90) and
HISTORY_STEPS (25) say how long; a history that fails is shrunk for HISTORY_SHRINK (240) seconds and printed with its seed."""
import os
import time

import pytest

from history_run import Engines, described, run, shrink

SECONDS = float(os.environ.get("HISTORY_SECONDS", "90"))
STEPS = int(os.environ.get("HISTORY_STEPS", "25"))
SHRINK = float(os.environ.get("HISTORY_SHRINK", "240"))
SEED = int(os.environ.get("HISTORY_SEED", "1"))


def test_histories_agree_with_a_model(spark_process, home):
    engines = Engines(home, spark_process)
    until, seed = time.monotonic() + SECONDS, SEED
    while time.monotonic() < until:
        failed = run(engines, seed, range(STEPS), until)
        if failed:
            failure, log = shrink(engines, seed, range(STEPS), failed, SHRINK) if SHRINK else (failed[0], failed[2])
            pytest.fail(described(seed, failure, log), pytrace=False)
        seed += 1
    print(f"\nseeds {SEED} to {seed - 1}: {dict(engines.made)} steps")
    print("  " + ", ".join(f"{name} {times}" for name, times in engines.kinds.most_common()))
    for (engine, refusal), times in engines.refusals.most_common():
        print(f"  {engine} refused {times} times: {refusal}")
    assert engines.made["firn"] and engines.made["spark"]
