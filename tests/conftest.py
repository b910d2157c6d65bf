# SPDX-License-Identifier: Apache-2.0
"""What the Python tests share: the program, a fresh home, catalogs opened by PyIceberg."""
import csv
import io
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIRN = pathlib.Path(os.environ.get("FIRN_PROGRAM", ROOT / "build" / "firn"))


class Home:
    """A firn home in a temporary folder."""

    def __init__(self, path, env=None):
        self.path = pathlib.Path(path)
        self.env = env or {}

    def run(self, *args, check=True, env=None, stdin=None, timeout=300):
        """Run the program; with check a failure fails the test and shows what it printed."""
        done = subprocess.run(
            [str(FIRN), "--home", str(self.path), *map(str, args)],
            capture_output=True, text=True, input=stdin, timeout=timeout,
            env={**os.environ, **self.env, **(env or {})}, cwd=ROOT)
        if check:
            assert done.returncode == 0, f"{args}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def sql(self, text, **more):
        """Rows of a query as dictionaries of text; null is ''."""
        out = self.run("sql", "--format", "csv", "-c", text, **more).stdout
        return list(csv.DictReader(io.StringIO(out)))

    def value(self, text):
        rows = self.sql(text)
        assert len(rows) == 1 and len(rows[0]) == 1, rows
        return next(iter(rows[0].values()))

    def pyiceberg(self):
        from pyiceberg.catalog.sql import SqlCatalog
        return SqlCatalog("firn", uri=f"sqlite:///{self.path}/catalog.db",
                          warehouse=f"file://{self.path}/warehouse")


@pytest.fixture(scope="session", autouse=True)
def program():
    if not FIRN.exists():
        pytest.exit(f"{FIRN} is missing: run make", returncode=2)
    return FIRN


@pytest.fixture
def home(tmp_path):
    h = Home(tmp_path / "home")
    h.run("init")
    return h
