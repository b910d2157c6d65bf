# SPDX-License-Identifier: Apache-2.0
"""Avro data and delete files, variants and unknown columns, written by firn and by live Spark in turn."""
import json

import pytest

from spark_peer import both
from test_spark_reads import CHANGES, ROWS, TYPES, modes


def make(home, version, properties):
    home.run("sql", "-c", TYPES.format(version=version) + "; ALTER TABLE t SET TBLPROPERTIES ("
             + ", ".join(f"'{k}' = '{v}'" for k, v in properties.items()) + ")")
    home.run("sql", "-c", ROWS.format(start=0, end=40) + ";" + ROWS.format(start=40, end=60) + "; INSERT INTO t (id) VALUES (1000)")


def formats(home):
    return {(int(row["content"]), row["file_format"]) for row in home.sql("SELECT content, file_format FROM default.t.files")}


@pytest.mark.parametrize("codec", ["gzip", "zstd", "snappy", "uncompressed"])
def test_every_type_in_avro(home, spark, codec):
    make(home, 2, {"write.format.default": "avro", "write.avro.compression-codec": codec})
    assert formats(home) == {(0, "AVRO")}
    assert len(both(home, spark, "SELECT * FROM t")) == 61
    spark("INSERT INTO t SELECT * FROM t WHERE id < 30")
    assert formats(home) == {(0, "AVRO")}
    assert len(both(home, spark, "SELECT * FROM t")) == 91
    both(home, spark, "SELECT id, s FROM t WHERE id BETWEEN 5 AND 17 AND b")
    assert "healthy: true" in home.run("doctor", "default.t").stdout


@pytest.mark.parametrize("version,mode", [(2, "copy-on-write"), (2, "merge-on-read"), (3, "copy-on-write"), (3, "merge-on-read")])
def test_changes_in_avro(home, spark, version, mode):
    make(home, version, {"write.format.default": "avro"})
    home.run("sql", "-c", modes(mode).lstrip("; "))
    for n, change in enumerate(CHANGES):
        home.run("sql", "-c", change) if n % 2 else spark(change)
        both(home, spark, "SELECT * FROM t")
    if version == 3:
        both(home, spark, "SELECT id, _row_id, _last_updated_sequence_number FROM t")
    if (version, mode) == (2, "merge-on-read"):
        assert (1, "AVRO") in formats(home)
    home.run("sql", "-c", "CALL system.rewrite_data_files(table => 'default.t', options => map{'rewrite-all': 'true'})")
    assert (0, "PARQUET") not in formats(home)
    both(home, spark, "SELECT * FROM t")


def test_from_one_format_to_the_other(home, spark):
    make(home, 2, {"write.format.default": "avro"})
    home.run("sql", "-c", "ALTER TABLE t SET TBLPROPERTIES ('write.format.default' = 'parquet'); INSERT INTO t (id, s) VALUES (7, 'p')")
    assert formats(home) == {(0, "AVRO"), (0, "PARQUET")}
    before = both(home, spark, "SELECT * FROM t")
    home.run("sql", "-c", "CALL system.rewrite_data_files(table => 'default.t', options => map{'rewrite-all': 'true'})")
    assert formats(home) == {(0, "PARQUET")}
    assert both(home, spark, "SELECT * FROM t") == before
    spark("ALTER TABLE t SET TBLPROPERTIES ('write.format.default' = 'avro')",
          "CALL firn.system.rewrite_data_files(table => 'default.t', options => map('rewrite-all', 'true'))")
    assert formats(home) == {(0, "AVRO")}
    assert both(home, spark, "SELECT * FROM t") == before


def test_columns_that_avro_files_do_not_have(home, spark):
    make(home, 2, {"write.format.default": "avro"})
    spark("ALTER TABLE t ADD COLUMN late STRING", "ALTER TABLE t RENAME COLUMN s TO `a name with blanks`",
          "ALTER TABLE t ALTER COLUMN i TYPE BIGINT", "ALTER TABLE t ALTER COLUMN f TYPE DOUBLE",
          "ALTER TABLE t ADD COLUMN st.z INT", "ALTER TABLE t DROP COLUMN d")
    home.run("sql", "-c", "INSERT INTO t (id, late, \"a name with blanks\") VALUES (2000, 'x', 'y')")
    spark("INSERT INTO t (id, late) VALUES (2001, 'z')")
    both(home, spark, 'SELECT * FROM t')
    both(home, spark, "SELECT id, late, st FROM t WHERE late IS NOT NULL")


