# The targets of this project; "make" alone lists them. Needed beforehand: make, Python 3.11 or newer.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test test-quick test-long lint format coverage lock assets messages guide screenshots bench wheel deb clean setup-run setup-test
VENV := .venv/bin

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

run: setup-run ## start the portal with sample data and a lab of real tunnels (options: ARGS="--port 8080")
	@exec $(VENV)/furka up --sample --lab $(ARGS)

test: setup-test ## everything that must hold before a change goes in (SQLite, PostgreSQL, browser, lab)
	@bash scripts/check.sh lint quick postgres slow

test-quick: setup-test ## the tests without browser, lab and PostgreSQL (options: PYTEST_ARGS="-k plan")
	@bash scripts/check.sh quick

test-long: setup-test ## the tests that take minutes
	@bash scripts/check.sh long

lint: setup-test ## format, rules, import directions, templates, types
	@bash scripts/check.sh lint

format: setup-test ## put the code into the house's format
	@$(VENV)/ruff check --quiet --fix-only .
	@$(VENV)/ruff format .

coverage: setup-test ## which lines and branches the quick tests reach
	@$(VENV)/coverage erase
	@$(VENV)/coverage run -m pytest -q -m "not lab and not browser and not long"
	@$(VENV)/coverage combine --quiet
	@$(VENV)/coverage report

lock: setup-test ## pin the Python packages anew (newest versions: ARGS=--upgrade)
	@sh scripts/lock.sh $(ARGS)

assets: setup-run ## fetch the portal's third-party CSS, JavaScript, font and icons
	@ls -l furka/portal/static/vendor

messages: setup-run ## collect the texts to translate into the catalogues, and compile these
	@$(VENV)/python scripts/messages.py
	@bash scripts/setup.sh run

guide: setup-test ## take the pictures of the guide anew, in every language
	@$(VENV)/python -m scripts.pictures.guide

screenshots: setup-test ## all main pages, phone and desk, light and dark, into build/screenshots (ARGS="--language fr")
	@$(VENV)/python -m scripts.pictures.screenshots $(ARGS)

bench: setup-test ## measure revocation, hub, relay, links and every page, on both databases (options: RUNS=10 ARGS="--size small")
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(VENV)/python -m tests.bench.revocation $(RUNS)
	@$(VENV)/python -m tests.bench.imports
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(VENV)/python -m tests.bench.hub $(RUNS)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(VENV)/python -m tests.bench.relay
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(VENV)/python -m tests.bench.links
	@$(VENV)/python -m tests.bench.pages $(ARGS)

wheel: setup-run ## build the distribution into dist/
	@rm -rf build/lib build/bdist.*
	@$(VENV)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls -l dist

deb: setup-run ## build the Debian packages for gateway and server into dist/ (ARGS="gateway --architecture arm64")
	@$(VENV)/python scripts/deb.py dist $(ARGS)

clean: ## remove everything that was made here, the Python environment too
	@rm -rf .venv build dist var furka/portal/static/vendor *.egg-info .coverage .coverage.* htmlcov
	@rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache test-results
	@find furka tests scripts assets -name '__pycache__' -type d -prune -exec rm -rf {} +
	@find furka -name '*.mo' -delete

setup-run:
	@bash scripts/setup.sh run

setup-test:
	@bash scripts/setup.sh test
