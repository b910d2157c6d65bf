# SPDX-License-Identifier: Apache-2.0
"""Tables at the ends of what names, values and types may be; PyIceberg reads them, too."""


def rows_of(home, name):
    return home.pyiceberg().load_table(name).scan().to_arrow().to_pylist()


def test_long_partition_values_make_short_folders(home):
    home.run("sql", "-c", "CREATE TABLE t (id INT, s STRING) PARTITIONED BY (s)")
    values = ["x" * 300, "ü" * 300, "%" * 3000, "../x", "a=b/c%2F", "", ".."]
    for i, value in enumerate(values):
        home.run("sql", "-c", f"INSERT INTO t VALUES ({i}, '{value}')")
    assert [row["n"] for row in home.sql("SELECT length(s) AS n FROM t ORDER BY id")] == [str(len(v)) for v in values]
    for i, value in enumerate(values):
        assert home.sql(f"SELECT id FROM t WHERE s = '{value}'") == [{"id": str(i)}]
    folders = [path.name for path in (home.path / "warehouse/default/t/data").iterdir()]
    assert len(folders) == 7 and max(len(name.encode()) for name in folders) == 240
    assert not any(name.endswith(("%", "%2", "%C")) for name in folders)
    # What a partition is called for people is not cut.
    assert home.value('SELECT max(length("$partition")) FROM t') == "9002"
    assert sorted(row["s"] for row in rows_of(home, "default.t")) == sorted(values)


def test_many_partition_fields_make_a_path_that_can_be(home):
    columns = ", ".join(f"column_with_a_name_{i} STRING" for i in range(50))
    fields = ", ".join(f"column_with_a_name_{i}" for i in range(50))
    home.run("sql", "-c", f"CREATE TABLE t ({columns}) PARTITIONED BY ({fields})")
    home.run("sql", "-c", "INSERT INTO t SELECT " + ", ".join(f"repeat('{i}', 100)" for i in range(50)))
    assert home.value("SELECT length(column_with_a_name_49) FROM t WHERE column_with_a_name_0 LIKE '0%'") == "200"


def test_types_nest_as_deep_as_promised(home):
    def nested(levels):
        column, value = "INT", "7"
        for i in range(levels):
            column, value = f"STRUCT<f: {column}>", f"{{'f': {value}}}"
        return column, value

    column, value = nested(62)
    home.run("sql", "-c", f"CREATE TABLE t (id INT, s {column})", "-c", f"INSERT INTO t SELECT 1, {value}")
    assert home.value("SELECT s" + ".f" * 62 + " FROM t") == "7"
    home.run("sql", "-c", "ALTER TABLE t ADD COLUMN more INT", "-c", "UPDATE t SET more = 1")
    assert home.value("SELECT more + s" + ".f" * 62 + " FROM t") == "8"
    done = home.run("sql", "-c", f"CREATE TABLE u (s {nested(70)[0]})", check=False)
    assert done.returncode == 1 and "nested deeper than 64" in done.stderr
    assert not (home.path / "warehouse/default/u").exists()


def test_hours_of_the_farthest_years_are_found(home):
    """They do not fit the partition value, which wraps around."""
    home.run("sql", "-c", "CREATE TABLE t (id INT, ts TIMESTAMP) PARTITIONED BY (hour(ts))")
    for i, moment in enumerate(["294247-01-10 04:00:54.775806", "290309-12-22 (BC) 00:00:00", "1969-12-31 23:59:59",
                                "2024-01-01 00:00:00", "245000-01-01 00:00:00"]):
        home.run("sql", "-c", f"INSERT INTO t VALUES ({i}, TIMESTAMP '{moment}')")

    def where(condition):
        return home.value(f"SELECT string_agg(id, ' ' ORDER BY id) FROM t WHERE {condition}")

    assert where("ts > TIMESTAMP '2000-01-01'") == "0 3 4"
    assert where("ts >= TIMESTAMP '294247-01-10 04:00:54.775806'") == "0"
    assert where("ts < TIMESTAMP '1970-01-01'") == "1 2"
    assert where("NOT ts > TIMESTAMP '1900-01-01'") == "1"
    assert where("ts = TIMESTAMP '290309-12-22 (BC) 00:00:00'") == "1"
    home.run("sql", "-c", "DELETE FROM t WHERE ts > TIMESTAMP '2000-01-01'")
    assert where("true") == "1 2"


def test_dates_beyond_microseconds_are_printed(home):
    home.run("sql", "-c", "CREATE TABLE t (d DATE)", "-c", "INSERT INTO t VALUES (DATE '5881580-07-10'), "
             "(DATE '5877642-06-25 (BC)'), (DATE '0001-01-01 (BC)'), (DATE '9999-12-31'), (DATE '10000-01-01')")
    assert [row["d"] for row in home.sql("SELECT d FROM t ORDER BY d")] == [
        "-5877641-06-25", "0000-01-01", "9999-12-31", "+10000-01-01", "+5881580-07-10"]


def test_a_filter_of_many_parts_is_no_deep_one(home):
    """It ended the program: what walks over a filter calls itself for each level."""
    home.run("sql", "-c", "CREATE TABLE t (id INT)", "-c", "INSERT INTO t SELECT i FROM range(100) r(i)")
    query = "SELECT count(*) FROM t WHERE " + " OR ".join(f"id = {3 * i}" for i in range(18000)) + ";"
    assert home.run("sql", "-f", "-", stdin=query).stdout.split() == ["count_star()", "34"]
