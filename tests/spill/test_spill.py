# SPDX-License-Identifier: Apache-2.0
"""Statements and maintenance on a table ten times larger than the memory budget: they finish by spilling, are right,
and the process stays near the budget (of sorting the memory is only printed). SPILL_MEMORY_MIB (64) is the budget; a file of the table is as large."""
import os
import subprocess

import pytest

from conftest import FIRN, ROOT, Home

BUDGET_MB = int(os.environ.get("SPILL_MEMORY_MIB", "64"))
TIMES = 10
# On disk; three quarters of a row's 100 bytes of digits are random bits that no codec packs.
ROW_BYTES = 51
ROWS = BUDGET_MB * 1024 * 1024 * TIMES // ROW_BYTES
# What the process takes besides: code, the engine, pages and row groups of two threads at work.
ROOM_MB = 160 + BUDGET_MB
PAYLOAD = "md5(({salt} + i)::VARCHAR) || md5(({salt} - i)::VARCHAR) || md5(({salt} + 3 * i)::VARCHAR)"


def limited(home, *args):
    """(output, peak MB) of a run with the budget."""
    process = subprocess.Popen([FIRN, "--home", home.path, "-o", f"memory={BUDGET_MB}MiB", "-o", "threads=2", *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT)
    out = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, out
    return out, usage.ru_maxrss // 1024


def facts(home):
    (row,) = home.sql("SELECT count(*) AS n, sum(id) AS ids, sum(k) AS k, sum(hash(id, k, s)) AS all FROM b.t")
    return row


def facts_of(home, query):
    (row,) = home.sql(f"SELECT count(*) AS n, sum(id) AS ids, sum(k) AS k, sum(hash(id, k, s)) AS all FROM ({query})")
    return row


def step(home, what, query, *args, is_judged=True):
    """A run with the budget, after which the table has the query's rows; older snapshots go. What is wrong with its memory."""
    out, peak = limited(home, *args)
    assert facts(home) == facts_of(home, query), (what, out)
    print(f"{what}: peak {peak} MB", flush=True)
    home.run("sql", "-c", "CALL system.expire_snapshots(table => 'b.t', older_than => TIMESTAMP '2100-01-01', retain_last => 1)", timeout=600)
    return f"{what}: {peak} MB of {BUDGET_MB + ROOM_MB}" if is_judged and peak > BUDGET_MB + ROOM_MB else None


def rows(low, high, salt):
    return f"SELECT i AS id, (i * 7919 % 1000)::INT AS k, {PAYLOAD.format(salt=salt)} AS s FROM range({low}, {high}) r(i)"


@pytest.mark.parametrize("mode", ["copy-on-write", "merge-on-read"])
def test_a_table_of_ten_times_the_budget(tmp_path, mode):
    home = Home(tmp_path / "home")
    modes = ", ".join(f"'write.{change}.mode' = '{mode}'" for change in ("delete", "update", "merge"))
    home.run("init")
    home.run("sql", "-c", f"""CREATE SCHEMA b; CREATE TABLE b.t (id BIGINT, k INT, s STRING)
        TBLPROPERTIES ('write.target-file-size-bytes' = '{BUDGET_MB << 20}', {modes}); INSERT INTO b.t {rows(0, ROWS, 1)}""", timeout=1800)
    size = sum(path.stat().st_size for path in (home.path / "warehouse").rglob("*.parquet"))
    print(f"{mode}: table of {size >> 20} MB, {ROWS} rows, budget {BUDGET_MB} MB", flush=True)
    assert size > TIMES * BUDGET_MB << 20
    half, tenth = ROWS // 2, ROWS // 10
    merged = f"{rows(0, half, 1)} UNION ALL {rows(half, ROWS + tenth, 2)}"
    kept = f"SELECT * FROM ({merged}) WHERE id % 3 <> 1"
    over = [
        step(home, "MERGE", merged, "sql", "-c", f"MERGE INTO b.t USING ({rows(half, ROWS + tenth, 2)}) u ON t.id = u.id "
             "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"),
        step(home, "DELETE", kept, "sql", "-c", f"DELETE FROM b.t WHERE id IN (SELECT 3 * i + 1 FROM range({ROWS}) r(i))"),
        step(home, "bin-pack", kept, "table", "rewrite_data_files", "b.t", "options=rewrite-all=true"),
        step(home, "sort", kept, "table", "rewrite_data_files", "b.t", "strategy=sort", "sort_order=s", "options=rewrite-all=true", is_judged=False),
    ]
    assert not any(over), over
