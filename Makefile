# The project's commands. `make run` serves a demo market, `make test` runs every test;
# both set up what they need in $(VENV), and nothing outside this folder.

SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV ?= .venv
PORT ?= 8000
# Much of a test waits for a disk or a clock, so two at a time take about half as long.
PYTEST_ARGS ?= -n 2 --dist worksteal
BENCH_ARGS ?=
MACHINE_ARGS ?=
LOCK_ARGS ?=

# Tests start many processes, and each would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# The first Python that really runs and is new enough; a version manager's shim may exist and not run.
PYTHONS := python3 python3.13 python3.12 python3.11
PYTHON ?= $(shell for python in $(PYTHONS); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo "$$python"; break; }; done)

.PHONY: help setup run test test-all check format lock bench machine mutants simulate storms clean

help:
	@echo 'make setup     install everything into $(VENV)'
	@echo 'make run       serve a demo market on http://127.0.0.1:$(PORT) (PORT=...)'
	@echo 'make test      run every test (PYTEST_ARGS=...)'
	@echo 'make test-all  run every test on each supported Python that is installed'
	@echo 'make check     lint, types, import contracts and the quick tests'
	@echo 'make format    format the source and mend what the linter can'
	@echo 'make lock      pin what pyproject.toml asks for (LOCK_ARGS=--upgrade: the newest of all)'
	@echo 'make bench     measure beside pgbench (QUICK=1: in a minute or two)'
	@echo 'make machine   search for broken laws for MINUTES=10 by random markets'
	@echo 'make simulate  live through SEEDS=50 markets of STEPS=20000 use cases each'
	@echo 'make storms    the races and crashes, many times over'
	@echo 'make mutants   change one rule at a time, and see which no test knows (MODULE=domain.money)'
	@echo 'make clean     remove what the other commands made'

setup: $(STAMP)

$(STAMP): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { \
		echo 'Python 3.11 or newer is needed: install it, or name one: make PYTHON=/path/to/python'; \
		exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo '$(PYTHON) does not run or is older than Python 3.11'; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
			echo 'The venv module of $(PYTHON) is missing: install the package python3-venv'; exit 1; }; \
		echo 'Creating $(VENV)'; \
		"$(PYTHON)" -m venv --clear $(VENV); }
	@echo 'Installing the packages of requirements.txt'
	@# uv is quick but has no build for every platform; pip installs the same files without it.
	@awk '/^uv==/ { found = 1 } found { print } found && !/\\$$/ { exit }' requirements.txt \
		> $(VENV)/uv.txt
	@if $(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: \
			--require-hashes --requirement $(VENV)/uv.txt 2>/dev/null \
		&& $(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.txt \
		&& $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps \
			--no-build-isolation --editable .; \
	then :; else \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
			--requirement requirements.txt \
		&& $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
			--no-build-isolation --editable .; \
	fi
	@touch $(STAMP)

run: setup
	@exec $(BIN)/reviewcore serve --demo --host 127.0.0.1 --port $(PORT)

test: setup
	@# The unit tests alone meet every branch of the rules, or the test fails.
	@$(BIN)/python -m pytest tests/unit $(PYTEST_ARGS) --cov --cov-report=term --cov-fail-under=100
	@$(BIN)/python -m pytest tests/integration $(PYTEST_ARGS)

test-all:
	@ran=0; for version in 3.11 3.12 3.13; do \
		"python$$version" -c '' >/dev/null 2>&1 \
			|| { echo "Python $$version is not installed: skipped"; continue; }; \
		echo "Python $$version"; \
		$(MAKE) --no-print-directory test VENV=".venv-$$version" PYTHON="python$$version" || exit 1; \
		ran=$$((ran + 1)); \
	done; test "$$ran" -gt 0

check: setup
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest --quiet tests/unit $(PYTEST_ARGS)

format: setup
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

lock: setup
	@$(BIN)/uv pip compile --quiet $(LOCK_ARGS) --universal --python-version 3.11 --all-extras \
		--generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
		pyproject.toml --output-file requirements.txt

bench: setup
	@$(BIN)/python -m bench $(if $(QUICK),--quick) $(BENCH_ARGS)

machine: setup
	@$(BIN)/python -m reviewcore.testing.machine --minutes $(or $(MINUTES),10) $(MACHINE_ARGS)

simulate: setup
	@$(BIN)/python -m reviewcore.testing.simulator --seeds $(or $(SEEDS),50) \
		--steps $(or $(STEPS),20000)

storms: setup
	@REVIEWCORE_RACE_ROUNDS=5 REVIEWCORE_CRASH_KILLS=20 $(BIN)/python -m pytest -s \
		tests/integration/races tests/integration/crashes

mutants: setup
	@$(BIN)/mutmut run --max-children 2 $(patsubst %,"reviewcore.%*",$(MODULE)) || true
	@$(BIN)/python -m bench.mutants --apart

clean:
	@rm -rf $(VENV) .venv-3.* build dist htmlcov .coverage .coverage.* \
		.hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
