# Operator Monitor. `make help` lists what there is; `make demo` is the place to begin.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WALLBOARD := monitor/web/wallboard/index.html
WALLBOARD_SOURCES := $(shell find dashboards/wallboard -name node_modules -prune -o -type f -print)

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check format fuzz bench dashboards docs constraints clean

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) $(WALLBOARD) ## .venv with everything that running, testing and benchmarks need

$(READY): pyproject.toml constraints.txt scripts/setup
	@scripts/setup $(PYTHON) $(VENV)
	@touch $@

$(WALLBOARD): $(READY) $(WALLBOARD_SOURCES)
	@scripts/wallboard $(VENV) build
	@touch $@

demo: $(READY) $(WALLBOARD) ## a simulated contact centre and its wallboard, in one command
	@$(BIN)/operator-monitor demo $(ARGS)

run: $(READY) $(WALLBOARD) ## the service with monitor.yaml (CONFIG=file for another)
	@$(BIN)/operator-monitor run --config $(or $(CONFIG),monitor.yaml) $(ARGS)

test: $(READY) $(WALLBOARD) ## all tests; installs the servers that they need where it may
	@scripts/test $(ARGS)

check: $(READY) $(WALLBOARD) ## the gate without real servers: ruff, mypy, import-linter, wallboard, quick tests
	@scripts/check

format: $(READY) ## let ruff format and mend what it can
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

fuzz: $(READY) ## look for bytes that the parsers can't bear: a minute each (ARGS="message 10" for one and its seconds)
	@$(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes -r tests/fuzz/requirements.txt
	@$(BIN)/python -m tests.fuzz $(ARGS)

bench: $(READY) ## benchmarks; the results go to docs/benchmarks.md
	@$(BIN)/python -m benchmarks $(ARGS)

dashboards: $(READY) ## write the Grafana dashboards' JSON from their source
	@$(BIN)/python -m dashboards.grafana.source $(ARGS)

docs: $(READY) ## write anew what is made from the code: docs/metrics.md
	@$(BIN)/python -m monitor.metrics.reference

constraints: $(READY) ## resolve constraints.txt anew (names, versions, hashes)
	@scripts/constraints $(BIN)/python

clean: ## remove the environment and all caches
	rm -rf $(VENV) monitor/web/wallboard dashboards/wallboard/node_modules .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
