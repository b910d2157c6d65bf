#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No mutable globals: `nm` of every static library of ours shows no B, b, D, d, C symbols but the
ones of tools/globals_allowed.txt ("symbol reason"). usage: check_globals.py BUILD_FOLDER"""
import glob
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main():
    with open(os.path.join(ROOT, "tools/globals_allowed.txt"), encoding="utf-8") as f:
        allowed = {line.split()[0] for line in f if line.strip() and not line.startswith("#")}
    libraries = sorted(glob.glob(os.path.join(sys.argv[1], "libfirn_*.a")))
    if not libraries:
        print(f"globals: no libfirn_*.a in {sys.argv[1]}")
        return 1
    problems = []
    for library in libraries:
        out = subprocess.run(["nm", "-f", "sysv", library], capture_output=True, text=True,
                             check=True).stdout
        for line in out.splitlines():
            parts = [part.strip() for part in line.split("|")]
            # .data.rel.ro: constant tables of pointers, read-only once they are relocated.
            if len(parts) == 7 and parts[2] in tuple("BbDdC") and \
                    not parts[6].startswith(".data.rel.ro") and parts[0].split(".")[0] not in allowed:
                problems.append(f"{os.path.basename(library)}: mutable global {parts[0]}")
    print("\n".join(problems) if problems else "globals: ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
