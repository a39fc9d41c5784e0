# Two commands matter: `make run` and `make test`. `make check` is what CI runs.
PYTHON ?= python3.11
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help run test coverage check fix bench lock browser screenshots audit release clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV) || python3 -m venv $(VENV)
	$(BIN)/python -c 'import sys; assert sys.version_info[:2] == (3, 11), "Python 3.11 is needed"'
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

run: $(STAMP) ## Set up, migrate, make demo data on first start, and serve on 127.0.0.1
	$(BIN)/compliance demo --port $(PORT)

browser: ## Install the browser and tools the tests need (as root), or say how
	@sh tools/browser.sh

test: $(STAMP) browser ## Set up everything and run the whole test suite
	$(BIN)/pytest -n 2 --dist loadfile

coverage: $(STAMP) browser ## The whole suite once more with branch coverage, at least 85 % (takes twice as long)
	$(BIN)/pytest -n 2 --dist loadfile --cov --cov-report=term:skip-covered

check: $(STAMP) browser ## Everything CI checks: format, lint, contracts, types, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(MAKE) test

fix: $(STAMP) ## Apply the safe part of format and lint
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) ## Measure; writes bench/results/*.json and bench/RESULTS.md
	$(BIN)/python -m bench

lock: ## Make the lock file again (needs uv)
	uv lock --quiet
	uv export --quiet --frozen --no-emit-project --extra postgresql --extra pkcs11 --no-header --no-annotate -o requirements.lock

audit: ## Ask the vulnerability service about every locked dependency (needs the network)
	$(PYTHON) -m venv $(VENV)-audit || python3 -m venv $(VENV)-audit
	$(VENV)-audit/bin/pip install --quiet --disable-pip-version-check pip-audit
	$(VENV)-audit/bin/pip-audit --require-hashes --disable-pip -r requirements.lock

screenshots: $(STAMP) browser ## Make the pictures in docs/ again
	$(BIN)/pytest tests/browser -q --screenshots

release: $(STAMP) ## The wheel, the verifier as one HTML file and their SHA-256 sums, in dist/
	rm -rf dist
	$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w dist .
	cp requirements.lock dist/
	$(BIN)/compliance verifier-html -o dist/verify.html
	cd dist && sha256sum *.whl requirements.lock verify.html > SHA256SUMS

clean: ## Remove the environment and caches, never the data
	rm -rf $(VENV) $(VENV)-audit dist .mypy_cache .ruff_cache .pytest_cache .hypothesis htmlcov
