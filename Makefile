# Everything a person or CI types. Needs Python >= 3.11 with venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: help demo test check run bench figures incidents soak fuzz lock registries site rulebook format clean

help: ## List these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Wharfinger needs Python 3.11 or newer; set PYTHON=/path/to/it"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(VENV)/installed ## Run the whole App against a local stand-in for GitHub (ARGS=--once exits when done)
	$(BIN)/python -m tests.demo $(ARGS)

test: $(VENV)/installed ## Run the tests: a few minutes on two cores
	$(BIN)/python -m pytest -n 3 -m "not soak" $(ARGS)

check: $(VENV)/installed ## Check format, lint, types, layers, documentation, tests, and our own rules on our own workflows
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) site test
	$(BIN)/wharfinger scan .

run: $(VENV)/installed ## Run the App: web server, workers and clock, with its own Redis unless REDIS_URL is set
	$(BIN)/wharfinger run $(ARGS)

bench: $(VENV)/installed ## Measure: one JSON line for each figure, with what it is compared to
	$(BIN)/python -m tests.bench $(ARGS)

figures: $(VENV)/installed ## Count the code's structure, and compare it with its start and its goals
	$(BIN)/python -m tests.figures

incidents: $(VENV)/installed ## Replay known incidents: prevented, alerted or missed (ARGS=FILE replays one)
	$(BIN)/python -m tests.incidents $(ARGS)

soak: $(VENV)/installed ## Run the long tests: killed processes, fuzzing, floods, clean installations
	$(BIN)/python -m pytest -m soak -o faulthandler_timeout=0 $(ARGS)

fuzz: $(VENV)/installed ## Fuzz with coverage, on Linux: make fuzz ARGS="reader -max_total_time=300"
	test -d $(VENV)-fuzz || { $(PYTHON) -m venv $(VENV)-fuzz && $(VENV)-fuzz/bin/pip install --quiet atheris==3.0.0; }
	PYTHONPATH=.:$$($(BIN)/python -c 'import site; print(site.getsitepackages()[0])') $(VENV)-fuzz/bin/python -m tests.fuzz $(ARGS)

registries: $(VENV)/installed ## Update docs/registries.md from bot/registries
	$(BIN)/python -m tests.repository.registries_page

site: $(VENV)/installed ## Build the documentation site into build/site; a link that leads nowhere fails
	$(BIN)/python -m mkdocs build --quiet --strict

rulebook: $(VENV)/installed ## Update docs/rules.md and docs/change-alerts.md from bot/checks
	$(BIN)/python -m tests.repository.rules_page
	$(BIN)/python -m tests.repository.alerts_page

format: $(VENV)/installed ## Format, and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml

lock: ## Update the three lock files from pyproject.toml (needs uv)
	$(COMPILE) requirements-build.in --all-extras --group dev --output-file requirements.lock
	$(COMPILE) --extra app --constraint requirements.lock --output-file requirements.txt
	$(COMPILE) --constraint requirements.lock --output-file requirements-scan.txt

clean: ## Remove what make built
	rm -rf $(VENV) $(VENV)-fuzz build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info
