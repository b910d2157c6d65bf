# SPDX-License-Identifier: Apache-2.0
"""Runs random histories: makes tables, lets firn, Spark and PyIceberg change them step by step, compares what all of them read with the
model after each step, and shrinks a history that fails to the steps that it takes."""
import collections
import itertools
import random
import time

from pyiceberg.exceptions import CommitFailedException

from history_checks import Failure, check, check_duckdb, known_partitions, remaining
from history_model import Column, Kind, Table, metadata_of, quoted
from history_refs import STEPS
from history_steps import insert, partition_source, random_kind
from spark_peer import Spark, SparkError

# What firn refuses that a step may ask for; all of it is in docs/iceberg.md or docs/sql.md.
REFUSED_BY_FIRN = ["is not an ancestor of", "is not a descendant", "it was cherry-picked before"]
PYICEBERG_REFUSALS = (ValueError, NotImplementedError, KeyError, TypeError, CommitFailedException, OSError)


class Engines:
    """The three that write, on one home."""

    def __init__(self, home, process):
        self.home, self.spark, self.catalog = home, Spark(process, home), home.pyiceberg()
        for setting in ("codegen.wholeStage = false", "codegen.factoryMode = NO_CODEGEN", "adaptive.enabled = false"):
            self.spark(f"SET spark.sql.{setting}")  # compiling takes longer than tens of rows
        self.made = collections.Counter()
        self.refusals, self.kinds = collections.Counter(), collections.Counter()
        self.numbers = itertools.count(1)

    def firn(self, statements):
        done = self.home.run("sql", stdin="SET dialect = 'spark';\n" + ";\n".join(statements), check=False)
        if done.returncode == 0:
            return None
        if done.returncode not in (1, 2):
            raise Failure("firn ended", f"exit {done.returncode}\n{done.stderr}")
        return done.stderr.strip() or "failed without a word"

    def by_spark(self, statements):
        refusal = None
        for sql in statements:  # settings are put back whatever fails
            if refusal is None or sql.startswith(("SET ", "RESET ")):
                try:
                    self.spark(sql)
                except SparkError as error:
                    refusal = refusal or str(error).split("\n", 1)[1]
        return refusal

    def by_pyiceberg(self, table, change):
        try:
            change(self.catalog.load_table(f"default.{table.name}"))
        except PYICEBERG_REFUSALS as error:
            return f"{type(error).__name__}: {error}"
        return None

    def perform(self, engine, table, action):
        if engine == "pyiceberg":
            return self.by_pyiceberg(table, action.pyiceberg)
        return self.firn(action.sql) if engine == "firn" else self.by_spark(action.sql)


