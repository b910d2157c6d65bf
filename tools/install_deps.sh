#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install_deps.sh build|test|check|bench|peers
# Installs what is missing: distribution packages by apt-get, DuckDB by tools/get_duckdb.sh, Python
# packages for tests in build/venv. Says nothing and ends at once when all is there.
set -eu
cd "$(dirname "$0")/.."
need=${1:-build}

packages_build="gcc g++ libc6-dev make cmake ninja-build pkg-config ccache libxxhash-dev libjansson-dev
 libzstd-dev liblz4-dev libdeflate-dev libbrotli-dev zlib1g-dev libsnappy-dev libsqlite3-dev libfyaml-dev
 libedit-dev libutf8proc-dev libmd-dev"
packages_duckdb="maven python3 python3-pip python3-venv ca-certificates"
packages_test="libcmocka-dev python3-venv python3-pip clang libclang-rt-14-dev"
packages_peers="default-jdk-headless maven python3-venv python3-pip"
packages_check="clang clang-format clang-tidy python3"

packages=$packages_build
case $need in
build) ;;
test) packages="$packages $packages_test" ;;
check) packages="$packages $packages_check $packages_test" ;;
bench) packages="$packages $packages_test" ;;
peers) packages="$packages $packages_peers" ;;
*) echo "usage: install_deps.sh build|test|check|bench|peers" >&2; exit 2 ;;
esac

# A stamp per package list keeps a repeated run to a few milliseconds.
stamp=build/.deps/$need-$(cksum <tools/install_deps.sh | cut -d' ' -f1)
[ -e "$stamp" ] && exit 0

cache=${FIRN_CACHE_DIR:-$HOME/.cache/firn}
have_duckdb() { [ -e "$cache/duckdb-2.0.0/include/duckdb_v2.h" ] && [ -e "$cache/duckdb-2.0.0/lib/libduckdb.so" ]; }
have_duckdb || packages="$packages $packages_duckdb"

missing=""
for p in $packages; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null || true)" = installed ] && continue
    # A tool that came another way (a newer maven, python) counts too.
    case $p in
    gcc | make | cmake | ccache | clang | clang-format | clang-tidy | python3 | g++) command -v "$p" >/dev/null && continue ;;
    maven) command -v mvn >/dev/null && continue ;;
    default-jdk-headless) command -v javac >/dev/null && continue ;;
    ninja-build) command -v ninja >/dev/null && continue ;;
    esac
    missing="$missing $p"
done

if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ]; then sudo=""
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo=sudo
    else
        echo "firn needs packages that are not installed:$missing" >&2
        echo "run as root:  apt-get install -y --no-install-recommends$missing" >&2
        exit 1
    fi
    echo "installing:$missing"
    $sudo apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

have_duckdb || tools/get_duckdb.sh "$cache/duckdb-2.0.0"

case $need in
test | check | bench | peers)
    if [ ! -e build/.deps/venv-ok ]; then
        mkdir -p build/.deps
        echo "installing Python packages for the tests in build/venv"
        python3 -m venv build/venv
        build/venv/bin/pip install -q --disable-pip-version-check -r tests/python/requirements.txt
        touch build/.deps/venv-ok
    fi
    ;;
esac
mkdir -p build/.deps
touch "$stamp"
