# Everything a developer does, from a bare checkout: `make run` and `make test` set up what they need by themselves.
PYTHON ?= $(shell for name in python3.11 python3; do "$$name" -c '' 2>/dev/null && echo "$$name" && break; done)
BIN := .venv/bin
ARGS ?=
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
# Extras stay in the locks: an old pip looks for the newest `coverage[toml]` when only plain `coverage` is locked.
UV := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-strip-extras --python-version 3.11 --no-emit-index-url \
	--custom-compile-command "make lock"

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run test campaign campaign-messages campaign-offline campaign-routing contract lint bench lock words clean

help: ## say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 19

setup: .venv/.tests ## make .venv with everything for development

run: .venv/.runtime ## start the portal with everything it needs (Ctrl-C ends it)
	@exec $(BIN)/flask --app wsgi up $(ARGS)

test: .venv/.tests ## run every test; ARGS="-k name" goes to pytest
	@tests/prepare
	@exec $(BIN)/python -m pytest -n 3 --dist loadgroup $(ARGS)

campaign: .venv/.tests ## live through thousands of random lives of parcels; LIVES=500 for fewer
	@exec $(BIN)/python -m pytest tests/campaign/test_state_machine_long.py tests/campaign/test_demo_long.py -m campaign $(ARGS)

campaign-messages: .venv/.tests ## kill workers while 2,000 messages leave through a bad provider; MESSAGES=, KILLS=
	@exec $(BIN)/python -m pytest tests/campaign/test_messages_long.py -m campaign -s $(ARGS)

campaign-offline: .venv/.tests ## live through 2,000 days of couriers without a network; SCHEDULES=, SEED=
	@exec $(BIN)/python -m pytest tests/campaign/test_offline_long.py -m campaign $(ARGS)

campaign-routing: .venv/.tests .venv/routing/.done ## order rounds by PyVRP, the extra `routing`
	@PYTHONPATH=.venv/routing exec $(BIN)/python -m pytest tests/campaign/test_routing_extra.py -m campaign $(ARGS)

contract: .venv/.tests ## ask Prism whether Twilio's own description allows what we send (needs node and the network)
	@exec $(BIN)/python -m pytest tests/campaign/test_twilio_contract.py -m campaign $(ARGS)

lint: .venv/.tests ## check style, types, the law of imports, templates and the house laws
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --check --lint portal/templates
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	$(BIN)/python -m pytest -q tests/house

bench: .venv/.tests .venv/routing/.done ## measure the figures that README.md states
	@PYTHONPATH=.venv/routing exec $(BIN)/python -m bench $(ARGS)

lock: .venv/.tests ## resolve pyproject.toml again into all locks (ARGS=--upgrade for newer versions)
	$(UV) $(ARGS) pyproject.toml -o requirements.txt
	$(UV) $(ARGS) --extra dev -c requirements.txt pyproject.toml -o tests/requirements.txt
	$(UV) $(ARGS) --extra routing -c tests/requirements.txt pyproject.toml -o bench/requirements.txt

words: .venv/.tests ## gather every sentence of the pages into the catalogues, where they wait for a translation
	$(BIN)/pybabel --quiet extract -F portal/translations/babel.cfg --no-location --omit-header -o .venv/messages.pot portal
	$(BIN)/pybabel --quiet update --no-fuzzy-matching --ignore-obsolete --omit-header -w 120 -i .venv/messages.pot -d portal/translations
	@for po in portal/translations/*/LC_MESSAGES/messages.po; do \
		language=$${po#portal/translations/}; \
		printf 'msgid ""\nmsgstr ""\n"Project-Id-Version: Vekha\\n"\n"Language: %s\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n\n' \
			"$${language%%/*}" | cat - "$$po" > .venv/words.po && mv .venv/words.po "$$po"; \
	done

clean: ## remove what was made, but not instance/, which holds the data
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is younger than the lock it was installed from: set-up happens once, and again when that lock changes.
# The tests' lock holds the run-time one whole, so installing it leaves both stamps.
.venv/.runtime: requirements.txt | .venv/bin/pip
	@echo "Installing requirements.txt..." >&2
	@$(PIP) -r requirements.txt
	@touch $@

.venv/.tests: tests/requirements.txt | .venv/bin/pip
	@echo "Installing tests/requirements.txt..." >&2
	@$(PIP) -r tests/requirements.txt
	@touch .venv/.runtime $@

# The extra stands beside the rest, where only those find it who ask: the tests run what `requirements.txt` installs.
.venv/routing/.done: bench/requirements.txt | .venv/bin/pip
	@echo "Installing bench/requirements.txt..." >&2
	@$(PIP) --upgrade --target .venv/routing -r bench/requirements.txt
	@touch $@

.venv/bin/pip:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: sudo apt-get install -y python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed, and $(PYTHON) is older: name a newer one with make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		if [ "$$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing python3-venv (once)..." >&2; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null; \
		else \
			echo "Python's venv module is missing: sudo apt-get install -y python3-venv" >&2; exit 1; \
		fi; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
