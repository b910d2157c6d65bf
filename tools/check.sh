#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Everything a reviewer would say about form: formatting, warnings on gcc and clang, clang-tidy,
# layers, banned functions, sizes, globals. Runs all of them and fails if any failed.
#   tools/check.sh          everything
#   tools/check.sh --fast   what takes seconds (no compiler)
set -u
cd "$(dirname "$0")/.."
failed=0
step() { # step NAME COMMAND...
    name=$1
    shift
    if "$@"; then :; else
        echo "check: $name FAILED"
        failed=1
    fi
}
files=$(git ls-files '*.c' '*.h')
# shellcheck disable=SC2086
step format clang-format --dry-run -Werror $files
step layers tools/check_layers.py
step "banned functions" tools/check_banned.py
step sizes tools/check_size.py
if [ "${1:-}" != --fast ]; then
    step "gcc build" sh -c 'cmake --preset dev >/dev/null && cmake --build --preset dev'
    step "clang build" sh -c 'cmake --preset clang >/dev/null && cmake --build --preset clang'
    step globals tools/check_globals.py build/clang
    step clang-tidy tools/check_tidy.py
fi
[ $failed = 0 ] && echo "check: all ok"
exit $failed
