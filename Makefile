# Needs nothing but make and Python 3.11, 3.12 or 3.13; recipes are plain POSIX shell.

# The first of these that has a usable version makes the virtual environment; name one to insist on it.
PYTHON ?= python3 python3.13 python3.12 python3.11
ADDRESS ?= 127.0.0.1
PORT ?= 8501
MILVUS_PORT ?= 19530
# make run WATCH=auto runs a page again when its source changes. Watching takes in all of .venv too.
WATCH ?= none
# What `make test` hands to pytest, for example: make test PYTEST="-k ingest"
PYTEST ?=

VENV := .venv
BIN := $(VENV)/bin
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
INSTALL := $(BIN)/python -m pip install -qq --no-input --disable-pip-version-check

.PHONY: help run test check perf milvus clean chromium postgresql linux

help: ## Show this list
	@echo 'Tandem: LlamaIndex and LangChain on your documents and your Milvus, side by side.'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s%s\n", $$1, $$2 }' Makefile

run: $(VENV)/app ## Start the app: Milvus Lite and the built-in model, no key needed (PORT=8501 ADDRESS=127.0.0.1)
	@$(BIN)/python -m streamlit run app.py --server.address=$(ADDRESS) --server.port=$(PORT) \
		--server.fileWatcherType=$(WATCH) --server.showEmailPrompt=false

# Two at once: a third of the time is waiting. A file stays together, for what its tests share.
test: check chromium postgresql ## Check, then run every test but the speed tests (PYTEST="-k name")
	$(BIN)/python -m pytest -m "not perf" -n 2 --dist loadfile $(PYTEST)

check: $(VENV)/dev ## Lint, formatting and types
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy

perf: $(VENV)/dev chromium ## Measure what the README claims about speed
	$(BIN)/python -m pytest tests/perf -m perf -s $(PYTEST)

milvus: linux $(VENV)/dev ## Run a real Milvus 2.3.5 server (Linux x86-64) until Ctrl-C (MILVUS_PORT=19530)
	@$(BIN)/python -m tests.milvus_server --port $(MILVUS_PORT)

clean: ## Remove the virtual environment and all that tests and tools leave; your data in .tandem stays
	rm -rf $(VENV) .milvus-server test-results .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A half-made environment must not be taken for a whole one the next time.
$(BIN)/python:
	@for python in $(PYTHON); do \
		"$$python" -c '$(SUPPORTED)' 2>/dev/null || continue; \
		echo "Making $(VENV) with $$("$$python" --version)"; \
		"$$python" -m venv --clear $(VENV) && exit 0; \
		rm -rf $(VENV); exit 1; \
	done; \
	echo "Tandem needs Python 3.11, 3.12 or 3.13, and none of these is one: $(PYTHON)." >&2; \
	echo "Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; \
	exit 1

$(VENV)/app: requirements.txt | $(BIN)/python
	@echo "Installing what Tandem needs into $(VENV): a minute or two, once."
	@$(INSTALL) -r requirements.txt
	@touch $@

$(VENV)/dev: requirements.txt requirements-dev.txt | $(BIN)/python
	@echo "Installing what Tandem and its tests need into $(VENV): a few minutes, once."
	@$(INSTALL) -r requirements-dev.txt
	@touch $(VENV)/app $@

# Playwright's own browsers need a download; Debian's works through its path. Only root can install it:
# for everyone else the browser tests say that they are skipped, and why.
chromium:
	@test -n "$$TANDEM_TEST_CHROMIUM" && exit; \
	for browser in chromium chromium-browser google-chrome; do \
		command -v $$browser >/dev/null && exit; \
	done; \
	test "$$(id -u)" = 0 && command -v apt-get >/dev/null || exit 0; \
	echo 'Installing Chromium for the browser tests ...'; \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get -qq update >/dev/null; \
	apt-get -qq install -y --no-install-recommends chromium fonts-liberation >/dev/null || \
		echo 'apt-get could not install Chromium: the browser tests will fail.' >&2

# The tests start a server of their own from its programs; without them they say that they are skipped.
postgresql:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && exit; \
	command -v initdb >/dev/null && exit; \
	test "$$(id -u)" = 0 && command -v apt-get >/dev/null || exit 0; \
	echo 'Installing PostgreSQL for the tests of the catalogue and the history ...'; \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get -qq update >/dev/null; \
	apt-get -qq install -y --no-install-recommends postgresql >/dev/null || \
		echo 'apt-get could not install PostgreSQL: its tests will be skipped.' >&2

linux:
	@test "$$(uname -sm)" = 'Linux x86_64' || { \
		echo 'The Milvus server from PyPI runs on Linux x86-64 only. Elsewhere use Docker or Zilliz' \
			'Cloud, and set TANDEM_MILVUS_URI.' >&2; exit 1; }
