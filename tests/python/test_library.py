# SPDX-License-Identifier: Apache-2.0
"""firn as a library: what "cmake --install" puts under a prefix, what it exports, and C programs
that are built against it the ways programs are built."""
import os
import re
import shutil
import subprocess

import pytest

from conftest import FIRN, ROOT

EXAMPLE = ROOT / "examples/c"
PAGE = ROOT / "docs/library.md"
ROWS = "1 alan 7\n2 edsger 5\n100 ada 1\n101 grace 2\n102 somebody with a long name unknown\n"
# A statement of the page stands in a function like this.
AROUND = """#include <firn/firn.h>
#include <inttypes.h>
#include <stdio.h>
firn_status snippet(firn_home *home, firn_session *session, firn_error *err);
firn_status snippet(firn_home *home, firn_session *session, firn_error *err)
{
    (void)home, (void)session, (void)err;
%s
    return FIRN_OK;
}
"""


def call(*args, env=None, **more):
    """Standard output of a program that must succeed; no FIRN_* variable reaches it."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("FIRN_")}
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True, timeout=300,
                          env={**clean, **(env or {})}, **more)
    assert done.returncode == 0, f"{args}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """An installation that was moved after it was made: nothing in it may name its own place."""
    build = FIRN.resolve().parent
    if not (build / "libfirn.so").exists():
        pytest.skip(f"{build} was configured with FIRN_BUILD_LIBRARY=OFF")
    top = tmp_path_factory.mktemp("install")
    call("cmake", "--install", build, "--prefix", top / "first")
    return (top / "first").rename(top / "moved")


def pkg_config(prefix):
    return {"PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}


def loaded_engine(*args):
    """Path of the SQL engine that a program loads, as the dynamic loader reports it."""
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True, timeout=300,
                          env={k: v for k, v in os.environ.items() if not k.startswith("FIRN_")}
                          | {"LD_DEBUG": "files"})
    assert done.returncode == 0, done.stdout
    found = set(re.findall(r"calling init: (\S*duckdb\S*)", done.stderr))
    assert len(found) == 1, found
    return os.path.realpath(found.pop())


def declared_functions(prefix):
    """Names of the functions that the installed headers declare with FIRN_API."""
    names = set()
    for header in (prefix / "include").rglob("*.h"):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
        for declaration in re.findall(r"^FIRN_API\b([^;{]*)", text, re.M):
            names.add(re.search(r"\b(firn_\w+)\(", declaration).group(1))
    return names


def symbols(path, *flags):
    """Global symbols that a library defines."""
    lines = call("nm", "--defined-only", "--extern-only", *flags, path).splitlines()
    return {line.split()[2].split("@")[0] for line in lines if len(line.split()) == 3}


@pytest.mark.parametrize("name, flags", [("libfirn.so", ["-D"]), ("libfirn.a", [])])
def test_libraries_export_exactly_the_declared_functions(prefix, name, flags):
    found = symbols(prefix / "lib" / name, *flags) - {"FIRN_0"}
    assert found == declared_functions(prefix)
    assert len(found) > 100


def test_soname_is_that_of_the_major_version(prefix):
    out = call("readelf", "-d", prefix / "lib/libfirn.so")
    assert "[libfirn.so.0]" in out and "RUNPATH" not in out and "duckdb" not in out


def test_all_public_headers_are_installed(prefix):
    def headers(top):
        return {str(h.relative_to(top)) for h in top.rglob("*.h")}
    assert headers(prefix / "include") == headers(ROOT / "include")


def test_pkg_config_gives_the_version_of_the_program(prefix):
    version = call("pkg-config", "--modversion", "firn", env=pkg_config(prefix)).strip()
    assert call(prefix / "bin/firn", "--version") == f"firn {version}\n"


def test_installed_program_runs_sql_with_the_installed_engine(prefix, tmp_path):
    firn = [prefix / "bin/firn", "--home", tmp_path / "home"]
    call(*firn, "init")
    assert call(*firn, "sql", "-c", "SELECT 1 AS one", cwd=tmp_path) == "one\n1\n"
    expected = os.path.realpath(prefix / "lib/firn/libduckdb.so")
    assert loaded_engine(*firn, "sql", "-c", "SELECT 1") == expected


def test_example_built_with_pkg_config_uses_the_installed_engine(prefix, tmp_path):
    folder = shutil.copytree(EXAMPLE, tmp_path / "c", ignore=shutil.ignore_patterns("orders"))
    call("make", "CFLAGS=-Werror", cwd=folder, env=pkg_config(prefix))
    assert call(folder / "orders", tmp_path / "home", cwd=tmp_path).endswith(ROWS)
    expected = os.path.realpath(prefix / "lib/firn/libduckdb.so")
    assert loaded_engine(folder / "orders", tmp_path / "other") == expected


def test_engine_is_found_from_a_library_folder_of_the_architecture(prefix, tmp_path):
    """As distributions have it: lib/ARCHITECTURE/libfirn.so beside lib/firn/libduckdb.so."""
    top = shutil.copytree(prefix, tmp_path / "usr", symlinks=True)
    (top / "lib/arch").mkdir()
    for library in top.glob("lib/libfirn.so*"):
        library.rename(top / "lib/arch" / library.name)
    call("cc", "-std=c17", EXAMPLE / "orders.c", "-o", tmp_path / "orders", f"-I{top}/include",
         f"-L{top}/lib/arch", "-lfirn", f"-Wl,-rpath,{top}/lib/arch")
    expected = os.path.realpath(top / "lib/firn/libduckdb.so")
    assert loaded_engine(tmp_path / "orders", tmp_path / "home") == expected


@pytest.mark.parametrize("package, target", [("firn", "firn::firn"),
                                             ("firn COMPONENTS static", "firn::firn_static")])
def test_example_built_with_find_package_runs(prefix, tmp_path, package, target):
    (tmp_path / "CMakeLists.txt").write_text(
        (EXAMPLE / "CMakeLists.txt").read_text()
        .replace("find_package(firn 0.1 REQUIRED", f"find_package({package} REQUIRED")
        .replace("firn::firn)", f"{target})"))
    shutil.copy(EXAMPLE / "orders.c", tmp_path)
    call("cmake", "-S", tmp_path, "-B", tmp_path / "b", f"-DCMAKE_PREFIX_PATH={prefix}")
    call("cmake", "--build", tmp_path / "b")
    engine = {"FIRN_DUCKDB": str(prefix / "lib/firn/libduckdb.so")}
    assert call(tmp_path / "b/orders", tmp_path / "home", env=engine).endswith(ROWS)
    is_linked = "libfirn.so.0" in call("readelf", "-d", tmp_path / "b/orders")
    assert is_linked == (target == "firn::firn")


def test_program_of_a_static_library_with_pkg_config_runs(prefix, tmp_path):
    flags = call("pkg-config", "--static", "--cflags", "--libs", "firn",
                 env=pkg_config(prefix)).replace("-lfirn", "-l:libfirn.a").split()
    call("cc", "-std=c17", EXAMPLE / "orders.c", "-o", tmp_path / "orders", *flags)
    assert "libfirn.so" not in call("readelf", "-d", tmp_path / "orders")
    engine = {"FIRN_DUCKDB": str(prefix / "lib/firn/libduckdb.so")}
    assert call(tmp_path / "orders", tmp_path / "home", env=engine).endswith(ROWS)


def test_example_and_program_share_a_home(prefix, tmp_path):
    folder = shutil.copytree(EXAMPLE, tmp_path / "c", ignore=shutil.ignore_patterns("orders"))
    call("make", cwd=folder, env=pkg_config(prefix))
    call(folder / "orders", tmp_path / "home")
    out = call(prefix / "bin/firn", "--home", tmp_path / "home", "sql", "-c",
               "SELECT count(*) AS n, sum(pieces) AS pieces FROM orders")
    assert out == "n,pieces\n5,15\n"
    from pyiceberg.catalog.sql import SqlCatalog
    catalog = SqlCatalog("firn", uri=f"sqlite:///{tmp_path}/home/catalog.db")
    rows = catalog.load_table("default.orders").scan().to_arrow().sort_by("id").to_pylist()
    assert rows[2:] == [{"id": 100, "customer": "ada", "pieces": 1},
                        {"id": 101, "customer": "grace", "pieces": 2},
                        {"id": 102, "customer": "somebody with a long name", "pieces": None}]


def page_blocks():
    return re.findall(r"^```c\n(.*?)^```", PAGE.read_text(), re.M | re.S)


def test_c_of_the_library_page_compiles_and_programs_run(prefix, tmp_path):
    flags = call("pkg-config", "--cflags", "--libs", "firn", env=pkg_config(prefix)).split()
    flags += [f"-Wl,-rpath,{prefix}/lib"]
    n_programs = 0
    for i, block in enumerate(page_blocks()):
        is_program = "int main" in block
        source = tmp_path / f"block{i}.c"
        source.write_text(block if is_program else AROUND % block)
        output = ["-o", tmp_path / f"block{i}"] if is_program else ["-c", "-o", tmp_path / "o.o"]
        call("cc", "-std=c17", "-Wall", "-Wextra", "-Werror", source, *output, *flags)
        if is_program:
            n_programs += 1
            assert call(tmp_path / f"block{i}", cwd=tmp_path) != ""
    assert n_programs > 0
