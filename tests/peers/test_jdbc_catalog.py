# SPDX-License-Identifier: Apache-2.0
"""Iceberg's Java JdbcCatalog and firn on one catalog file: schema, namespaces, names, views. Rows and
commits are in test_jdbc_tables.py."""
import sqlite3

import pytest
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, StringType

from conftest import Home
from jdbc_peer import Catalog, JavaError, check, java, jvm  # noqa: F401 (fixtures)
from judge import field

SCHEMA = Schema(field(1, "id", LongType(), required=True), field(2, "name", StringType()))
PLAIN = '{"spec-id": 0, "fields": []}'


def dump(path):
    with sqlite3.connect(path) as db:
        return list(db.iterdump())


def columns(path, table):
    with sqlite3.connect(path) as db:
        return db.execute(f"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{table}')").fetchall()


def listed(java):
    """What Java lists, without the namespace that "firn init" makes."""
    return {name: content for name, content in java("list").items() if name != "default"}


def names(home, what):
    """A SHOW statement's names."""
    return [r.get("tableName") or r.get("viewName") or r["namespace"] for r in home.sql("SHOW " + what)]


def create(java, name, properties="{}"):
    return java("create", name, SCHEMA.model_dump_json(), PLAIN, properties)


@pytest.fixture
def shop(home):
    home.run("sql", "-c", """
        CREATE SCHEMA shop; CREATE SCHEMA shop.old; CREATE SCHEMA empty;
        CREATE TABLE shop.orders (id BIGINT NOT NULL, name STRING);
        CREATE TABLE shop.old.orders (id BIGINT);
        INSERT INTO shop.orders VALUES (1, 'one'), (2, NULL);
        CREATE VIEW shop.names AS SELECT name FROM shop.orders""")
    return home


# ---- the file ----

def test_java_takes_the_file_of_firn_as_it_is(shop, java):
    before = dump(shop.path / "catalog.db")
    assert java("list")["shop"] == {"tables": ["orders"], "views": ["names"]}
    assert dump(shop.path / "catalog.db") == before


def test_firn_makes_the_tables_that_java_makes(home, jvm, tmp_path):
    theirs = tmp_path / "java.db"
    Catalog(jvm, theirs, tmp_path / "warehouse", schema="V1")("list")
    for table in ("iceberg_tables", "iceberg_namespace_properties"):
        assert columns(home.path / "catalog.db", table) == columns(theirs, table) != []


@pytest.mark.parametrize("version", ["V1", "V0"])
def test_firn_opens_a_catalog_that_java_made(jvm, tmp_path, version):
    home = Home(tmp_path / "home")
    home.path.mkdir()
    db, warehouse = home.path / "catalog.db", home.path / "warehouse"
    java = Catalog(jvm, db, warehouse, schema=version if version == "V1" else "-")
    java("create-namespace", "a", {"owner": "ann"})
    create(java, "a.t")
    java("append", "a.t", [{"id": 1, "name": "java"}])
    assert ("iceberg_type" in [c[0] for c in columns(db, "iceberg_tables")]) == (version == "V1")
    assert home.sql("SELECT * FROM a.t") == [{"id": "1", "name": "java"}]
    home.run("sql", "-c", "INSERT INTO a.t VALUES (2, 'firn'); CREATE VIEW a.v AS SELECT id FROM a.t")
    # firn has made a V0 file V1, which Java notices by itself.
    check(home, java, "a.t", SCHEMA, [{"id": 1, "name": "java"}, {"id": 2, "name": "firn"}])
    assert listed(java) == {"a": {"tables": ["t"], "views": ["v"]}}
    create(java, "a.u")
    assert names(home, "TABLES IN a") == ["t", "u"] and names(home, "VIEWS IN a") == ["v"]


def test_catalogs_of_other_names_in_one_file_stay_apart(shop, java, jvm):
    other = Catalog(jvm, *java.words[:2], name="other")
    assert other("list") == {}
    other("create-namespace", "b", {})
    create(other, "b.t")
    assert "b" not in java("list")
    option = ("-o", "default-catalog=other")
    assert shop.run(*option, "sql", "-c", "SELECT count(*) FROM b.t").stdout.split()[-1] == "0"
    assert shop.run("sql", "-c", "SELECT * FROM b.t", check=False).returncode == 1


