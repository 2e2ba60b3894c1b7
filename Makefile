# Verbs of the course, one line each. Everything a verb writes stays in this folder, pip's and npm's caches apart.
PYTHON ?= python3
PY := .venv/bin/python
CACHE := $(CURDIR)/.cache

export TMPDIR := $(CACHE)/tmp
export IPYTHONDIR := $(CACHE)/ipython
export JUPYTER_CONFIG_DIR := $(CACHE)/jupyter/config
export JUPYTER_DATA_DIR := $(CACHE)/jupyter/data
export JUPYTER_RUNTIME_DIR := $(CACHE)/jupyter/runtime
export JUPYTERLAB_SETTINGS_DIR := $(CACHE)/jupyter/settings
export JUPYTERLAB_WORKSPACES_DIR := $(CACHE)/jupyter/workspaces
export MPLCONFIGDIR := $(CACHE)/matplotlib
export PRE_COMMIT_HOME := $(CACHE)/pre-commit
export TORCH_HOME := $(CACHE)/torch

.DEFAULT_GOAL := help
.PHONY: help setup demo lab test build data grade gradescope bench kills diagnosis attacks fuzz records lint types lock clean
$(shell mkdir -p $(TMPDIR))

help:  ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20
setup:  ## create or refresh .venv; quick when it is current
	@$(PYTHON) tools/setup_env.py
demo: setup  ## run the pruning lesson, judge three submissions, write one page
	@$(PY) -m tools.demo
lab: setup  ## open JupyterLab at the first lesson
	@$(PY) -m jupyter lab --config=tools/lab_config.py $(ARGS)
test: setup  ## all tests
	@OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)
build: setup  ## rebuild notebooks whose text or library changed
	@$(PY) -m tools.build $(ARGS)
data: setup  ## fetch the full MNIST and CIFAR-10 into data/cache
	@$(PY) -m tools.fetch_data
grade: setup  ## judge work: make grade ROOM=02_pruning WORK=path/to/notebook.ipynb
	@$(PY) -m autograder grade $(ROOM) $(WORK)
gradescope: setup  ## pack a room for Gradescope: make gradescope ROOM=02_pruning
	@$(PY) -m tools.gradescope $(ROOM) $(ARGS)
bench: setup  ## what judging costs, beside nbgrader, and a class of 1,000 under kill -9 (SCALE=--submissions=100)
	@OMP_NUM_THREADS=1 $(PY) -m tools.bench $(ARGS) && OMP_NUM_THREADS=1 $(PY) -m tools.class_scale $(SCALE)
kills: setup  ## mutation testing of the checks: every change of the reference refused?
	@OMP_NUM_THREADS=1 $(PY) -m tools.kills $(ARGS)
diagnosis: setup  ## is every known mistake called by its name? ARGS=02_pruning measures one room
	@OMP_NUM_THREADS=1 $(PY) -m tools.diagnosis_table $(ARGS)
attacks: setup  ## every attack at every sandbox level; writes the table in docs/sandbox.md
	@OMP_NUM_THREADS=1 $(PY) -m tools.attacks $(ARGS)
fuzz: setup  ## bytes of strangers for every reader of the judge, for some minutes
	@OMP_NUM_THREADS=1 $(PY) -m tools.fuzz $(ARGS)
records: setup  ## decode every file of data/records in a process of its own, test it, compare with its claim
	@OMP_NUM_THREADS=1 $(PY) -m tools.records
lint: setup  ## ruff, mypy and typos
	@$(PY) -m ruff check . && $(PY) -m mypy && .venv/bin/typos
lock:  ## resolve pyproject.toml anew; ARGS=--upgrade takes the newest versions
	@test -x $(PY) || $(PYTHON) tools/setup_env.py; $(PY) -m tools.lock $(ARGS)
clean:  ## remove .venv and caches; data and what people did (class, board and interview in .cache) stay
	rm -rf .venv *.egg-info && find .cache -mindepth 1 -maxdepth 1 ! -name class ! -name board ! -name interview -exec rm -rf {} +
