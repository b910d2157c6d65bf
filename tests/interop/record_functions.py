# SPDX-License-Identifier: Apache-2.0
"""Asks a live engine for the answers in tests/data/sql/functions-*.tsv and writes them there.

  record_functions.py spark FILE              in Spark's own Python environment
  record_functions.py trino FILE http://HOST  a Trino server

A line is an expression, its type, its value (or "error" and the engine's name of it) and how firn
differs, parted by tabs; lines that begin with "#" stay. Values are written as in docs/sql-tests.md;
columns are parted by " | ", rows by " // ", sorted unless the statement orders them last."""
import datetime
import decimal
import json
import logging
import re
import sys
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from sqltest_session import quoted, real  # noqa: E402


def joined(sql, rows):
    texts = [" | ".join(row) for row in rows]
    return " // ".join(texts if re.search(r"ORDER BY [^()]*$", sql) else sorted(texts))


def moment(value, digits, zone):
    text = value.strftime("%H:%M:%S.%f") if isinstance(value, datetime.time) else value.isoformat(" ", "microseconds")
    return text[:len(text) - 6 + digits].rstrip(".") + zone


# ---- Spark ----

def spark_value(value, kind):
    name = kind.typeName()
    if value is None:
        return "NULL"
    if name == "struct":
        parts = (f"{quoted(f.name)}:{spark_value(v, f.dataType)}" for f, v in zip(kind.fields, value))
        return "{" + ",".join(parts) + "}"
    if name == "array":
        return "[" + ",".join(spark_value(v, kind.elementType) for v in value) + "]"
    if name == "map":
        return "[" + ",".join(sorted(f"[{spark_value(k, kind.keyType)},{spark_value(v, kind.valueType)}]"
                                     for k, v in value.items())) + "]"
    if name in ("float", "double"):
        return real(value, "%.9g" if name == "float" else "%.17g")
    if name == "decimal":
        return format(decimal.Decimal(value), "f")
    if name == "binary":
        return '"' + bytes(value).hex() + '"'
    if name == "boolean":
        return "true" if value else "false"
    if name in ("timestamp", "timestamp_ntz"):
        return moment(value, 6, "Z" if name == "timestamp" else "")
    return quoted(value) if isinstance(value, str) else str(value)


def spark_answer(spark, sql):
    frame = spark.sql("SELECT " + sql)
    if len(frame.schema) == 1 and frame.schema[0].dataType.simpleString().startswith("interval"):
        kind = frame.schema[0].dataType.simpleString()
        row = spark.sql(f"SELECT CAST(x AS STRING) AS x FROM (SELECT {sql} AS x)").collect()[0]
        return kind, row[0] or "NULL"
    rows = [[spark_value(v, f.dataType) for f, v in zip(frame.schema, row)] for row in frame.collect()]
    return " | ".join(f.dataType.simpleString() for f in frame.schema), joined(sql, rows)


def spark_ask():
    from pyspark.sql import SparkSession
    logging.disable()
    spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
             .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
             .config("spark.sql.session.timeZone", "UTC").config("spark.log.level", "OFF")
             .config("spark.sql.shuffle.partitions", "1").config("spark.sql.codegen.wholeStage", "false")
             .config("spark.sql.adaptive.enabled", "false").getOrCreate())

    def ask(sql):
        try:
            return spark_answer(spark, sql)
        except Exception as e:  # noqa: BLE001: whatever Spark throws is the answer
            found = re.search(r"\[([A-Z_][A-Z_.0-9]+)\]", str(e))
            return "error", found[1] if found else str(e).splitlines()[0][:80]
    return ask


# ---- Trino ----

def trino_fields(signature):
    for argument in signature["arguments"]:
        named = argument["value"]
        if argument["kind"] == "NAMED_TYPE":
            yield (named.get("fieldName") or {}).get("name", ""), named["typeSignature"]
        else:
            yield "", named


def trino_value(value, signature):
    name = signature["rawType"]
    if value is None:
        return "NULL"
    if name == "row":
        return "{" + ",".join(f"{quoted(n)}:{trino_value(v, s)}"
                              for v, (n, s) in zip(value, trino_fields(signature))) + "}"
    if name == "array":
        return "[" + ",".join(trino_value(v, next(trino_fields(signature))[1]) for v in value) + "]"
    if name == "map":
        key, item = (s for _, s in trino_fields(signature))
        return "[" + ",".join(sorted(f"[{trino_value(trino_key(k, key), key)},{trino_value(v, item)}]"
                                     for k, v in value.items())) + "]"
    if name in ("real", "double"):
        return real(float(value), "%.9g" if name == "real" else "%.17g")
    if name == "varbinary":
        import base64
        return '"' + base64.b64decode(value).hex() + '"'
    if name == "boolean":
        return "true" if value else "false"
    if name == "timestamp with time zone":
        return trino_instant(value)
    return quoted(value) if name in ("varchar", "char", "json", "uuid", "Unknown") else str(value)


def trino_key(text, signature):
    return float(text) if signature["rawType"] in ("real", "double") else text


def trino_instant(text):
    """In UTC, as the scripts have it."""
    import zoneinfo
    stamp, zone = text.rsplit(" ", 1)
    digits = len(stamp.split(".")[1]) if "." in stamp else 0
    value = datetime.datetime.fromisoformat(stamp)
    if zone[0] in "+-":
        hours, minutes = zone[1:].split(":")
        away = datetime.timedelta(hours=int(hours), minutes=int(minutes))
        value = value - away if zone[0] == "+" else value + away
    else:
        value = value.replace(tzinfo=zoneinfo.ZoneInfo(zone)).astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return moment(value, min(digits, 6), "Z")


def trino_ask(server):
    def call(url, data=None):
        headers = {"X-Trino-User": "test", "X-Trino-Time-Zone": "UTC",
                   "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME"}
        return json.load(urllib.request.urlopen(urllib.request.Request(url, data, headers)))

    def ask(sql):
        page, columns, rows = call(server + "/v1/statement", ("SELECT " + sql).encode()), [], []
        while True:
            columns = page.get("columns", columns)
            rows += page.get("data", [])
            if "error" in page:
                return "error", page["error"]["errorName"]
            if "nextUri" not in page:
                break
            time.sleep(0.002)
            page = call(page["nextUri"])
        texts = [[trino_value(v, c["typeSignature"]) for v, c in zip(row, columns)] for row in rows]
        return " | ".join(c["type"] for c in columns), joined(sql, texts)
    return ask


def main():
    engine, path = sys.argv[1], Path(sys.argv[2])
    ask = spark_ask() if engine == "spark" else trino_ask(sys.argv[3])
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8") as out:
        for line in path.read_text(encoding="utf-8").splitlines():
            fields = line.split("\t")
            if line and not line.startswith("#"):
                line = "\t".join([fields[0], *ask(fields[0]), *fields[3:4]])
            print(line, file=out, flush=True)
    new.replace(path)


if __name__ == "__main__":
    main()
