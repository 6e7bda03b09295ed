# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0

# Settings, to be given on the command line: make demo SEED=3 CONDITION=mismatched
SEED ?= 0
CONDITION ?= matched
ARM ?= panda
OUT ?=
FRESH ?=
BENCH ?=
PYTHON ?= python3
VENV ?= .venv
PEERS ?= .venv-peers
JOBS ?= 2

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Where ROS 2 is sourced, its rclpy is used and its numpy kept; else ROS 2 comes from wheels.
ROS_SOURCED := $(if $(ROS_DISTRO),$(shell $(PYTHON) -c \
  'import sys, rclpy; print("yes" if sys.prefix == sys.base_prefix else "")' 2>/dev/null))
EXTRAS := $(if $(ROS_SOURCED),test,ros,test)
BIN := $(abspath $(VENV))/bin

# What every command below runs with.
export AMENT_PREFIX_PATH := $(abspath $(VENV))$(if $(ROS_SOURCED),:$(AMENT_PREFIX_PATH))
export ROS_DISTRO := $(or $(ROS_DISTRO),jazzy)
export ROS_AUTOMATIC_DISCOVERY_RANGE := $(or $(ROS_AUTOMATIC_DISCOVERY_RANGE),LOCALHOST)
export OMP_NUM_THREADS ?= 1
export PATH := $(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

DATA := $(wildcard launch/*.py config/*.yaml config/*/*.yaml urdf/* resource/* scripts/*)
CODE := irl_ros launch test tools examples benchmarks setup.py

.PHONY: help
help: ## List the commands.
	@echo "irl_ros: teach a robot arm by hand, learn why, do it elsewhere"; echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' \
	  | while IFS=$$'\t' read -r name text; do printf '  make %-13s %s\n' "$$name" "$$text"; done
	@echo; echo "Settings: SEED=$(SEED) CONDITION=$(CONDITION) ARM=$(ARM) OUT=$(OUT) FRESH=$(FRESH)" \
	  "PYTHON=$(PYTHON) VENV=$(VENV) JOBS=$(JOBS)"

# --- Environment -------------------------------------------------------------------------------

.PHONY: venv
venv: $(VENV)/.stamp-links $(VENV)/setup.bash ## Create the virtual environment with all it needs.

$(VENV)/.stamp-python:
	@$(PYTHON) tools/check_python.py
	@echo "[1/3] creating $(VENV) with $$($(PYTHON) --version)$(if $(ROS_SOURCED), on ROS 2 $(ROS_DISTRO))"
	@$(PYTHON) -m venv --clear $(if $(ROS_SOURCED),--system-site-packages) $(VENV)
	@touch $@

$(VENV)/.stamp-packages: $(VENV)/.stamp-python constraints.txt setup.py
	@echo "[2/3] installing packages (1.8 GB on disk, more with CUDA; a few minutes; log: $(VENV)/install.log)"
	@if [ -n "$(ROS_SOURCED)" ]; then \
	  grep -vE '^(numpy|numpy-typing-compat)==' constraints.txt; \
	  $(PYTHON) -c 'import numpy; print("numpy==" + numpy.__version__)'; \
	else cat constraints.txt; fi > $(VENV)/constraints.txt
	@{ $(BIN)/python -m pip install -c $(VENV)/constraints.txt pip setuptools wheel \
	  && $(BIN)/python -m pip install -c $(VENV)/constraints.txt --no-build-isolation \
	    --editable '.[$(EXTRAS)]'; } 2>&1 \
	  | tee $(VENV)/install.log \
	  | sed -u -nE 's/^Collecting ([A-Za-z0-9._-]+).*/  \1/p; s/^ *Building wheel for ([^ ]+) .*: started/  compiling \1 .../p' \
	  || { tail -n 25 $(VENV)/install.log >&2; \
	       echo "make venv: installing failed (above: the end of $(VENV)/install.log). Without" \
	            "network access nothing can be installed; otherwise run 'make venv' again, it" \
	            "continues here." >&2; exit 1; }
	@touch $@

$(VENV)/.stamp-links: $(VENV)/.stamp-packages tools/link_editable.py $(DATA)
	@echo "[3/3] making irl_ros visible to ROS 2"
	@$(BIN)/python -W ignore tools/link_editable.py
	@touch $@

$(VENV)/setup.bash: $(VENV)/.stamp-python
	@printf '%s\n' \
	  '# To be sourced: activates the virtual environment and shows it to ROS 2.' \
	  '. "$(abspath $(VENV))/bin/activate"' \
	  'export AMENT_PREFIX_PATH="$(abspath $(VENV))$${AMENT_PREFIX_PATH:+:$$AMENT_PREFIX_PATH}"' \
	  'export ROS_DISTRO="$${ROS_DISTRO:-$(ROS_DISTRO)}"' \
	  'export ROS_AUTOMATIC_DISCOVERY_RANGE="$${ROS_AUTOMATIC_DISCOVERY_RANGE:-LOCALHOST}"' > $@

# --- Use ---------------------------------------------------------------------------------------

.PHONY: demo
demo: venv ## Teach, learn and execute in simulation; writes runs/demo-seed<SEED>/report.html.
	@$(BIN)/irl-ros demo --seed $(SEED) --condition $(CONDITION) --arm $(ARM) \
	  $(if $(OUT),--output $(OUT)) $(if $(FRESH),--fresh)

.PHONY: doctor
doctor: venv ## Show what is installed and what is missing.
	@$(BIN)/irl-ros doctor

# --- Checks ------------------------------------------------------------------------------------

.PHONY: check
check: format-check lint types layers docstrings docs-check test ## All checks, exactly what .ci/run runs.

.PHONY: format-check
format-check: venv ## Check the format of the code.
	@echo "== format"; $(BIN)/ruff format --check $(CODE)

.PHONY: lint
lint: venv ## Lint the code.
	@echo "== lint"; $(BIN)/ruff check --extend-ignore D,DOC $(CODE)

.PHONY: types
types: venv ## Check types strictly.
	@echo "== types"; $(BIN)/mypy

.PHONY: layers
layers: venv ## Check that dependencies point down only.
	@echo "== layers"; $(BIN)/lint-imports

.PHONY: docstrings
docstrings: venv ## Check the docstrings against the code.
	@echo "== docstrings"; $(BIN)/ruff check --select D,DOC102,DOC202 --ignore D105,D107 $(CODE)

.PHONY: docs-check
docs-check: venv ## Check that generated pages are current.
	@echo "== generated pages"; $(BIN)/python tools/configuration_page.py --check

.PHONY: test
test: venv ## Run the tests (without those marked slow).
	@echo "== tests"; $(BIN)/python -m pytest -m "not slow" -n $(JOBS) --dist loadfile

.PHONY: test-all
test-all: venv ## Run all tests, the slow ones too.
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

.PHONY: format
format: venv ## Format the code and fix what the linter can fix.
	@$(BIN)/ruff check --fix-only --quiet $(CODE); $(BIN)/ruff format $(CODE)

.PHONY: docs
docs: venv ## Regenerate docs/configuration.md.
	@$(BIN)/python tools/configuration_page.py

.PHONY: bench-speed
bench-speed: venv ## Measure where the time of a training goes; writes docs/speed.md.
	@$(BIN)/python benchmarks/speed.py

.PHONY: bench-paper
bench-paper: venv ## Repeat the simulated experiments of the paper; BENCH adds options.
	@nice -n 10 $(BIN)/python benchmarks/paper.py --workers $(JOBS) --report $(BENCH)

.PHONY: bench-dish
bench-dish: venv ## Measure all methods at the dish task, write tables and plots; BENCH adds options.
	@$(BIN)/irl-ros bench dish --workers $(JOBS) $(BENCH)
	@$(BIN)/irl-ros bench dish --report

.PHONY: bench-tabular
bench-tabular: venv ## Measure the algorithms on finite problems; draws the figures of docs/algorithms.
	@$(BIN)/python benchmarks/sampling_figures.py
	@$(BIN)/python benchmarks/learning_figures.py
	@$(BIN)/python benchmarks/tabular.py

.PHONY: bench-family
bench-family: venv ## Compare the whole family on gridworld, navigation and dish; BENCH adds options.
	@nice -n 10 $(BIN)/python benchmarks/family.py $(BENCH)

.PHONY: bench-peers
bench-peers: venv $(PEERS)/.stamp ## Compare with the library imitation; BENCH adds options.
	@nice -n 10 $(BIN)/python benchmarks/peers.py $(PEERS)/bin/python $(BENCH)
	@$(BIN)/python benchmarks/family.py --report

$(PEERS)/.stamp: benchmarks/peers.txt
	@$(PYTHON) tools/check_python.py
	@echo "installing the library imitation in $(PEERS) (2 GB on disk, 6 GB with CUDA)"
	@$(PYTHON) -m venv --clear $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet -r $<
	@touch $@

.PHONY: bench-neural
bench-neural: venv ## Measure what neural policies need beside the controller; BENCH adds options (without them an hour or two).
	@nice -n 10 $(BIN)/python benchmarks/neural_policy.py $(BENCH)

.PHONY: bench-planning
bench-planning: venv ## Measure planning with a learned cost, draw its figures; BENCH adds options.
	@$(BIN)/python benchmarks/planning_figures.py
	@nice -n 10 $(BIN)/python benchmarks/planning.py $(BENCH)

.PHONY: clean
clean: ## Remove the environment, caches and build products; recordings in runs/ stay.
	@rm -rf $(VENV) $(PEERS) build dist install log *.egg-info .mypy_cache .pytest_cache .ruff_cache \
	  .hypothesis .import_linter_cache
	@find irl_ros launch test tools examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
