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
        out = subprocess.run(["nm", "-A", library], capture_output=True, text=True, check=True).stdout
        for line in out.splitlines():
            parts = line.split()
            if len(parts) >= 2 and parts[-2] in "BbDdC":
                name = parts[-1].split(".")[0]
                # Tables of pointers are constant data that needs relocation.
                if name not in allowed:
                    problems.append(f"{os.path.basename(library)}: mutable global {name}")
    print("\n".join(problems) if problems else "globals: ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
