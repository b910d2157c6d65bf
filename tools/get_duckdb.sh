#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# get_duckdb.sh PREFIX [x86_64|aarch64]
# DuckDB 2.0.0 for C: PREFIX/include/duckdb*.h and PREFIX/lib/libduckdb.so.
# Library: the Maven artifact org.duckdb:duckdb_jdbc, whose native part exports the whole C API and
# needs no JVM to run. Headers: DuckDB's source package on PyPI. Both pinned by checksum.
set -eu
prefix=$1
arch=${2:-$(uname -m)}
jar_sha=6cb8b0e0fc51b2e45aead2d2c1e1fd09dd10267db2966e69aaab0de67319f826
duckdb_h_sha=8dbc9c71a10f0a75fcacc1a3f4f7c76093a84d232fc152222ee5b6e512ab4560
duckdb_v2_h_sha=73026a28e5b55952afb6e2e9ce80fd4f76614afedce329da895ccaf85a4a8be6
case $arch in
x86_64 | amd64) arch=amd64 so_sha=001983f177ea4e6e4e19a58e77417411d0c2924d0cbbd01f3e901a9f3d2f37c7 ;;
aarch64 | arm64) arch=arm64 so_sha=3b69506543e9d64fffb80402cdab8c9d6e527003909e5dfa15b0f00a144d45df ;;
*) echo "not supported: DuckDB has no library for $arch" >&2; exit 1 ;;
esac
for tool in mvn python3 sha256sum; do
    command -v $tool >/dev/null || { echo "get_duckdb.sh needs $tool (run 'make deps')" >&2; exit 1; }
done
echo "fetching DuckDB 2.0.0 (80 MB)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$prefix/include" "$prefix/lib"

mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
    -Dartifact=org.duckdb:duckdb_jdbc:2.0.0.1 -DoutputDirectory="$work" -Dmdep.useBaseVersion=true
echo "$jar_sha  $work/duckdb_jdbc-2.0.0.1.jar" | sha256sum -c --quiet -
so=libduckdb_java.so_linux_$arch
python3 - "$work/duckdb_jdbc-2.0.0.1.jar" "$so" "$work" <<'PY'
import sys, zipfile
zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2], sys.argv[3])
PY
echo "$so_sha  $work/$so" | sha256sum -c --quiet -

python3 -m venv "$work/venv"
# The source package is only unpacked, never built: pip's "download" would run its build backend.
"$work/venv/bin/pip" download -q --disable-pip-version-check --no-deps --no-binary duckdb \
    duckdb==2.0.0 -d "$work/sdist"
python3 - "$work/sdist/duckdb-2.0.0.tar.gz" "$work/include" <<'PY'
import os, sys, tarfile
os.makedirs(sys.argv[2])
with tarfile.open(sys.argv[1]) as tar:
    for member in tar:
        head, name = os.path.split(member.name)
        if head.endswith("external/duckdb/src/include") and name in ("duckdb.h", "duckdb_v2.h"):
            with open(os.path.join(sys.argv[2], name), "wb") as out:
                out.write(tar.extractfile(member).read())
PY
echo "$duckdb_h_sha  $work/include/duckdb.h" | sha256sum -c --quiet -
echo "$duckdb_v2_h_sha  $work/include/duckdb_v2.h" | sha256sum -c --quiet -

cp "$work"/include/*.h "$prefix/include/"
chmod 755 "$work/$so"
mv "$work/$so" "$prefix/lib/$so" # its SONAME is this very name
ln -sf "$so" "$prefix/lib/libduckdb.so"
