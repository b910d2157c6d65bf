#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Data of the format benchmarks: the same rows for every program, from formulas, without a download."""
import csv
import json
import random

import duckdb
import pyarrow.parquet as pq

WORDS = ("carefully final deposits sleep furiously quickly pending accounts requests the even bold "
         "packages across ironic blithely regular theodolites silent above slyly special platelets "
         "express ideas unusual haggle nag among foxes dolphins detect").split()
LINEITEM = ["l_orderkey", "l_partkey", "l_suppkey", "l_linenumber", "l_quantity", "l_extendedprice",
            "l_discount", "l_tax", "l_returnflag", "l_linestatus", "l_shipdate", "l_commitdate",
            "l_receiptdate", "l_shipinstruct", "l_shipmode", "l_comment"]
TEXTS = {"l_returnflag", "l_linestatus", "l_shipinstruct", "l_shipmode", "l_comment"}
DATES = {"l_shipdate", "l_commitdate", "l_receiptdate"}
LINEITEM_COLUMNS = {
    n: "VARCHAR" if n in TEXTS else "DATE" if n in DATES else "INTEGER" if n == "l_linenumber"
    else "DECIMAL(15,2)" if i in range(4, 8) else "BIGINT" for i, n in enumerate(LINEITEM)}
ORDER_COLUMNS = {"order_id": "VARCHAR", "line": "INTEGER", "event_time": "TIMESTAMPTZ",
                 "customer_id": "VARCHAR", "country": "VARCHAR", "stock_code": "VARCHAR",
                 "description": "VARCHAR", "quantity": "INTEGER",
                 "unit_price": "DECIMAL(12,3)", "status": "VARCHAR"}


def number(seed, below):
    return f"(hash(r * 31 + {seed}) % {below})::BIGINT"


def pick(seed, texts):
    return f"[{', '.join(repr(t) for t in texts)}][1 + {number(seed, len(texts))}]"


def lineitem_query(rows):
    """Keys ascend; prices, parts and text are hashes, as incompressible as TPC-H's or more."""
    comment = " || ' ' || ".join(pick(20 + i, WORDS) for i in range(3))
    values = ["r // 4 * 4 + 1", number(1, 200000), number(2, 10000), "(r % 4 + 1)::INTEGER",
              f"(1 + {number(3, 50)})::DECIMAL(15,2)",
              f"(90000 + {number(4, 10000000)})::DECIMAL(18,2) / 100",
              f"{number(5, 11)}::DECIMAL(15,2) / 100", f"{number(6, 9)}::DECIMAL(15,2) / 100",
              pick(7, ["A", "N", "R"]), pick(8, ["F", "O"]),
              f"DATE '1992-01-02' + {number(9, 2526)}::INTEGER",
              f"DATE '1992-01-31' + ({number(9, 2526)} + {number(10, 60)})::INTEGER",
              f"DATE '1992-01-03' + ({number(9, 2526)} + {number(11, 30)})::INTEGER",
              pick(12, ["DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"]),
              pick(13, ["REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"]),
              f"{comment} || ' ' || left({pick(24, WORDS)}, (1 + {number(25, 8)})::INTEGER)"]
    for i in range(4, 8):
        values[i] = f"({values[i]})::DECIMAL(15,2)"
    return f"SELECT {', '.join(f'{v} AS {n}' for v, n in zip(values, LINEITEM))} FROM range({rows}) t(r)"


def lineitem_sums():
    """What every decoder computes: numbers as they are stored, days since 1970, bytes of text."""
    def one(name):
        if name in TEXTS:
            return f"sum(strlen({name}))"
        return f"sum({name} - DATE '1970-01-01')" if name in DATES else f"sum({name})"
    return ", ".join(one(n) for n in LINEITEM)


