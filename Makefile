# Every target does all of its own set-up; `make run` and `make test` are all you need.
.PHONY: system system-test run run-gui test lint bench setup clean help
PYTHON := $(shell for p in python3.12 python3.13 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3,11) <= sys.version_info[:2] <= (3,13))' 2>/dev/null \
	&& { echo $$p; break; }; done)
PYTHON := $(or $(PYTHON),python3)

help:           ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

system:
	@sh packaging/linux/system-packages.sh

run: system     ## make the sample library, walk the whole way, open the window
	@$(PYTHON) packaging/bootstrap.py run

run-gui: system ## open the window
	@$(PYTHON) packaging/bootstrap.py run-gui

system-test:
	@sh packaging/linux/system-packages.sh test

test: system-test ## run all tests
	@$(PYTHON) packaging/bootstrap.py test

lint: system    ## ruff, mypy and the rules of the rooms
	@$(PYTHON) packaging/bootstrap.py lint

bench: system   ## measure, each figure against a reference in the same run
	@$(PYTHON) packaging/bootstrap.py bench

setup: system   ## only set up
	@$(PYTHON) packaging/bootstrap.py setup

clean:          ## remove what the commands above made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist mmstudio-demo
