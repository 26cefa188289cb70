# The two commands of the README and short names for the checks; everything else lives in noxfile.py.

MAKEFLAGS += --no-print-directory
PYTHON ?=
NOX_FLAGS ?= --stop-on-first-error
CHECKS := lint types layers wire unit store edge acceptance packaging coverage quick lowest browser

.PHONY: help up test setup dashboard clean $(CHECKS)

help:
	@echo 'make up      the whole cluster on this machine: http://127.0.0.1:8081, Ctrl-C stops it'
	@echo 'make test    every check of the default suite: style, types, layers, wire, tests'
	@echo 'make dashboard   build the dashboard, and say why if it cannot be built'
	@echo 'make setup   only make .venv, with what the tests need'
	@echo 'make clean   remove .venv, .nox and caches'
	@echo
	@echo 'One check: make $(CHECKS)'
	@echo 'Settings are environment variables: WORKERS=5 make up. Another Python: make PYTHON=/path/to/python up'

# A version manager may put a python3.13 on PATH that only prints an error: a Python is tried by running it. The last
# one that could run says itself what is wrong with it.
define set-up
{ .venv/bin/python tools/bootstrap.py --ready $(1) 2>/dev/null || ( last=; \
for python in $(if $(PYTHON),"$(PYTHON)") python3.13 python3.12 python3.11 python3; do \
  "$$python" tools/bootstrap.py --suits 2>/dev/null && exec "$$python" tools/bootstrap.py $(1); \
  "$$python" -c 'import sys' 2>/dev/null && last=$$python; \
done; \
[ -n "$$last" ] && exec "$$last" tools/bootstrap.py $(1); \
echo 'taskmaster set-up: Python 3.11 or newer is needed, and no python3 could be run; if there is one: make PYTHON=/path/to/python' >&2; \
exit 1 ); }
endef

up:
	@$(call set-up,embedded) && .venv/bin/python tools/dashboard.py --gently && exec .venv/bin/python -m cluster.cli up

test:
	@$(call set-up,embedded test) && exec .venv/bin/python -m nox $(NOX_FLAGS) -s lint types layers wire tests

setup:
	@$(call set-up,embedded test)

dashboard:
	@$(call set-up,embedded) && exec .venv/bin/python tools/dashboard.py

$(CHECKS):
	@$(call set-up,embedded test) && exec .venv/bin/python -m nox -s $@

clean:
	rm -rf .venv .nox .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
