# Each target sets up what it needs, in .venv, without root.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test check bench exam
.DEFAULT_GOAL := help

help:
	@echo "make demo    a year of a lead pipeline to look around in"
	@echo "make test    every test, the exams at a fraction of their counts"
	@echo "make check   what must be green before a change goes in: tests, lint, types, layers"
	@echo "make exam    the exams at full counts; goes on where it was interrupted"
	@echo "make bench   measure speed and size"

.venv/ready: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e . --group dev --group bench
	touch $@

demo: .venv/ready
	$(BIN)/whence demo

test: .venv/ready
	$(BIN)/python -m pytest -q -n logical --dist worksteal

check: test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

exam: .venv/ready
	$(BIN)/python -m tests.exam.run

bench: .venv/ready
	$(BIN)/python -m benchmarks
