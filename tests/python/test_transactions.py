# SPDX-License-Identifier: Apache-2.0
"""Transactions of several tables through the program: killed at each failpoint, in scripts, against
other processes, and read by PyIceberg."""
import os
import signal

import pytest

from conftest import ROOT

POINTS = ["txn.commit.before_manifests", "txn.commit.after_manifests", "txn.commit.before_catalog",
          "txn.commit.after_catalog", "catalog.commit.before_metadata", "catalog.commit.after_metadata",
          "catalog.commit.before_swap", "catalog.commit.after_swap", "catalog.commit.sql_commit",
          "writer.file.before_finish", "writer.file.after_finish", "store.put.before_link",
          "store.put.after_link"]
SCRIPT = """BEGIN;
UPDATE accounts SET amount = amount - 30 WHERE owner = 'ada';
INSERT INTO journal VALUES ('ada', -30), ('bob', 30);
UPDATE accounts SET amount = amount + 30 WHERE owner = 'bob';
COMMIT;
"""
STATE = ("SELECT (SELECT amount FROM accounts WHERE owner = 'ada') a, (SELECT amount FROM accounts WHERE owner = 'bob') b, "
         "(SELECT count(*) FROM journal) n")
BEFORE, AFTER = {"a": "100", "b": "0", "n": "0"}, {"a": "70", "b": "30", "n": "2"}


@pytest.fixture
def bank(home):
    home.run("sql", "-c", "CREATE TABLE accounts (owner varchar, amount bigint)",
             "-c", "CREATE TABLE journal (owner varchar, amount bigint)",
             "-c", "INSERT INTO accounts VALUES ('ada', 100), ('bob', 0)")
    return home


def test_failpoints_of_a_commit_are_all_tried():
    """But those of turns, which are about appends that are not in a transaction: test_commit_guests.c."""
    text = (ROOT / "src/base/failpoint_names.h").read_text()
    known = [part for part in text.split('"') if part.split(".")[0] in ("txn", "catalog", "writer", "store")
             and not part.endswith(".h") and not part.endswith(".reread") and part != "store.put.before_sync"
             and not part.startswith("catalog.turn.")]
    assert sorted(known) == sorted(POINTS)


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_leaves_all_or_nothing(bank, point):
    landed = 0
    for hit in (1, 3):
        done = bank.run("sql", "-c", SCRIPT, check=False, env={"FIRN_FAILPOINTS": f"{point}=kill@{hit}"})
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        state = bank.sql(STATE)
        assert state in ([BEFORE], [AFTER]), (point, hit)
        assert done.returncode != 0 or state == [AFTER]
        landed += state == [AFTER]
        if landed:
            break
    bank.run("doctor", "default.accounts")
    if not landed:
        assert bank.sql(SCRIPT + STATE) == [AFTER]


def test_pyiceberg_reads_what_a_transaction_committed(bank):
    bank.run("sql", "-c", SCRIPT)
    catalog = bank.pyiceberg()
    rows = catalog.load_table("default.accounts").scan().to_arrow().to_pylist()
    assert sorted((r["owner"], r["amount"]) for r in rows) == [("ada", 70), ("bob", 30)]
    assert len(catalog.load_table("default.journal").scan().to_arrow()) == 2
    accounts = catalog.load_table("default.accounts")
    assert len(accounts.metadata.snapshots) == 3
    assert accounts.current_snapshot().parent_snapshot_id is not None


def test_a_script_stops_at_the_first_error_and_commits_nothing(bank):
    script = SCRIPT.replace("COMMIT", "SELECT amonut FROM accounts;\nCOMMIT")
    done = bank.run("sql", "-c", script, check=False)
    assert done.returncode == 1
    assert 'LINE 5: SELECT amonut FROM accounts' in done.stderr or "LINE 1: SELECT amonut" in done.stderr
    line, caret = done.stderr.splitlines()[1:3]
    assert line.index("amonut") == caret.index("^")
    assert "amount" in done.stderr.splitlines()[-1]
    assert bank.sql(STATE) == [BEFORE]


def test_rolled_back_files_are_gone(bank):
    def files():
        return sum(len(names) for _, _, names in os.walk(bank.path / "warehouse"))
    before = files()
    bank.run("sql", "-c", SCRIPT.replace("COMMIT", "ROLLBACK"))
    assert files() == before
    bank.run("sql", "-c", SCRIPT.replace("COMMIT;", ""))  # the session ends within it
    assert files() == before


BAD = [
    ("SELECT amonut FROM accounts", "amonut", "amount"),
    ("SELECT * FROM acounts", "acounts", "accounts"),
    ("INSERT INTO acounts VALUES ('x', 1)", "acounts", "accounts"),
    ("INSERT INTO accounts VALUES ('x', 'y')", None, None),
    ("INSERT INTO accounts (owner, amuont) VALUES ('x', 1)", "amuont", "amount"),
    ("INSERT INTO accounts VALUES ('x')", None, None),
    ("UPDATE accounts SET amuont = 1", "amuont", "amount"),
    ("UPDATE accounts SET amount = 'much'", None, None),
    ("DELETE FROM accounts WHERE ownr = 'ada'", "ownr", "owner"),
    ("MERGE INTO accounts a USING journal j ON a.ownr = j.owner WHEN MATCHED THEN DELETE", "a.ownr", "owner"),
    ("SELECT * FROM accounts VERSION AS OF 12345", "12345", None),
    ("SELECT * FROM accounts VERSION AS OF 'nosuch'", "'nosuch'", None),
    ("SELECT * FROM accounts TIMESTAMP AS OF '1999-01-01'", "'1999-01-01'", None),
    ("SELECT * FROM accounts TIMESTAMP AS OF 'noon'", "'noon'", None),
    ("ALTER TABLE accounts DROP COLUMN amuont", None, None),
    ("ALTER TABLE accounts ALTER COLUMN amount TYPE varchar", None, None),
    ("CALL system.rollback_to_snapshot('default.accounts', 77)", None, None),
    ("CALL system.expire_snapshot('default.accounts')", "system", "expire_snapshots"),
    ("SELEC 1", "SELEC", None),
    ("SELECT owner, sum(amount) FROM accounts", None, None),
    ("SELECT * FROM accounts WHERE amount > ", None, None),
    ("UPDATE accounts SET", None, None),
    ("DROP TABLE acounts", "acounts", "accounts"),
    ("USE nosuch", "nosuch", None),
]


@pytest.mark.parametrize("sql, place, hint", BAD, ids=[b[0] for b in BAD])
def test_a_bad_statement_says_where_and_changes_nothing(bank, sql, place, hint):
    done = bank.run("sql", "-c", sql, check=False)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0].startswith("error: ")
    if place:
        line = next(n for n, text in enumerate(lines) if text.startswith("LINE 1: "))
        assert lines[line + 1].rstrip().endswith("^")
        assert lines[line].index(place) == lines[line + 1].index("^"), done.stderr
    if hint:
        assert hint in done.stderr.split("LINE 1:")[-1].split("\n", 1)[-1] or f'"{hint}"' in lines[0], done.stderr
    assert bank.sql(STATE) == [BEFORE]


def test_a_full_disk_is_an_error_and_changes_nothing(bank):
    done = bank.run("sql", "-c", SCRIPT, check=False, env={"FIRN_FAILPOINTS": "writer.file.before_finish=nospace@2"})
    assert done.returncode == 1
    assert "space" in done.stderr
    assert bank.sql(STATE) == [BEFORE]