DOCUMENTS = ['{"a":1,"b":[true,null,"x"],"c":{"d":1.5}}', '"just text"', "null", "[]", "{}", "-12345678901234567890.5", "1e300", "7",
             "99999999999", '{"long":"' + "x" * 70 + '"}', '{"z":1,"y":{"x":[{"w":null}]}}', '{"größe":"ß"}']
TYPED = ("to_variant_object(named_struct('d', DATE '2020-01-02', 't', TIMESTAMP '2020-01-02 03:04:05.000006', 'n', "
         "TIMESTAMP_NTZ '2020-01-02 03:04:05', 'b', X'0102ff', 'x', CAST(1.50 AS DECIMAL(9,2)), 'f', CAST(0.5 AS FLOAT), "
         "'g', CAST(0.25 AS DOUBLE), 'i', CAST(1 AS TINYINT), 'l', 12345678901, 'o', true))")
SEEN = "SELECT id, to_json(j) AS j, schema_of_variant(j) AS s, is_variant_null(j) AS n FROM default.v"


def same(home, spark):
    """What both say of the variants, numbers in JSON as numbers."""
    def document(text):
        """The texts of bytes and of times with a zone are each engine's own."""
        value = json.loads(text) if text is not None else None
        return {k: v for k, v in value.items() if k not in ("b", "t") or "x" not in value} if isinstance(value, dict) else value

    def rows(found):
        return sorted(([r[0], document(r[1]), *r[2:]] for r in found), key=repr)
    done = home.run("sql", "--format", "jsonl", "-c", f"SET dialect = 'spark'; {SEEN}")
    got = rows(list(json.loads(line).values()) for line in done.stdout.splitlines())
    want = rows(spark(SEEN))
    assert got == want
    return got


def quoted(document):
    return "'" + document.replace("\\", "\\\\").replace("'", "\\'") + "'"


@pytest.mark.parametrize("format", ["parquet", "avro"])
def test_variants(home, spark, format):
    writers = [spark, lambda sql: home.run("sql", "-c", f"SET dialect = 'spark'; {sql}")]
    spark(f"CREATE TABLE v (id INT, j VARIANT) USING iceberg TBLPROPERTIES ('format-version' = '3', 'write.format.default' = '{format}', "
          "'write.update.mode' = 'copy-on-write', 'write.delete.mode' = 'merge-on-read')")
    for w, write in enumerate(writers):
        rows = ", ".join(f"({w * 100 + i}, {quoted(d)})" for i, d in enumerate(DOCUMENTS))
        write(f"INSERT INTO v SELECT a, parse_json(b) FROM VALUES {rows} AS t(a, b)")
        write(f"INSERT INTO v VALUES ({w * 100 + 50}, NULL)")
    spark(f"INSERT INTO v SELECT 999, {TYPED}")
    rows = same(home, spark)
    assert len(rows) == 2 * len(DOCUMENTS) + 3
    # what is not set keeps its types, whoever writes it again
    for n, write in enumerate(writers):
        write(f"UPDATE v SET id = id + 1000 WHERE id % 2 = {n}")
        same(home, spark)
        write(f"DELETE FROM v WHERE id % 50 = {n}")
        same(home, spark)
    home.run("sql", "-c", "CALL system.rewrite_data_files(table => 'default.v', options => map{'rewrite-all': 'true'})")
    same(home, spark)
    for query in ("SELECT id, variant_get(j, '$.a', 'int') AS a FROM default.v", "SELECT id, variant_get(j, '$.b[2]', 'string') AS b FROM default.v",
                  "SELECT id, try_variant_get(j, '$.c', 'int') AS c FROM default.v", "SELECT id, j:c.d::double AS d FROM default.v",
                  "SELECT id, variant_get(j, '$.d', 'date') AS d FROM default.v WHERE id > 1900",
                  "SELECT pos, key, to_json(value) AS value FROM variant_explode(parse_json('{\"b\":[1,2],\"a\":null}'))",
                  "SELECT pos, key, to_json(value) AS value FROM variant_explode(parse_json('[\"x\",{\"y\":1}]'))"):
        both(home, spark, f"SET dialect = 'spark'; {query}", query)
