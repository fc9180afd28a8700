# Everything a person or CI does with Opium. Each target makes what it needs in .venv first.

VENV := .venv
PY   := $(VENV)/bin/python
ARGS ?=
CODE := opium sandbox tests bench docs/modules/example app.py

.PHONY: help setup demo run test lint scan fuzz attack canaries bench chaos mutants installtrial clean

help: ## show this list
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1	\2/p' $(MAKEFILE_LIST)

setup: $(VENV)/.run ## make .venv with what the server needs
	@:

demo: $(VENV)/.run ## the whole product with a made-up marketplace, nothing outside this machine
	@exec $(PY) app.py demo $(ARGS)

run: $(VENV)/.run ## serve
	@exec $(PY) app.py $(ARGS)

test: $(VENV)/.dev ## all tests; one of them: make test ARGS="-k raise"
	@$(PY) -m pytest -n 3 --dist worksteal $(ARGS)

lint: $(VENV)/.dev ## style, format, types and the scan below
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy --exclude '/conftest\.py$$' $(CODE)
	@$(PY) -m tests.scan

scan: $(VENV)/.dev ## known holes in what we use, slow patterns in what we wrote
	@$(PY) -m pip check
	@$(PY) -m tests.scan

fuzz: $(VENV)/.dev ## 20,000 made-up requests and a hostile list; make fuzz ARGS="--real"
	@$(PY) -m tests.fuzz $(ARGS)

attack: $(VENV)/.dev ## 10,000 guesses at the password, from one address and from a thousand
	@$(PY) -m tests.attack $(ARGS)

canaries: $(VENV)/.dev ## all tests, looking for secrets in everything that comes out; half an hour
	@$(PY) -m tests.canaries $(ARGS)

bench: $(VENV)/.dev ## measure speed and memory
	@set -e; for name in poll_cpu step_cpu accounts api_rate; do \
	  echo "$$name"; $(PY) -m bench.$$name; \
	done

chaos: $(VENV)/.dev ## try to lose an order; another run: make chaos ARGS="walk"
	@$(PY) -m tests.chaos $(ARGS)

mutants: $(VENV)/.dev ## plant twelve bugs in copies of the project; each must be caught
	@$(PY) -m tests.chaos mutants $(ARGS)

installtrial: $(VENV)/.dev ## install.sh in a whole Debian of its own; root, some minutes
	@$(PY) -m tests.install.trial $(ARGS)

clean: ## remove .venv and caches; data in instance/ stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The stamps are as old as the last install, so that pip runs only after a list has changed.
$(VENV)/.run: requirements.txt | $(PY)
	$(call install,requirements.txt,what Opium needs)
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(call install,requirements-dev.txt,what its tests need)
	@touch $@

$(PY):
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	  if ! $$python -c 'import ensurepip, venv' >/dev/null 2>&1; then \
	    echo "Opium needs Python's venv module, which $$python lacks; on Debian and Ubuntu: sudo apt install python3-venv" >&2; \
	    exit 1; \
	  fi; \
	  echo "Making $(VENV) with $$($$python --version)"; \
	  rm -rf $(VENV); \
	  $$python -m venv $(VENV) && exit 0; \
	  rm -rf $(VENV); \
	  echo "The folder $(VENV) could not be made; the reason is above." >&2; \
	  exit 1; \
	done; \
	echo "Opium needs Python 3.11 or newer; on Debian 12 and Ubuntu 24.04: sudo apt install python3 python3-venv" >&2; \
	exit 1

# $(1) is a list of packages, $(2) says in words what is in it.
define install
	@echo "Installing $(2) ($(1))"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r $(1) >$(VENV)/pip.log 2>&1 || { \
	  cat $(VENV)/pip.log >&2; \
	  echo "The packages of $(1) could not be installed; pip's reason is above." >&2; \
	  exit 1; \
	}
endef