class History:
    """One run of a list of steps, each the seed of its own dice."""

    def __init__(self, engines, seed, deep=1):
        self.engines, self.seed, self.deep = engines, seed, deep
        self.log, self.tables = [], []
        dice = random.Random(f"{seed}:tables")
        for _ in range(dice.choice([1, 1, 2, 3])):
            self.tables.append(self.create(dice))

    def create(self, dice):
        uids = itertools.count(1)
        columns = [Column(next(uids), "id", Kind("bigint"))]
        for n in range(dice.randrange(2, 6)):
            columns.append(Column(next(uids), f"c{n}", random_kind(dice, uids)))
        table = Table(f"h{next(self.engines.numbers)}", dice.choice([1, 2, 2, 3, 3]), columns, uids)
        picked = partition_source(dice, table) if dice.random() < 0.6 else None
        by = ""
        if picked and len(picked[0]) == 1:  # the engines' names of such fields differ: they are looked up below
            by = f" PARTITIONED BY ({picked[2].format(quoted(picked[0][0]))})"
        lines = ", ".join(f"{quoted(c.name)} {c.kind.sql()}" for c in columns)
        engine = dice.choice(["firn", "spark"])
        if table.version > 1 and dice.random() < 0.6:
            table.properties = {f"write.{change}.mode": "merge-on-read" for change in ("delete", "update", "merge")}
        extra = "".join(f", '{k}' = '{v}'" for k, v in table.properties.items())
        sql = f"CREATE TABLE default.{table.name} ({lines}) USING iceberg{by} TBLPROPERTIES ('format-version' = '{table.version}'{extra})"
        self.log.append(f"{engine}: {sql}")
        refusal = self.engines.firn([sql]) if engine == "firn" else self.engines.by_spark([sql])
        if refusal:
            raise Failure("create", refusal)
        metadata, _ = metadata_of(self.engines.home, table.name)
        if by:
            table.parts[metadata["partition-specs"][-1]["fields"][0]["name"]] = (picked[1].uid, picked[2])
            table.sources.add(picked[1].uid)
        table.sync(metadata, "main", None, None)
        return table

    def choose(self, dice):
        """(table, engine, action) of a step, or None where nothing can be done."""
        table, wish = dice.choice(self.tables), dice.choices(["firn", "spark", "pyiceberg"], [45, 35, 20])[0]
        for _ in range(6):
            step = dice.choices(list(STEPS), STEPS.values())[0]
            action = step(dice, table)
            if action:
                break
        else:
            return None
        engine = action.only or wish
        if engine == "pyiceberg" and (not action.pyiceberg or table.version == 3):
            engine = dice.choice(["firn", "spark"])
        action.name = step.__name__
        return table, engine, action

    def step(self, number):
        dice = random.Random(f"{self.seed}:{number}")
        empty = next((t for t in self.tables if not t.snapshots), None)
        chosen = (empty, dice.choice(["firn", "spark"]), insert(dice, empty)) if empty else self.choose(dice)
        if not chosen:
            return
        table, engine, action = chosen
        action.engine = engine
        before = known_partitions(self.engines, table, action.ref) if action.dynamic else None
        heads, table.before = dict(table.refs), list(table.rows(action.ref) or [])
        self.log.append(f"{engine}: {'; '.join(action.sql)}")
        refusal = self.engines.perform(engine, table, action)
        metadata, _ = metadata_of(self.engines.home, table.name)
        if refusal:
            self.log[-1] += f"  -- refused: {refusal[:300]}"
            self.refused(engine, refusal)
            table.sync(metadata, action.ref, None, None)
            if table.refs != heads:
                raise Failure("refused and done", refusal)
        else:
            self.engines.made[engine] += 1
            self.engines.kinds[action.name] += 1
            rows = action.rows
            if action.columns is not None:
                table.columns = action.columns
            table.sync(metadata, action.ref, rows if not action.dynamic else None, action.added)
            if action.dynamic:
                spec = next(s for s in metadata["partition-specs"] if s["spec-id"] == metadata["default-spec-id"])
                if any(f["transform"] != "void" for f in spec["fields"]):  # else all rows are in the partitions of the new ones
                    rows = rows + remaining(self.engines, table, action.ref, before, rows)
                table.sync(metadata, action.ref, rows, None)
            if action.done:
                try:
                    action.done(table)
                except AssertionError as error:
                    raise Failure("refs", str(error)) from error
        check(self.engines, table, dice, action if not refusal else None)

    def refused(self, engine, refusal):
        self.engines.refusals[engine, refusal.split("\n")[0][:160]] += 1
        if "stage failure" in refusal:  # it began, and stumbled over a file
            raise Failure("Spark cannot go on", refusal)
        if engine == "firn" and not any(text in refusal for text in REFUSED_BY_FIRN):
            raise Failure("firn refuses", refusal)


def run(engines, seed, steps, until=None):
    """None, or (the failure, number of steps done, what was done)."""
    history, done = None, 0
    try:
        history = History(engines, seed)
        for done, number in enumerate(steps):
            if until and time.monotonic() > until:
                break
            history.step(number)
        check_duckdb(engines, history.tables)
    except Failure as failure:
        return failure, done + 1, history.log if history else []
    return None


def shrink(engines, seed, steps, failed, seconds):
    """The fewest steps found in the time that fail in the same way: (failure, log)."""
    failure, done, log = failed
    steps, until = list(steps)[:done], time.monotonic() + seconds
    size = max(1, len(steps) // 2)
    while size and time.monotonic() < until:
        at = 0
        while at < len(steps) - 1 and time.monotonic() < until:
            fewer = steps[:at] + steps[at + size:]
            again = run(engines, seed, fewer) if fewer else None
            if again and again[0].kind == failure.kind:
                failure, done, log = again
                steps = fewer[:done]
            else:
                at += size
        size //= 2
    return failure, log


def described(seed, failure, log):
    lines = "\n".join(f"  {n}. {line}" for n, line in enumerate(log))
    return f"HISTORY_SEED={seed}\n{lines}\n{failure.kind}: {failure}"