# ---- namespaces ----

def test_java_lists_the_namespaces_of_firn(shop, java):
    assert listed(java) == {
        "shop": {"tables": ["orders"], "views": ["names"]},
        "shop.old": {"tables": ["orders"], "views": []}, "empty": {"tables": [], "views": []}}
    assert java("set-properties", "shop", {"owner": "ann"}) is True
    assert java("namespace", "shop") == {"owner": "ann", "location": f"file://{shop.path}/warehouse/shop"}
    assert java("drop-namespace", "empty") is True
    assert "empty" not in names(shop, "SCHEMAS")
    with pytest.raises(JavaError, match="NamespaceNotEmpty"):
        java("drop-namespace", "shop")
    with pytest.raises(JavaError, match="AlreadyExists"):
        java("create-namespace", "shop", {})


def test_firn_lists_the_namespaces_of_java(home, java):
    java("create-namespace", "a", {"owner": "ann"})
    java("create-namespace", "a.b", {})
    java("create-namespace", "c", {"comment": "to go"})
    assert names(home, "SCHEMAS") == ["a", "c", "default"] and names(home, "SCHEMAS IN a") == ["a.b"]
    done = home.run("sql", "-c", "CREATE SCHEMA a", check=False)
    assert done.returncode == 1 and "exists" in done.stderr
    done = home.run("sql", "-c", "DROP SCHEMA a", check=False)
    assert done.returncode == 1 and "not empty" in done.stderr
    home.run("sql", "-c", "DROP SCHEMA c; CREATE TABLE a.b.t (id BIGINT)")
    assert listed(java) == {"a": {"tables": [], "views": []}, "a.b": {"tables": ["t"], "views": []}}
    assert java("namespace", "a")["owner"] == "ann"


# ---- names ----

def test_java_renames_and_drops_what_firn_made(shop, java):
    java("rename", "shop.orders", "shop.old.sales")
    assert shop.value("SELECT count(*) AS n FROM shop.old.sales") == "2"
    assert shop.run("sql", "-c", "SELECT * FROM shop.orders", check=False).returncode == 1
    shop.run("sql", "-c", "INSERT INTO shop.old.sales VALUES (3, 'after')")
    assert len(java("rows", "shop.old.sales")) == 3
    with pytest.raises(JavaError, match="AlreadyExists"):
        java("rename", "shop.old.sales", "shop.names")
    assert java("drop", "shop.old.sales") is True
    assert names(shop, "TABLES IN shop.old") == ["orders"]


def test_firn_renames_and_drops_what_java_made(home, java):
    java("create-namespace", "a", {})
    create(java, "a.t")
    create(java, "a.u")
    java("append", "a.t", [{"id": 1, "name": "x"}])
    home.run("sql", "-c", "ALTER TABLE a.t RENAME TO a.t2; DROP TABLE a.u")
    assert listed(java) == {"a": {"tables": ["t2"], "views": []}}
    check(home, java, "a.t2", SCHEMA, [{"id": 1, "name": "x"}])
    with pytest.raises(JavaError, match="NoSuchTable"):
        java("rows", "a.t")


def test_a_taken_name_is_refused_by_both(shop, java):
    with pytest.raises(JavaError, match="AlreadyExists"):
        create(java, "shop.orders")
    with pytest.raises(JavaError, match="AlreadyExists"):
        create(java, "shop.names")
    java("create-view", "shop.v", SCHEMA.model_dump_json(), "duckdb", "SELECT * FROM shop.orders")
    for statement in ("CREATE TABLE shop.v (id BIGINT)", "CREATE VIEW shop.v AS SELECT 1 AS x",
                      "CREATE VIEW shop.orders AS SELECT 1 AS x"):
        done = shop.run("sql", "-c", statement, check=False)
        assert done.returncode == 1 and "exists" in done.stderr, statement


