# SPDX-License-Identifier: Apache-2.0
# Libraries from the distribution (tools/install_deps.sh installs them) and DuckDB.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(BROTLI REQUIRED IMPORTED_TARGET libbrotlidec libbrotlienc)
pkg_check_modules(DEFLATE REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(FYAML REQUIRED IMPORTED_TARGET libfyaml)
pkg_check_modules(EDIT REQUIRED IMPORTED_TARGET libedit)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
find_library(FIRN_SNAPPY_LIBRARY snappy REQUIRED)
find_path(FIRN_SNAPPY_INCLUDE snappy-c.h REQUIRED)

# DuckDB is not linked: its library is loaded by the first SQL statement that needs it.
set(FIRN_DUCKDB_DIR "${FIRN_CACHE_DIR}/duckdb-2.0.0" CACHE PATH "DuckDB headers and library")
set(FIRN_DUCKDB_LIBRARY "${FIRN_DUCKDB_DIR}/lib/libduckdb.so")
if(NOT EXISTS "${FIRN_DUCKDB_DIR}/include/duckdb_v2.h")
    message(FATAL_ERROR "DuckDB 2.0.0 not found in ${FIRN_DUCKDB_DIR}: run 'make deps'")
endif()
