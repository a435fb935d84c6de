SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
unexport PYTHONDONTWRITEBYTECODE

PY := .venv/bin/python
PIP := $(PY) -m pip install -qq --disable-pip-version-check --require-hashes --no-deps --only-binary=:all:
SAID := .venv/said
EMBEDDED := $(PY) -W "ignore:XDG_RUNTIME_DIR" -m tdm.embedded
WITH := $(EMBEDDED) with --

.PHONY: run test test-fast fault-test lint style types checked bench messages lock compose-check browser

run: .venv/.run-stamp
	@$(PY) -c "" 2>/dev/null || { rm -rf .venv; $(MAKE) --no-print-directory $<; }  # its Python may be gone
	@exec $(EMBEDDED) run

test: .venv/.dev-stamp browser
	@$(MAKE) --no-print-directory -j2 lint
	@$(WITH) $(MAKE) --no-print-directory checked

test-fast: .venv/.dev-stamp
	@$(WITH) $(PY) -m pytest -n 2 --dist worksteal -q -m "not browser"
	@echo "Left out: lint, types, contracts, coverage and the browser tests."

# SEED= repeats a run, LOOKUP=0 tries a relay whose log cannot be searched.
fault-test: .venv/.dev-stamp
	@$(PY) -W "ignore:XDG_RUNTIME_DIR" -m tests.faults.long

lint: style types

style: .venv/.dev-stamp
	@echo "lint, format, types, contracts"
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check .
	@find templates -name '*.html' | xargs .venv/bin/djade --target-version 5.2 --check >$(SAID) 2>&1 || { cat $(SAID); exit 1; }
	@.venv/bin/djlint --lint --quiet templates
	@.venv/bin/lint-imports --no-cache >$(SAID) || { cat $(SAID); exit 1; }
	@.venv/bin/deptry . >$(SAID) 2>&1 || { cat $(SAID); exit 1; }
	@.venv/bin/vulture
	@$(PY) .ci/translations.py --check

types: .venv/.dev-stamp
	@SECRET_KEY=x ALLOWED_HOSTS=x DATABASE_URL=postgresql:///x CELERY_BROKER_URL=redis://x .venv/bin/mypy .

# Run inside `python -m tdm.embedded with --`, which lends the servers.
checked:
	@$(PY) manage.py makemigrations --check --dry-run --verbosity 0 || (echo "A migration is missing: run manage.py makemigrations." && exit 1)
	@HTTPS=1 ALLOWED_HOSTS=clinic.example $(PY) manage.py check --deploy --fail-level WARNING
	@$(PY) -m pytest -n 2 --dist worksteal -q --cov --cov-report=term

browser:
	@CHROMIUM="$(CHROMIUM)" bash .ci/browser

bench: .venv/.dev-stamp
	@OPENBLAS_NUM_THREADS=1 $(PY) -m benchmarks.pk
	@$(WITH) $(PY) -m benchmarks.cohort
	@$(WITH) $(PY) -m benchmarks.reminders
	@$(WITH) $(PY) -m benchmarks.daily
	@$(WITH) $(PY) -m benchmarks.today
	@$(WITH) $(PY) -m benchmarks.imports
	@$(WITH) $(PY) -m benchmarks.timeline

messages: .venv/.dev-stamp
	@$(PY) .ci/translations.py

lock: .venv/.dev-stamp
	@for part in "" "--group embedded" "--group embedded --group dev"; do \
	  case "$$part" in "") name=requirements.lock;; *dev*) name=requirements-dev.lock;; *) name=requirements-embedded.lock;; esac; \
	  .venv/bin/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
	    --generate-hashes --no-header --no-emit-index-url --no-annotate pyproject.toml $$part -o $$name; \
	done

compose-check: .venv/.dev-stamp
	@$(WITH) $(PY) .ci/compose_check.py

.venv/.run-stamp: requirements-embedded.lock
	@bash .ci/venv
	@echo "Installing Troughline (once)..."
	@$(PIP) -r requirements-embedded.lock
	@touch $@

.venv/.dev-stamp: requirements-dev.lock
	@bash .ci/venv
	@echo "Installing Troughline and its tools (once)..."
	@$(PIP) -r requirements-dev.lock
	@touch $@ .venv/.run-stamp
