# SPDX-License-Identifier: Apache-2.0
"""Spark with Iceberg's runtime as a process that answers statements: one JSON object a line in,
{"home": folder, "sql": text}, one a line out, {"columns": [[name, type]...], "rows": [...]} or {"error": text}.
Each home has a session of its own whose catalog "firn" is the JDBC catalog on the home's catalog.db. Runs in Spark's
own Python environment."""
import datetime
import decimal
import glob
import json
import os
import sys

from pyspark.sql import Row, SparkSession



def start(jars, scratch, is_small):
    """is_small: for many statements on few rows, with little compiling and one thread."""
    return (SparkSession.builder.appName("interop").master("local[1]" if is_small else "local[2]")
            .config("spark.jars", ",".join(jars)).config("spark.driver.extraClassPath", ":".join(jars))
            .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
            .config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
            .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC" if is_small else "")
            .config("spark.driver.memory", "2g").config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1").config("spark.sql.shuffle.partitions", "2")
            .config("spark.sql.warehouse.dir", scratch + "/spark-warehouse").config("spark.local.dir", scratch)
            .config("spark.sql.session.timeZone", "UTC").config("spark.log.level", "ERROR")
            .getOrCreate())


def session_of(spark, home):
    session = spark.newSession()
    for key, value in {"": "org.apache.iceberg.spark.SparkCatalog", ".type": "jdbc",
                       ".uri": f"jdbc:sqlite:{home}/catalog.db?busy_timeout=30000", ".jdbc.schema-version": "V1",
                       ".warehouse": f"file://{home}/warehouse", ".cache-enabled": "false"}.items():
        session.conf.set("spark.sql.catalog.firn" + key, value)
    session.sql("USE firn.default")
    return session


def plain(value):
    """JSON has no decimals, times or bytes: text, in the forms that firn's JSON has too."""
    if isinstance(value, Row):
        return {name: plain(v) for name, v in value.asDict().items()}
    if isinstance(value, dict):
        return {"map": sorted(([plain(k), plain(v)] for k, v in value.items()), key=repr)}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, (float, decimal.Decimal)):
        return str(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)


def answer(session, sql):
    frame = session.sql(sql)
    return {"columns": [[f.name, f.dataType.simpleString()] for f in frame.schema.fields],
            "rows": [[plain(v) for v in row] for row in frame.collect()]}


def main():
    os.environ["TZ"] = "UTC"
    spark = start(sorted(glob.glob(sys.argv[1] + "/*.jar")), sys.argv[2], sys.argv[3:] == ["small"])
    sessions = {}
    print(json.dumps({"version": spark.version}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if asked["home"] not in sessions:
                sessions[asked["home"]] = session_of(spark, asked["home"])
            out = answer(sessions[asked["home"]], asked["sql"])
        except Exception as e:  # noqa: BLE001: whatever Spark throws is the answer
            out = {"error": f"{type(e).__name__}: {e}"}
        print(json.dumps(out), flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
