# The same targets CI calls. None needs anything done before: each sets up what it needs in .venv first.
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test check bench bench-orders fuzz format clean

PYTHON ?= python3.11
BIN := .venv/bin
CORES := $(shell nproc 2>/dev/null || echo 2)

help:  ## Shows this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.run-installed  ## Builds .venv with what running needs

setup-dev: .venv/.dev-installed

run: setup  ## Starts the demo exchange on http://127.0.0.1:8000/api/v2
	@exec $(BIN)/peerhall demo $(ARGS)

test: setup-dev  ## Runs all tests, on an embedded database
	@$(BIN)/pytest -n $(CORES) $(ARGS)

check: setup-dev  ## Checks format, lint, types, imports and generated files
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m peerhall.admin.generated --check

format: setup-dev  ## Formats the code and writes generated files anew
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/python -m peerhall.admin.generated --write

bench: setup-dev  ## Measures speed against a bare server and Django REST framework
	@$(BIN)/python -m bench

bench-orders: setup-dev  ## Has 200 accounts order at once, and looks whether all of it is there
	@$(BIN)/python -m bench.orders $(ARGS)

fuzz: setup-dev  ## Plays 10,000 steps of the lifecycle, fails every step, then tries requests until stopped
	@PEERHALL_FUZZ=unbounded $(BIN)/pytest tests/lifecycle $(ARGS)
	@PEERHALL_FUZZ=unbounded $(BIN)/pytest tests/faults/test_steps.py tests/scenarios/test_schemathesis.py $(ARGS)

clean:  ## Removes .venv and all caches
	@rm -rf .venv .bench .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	@sh scripts/make-venv $(PYTHON)

.venv/.run-installed: requirements/run.txt pyproject.toml | .venv/bin/python
	@sh scripts/install run
	@touch $@

.venv/.dev-installed: requirements/dev.txt pyproject.toml | .venv/bin/python
	@sh scripts/install dev
	@touch $@ .venv/.run-installed
