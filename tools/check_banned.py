#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions that must not be called, by folder, with the reason. Comments and strings are ignored.
A deliberate exception is a line in tools/banned_allowed.txt: "path function reason"."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EVERYWHERE = """strcpy strncpy strcat strncat sprintf vsprintf strtok gets atoi atol atoll strtol
strtoul strtoll strtoull sscanf localtime gmtime asctime ctime alloca rand srand tmpnam mktemp
setjmp longjmp system""".split()
OUTSIDE_BASE = "malloc calloc realloc free strdup strndup asprintf abort assert exit _exit sleep usleep nanosleep time gettimeofday clock_gettime getrandom".split()
LIBRARY = "printf fprintf vprintf vfprintf puts fputs putchar perror getenv".split()
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def strip(text):
    return NOISE.sub(lambda m: " " + "\n" * m.group().count("\n"), text)


def banned_for(path):
    names = list(EVERYWHERE)
    if path.startswith("src/") and not path.startswith("src/base/"):
        names += OUTSIDE_BASE
    if path.startswith("src/"):
        names += LIBRARY
    if path.startswith("apps/"):
        names += ["malloc", "calloc", "realloc", "strdup", "assert", "abort"]
    return names


def read_allowed():
    allowed = set()
    try:
        with open(os.path.join(ROOT, "tools/banned_allowed.txt"), encoding="utf-8") as f:
            for line in f:
                parts = line.split("#")[0].split()
                if len(parts) >= 2:
                    allowed.add((parts[0], parts[1]))
    except FileNotFoundError:
        pass
    return allowed


def main():
    allowed, used, problems = read_allowed(), set(), []
    for top in ("src", "apps", "include"):
        for base, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if not name.endswith((".c", ".h")):
                    continue
                path = os.path.relpath(os.path.join(base, name), ROOT)
                with open(os.path.join(ROOT, path), encoding="utf-8") as f:
                    text = strip(f.read())
                pattern = re.compile(r"(?<![\w.>])(" + "|".join(banned_for(path)) + r")\s*\(")
                for number, line in enumerate(text.split("\n"), 1):
                    for match in pattern.finditer(line):
                        if (path, match.group(1)) in allowed:
                            used.add((path, match.group(1)))
                        else:
                            problems.append(f"{path}:{number}: {match.group(1)}() is banned here")
    for path, name in sorted(allowed - used):
        problems.append(f"tools/banned_allowed.txt: {path} {name} is not needed any more")
    print("\n".join(problems) if problems else "banned functions: ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
