# Two commands: `make reproduce` and `make test`. Both set up what they need.
PYTHON ?= python3
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: reproduce test setup check

reproduce: setup
	.venv/bin/prodsumnet reproduce

test: setup
	OMP_NUM_THREADS=1 .venv/bin/pytest -n auto --dist worksteal

setup: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --editable '.[dev]'
	touch .venv/installed

check: setup
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/pyright --pythonpath .venv/bin/python
	.venv/bin/lint-imports
