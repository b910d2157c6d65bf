# SPDX-License-Identifier: Apache-2.0
"""The e-commerce pipeline on generated orders: what comes out is what the generator says it wrote."""
import json
import random
import shutil
from decimal import Decimal

import pytest


@pytest.fixture
def generated(home, tmp_path):
    """(folder of landing files, what the generator says of them)."""
    def make(*options):
        out = tmp_path / "made"
        home.run("generate", "orders", "--out", out, "--truth", tmp_path / "truth.json",
                 "--file-interval", "10s", *options)
        return out, json.loads((tmp_path / "truth.json").read_text())
    return make


def run(home, landing):
    return home.run("run", "examples/ecommerce", "--set", f"landing={landing}")


def check_bronze(home, truth):
    assert home.value("SELECT count(*) AS n FROM bronze.orders") == str(truth["events"])
    assert home.value("SELECT count(*) AS n FROM bronze.orders_quarantine") == str(truth["malformed"])
    assert home.value("SELECT sum(quantity) AS n FROM bronze.orders") == str(truth["quantity"])
    assert home.value("SELECT count(*) AS n FROM bronze.orders WHERE customer_id IS NULL") == \
        str(truth["missing_customer"])
    assert home.value("SELECT count(*) AS n FROM bronze.orders_files") == str(truth["files"])


def test_latest_event_of_each_line_in_any_order_of_files(home, tmp_path, generated):
    made, truth = generated("--events", "30000", "--negative", "0", "--updates", "0.2",
                            "--duplicates", "0.05", "--late", "0.05", "--malformed", "0.01")
    files = sorted(made.iterdir())
    assert len(files) == truth["files"] == 3
    random.Random(1).shuffle(files)
    landing = tmp_path / "landing"
    landing.mkdir()
    for path in files:
        shutil.copy(path, landing)
        run(home, landing)
    check_bronze(home, truth)
    silver = home.sql("SELECT count(*) AS n, count(DISTINCT (order_id, line)) AS keys, "
                      "sum(quantity) AS q, sum(amount) AS a FROM silver.orders")[0]
    assert silver["n"] == silver["keys"] == str(truth["keys"])
    assert silver["q"] == str(truth["latest_quantity"])
    assert Decimal(silver["a"]) * 1000 == truth["latest_amount_thousandths"]
    assert "nothing new" in run(home, landing).stdout


def test_negative_amounts_are_counted_and_kept_aside(home, generated):
    made, truth = generated("--events", "20000", "--negative", "0.1", "--gzip")
    run(home, made)
    check_bronze(home, truth)
    assert home.value("SELECT count(*) AS n FROM silver.orders_quarantine") == str(truth["negative"])
    assert home.value("SELECT count(*) AS n FROM silver.orders WHERE amount <= 0") == "0"
    assert home.sql("SELECT DISTINCT quarantine_reason AS r FROM silver.orders_quarantine") == \
        [{"r": "positive_amount"}]


def test_gold_sums_silver(home, generated):
    made, _ = generated("--events", "20000")
    run(home, made)
    want = home.sql("SELECT count(*) AS n, sum(amount) AS a FROM silver.orders")
    for view in ("minute", "day", "country"):
        assert home.sql(f"SELECT sum(line_count) AS n, sum(revenue) AS a FROM gold.sales_per_{view}") == want


def test_same_seed_same_bytes(home, tmp_path):
    for name in ("a", "b"):
        home.run("generate", "orders", "--out", tmp_path / name, "--seed", "7", "--events", "5000")
    read = lambda name: [p.read_bytes() for p in sorted((tmp_path / name).iterdir())]
    assert read("a") == read("b")
