#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every #include against tools/layers.txt: a room uses only the rooms its line names, the line's
rooms form no cycle, and public headers include public headers only."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def read_layers():
    layers = {}
    with open(os.path.join(ROOT, "tools/layers.txt"), encoding="utf-8") as f:
        for line in f:
            line = line.split("#")[0].strip()
            if line:
                room, _, uses = line.partition(":")
                layers[room.strip()] = set(uses.split())
    return layers


def find_cycle(layers):
    done, path = set(), []

    def visit(room):
        if room in path:
            return path[path.index(room):] + [room]
        if room in done:
            return None
        path.append(room)
        for used in sorted(layers.get(room, ())):
            cycle = visit(used)
            if cycle:
                return cycle
        path.pop()
        done.add(room)
        return None

    for room in layers:
        cycle = visit(room)
        if cycle:
            return cycle
    return None


def sources(folder):
    for base, _, names in os.walk(os.path.join(ROOT, folder)):
        for name in sorted(names):
            if name.endswith((".c", ".h")):
                yield os.path.relpath(os.path.join(base, name), ROOT)


def check_file(path, room, layers, problems):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        text = f.read()
    for target in INCLUDE.findall(text):
        first = target.split("/")[0]
        if first == "firn":
            continue
        if room == "include":
            problems.append(f"{path}: public header includes internal {target}")
        elif first in layers and first != room and first not in layers[room]:
            problems.append(f"{path}: room {room} may not use {target}")
        elif "/" in target and first not in layers:
            problems.append(f"{path}: {target} is in no room of tools/layers.txt")


def main():
    layers = read_layers()
    problems = []
    cycle = find_cycle(layers)
    if cycle:
        problems.append("tools/layers.txt: cycle " + " -> ".join(cycle))
    for path in sources("include"):
        check_file(path, "include", layers, problems)
    for path in sources("src"):
        room = path.split(os.sep)[1]
        if room not in layers:
            problems.append(f"{path}: room {room} is not in tools/layers.txt")
        else:
            check_file(path, room, layers, problems)
    for path in sources("apps"):
        check_file(path, "apps", layers, problems)
    print("\n".join(problems) if problems else "layers: ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
