#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peers.sh: installs the engines of the interoperability tests under build/peers: Spark with Iceberg's
# runtime and SQLite's JDBC driver, and DuckDB with its own Iceberg extension. From PyPI and Maven
# Central by pip and Maven, once.
set -eu
cd "$(dirname "$0")/../.."
peers=build/peers
spark=4.1.4 scala=4.1_2.13 iceberg=1.12.0 sqlite=3.53.0.0 duckdb=1.5.5

jar() { # jar GROUP:ARTIFACT:VERSION
    name=$(echo "$1" | cut -d: -f2)-$(echo "$1" | cut -d: -f3).jar
    [ -e "$peers/spark/jars/$name" ] || mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
        -Dartifact="$1" -DoutputDirectory="$PWD/$peers/spark/jars"
}
venv() { # venv NAME PACKAGE...
    folder=$peers/$1
    stamp=$folder/.installed-$(echo "$*" | cksum | cut -d' ' -f1)
    [ -e "$stamp" ] && return 0
    echo "installing $1 in $folder"
    shift
    mkdir -p "$folder"
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install -q --disable-pip-version-check "$@"
    touch "$stamp"
}
venv spark "pyspark==$spark"
jar "org.apache.iceberg:iceberg-spark-runtime-$scala:$iceberg"
jar "org.xerial:sqlite-jdbc:$sqlite"
venv duckdb-iceberg "duckdb==$duckdb" "duckdb-extension-avro==$duckdb" "duckdb-extension-iceberg==$duckdb"
