#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over src/ and apps/. Results are kept by content: a file whose text, headers and
# configuration are unchanged since it last passed is not looked at again.
set -u
cd "$(dirname "$0")/.."
mkdir -p build/tidy
headers=$(git ls-files 'include/*.h' 'src/*.h' .clang-tidy | sort | xargs cat | cksum | cut -d' ' -f1)
check() {
    sum=$(cat "$1" | cksum | cut -d' ' -f1)
    stamp=build/tidy/$headers-$sum-$(basename "$1")
    [ -e "$stamp" ] && return 0
    clang-tidy -quiet -p build/clang "$1" 2>/dev/null && touch "$stamp"
}
if [ "${1:-}" ]; then
    headers=$2
    check "$1"
    exit $?
fi
git ls-files 'src/*.c' 'apps/*.c' | xargs -P "$(nproc)" -I{} "$0" {} "$headers"
