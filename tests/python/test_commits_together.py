# SPDX-License-Identifier: Apache-2.0
"""PyIceberg and firn commit to one table at once, from several processes: nothing is lost."""
import concurrent.futures
import logging
import multiprocessing
import random
import subprocess
import time

from pyiceberg.exceptions import CommitFailedException
from sqlalchemy.exc import OperationalError

from conftest import FIRN, ROOT, Home

ROUNDS = 10


class Conflicts(logging.Handler):
    """Counts what PyIceberg tries again by itself."""
    n = 0

    def emit(self, record):
        self.n += "concurrent" in record.getMessage()


def warm_up(_):
    import pyarrow
    import pyiceberg.catalog.sql
    time.sleep(.3)  # long enough for each process of the pool to get one
    return pyarrow.__version__ and pyiceberg.__version__


def append_with_pyiceberg(path, writer):
    """Returns how often another writer was first."""
    import pyarrow as pa
    home, lost = Home(path), 0
    catalog = home.pyiceberg()
    conflicts = Conflicts()
    logging.getLogger("pyiceberg").addHandler(conflicts)
    for i in range(ROUNDS):
        while True:
            try:
                table = catalog.load_table("a.t")
                table.append(pa.table({"writer": [writer], "n": [i]}, schema=table.schema().as_arrow()))
                break
            except (CommitFailedException, OperationalError):  # another was first, or holds the file's lock
                lost += 1
                time.sleep(random.random() / 20)
    return lost + conflicts.n


def statements(writer, kind):
    if kind == "insert":
        return [f"INSERT INTO a.t VALUES ({writer}, {i})" for i in range(ROUNDS)]
    return [s for i in range(ROUNDS) for s in
            (f"INSERT INTO a.t VALUES ({writer}, {i}), ({writer}, {i + 1000})",
             f"DELETE FROM a.t WHERE writer = {writer} AND n >= 1000")]


def run_together(home, firns, pythons):
    with concurrent.futures.ProcessPoolExecutor(len(pythons), multiprocessing.get_context("spawn")) as pool:
        assert all(pool.map(warm_up, pythons))
        start = time.perf_counter()
        running = [subprocess.Popen([FIRN, "--home", home.path, "sql", "-c", "; ".join(statements(w, kind))],
                                    cwd=ROOT, stderr=subprocess.PIPE, text=True) for w, kind in firns]
        lost = list(pool.map(append_with_pyiceberg, [home.path] * len(pythons), pythons))
    errors = [(p.communicate()[1], p.returncode) for p in running]
    assert [code for _, code in errors] == [0] * len(firns), errors
    return sum(lost), time.perf_counter() - start


def check(home, writers, snapshots):
    table = home.pyiceberg().load_table("a.t")
    want = sorted((w, i) for w in writers for i in range(ROUNDS))
    rows = table.scan().to_arrow()
    assert sorted(zip(rows["writer"].to_pylist(), rows["n"].to_pylist())) == want
    assert home.value("SELECT count(*) AS n FROM a.t") == str(len(want))
    assert len(table.metadata.snapshots) == snapshots
    parents = {s.snapshot_id: s.parent_snapshot_id for s in table.metadata.snapshots}
    chain, at = 0, table.metadata.current_snapshot_id
    while at is not None:
        chain, at = chain + 1, parents[at]
    assert chain == snapshots  # one line of history: no commit replaced another


def test_appends_of_both_at_once_lose_nothing(home):
    home.run("sql", "-c", "CREATE SCHEMA a; CREATE TABLE a.t (writer INT, n INT)")
    lost, seconds = run_together(home, [(0, "insert"), (1, "insert"), (2, "insert")], [10, 11])
    commits = 5 * ROUNDS
    print(f"{commits} commits in {seconds:.1f} s; PyIceberg was too late {lost} times in {2 * ROUNDS} appends")
    check(home, [0, 1, 2, 10, 11], commits)


def test_deletes_meet_appends(home):
    home.run("sql", "-c", "CREATE SCHEMA a; CREATE TABLE a.t (writer INT, n INT) PARTITIONED BY (writer)")
    lost, seconds = run_together(home, [(0, "insert"), (1, "delete")], [10])
    print(f"{4 * ROUNDS} commits in {seconds:.1f} s; PyIceberg was too late {lost} times in {ROUNDS} appends")
    check(home, [0, 1, 10], 4 * ROUNDS)


def test_updates_that_read_each_others_rows_are_run_again(home):
    home.run("sql", "-c", "CREATE SCHEMA a; CREATE TABLE a.t (writer INT, n INT); INSERT INTO a.t VALUES (0, 0)")
    script = "; ".join(["UPDATE a.t SET n = n + 1 WHERE writer = 0"] * 5)
    merge = "; ".join(["MERGE INTO a.t USING (SELECT 0 AS w) s ON a.t.writer = s.w WHEN MATCHED THEN UPDATE SET n = n + 1"] * 5)
    running = [subprocess.Popen([FIRN, "--home", home.path, "sql", "-c", s], cwd=ROOT, stderr=subprocess.PIPE, text=True)
               for s in (script, script, merge)]
    appended = append_with_pyiceberg(home.path, 10)
    errors = [(p.communicate()[1], p.returncode) for p in running]
    assert [code for _, code in errors] == [0] * 3, errors
    assert home.value("SELECT n FROM a.t WHERE writer = 0") == "15"
    assert home.value("SELECT count(*) AS n FROM a.t") == str(1 + ROUNDS)
    print(f"15 updates of one row; PyIceberg was too late {appended} times in {ROUNDS} appends")
