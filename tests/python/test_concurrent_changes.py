# SPDX-License-Identifier: Apache-2.0
"""Statements of several processes at once: none is lost, none is applied twice."""
import threading

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


def test_inserts_are_all_kept(home):
    home.run("sql", "-c", "CREATE SCHEMA db; CREATE TABLE db.i (id BIGINT)")
    n = run_all(home, lambda number, i: f"INSERT INTO db.i VALUES ({10 * number + i})")
    assert n == PROCESSES * STATEMENTS
    assert home.value("SELECT count(DISTINCT id) FROM db.i") == str(n)
