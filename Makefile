# SPDX-License-Identifier: Apache-2.0
# Front door: "make help" lists what there is. CMake does the building.
BUILD := build
PREFIX := /usr/local
PYTEST := $(BUILD)/venv/bin/python -m pytest -q -p no:cacheprovider

.PHONY: all install help deps demo test test-unit test-fuzz test-python test-crash test-spill test-java interop check check-fast bench bench-format bench-plan bench-merge bench-commit torture model conformance fuzz fuzz-table dev tsan clean bench-maintain bench-sql bench-statement

all: deps ## build the program: build/firn
	@cmake --preset release >/dev/null
	@cmake --build --preset release

install: all ## install program, library, headers and the SQL engine under PREFIX (/usr/local)
	@cmake --install $(BUILD) --prefix $(PREFIX) >/dev/null
	@echo "installed under $(DESTDIR)$(PREFIX)"

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

deps: ## install what is missing (distribution packages, DuckDB)
	@tools/install_deps.sh build

demo: all ## the main job on real orders: landing files to gold views
	@tools/demo.sh

test: all ## everything that must pass: unit tests with sanitizers, fuzz replay, PyIceberg, kill tests
	@tools/install_deps.sh test
	@tools/test.sh all

test-unit: ## unit tests with address and undefined-behaviour sanitizers
	@tools/install_deps.sh test
	@tools/test.sh unit

test-python: all ## the program judged by PyIceberg, pyarrow and DuckDB
	@tools/install_deps.sh test
	@tools/test.sh python

test-crash: all ## the pipeline killed at every failpoint and at random moments
	@tools/install_deps.sh test
	@tools/test.sh crash

test-spill: all ## tables ten times larger than the memory budget (SPILL_MEMORY_MIB, 64): MERGE, DELETE, bin-pack, sort
	@tools/install_deps.sh test
	@tools/test.sh spill

test-java: all ## the catalog judged by Iceberg's Java JdbcCatalog (a JDK and Maven)
	@tools/install_deps.sh peers
	@tools/test.sh java

interop: all ## live engines on firn's tables: Spark, DuckDB's Iceberg extension, Iceberg's Java library
	@tools/install_deps.sh peers
	@tools/test.sh interop

check: ## formatting, warnings on gcc and clang, clang-tidy, layers, banned functions, sizes
	@tools/install_deps.sh check
	@tools/check.sh

check-fast: ## the checks that need no compiler
	@tools/check.sh --fast

torture: ## writers of all kinds killed for TORTURE_SECONDS (60), or TORTURE_KILLS times; TORTURE_SEED
	@tools/install_deps.sh test
	@tools/test.sh torture

model: ## random operations on tables against a model: MODEL_STEPS (1000000) from MODEL_SEED (1) on
	@tools/install_deps.sh test
	@tools/test.sh model

bench: all ## speed and memory as ratios against DuckDB and PyIceberg in the same run
	@tools/install_deps.sh bench
	@bench/run.sh

bench-format: all ## file formats as ratios against DuckDB, pyarrow and PyIceberg
	@tools/install_deps.sh bench
	@$(BUILD)/venv/bin/python bench/bench_format.py $(BENCH_FORMAT)

bench-commit: all ## durable commits a second of many writers, and what one fsync costs here
	@bench/commit.sh $(BENCH_COMMIT_SECONDS)

bench-statement: all ## what a statement costs on a table of one row, warm
	@rm -rf $(BUILD)/bench/statement
	@$(BUILD)/bench/bench_statement $(BUILD)/bench/statement

bench-merge: all ## row-level changes: upserts and merges against PyIceberg and recorded Spark, readers of deletes
	@tools/install_deps.sh bench
	@$(BUILD)/venv/bin/python bench/bench_merge.py

bench-plan: all ## scan planning as ratios against Iceberg's Java library and PyIceberg (a JDK and Maven); commits a second
	@tools/install_deps.sh bench
	@tools/install_deps.sh peers
	@tests/peers/java.sh
	@$(BUILD)/venv/bin/python bench/bench_plan.py $(BENCH_PLAN)
	@bench/commit.sh $(BENCH_COMMIT_SECONDS)

bench-sql: all ## TPC-H against DuckDB on the same files, and Spark where it is installed; BENCH_SQL_SCALE
	@tools/install_deps.sh bench
	@$(BUILD)/venv/bin/pip install -q --disable-pip-version-check tpchgen-cli==4.0.0
	@$(BUILD)/venv/bin/python bench/bench_sql.py

bench-maintain: all ## bin-pack, sort and Z-order as ratios against DuckDB doing the same
	@tools/install_deps.sh bench
	@FIRN_PROGRAM=$(BUILD)/firn $(BUILD)/venv/bin/python bench/bench_maintain.py

conformance: all ## files of many writers against what must come out; FIRN_CORPORA names their folder
	@tools/conformance.py; status=$$?; tools/duckdb_queries.py && exit $$status

fuzz: ## fuzz every target with libFuzzer for FUZZ_SECONDS (60) or FUZZ_RUNS each; FUZZ_ONLY="a b" picks
	@tools/install_deps.sh test
	@tools/fuzz.py

fuzz-table: ## write the figures of fuzz/record.tsv into docs/testing.md
	@tools/fuzz.py table

dev: deps ## build with sanitizers and tests: build/dev
	@tools/install_deps.sh test
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev

tsan: ## unit tests of threads under the thread sanitizer
	@tools/install_deps.sh test
	@tools/test.sh tsan

clean: ## remove build/
	rm -rf $(BUILD)
