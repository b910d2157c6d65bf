# SPDX-License-Identifier: Apache-2.0
# Front door. "make help" lists what there is. CMake does the building.
BUILD := build

.PHONY: all help deps demo test check bench fuzz dev tsan clean

all: deps ## build the program: build/firn
	@cmake --preset release >/dev/null
	@cmake --build --preset release

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 16

deps: ## install what is missing (distribution packages, DuckDB)
	@tools/install_deps.sh build

dev: deps ## build with sanitizers and tests: build/dev
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev

clean: ## remove build/
	rm -rf $(BUILD)
