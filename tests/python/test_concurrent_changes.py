# SPDX-License-Identifier: Apache-2.0
"""Statements of several processes at once: none is lost, none is applied twice."""
import threading

import pytest

PROCESSES = 3
STATEMENTS = 4


def run_all(home, statement):
    """How many of the statements succeeded; the others must say that they lost the race."""
    done = []

    def work(number):
        for i in range(STATEMENTS):
            result = home.run("sql", "-c", statement(number, i), check=False)
            assert result.returncode == 0 or "commit" in result.stderr, result.stderr
            done.append(result.returncode)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(PROCESSES)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(done) == PROCESSES * STATEMENTS
    return done.count(0)


def test_updates_of_one_row_are_all_counted(home):
    home.run("sql", "-c", "CREATE SCHEMA db; CREATE TABLE db.c AS SELECT 1 AS id, 0 AS v")
    n = run_all(home, lambda number, i: "UPDATE db.c SET v = v + 1 WHERE id = 1")
    assert n > 0
    assert home.value("SELECT v FROM db.c") == str(n)


def test_merges_of_one_key_insert_it_once(home):
    home.run("sql", "-c", "CREATE SCHEMA db; CREATE TABLE db.m (id BIGINT, n BIGINT)")
    n = run_all(home, lambda number, i:
                "MERGE INTO db.m t USING (SELECT 7 AS id) s ON t.id = s.id "
                "WHEN MATCHED THEN UPDATE SET n = t.n + 1 "
                "WHEN NOT MATCHED THEN INSERT (id, n) VALUES (s.id, 1)")
    assert home.sql("SELECT id, n FROM db.m") == [{"id": "7", "n": str(n)}]


# Rows of one data file: vectors of format version 3 replace each other, position delete files of version 2 too.
@pytest.mark.parametrize("version", [2, 3])
def test_merge_on_read_loses_no_change_of_rows_in_one_file(home, version):
    home.run("sql", "-c", f"CREATE SCHEMA db; CREATE TABLE db.d (id BIGINT, v BIGINT) TBLPROPERTIES ('format-version' = '{version}', "
             "'write.delete.mode' = 'merge-on-read', 'write.update.mode' = 'merge-on-read'); "
             "INSERT INTO db.d SELECT i, 0 FROM range(40) r(i)")
    n = run_all(home, lambda number, i: f"UPDATE db.d SET v = v + 1 WHERE id IN (0, {10 * number + i + 1})" if i % 2 == 0
                else f"DELETE FROM db.d WHERE id = {10 * number + i + 1}")
    assert n > 0
    updates = int(home.value("SELECT v FROM db.d WHERE id = 0"))
    assert int(home.value("SELECT sum(v) FROM db.d WHERE id > 0")) == updates
    deletes = 40 - int(home.value("SELECT count(*) FROM db.d"))
    assert updates + deletes == n


def test_inserts_are_all_kept(home):
    home.run("sql", "-c", "CREATE SCHEMA db; CREATE TABLE db.i (id BIGINT)")
    n = run_all(home, lambda number, i: f"INSERT INTO db.i VALUES ({10 * number + i})")
    assert n == PROCESSES * STATEMENTS
    assert home.value("SELECT count(DISTINCT id) FROM db.i") == str(n)
