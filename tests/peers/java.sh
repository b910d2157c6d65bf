#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# java.sh: builds the Java peer (tests/peers/java) into build/peers/java when its sources changed.
# Libraries come from Maven Central once; afterwards Maven runs offline.
set -eu
cd "$(dirname "$0")/../.."
out=build/peers/java
sources=$(find tests/peers/java -name '*.java' -o -name pom.xml | LC_ALL=C sort)
# shellcheck disable=SC2086
stamp=$out/.built-$(cat $sources | cksum | cut -d' ' -f1)
[ -e "$stamp" ] && exit 0
for tool in mvn javac; do
    command -v $tool >/dev/null || { echo "java.sh needs $tool: run 'make test-java'" >&2; exit 1; }
done
mkdir -p "$out"
rm -rf "$out"/.built-* "$out/lib" "$out/classes"
log=$out/maven.log
mvn -B -q -o -f tests/peers/java/pom.xml compile >"$log" 2>&1 ||
    mvn -B -q -f tests/peers/java/pom.xml compile >"$log" 2>&1 ||
    { cat "$log" >&2; exit 1; }
touch "$stamp"
