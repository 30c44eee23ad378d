# Every verb sets up what it needs by itself; a second call starts at once.
ITEMS ?= 100
RATE ?= 2700
SEED ?= 1
FAULTS ?= 0
KILLS ?= 0
HOURS ?= 60
JOBS ?= 2
SAMPLE ?= 0
PARTS ?=
LINES ?= 1
HEADS ?= 1
REGRANT ?= person
HEADLESS ?=
JSON ?=
BIN := .venv/bin
# Every branch of these is tested by their own tests; tracing all the others, and the processes that they start, costs minutes.
PROVED := edge.core $(addprefix edge.runtime.,journal ledger records archive snapshot keeper durable)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check soak campaign mutation powercut kills bench train docs lock

help:     ## this list
	@echo "sealline: make VERB [NAME=value …]"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

setup:    ## what the demo needs: Debian packages, virtual environment, command .venv/bin/sealline
	@scripts/setup.sh run

demo: setup    ## the whole line on this machine: ITEMS=100 RATE=2700 SEED=1 FAULTS=0 KILLS=0 LINES=1 HEADS=1 HEADLESS= JSON=
	@$(BIN)/sealline demo --items $(ITEMS) --rate $(RATE) --seed $(SEED) --faults $(FAULTS) --kills $(KILLS) --lines $(LINES) --heads $(HEADS) --regrant $(REGRANT) \
		$(if $(filter-out 0,$(HEADLESS)),--headless) $(if $(filter-out 0,$(JSON)),--json)

test:     ## all tests; fails where a branch of core or journal is not tested
	@scripts/setup.sh test
	@$(BIN)/python -m pytest -n auto --maxprocesses=4 tests/core tests/runtime $(addprefix --cov=,$(PROVED)) --cov-branch --cov-report=term-missing --cov-fail-under=100
	@$(BIN)/python -m pytest -n auto --maxprocesses=4 --ignore=tests/core --ignore=tests/runtime

check:    ## ruff, mypy --strict, import contracts, purity
	@scripts/setup.sh test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/house

soak: setup    ## many seeds in virtual time over all cores: HOURS=60 JOBS=2 SEED=1 FAULTS=catalogue JSON=
	@$(BIN)/sealline soak --hours $(HOURS) --jobs $(JOBS) --seed $(SEED) --faults $(if $(filter-out 0,$(FAULTS)),$(FAULTS),catalogue) $(if $(filter-out 0,$(JSON)),--json)

campaign: setup    ## planted bugs over 200 seeds each; a million mutated answers on each PLC wire, and pictures; 1,000 labels; printer faults at 10,800/h; 13 hours without central
	@scripts/setup.sh test
	@PYTHONPATH=. $(BIN)/python scripts/campaign.py
	@PYTHONPATH=. $(BIN)/python scripts/fuzz.py
	@PYTHONPATH=. $(BIN)/python scripts/fuzz_pictures.py
	@PYTHONPATH=. $(BIN)/python scripts/labels_campaign.py
	@PYTHONPATH=. $(BIN)/python scripts/printer_faults.py
	@PYTHONPATH=. $(BIN)/python scripts/outage.py
	@PYTHONPATH=. $(BIN)/python scripts/bench_labels.py
	@PYTHONPATH=. $(BIN)/python scripts/lines_campaign.py
	@PYTHONPATH=. $(BIN)/python scripts/look_alikes_campaign.py
	@PYTHONPATH=. $(BIN)/python scripts/photos_campaign.py

mutation: setup    ## small changes of the core that its tests must notice: SAMPLE=0 (all) SEED=1; figures to docs/figures.json
	@scripts/setup.sh test
	@PYTHONPATH=. PYTHONHASHSEED=0 $(BIN)/python scripts/mutate.py $(SAMPLE) $(SEED)

powercut: setup    ## a power cut at every point of the journal; figures to docs/figures.json
	@scripts/setup.sh test
	@PYTHONPATH=. $(BIN)/python scripts/powercut.py

kills: setup    ## kill -9 of the running line 30 times: how long until it stands Held; figures to docs/figures.json
	@PYTHONPATH=. $(BIN)/python scripts/kills.py

bench: setup    ## speed of the parts against named peers; figures to docs/figures.json; PARTS="core line" measures only these
	@PYTHONPATH=. $(BIN)/python scripts/bench.py $(PARTS)

train: setup    ## train the recogniser of number lines anew (about 9 minutes on 2 cores; torch in an environment of its own)
	@test -x .venv-train/bin/python || python3 -m venv .venv-train
	@.venv-train/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 onnx==1.23.2 numpy==2.4.6 opencv-python==5.0.0.93 pillow==13.0.0
	@OMP_WAIT_POLICY=passive .venv-train/bin/python scripts/train.py

docs: setup    ## write docs/tables.md and docs/contract from the code
	@PYTHONPATH=. $(BIN)/python scripts/make_docs.py
	@PYTHONPATH=. $(BIN)/python scripts/make_contract.py

lock:     ## write the hash-locked requirement files anew (needs pip-tools)
	@python3 scripts/lock.py
