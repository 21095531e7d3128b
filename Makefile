# Everything a checkout can do. `make help` lists it.
#
# Each target does its own set-up: the virtual environment .venv with exactly
# the versions of constraints.txt. A second call finds it in place and starts
# at once; it is renewed when a file that describes it changes.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
WORKERS ?= 2
BUILDIFIER ?= @bazel/buildifier@8.2.1

INSTALLED := $(VENV)/installed
RUN := $(VENV)/bin/python
# Each pytest worker is one process of one core; more threads only contend.
QUIET := TF_CPP_MIN_LOG_LEVEL=2
ONE_CORE := $(QUIET) TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=2 \
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
SLOW := slow and not exhaustive

.DEFAULT_GOAL := help
.PHONY: help quickstart test test-slow test-slow-parts \
    test-slow-programs test-exhaustive test-transformers lint \
    install-runtimes fuzz kills buildifier wheel-smoke wheel install clean

help:  ## Print this list.
	@echo 'Usage: make TARGET [ARGS="--flag=value ..."] [PYTHON=python3.12]'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1	\2/p' Makefile | expand -t 16

quickstart: $(INSTALLED)  ## Make a MobileBERT from raw text; ARGS are its flags (--task=embedding).
	$(RUN) -m mobilebert_tf.quickstart $(ARGS)

test: $(INSTALLED)  ## Run the quick tests; ARGS go to pytest.
	$(ONE_CORE) $(RUN) -m pytest -n $(WORKERS) \
	    -m 'not slow and not exhaustive and not wheel and not transformers' \
	    $(ARGS)

test-slow: test-slow-parts test-slow-programs  ## Run the tests that take longer.

test-slow-parts: $(INSTALLED)  ## ... those of single parts,
	$(ONE_CORE) $(RUN) -m pytest -n $(WORKERS) -m '$(SLOW)' \
	    --ignore=tests/end_to_end $(ARGS)

test-slow-programs: $(INSTALLED)  ## ... and real trainings by the programs.
	$(QUIET) $(RUN) -m pytest -n $(WORKERS) -m '$(SLOW)' tests/end_to_end \
	    $(ARGS)

test-exhaustive: $(INSTALLED)  ## Run what CI leaves out: more of what others check.
	$(QUIET) $(RUN) -m pytest -n $(WORKERS) -m exhaustive $(ARGS)

test-transformers: $(INSTALLED)  ## Install transformers, and compare.
	$(RUN) -m pip install -qq --disable-pip-version-check \
	    --constraint constraints.txt --editable '.[transformers]'
	$(QUIET) $(RUN) -m pytest -n $(WORKERS) -m transformers $(ARGS)

# Of MediaPipe's dependencies, texts need none that is not there.
install-runtimes: $(INSTALLED)  ## Install MediaPipe and int4, for tests of them.
	$(RUN) -m pip install -qq --disable-pip-version-check \
	    --constraint constraints.txt --editable '.[int4]'
	$(RUN) -m pip install -qq --disable-pip-version-check \
	    --constraint constraints.txt --no-deps mediapipe

fuzz: $(INSTALLED)  ## Mutate 10,000 files and requests for each reader.
	$(ONE_CORE) $(RUN) -m tests.fuzz $(ARGS)

kills: $(INSTALLED)  ## Kill programs at 50 moments, and run them to the end.
	$(ONE_CORE) $(RUN) -m tests.kills $(ARGS)

lint: $(INSTALLED)  ## Check style, spelling and the order of layers.
	$(RUN) -m ruff check .
	$(VENV)/bin/codespell
	$(VENV)/bin/lint-imports

buildifier:  ## Check BUILD with buildifier, by npm.
	@command -v npx > /dev/null || { \
	  echo 'make buildifier: npx is missing. Install npm, such as by' \
	      '"apt-get install npm", and try again.' >&2; exit 1; }
	npx --yes $(BUILDIFIER) --mode=check --lint=warn BUILD

wheel-smoke: $(INSTALLED)  ## Build the wheel and run its binaries elsewhere.
	$(QUIET) $(RUN) -m pytest -m wheel tests/end_to_end $(ARGS)

wheel: $(INSTALLED)  ## Build the source archive and the wheel into dist/.
	rm -rf build dist
	$(RUN) -m build

install: $(INSTALLED)  ## Only make the virtual environment.

clean:  ## Remove the virtual environment and everything built.
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): setup.py pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	    || { echo 'mobilebert_tf needs Python 3.11, 3.12 or 3.13, but' \
	        "$(PYTHON) is $$($(PYTHON) --version 2>&1 | head -n 1). Name another one:" \
	        'make PYTHON=python3.12 ...' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2> /dev/null \
	    || { echo 'Python cannot make virtual environments here. Install its' \
	        'venv module, such as by "apt-get install python3-venv".' >&2; \
	        exit 1; }
	@echo 'Installing into $(VENV): about two minutes, once.'
	$(PYTHON) -m venv --clear $(VENV)
	$(RUN) -m pip install -qq --disable-pip-version-check \
	    --constraint constraints.txt --editable '.[test,dev]'
	@touch $@
