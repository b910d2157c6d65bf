#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy over src/ and apps/, after the clang preset was built. A file passes once: what it is made of (its
text, the project's headers it includes, how it is compiled, the checks and the version of clang-tidy) is remembered
in ~/.cache/firn/tidy (XDG_CACHE_HOME), for all clones, and is not looked at again.

    check_tidy.py [FILE...]
    TIDY_CHECKS   patterns behind those of .clang-tidy; CI leaves out "-clang-analyzer-*", which takes most of the time"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/clang"
CHECKS = ["-checks=" + os.environ["TIDY_CHECKS"]] if os.environ.get("TIDY_CHECKS") else []
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "firn/tidy"


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def headers():
    """Object -> the project's files it was made of, as the compiler said."""
    found, current = {}, None
    for line in output_of("ninja", "-C", str(BUILD), "-t", "deps").splitlines():
        if line and line[0] != " ":
            current = found.setdefault(line.split(":")[0], set())
        elif line.strip():
            path = (BUILD / line.strip()).resolve()
            if path.is_relative_to(ROOT):
                current.add(path)
    return found


class Tidy:
    def __init__(self):
        self.common = output_of("clang-tidy", "--version") + (ROOT / ".clang-tidy").read_text() + "".join(CHECKS)
        self.commands = {pathlib.Path(c["file"]).resolve(): c for c in json.loads((BUILD / "compile_commands.json").read_text())}
        self.headers = headers()
        self.texts = {}

    def digest_of(self, path):
        if path not in self.texts:
            self.texts[path] = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "gone"
        return f"{path.relative_to(ROOT)} {self.texts[path]}\n"

    def key(self, path):
        """Names the content; None: nobody knows what the file includes."""
        command = self.commands.get(path)
        made = re.search(r" -o (\S+)", command["command"]) if command else None
        if not made or made[1] not in self.headers:
            return None
        parts = [self.common, command["command"].replace(str(ROOT), ""), self.digest_of(path)]
        parts += sorted(self.digest_of(header) for header in self.headers[made[1]])
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def check(self, path):
        key = self.key(path)
        if key and (CACHE / key).exists():
            return True
        done = subprocess.run(["clang-tidy", "-quiet", *CHECKS, "-p", str(BUILD), str(path)], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
        sys.stdout.write(done.stdout)
        if done.returncode == 0 and key:
            (CACHE / key).touch()
        return done.returncode == 0


def main():
    CACHE.mkdir(parents=True, exist_ok=True)
    names = sys.argv[1:] or output_of("git", "-C", str(ROOT), "ls-files", "src/*.c", "apps/*.c").split()
    tidy = Tidy()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(tidy.check, [(ROOT / name).resolve() for name in names]))
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
