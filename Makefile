# Two commands on a fresh machine: `make run` and `make test`. Both set up .venv if needed and can be repeated.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.set-up
# Small networks gain nothing from more threads, and tests must not depend on how many cores there are.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

.PHONY: run test test-slow check setup docs data clean

run: $(STAMP)
	$(BIN)/python examples/rcg_moea_beside_gmoea.py --out out/run

test: $(STAMP)
	$(ONE_THREAD) $(BIN)/python -m pytest -q

test-slow: $(STAMP)
	$(ONE_THREAD) $(BIN)/python -m pytest -q -m slow

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

setup: $(STAMP)

docs: $(STAMP)
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[docs]'
	$(BIN)/python -m sphinx -W -b html docs docs/_build/html

# Image sets that are not bundled, into data/; digits and the toy mixtures need nothing.
data: $(STAMP)
	sh benchmarks/fetch_data.sh $(BIN)/python

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("evogan needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $(STAMP)

clean:
	rm -rf .venv build dist *.egg-info docs/_build .pytest_cache .mypy_cache .ruff_cache
