#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles each public header alone, as C11, C17 and C++17, with all warnings as errors, and checks
# that firn/firn.h includes every one of them.
# usage: check_headers.sh INCLUDE_FOLDER C_COMPILER CXX_COMPILER
# An empty CXX_COMPILER leaves the C++ part out and says so.
set -eu
include=$1
cc=$2
cxx=${3:-}
flags="-fsyntax-only -Wall -Wextra -Wpedantic -Werror"
failed=0
count=0

if [ -z "$cxx" ]; then
    echo "no C++ compiler: headers are not checked as C++17"
fi
cd "$include"
for header in $(find firn -name '*.h' | LC_ALL=C sort); do
    count=$((count + 1))
    for standard in c11 c17; do
        # shellcheck disable=SC2086
        printf '#include "%s"\nint main(void) { return 0; }\n' "$header" |
            "$cc" -x c -std=$standard $flags -I . - || {
            echo "FAILED as $standard: $header"
            failed=1
        }
    done
    if [ -n "$cxx" ]; then
        # shellcheck disable=SC2086
        printf '#include "%s"\nint main() { return 0; }\n' "$header" |
            "$cxx" -x c++ -std=c++17 $flags -I . - || {
            echo "FAILED as c++17: $header"
            failed=1
        }
    fi
    case $header in
    firn/firn.h) ;;
    *)
        grep -qF "#include \"$header\"" firn/firn.h || {
            echo "FAILED: firn/firn.h does not include $header"
            failed=1
        }
        ;;
    esac
done
if [ "$count" -eq 0 ]; then
    echo "no headers in $include"
    exit 1
fi
echo "$count headers checked"
exit $failed
