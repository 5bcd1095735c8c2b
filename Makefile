# Everything a person or CI types. Needs Python >= 3.11 with venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: help demo test check run bench figures incidents soak fuzz lock registries site rulebook format clean

help: ## What can be typed
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Wharfinger needs Python 3.11 or newer; set PYTHON=/path/to/it"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(VENV)/installed ## Show the whole App against the local stand-in for GitHub (ARGS=--once exits when done)
	$(BIN)/python -m tests.demo $(ARGS)

test: $(VENV)/installed ## The tests: under three minutes on two cores, of which they often only wait
	$(BIN)/python -m pytest -n 3 -m "not soak" $(ARGS)

check: $(VENV)/installed ## Format, lint, types, layers, tests, and our own rules on our own workflows
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) site test
	$(BIN)/wharfinger scan .

run: $(VENV)/installed ## The App itself: web, worker and clock, with its own Redis unless REDIS_URL is set
	$(BIN)/wharfinger run $(ARGS)

bench: $(VENV)/installed ## One JSON line per figure, with what it was compared to
	$(BIN)/python -m tests.bench $(ARGS)

figures: $(VENV)/installed ## The figures of the code's structure, beside those it began with and the goals
	$(BIN)/python -m tests.figures

incidents: $(VENV)/installed ## Known incidents, played against the App: prevented, alerted or missed (ARGS=FILE plays one)
	$(BIN)/python -m tests.incidents $(ARGS)

soak: $(VENV)/installed ## The long runs: kills, fuzz, floods
	$(BIN)/python -m pytest -m soak -o faulthandler_timeout=0 $(ARGS)

fuzz: $(VENV)/installed ## Coverage-guided fuzzing, on Linux: make fuzz ARGS="reader -max_total_time=300"
	test -d $(VENV)-fuzz || { $(PYTHON) -m venv $(VENV)-fuzz && $(VENV)-fuzz/bin/pip install --quiet atheris==3.0.0; }
	PYTHONPATH=.:$$($(BIN)/python -c 'import site; print(site.getsitepackages()[0])') $(VENV)-fuzz/bin/python -m tests.fuzz $(ARGS)

registries: $(VENV)/installed ## Make docs/registries.md anew from bot/registries
	$(BIN)/python -m tests.repository.registries_page

site: $(VENV)/installed ## Build the documentation site into build/site; a link that leads nowhere fails
	$(BIN)/python -m mkdocs build --quiet --strict

rulebook: $(VENV)/installed ## Make docs/rules.md and docs/change-alerts.md anew from bot/checks/rules and bot/checks/alerts
	$(BIN)/python -m tests.repository.rules_page
	$(BIN)/python -m tests.repository.alerts_page

format: $(VENV)/installed ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml

lock: ## Update the three lock files from pyproject.toml (needs uv)
	$(COMPILE) requirements-build.in --all-extras --group dev --output-file requirements.lock
	$(COMPILE) --extra app --constraint requirements.lock --output-file requirements.txt
	$(COMPILE) --constraint requirements.lock --output-file requirements-scan.txt

clean: ## Remove what make built
	rm -rf $(VENV) $(VENV)-fuzz build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info