def write_lineitem(folder, rows):
    """lineitem-<codec>.parquet for each codec, all with the same rows."""
    c = duckdb.connect()
    c.execute("SET preserve_insertion_order=true")
    c.execute(f"CREATE TABLE li AS {lineitem_query(rows)}")
    for codec in ("zstd", "snappy", "uncompressed"):
        c.execute(f"COPY li TO '{folder}/lineitem-{codec}.parquet' (FORMAT parquet, COMPRESSION {codec})")


def write_lineitem_ndjson(path, source, rows):
    """The first rows of a file of lineitems, a line each, decimals as numbers and dates as text."""
    duckdb.sql(f"COPY (FROM read_parquet('{source}') LIMIT {rows}) TO '{path}' (FORMAT json)")


def order_fields(i, draw, dirty):
    customer = None if draw.random() < 0.05 else f"C{draw.randrange(65536):05d}"
    description = draw.choice(["WHITE HANGING HEART T-LIGHT HOLDER", "REGENCY CAKESTAND 3 TIER",
                               "JUMBO BAG RED RETROSPOT", "PARTY BUNTING", "LUNCH BAG CARS"])
    country = draw.choice(["United Kingdom", "France", "Germany", "EIRE", "Spain"])
    if dirty and draw.random() < 0.3:
        description += draw.choice([' 12" \\ new', "\tred\n", " caf\u00e9", " \u2603 \U0001f600"])
    fields = [("order_id", f"O-{i // 4:08d}"), ("line", i % 4 + 1),
              ("event_time", f"2026-01-05T{i // 3600000 % 24:02d}:{i // 60000 % 60:02d}:"
                             f"{i // 1000 % 60:02d}.{i % 1000:03d}Z"),
              ("customer_id", customer), ("country", country),
              ("stock_code", f"{draw.randrange(32768):05d}"), ("description", description),
              ("quantity", draw.randrange(1, 33)), ("unit_price", draw.randrange(10000) / 100),
              ("status", "paid")]
    if dirty:
        fields = [(k, None if k not in ("order_id", "line") and draw.random() < 0.1 else v)
                  for k, v in fields]
        draw.shuffle(fields)
    return dict(fields)


def write_orders(path, rows, dirty):
    """NDJSON: the same key order in every line, or (dirty) shuffled, with escapes and nulls."""
    draw = random.Random(7)
    with open(path, "w", encoding="utf-8") as out:
        for i in range(rows):
            line = json.dumps(order_fields(i, draw, dirty), separators=(",", ":"),
                              ensure_ascii=dirty and i % 2 == 0)
            out.write(line + "\n")


def write_orders_csv(path, rows, quoted=False):
    """The same orders as CSV: quoted where they must be, or everywhere with quotes inside."""
    draw = random.Random(7)
    with open(path, "w", encoding="utf-8", newline="") as out:
        csv_out = csv.writer(out, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL, lineterminator="\n")
        csv_out.writerow(ORDER_COLUMNS)
        for i in range(rows):
            fields = order_fields(i, draw, False)
            if quoted:
                fields["description"] = fields["description"].replace(" ", ' "', 1) + '"'
            csv_out.writerow(fields.values())


def order_sums():
    """As lineitem_sums, of what write_orders wrote."""
    def one(name, kind):
        if kind == "VARCHAR":
            return f"sum(strlen({name}))"
        return f"sum(epoch_us({name}))" if kind == "TIMESTAMPTZ" else f"sum({name})"
    return ", ".join(one(*c) for c in ORDER_COLUMNS.items())


def write_sorted(path, rows):
    """A key that ascends and data that does not compress, with a page index."""
    con = duckdb.connect()
    con.execute("SET threads=1")
    reader = con.sql("SELECT r * 7 AS key, (hash(r) >> 2)::BIGINT AS amount, md5(r::VARCHAR) || md5((r + 1)::VARCHAR) "
                     f"AS payload FROM range({rows}) t(r)").to_arrow_reader(1_000_000)
    with pq.ParquetWriter(path, reader.schema, compression="none", use_dictionary=False, write_page_index=True) as out:
        for batch in reader:
            out.write_batch(batch)
