# Two commands on a fresh machine: `make run` and `make test`. Both need Python 3.11 or newer, and nothing else.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt
EXAMPLES := seed_code/starter/issues
REPLIES := seed_code/starter/replies
.DEFAULT_GOAL := help

.PHONY: help run test soak docs bench check generate synth
help:  ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: .venv/core  ## train, evaluate and register models from example issues
	$(BIN)/mlops run $(EXAMPLES)/iris-random-forest.md
	$(BIN)/mlops run $(EXAMPLES)/diabetes-linear-regression.md
	$(BIN)/mlops run $(EXAMPLES)/wine-kmeans.md
	$(BIN)/mlops run $(EXAMPLES)/digits-pca.md
	$(BIN)/mlops run $(EXAMPLES)/digits-random-forest.md --reply $(REPLIES)/digits-random-forest.md

# There is a test process for each core; threads of the numeric libraries would only wait for each other.
test soak: export OMP_NUM_THREADS = 1
test: .venv/dev .venv/browser  ## every test, with branch coverage
	$(BIN)/coverage erase
	$(BIN)/pytest -n auto --dist worksteal --cov --cov-report=term --cov-fail-under=90

soak: .venv/dev  ## kills the service at MLOPS_SOAK_RUNS moments (default 200), and tests that nothing is lost or done twice
	MLOPS_SOAK_RUNS=$${MLOPS_SOAK_RUNS:-200} $(BIN)/pytest -n auto --dist worksteal -m soak tests/integration/soak

docs: .venv/dev  ## these pages as a site, in build/site
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs build/site

bench: .venv/dev .venv/compared  ## measures, and writes the results into benchmarks/results
	@for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

check: .venv/dev  ## lint, types, import rules, stale generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pipelines.render --check
	$(BIN)/python -m lambda_bridge.reference --check
	$(BIN)/python -m seed_code.datasets --check

synth: .venv/infra  ## writes the CloudFormation templates into cdk.out, without an account; OPTIONS="kms=true ..."
	$(BIN)/python -m seed_code.project_template.synth cdk.out $(OPTIONS)

generate: .venv/dev  ## rewrite what is generated: definitions, issue form, reference tables, sample datasets
	$(BIN)/mlops compile
	$(BIN)/python -m pipelines.render
	$(BIN)/python -m lambda_bridge.reference
	$(BIN)/python -m seed_code.datasets
	$(BIN)/python -m seed_code.project_template.synth build/templates
	$(BIN)/python -m seed_code.project_template.iam_page build/templates/mlops.template.json

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed, $$($(PYTHON) --version) found. Name another with PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/core: .venv/bin/python setup.py pyproject.toml constraints.txt
	$(PIP) -e .
	@touch $@

.venv/dev: .venv/core
	$(PIP) -e '.[dev,infra,mlflow,pipelines,rl]'
	@touch $@

.venv/browser: .venv/dev tests/integration/board/browser.py
	$(BIN)/python tests/integration/board/browser.py
	@touch $@

.venv/compared: .venv/core benchmarks/compared/requirements.txt
	$(BIN)/python -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check -r benchmarks/compared/requirements.txt
	@touch $@

.venv/infra: .venv/core
	$(PIP) -e '.[infra]'
	@touch $@
