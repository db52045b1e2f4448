# make demo: set up and run a small ablation. make test: set up and run every test. make help: the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ROOMS := search_space blocks tasks runners analysis cli

.PHONY: help setup demo test test-fast lint format clean constraints
.DEFAULT_GOAL := help

help: ## say what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /: /' | awk -F': ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(STAMP) ## make the virtual environment .venv with the command hglab in it

# torch goes first and alone: any later package that asks for it then finds it there.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "hglab needs Python 3.11 or newer, this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(STAMP) ## run a small ablation on synthetic figures and print its table (at most 5 minutes on 2 cores)
	$(BIN)/hglab run studies/quickstart.yaml --scale tiny

test: $(STAMP) ## run every test
	$(BIN)/python -m pytest -n 2 --dist loadgroup

test-fast: $(STAMP) ## run the tests that take no more than a few seconds each
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m 'not slow'

lint: $(STAMP) ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP) ## put the code into the house's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

constraints: $(STAMP) ## write the installed versions into constraints.txt
	(head -n 1 constraints.txt; $(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//') > constraints.new
	mv constraints.new constraints.txt

clean: ## remove what was made, the record under runs/ excepted
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info build
