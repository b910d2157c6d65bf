#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Size limits: files, functions, parameters, unique file names, licence lines.

tools/size_allowed.txt is a ratchet: "path lines" or "path:function lines" for what is over the
limit. An entry may shrink, never grow, and must go when it is not needed any more."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FILE_LINES, FILE_HARD, FUNCTION_LINES, PARAMETERS = 800, 1200, 100, 9
HEAD = re.compile(r"^[A-Za-z_][^;{}#=]*?\b([a-z_][a-z0-9_]*)\s*\(([^;{}]*)\)\s*$", re.S)
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def strip(text):
    return NOISE.sub(lambda m: "0" + "\n" * m.group().count("\n"), text)


def functions(text):
    """(name, first line, lines, parameters) of each function: bodies open with '{' in column 0
    after a head (Linux braces), or at the end of the head's line, and close with '}' in column 0."""
    lines = strip(text).split("\n")
    i = 0
    while i < len(lines):
        if lines[i] == "{":
            start = i - 1
            while start > 0 and lines[start - 1].strip() and not lines[start - 1].rstrip().endswith((";", "}")) \
                    and not lines[start - 1].startswith("#"):
                start -= 1
            match = HEAD.match("\n".join(lines[start:i]))
            end = i
            while end < len(lines) and lines[end] != "}":
                end += 1
            if match:
                params = [p for p in match.group(2).split(",") if p.strip() not in ("", "void")]
                yield match.group(1), start + 1, end - start + 1, len(params)
            i = end
        i += 1


def read_allowed():
    allowed = {}
    try:
        with open(os.path.join(ROOT, "tools/size_allowed.txt"), encoding="utf-8") as f:
            for line in f:
                parts = line.split("#")[0].split()
                if len(parts) == 2:
                    allowed[parts[0]] = int(parts[1])
    except FileNotFoundError:
        pass
    return allowed


def main():
    allowed, needed, problems, seen = read_allowed(), set(), [], {}

    def over(key, lines, limit, where):
        if lines <= limit:
            return
        needed.add(key)
        if lines > allowed.get(key, 0):
            problems.append(f"{where}: {lines} lines, limit {max(limit, allowed.get(key, 0))}")

    for top in ("src", "apps", "include", "tests", "fuzz", "bench"):
        for base, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if not name.endswith((".c", ".h")):
                    continue
                path = os.path.relpath(os.path.join(base, name), ROOT)
                with open(os.path.join(ROOT, path), encoding="utf-8") as f:
                    text = f.read()
                n = text.count("\n")
                over(path, n, FILE_LINES, path)
                if n > FILE_HARD:
                    problems.append(f"{path}: {n} lines, hard limit {FILE_HARD}")
                if "SPDX-License-Identifier: Apache-2.0" not in text[:200]:
                    problems.append(f"{path}: licence line missing")
                if name in seen and top == "src":
                    problems.append(f"{path}: file name taken by {seen[name]}")
                if top == "src":
                    seen[name] = path
                if top not in ("src", "apps"):
                    continue
                for function, line, count, params in functions(text):
                    over(f"{path}:{function}", count, FUNCTION_LINES, f"{path}:{line} {function}")
                    if params > PARAMETERS:
                        problems.append(f"{path}:{line} {function}: {params} parameters")
    for key in sorted(set(allowed) - needed):
        problems.append(f"tools/size_allowed.txt: {key} is not needed any more")
    print("\n".join(problems) if problems else "sizes: ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