def test_names_with_odd_characters(home, java):
    home.run("sql", "-c", """CREATE SCHEMA "ąć x"; CREATE TABLE "ąć x"."it's 50%_" (id BIGINT, name STRING);
                             INSERT INTO "ąć x"."it's 50%_" VALUES (1, 'ü')""")
    assert listed(java) == {"ąć x": {"tables": ["it's 50%_"], "views": []}}
    java("append", "ąć x.it's 50%_", [{"id": 2, "name": "java"}])
    assert home.sql("""SELECT name FROM "ąć x"."it's 50%_" ORDER BY id""") == [{"name": "ü"}, {"name": "java"}]
    java("create-namespace", "a_b", {})
    create(java, "a_b.Ünï cödé")
    home.run("sql", "-c", 'INSERT INTO a_b."Ünï cödé" VALUES (7, \'seven\')')
    assert java("rows", "a_b.Ünï cödé") == [{"id": 7, "name": "seven"}]


# ---- views ----

def test_java_loads_and_replaces_the_views_of_firn(shop, java):
    view = java("view", "shop.names")
    assert view["sql"] == {"duckdb": "SELECT name FROM shop.orders"}
    assert [c[1:3] for c in view["schema"]] == [["name", "string"]]
    shop.run("sql", "-c", "CREATE OR REPLACE VIEW shop.names AS SELECT name, id FROM shop.orders WHERE id > 1")
    view = java("view", "shop.names")
    assert view["sql"]["duckdb"].endswith("id > 1") and view["versions"] == 2
    java("replace-view", "shop.names", SCHEMA.model_dump_json(), "duckdb", "SELECT id, name FROM shop.orders")
    assert shop.sql("SELECT * FROM shop.names ORDER BY id") == [
        {"id": "1", "name": "one"}, {"id": "2", "name": ""}]
    shop.run("sql", "-c", "CREATE OR REPLACE VIEW shop.names AS SELECT 5 AS five")
    view = java("view", "shop.names")
    assert view["sql"] == {"duckdb": "SELECT 5 AS five"} and view["versions"] == 4


def test_firn_reads_and_replaces_the_views_of_java(shop, java):
    schema = SCHEMA.model_dump_json()
    java("create-view", "shop.v", schema, "spark", "SELECT id, `name` FROM orders",
         "duckdb", "SELECT id, name || '!' AS name FROM orders WHERE id = 1")
    # The query's own namespace is the view's default, whatever the session's.
    assert shop.sql("SELECT * FROM shop.v") == [{"id": "1", "name": "one!"}]
    assert names(shop, "VIEWS IN shop") == ["names", "v"]
    java("rename-view", "shop.v", "shop.old.w")
    assert shop.value("SELECT id FROM shop.old.w") == "1"
    # Java refuses to lose a dialect, too.
    refused = shop.run("sql", "-c", "CREATE OR REPLACE VIEW shop.old.w AS SELECT 2 AS id", check=False)
    assert refused.returncode == 1 and "lose its text in the dialect spark" in refused.stderr
    shop.run("sql", "-c", "ALTER VIEW shop.old.w DROP DIALECT spark; CREATE OR REPLACE VIEW shop.old.w AS SELECT 2 AS id")
    assert java("view", "shop.old.w")["sql"]["duckdb"] == "SELECT 2 AS id"
    shop.run("sql", "-c", "DROP VIEW shop.old.w")
    assert java("list")["shop.old"]["views"] == []
    assert java("drop-view", "shop.names") is True
    assert shop.run("sql", "-c", "SELECT * FROM shop.names", check=False).returncode == 1


def test_a_view_without_a_dialect_of_firn_is_refused(shop, java):
    java("create-view", "shop.v", SCHEMA.model_dump_json(), "hive", "SELECT id, name FROM shop.orders")
    done = shop.run("sql", "-c", "SELECT * FROM shop.v", check=False)
    assert done.returncode == 1 and "not supported: view shop.v has text in the dialects (hive), none of which is duckdb" in done.stderr
