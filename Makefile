# The verbs of this project. `make` alone lists them; every verb but `help` and `lock` first makes sure that
# .venv holds exactly what requirements.lock names.

.DEFAULT_GOAL := help
.PHONY: help install demo up check test fix bench faults browser migrate lock

ifneq ($(words $(CURDIR)),1)
$(error The path of this folder has a space in it; move the checkout to a path without one)
endif

VENV := .venv
BIN := $(VENV)/bin
# A third of the tests goes on while two wait: they wait more than they work.
TEST_WORKERS ?= 3
STAMP := $(VENV)/.installed
# What the stamp must say: the checksum of the two files that decide what is installed.
WANTED = $(shell cat requirements.lock pyproject.toml | cksum)
USABLE = import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(name) -c '$(USABLE)' 2>/dev/null && echo $(name))))
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet

help: ## List the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: ## Make .venv from requirements.lock (free when nothing changed)
	@if [ "$$(cat $(STAMP) 2>/dev/null)" != "$(WANTED)" ] || ! $(BIN)/python -c '' 2>/dev/null; then \
		$(MAKE) --no-print-directory .fresh-install; fi

.PHONY: .fresh-install
.fresh-install:
	@"$(PYTHON)" -c '$(USABLE)' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed; install one, or name it: make install PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python's venv support is missing; install it (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@echo "Installing the locked packages into $(VENV); the first time takes a few minutes."
	@rm -f $(STAMP)
	@$(BIN)/python -c '$(USABLE)' 2>/dev/null || "$(PYTHON)" -m venv --clear $(VENV)
	@# The lock is whole, so nothing is to be resolved: older pips stumble over extras when they check hashes.
	@$(PIP) --require-hashes --no-deps -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip --quiet check
	@echo "$(WANTED)" > $(STAMP)

demo: install ## Watch 300 leads arrive and be followed up; stays up, Ctrl-C ends it
	@$(BIN)/crm demo $(ARGS)

up: install ## Start the CRM on this machine; Ctrl-C stops it
	@$(BIN)/crm up $(ARGS)

migrate: install ## Bring the database to this version
	@$(BIN)/crm migrate $(ARGS)

check: install ## Style, types, import contracts, documentation
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/house
	@$(BIN)/python -m tests.house.sizes

fix: install ## Repair style where a machine can
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

test: install ## Run the tests (ARGS="tests/rules -k phone" for some; COVERAGE=1 holds coverage against its floor)
	@$(if $(COVERAGE),rm -rf build/coverage && mkdir -p build/coverage)
	$(BIN)/python $(if $(COVERAGE),-m coverage run) -m pytest \
		$(if $(ARGS),$(ARGS),-n $(TEST_WORKERS))
	@$(if $(COVERAGE),$(BIN)/python -m coverage combine --quiet && $(BIN)/python -m coverage report)

bench: install ## Measure (ONLY=name for one)
	$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

faults: install ## Kill processes under load and recount (ROW=name for one, ARGS="--again")
	$(BIN)/python -m tests.faults $(if $(ROW),--row $(ROW)) $(ARGS)

browser: install ## Look at the Prefect UI in a real browser (needs chromium)
	CRM_REQUIRE_BROWSER=1 $(BIN)/python -m pytest tests/browser $(ARGS)

lock: ## Resolve the dependencies anew into requirements.lock (needs uv)
	@command -v uv >/dev/null || { echo "uv is needed to write the lock; see its documentation to install it" >&2; exit 1; }
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras \
		--extra dev --extra build pyproject.toml -o requirements.lock
