# Everything that is done more than once. CI does nothing that stands not here (.ci/run).

CARGO ?= cargo
# Where `make run` keeps its things.
DATA ?= .postern
# Seconds that `make fuzz` spends on each target.
FUZZ_SECONDS ?= 600
# For `make chart`, which says so where there is none.
HELM ?= helm
# How often `make never-lost` kills each database's server.
KILLS ?= 300
FUZZ := dataplane/proto/fuzz
# Of the stories in a cluster, those whose names match; all of them otherwise.
STORIES ?=

# Debian packages: a compiler for the bundled C libraries, then what tests and demonstrations run for real.
DEBIAN := build-essential curl python3 postgresql postfix openssl swaks libnet-ssleay-perl lua5.4 isync mutt fetchmail offlineimap3

.DEFAULT_GOAL := help
.PHONY: images e2e-up e2e e2e-down e2e-ci never-lost chart help run test check unit bench deny generate fuzz fuzz-smoke install-deps

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build the server and run it with the examples
	$(CARGO) run --release --locked --bin postern -- serve --manifests crds/examples --data $(DATA) \
	    --welcome crds/examples/WELCOME.txt

test: check fuzz-smoke chart unit ## Everything that must hold before a commit lands

check: ## Format, lints, documentation
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path $(FUZZ)/Cargo.toml --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked

# cargo test and not a runner with a process per test: the tests of a crate share one PostgreSQL, which goes with the process.
unit: ## All tests, with a PostgreSQL of their own
	$(CARGO) test --workspace --locked

# The load tools and the scripts that bring up the peers: a folder beside this repository, where there is one.
PEERS ?= $(firstword $(wildcard ../shared/bench))
ROUNDS ?= 3

bench: ## Postern beside Postfix and Dovecot, SMTP and IMAP, interleaved; PEERS=folder of load tools, ROUNDS=3
	@if [ -z "$(PEERS)" ] || [ ! -x "$(PEERS)/smtp-suite.sh" ]; then \
	    echo "bench: no load tools in PEERS='$(PEERS)'; name the folder that holds mailbench and smtp-suite.sh" >&2; exit 1; fi
	$(CARGO) build --release --locked --bin postern
	$(CARGO) build --release --locked -p postern-tests --example imap-mix
	tests/bench/run.sh "$(PEERS)" target/release/postern target/benchmark $(ROUNDS)

never-lost: ## Kill the server KILLS times on each database, under load, and count every message
	POSTERN_TEST_KILLS=$(KILLS) $(CARGO) test --locked -p postern-tests --test never_lost -- --nocapture

images: ## Build the container images of postern and postern-operator (PROFILE=release, TAG=dev)
	e2e/images/build.sh

e2e-up: ## Start a real Kubernetes of one node here (as root; e2e/README.md), with our images in it
	e2e/cluster/build.sh
	$(MAKE) --no-print-directory images
	e2e/cluster/up.sh

e2e: ## Run the stories in that cluster, or in the one that KUBECONFIG names
	e2e/stories/run.py $(STORIES)

e2e-down: ## Stop that cluster and take its traces off the machine
	e2e/cluster/down.sh

e2e-ci: ## Cluster up, stories, cluster down, within E2E_SECONDS=900; says so where a machine cannot
	e2e/ci.sh

chart: ## Lint the chart, compare what it renders, run the health script of Argo CD (HELM=path of helm)
	HELM=$(HELM) charts/postern/tests/run.sh
	lua5.4 charts/gitops/test.lua

deny: ## Licences, sources and walls by cargo-deny (cargo install cargo-deny --locked)
	$(CARGO) deny --locked --config .deny.toml check bans licenses sources

generate: ## Write what is generated from the sources: the CRDs' YAML, here and in the chart
	$(CARGO) run --locked -p postern-crds --bin crdgen -- crds/yaml
	cp crds/yaml/*.yaml charts/postern/crds/

fuzz: ## Fuzz every decoder and machine for FUZZ_SECONDS each (needs nightly and cargo-fuzz)
	@for target in $$($(CARGO) +nightly fuzz list --fuzz-dir $(FUZZ)); do \
	    $(CARGO) +nightly fuzz run --fuzz-dir $(FUZZ) $$target -- -max_total_time=$(FUZZ_SECONDS) -timeout=10 || exit 1; \
	done

fuzz-smoke: ## The same for a few seconds each; says so where the tools are not installed
	@if $(CARGO) +nightly --version >/dev/null 2>&1 && $(CARGO) fuzz --version >/dev/null 2>&1; \
	then $(MAKE) --no-print-directory fuzz FUZZ_SECONDS=5; \
	else echo "fuzz-smoke: skipped, it needs a nightly toolchain and cargo-fuzz (cargo install cargo-fuzz --locked)"; fi

install-deps: ## Install the Debian packages that the tests need (as root)
	@missing=""; for package in $(DEBIAN); do \
	    dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q "ok installed" || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then \
	    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing; fi
