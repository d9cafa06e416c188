# The words a developer needs; `make` alone lists them. Needs python3 (3.11), python3-venv and make,
# and no more on the PATH than /usr/bin:/bin.

PYTHON ?= python3
# Passed on: make demo ARGS=--json, make test ARGS='-k poll', make lock ARGS=--upgrade.
ARGS ?=
# make soak LONG=1 is the nightly form.
LONG ?=

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export LONG

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test conformance check serve bench soak lock sbom audit clean

help: ## this list
	@echo 'make WORD, and where it says so ARGS=...:'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## the care cycle on a fresh instance, every step in a table (ARGS)
	@$(BIN)/eclaims demo $(ARGS)

test: $(DEVELOPMENT) ## the whole test suite, on SQLite and PostgreSQL (ARGS)
	@$(BIN)/python -m pytest -n 3 $(ARGS)

conformance: $(DEVELOPMENT) ## R4 line by line on both databases, as a table (ARGS=--write: the page)
	@$(BIN)/python -m tests.conformance.r4 $(ARGS)

check: $(DEVELOPMENT) ## format, lint, types, layers, weaknesses, then the tests of structure and documentation
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive app
	@$(BIN)/python -m pytest -q $(wildcard tests/test_architecture.py tests/test_docs.py tests/security/test_threat_model.py)

serve: $(RUNTIME) ## run the gateway on instance/, set up at the first start (ARGS)
	@test -f instance/settings.toml || $(BIN)/eclaims init --instance instance
	@exec $(BIN)/eclaims serve --instance instance $(ARGS)

bench: $(DEVELOPMENT) ## the benchmarks, each figure beside another of the same run (ARGS)
	@$(BIN)/python -m benchmarks $(ARGS)

soak: $(DEVELOPMENT) ## the long tests of reliability; LONG=1 for those of a night (ARGS)
	@$(BIN)/python -m pytest -m soak --timeout 14400 $(ARGS)

lock: $(DEVELOPMENT) ## write the lock files from pyproject.toml; ARGS=--upgrade takes newer versions
	@$(call compiled,requirements.lock,--extra build)
	@$(call compiled,requirements-dev.lock,--extra build --extra dev --constraint requirements.lock)
	@$(call compiled,benchmarks/fhirstarter.lock,,benchmarks/fhirstarter.in)

sbom: $(DEVELOPMENT) ## the bill of materials of what runs, CycloneDX, to dist/sbom.cdx.json
	@mkdir -p dist
	@$(BIN)/python -W ignore::UserWarning -m cyclonedx_py requirements requirements.lock \
		--pyproject pyproject.toml --output-reproducible --of JSON -o dist/sbom.cdx.json
	@echo 'Written: dist/sbom.cdx.json' >&2

audit: $(DEVELOPMENT) ## known weaknesses of what is locked: asks a service, so it needs a network (ARGS)
	@for lock in requirements.lock requirements-dev.lock; do \
		$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement $$lock $(ARGS) || exit 1; done

clean: ## remove the virtual environment and every cache; instance/ stays
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache
	@find app tests -name __pycache__ -prune -exec rm -rf {} +

# One environment serves both: what was installed for development is enough to run.
$(RUNTIME): requirements.lock pyproject.toml
	@$(call installed,requirements.lock)
	@touch $(RUNTIME)

$(DEVELOPMENT): requirements-dev.lock requirements.lock pyproject.toml
	@$(call installed,requirements-dev.lock)
	@touch $(RUNTIME) $(DEVELOPMENT)

# Only wheels, only those whose hashes are locked; this project itself is linked, not copied.
define installed
set -eu; \
missing() { echo "make: $$1. On Debian: apt-get install $$2" >&2; exit 1; }; \
command -v $(PYTHON) >/dev/null || missing '$(PYTHON) is missing' python3; \
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| missing "$$($(PYTHON) --version) is too old, 3.11 is needed (or PYTHON=...)" python3; \
$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	|| missing '$(PYTHON) cannot create virtual environments' python3-venv; \
$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV); \
echo 'Installing $(1) into $(VENV) ...' >&2; \
$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r $(1); \
$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
endef

define compiled
$(BIN)/uv pip compile $(or $(3),pyproject.toml) $(2) --output-file $(1) --quiet --universal \
	--python-version 3.11 --generate-hashes --only-binary :all: --no-emit-index-url \
	--no-emit-find-links --custom-compile-command 'make lock (newer versions: make lock ARGS=--upgrade)' $(ARGS)
endef
