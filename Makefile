# These do all the set-up on a fresh machine with Rust, a C compiler and make:
#   make demo    make test    make test-all

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
ARCHITECTURE := $(shell uname -m)
# musl where the toolchain has it; glibc does as well.
RUSTLIB := $(shell rustc --print sysroot 2>/dev/null)/lib/rustlib
TARGET := $(if $(wildcard $(RUSTLIB)/$(ARCHITECTURE)-unknown-linux-musl/lib),$(ARCHITECTURE)-unknown-linux-musl,$(ARCHITECTURE)-unknown-linux-gnu)
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
LAB := $(TARGET_DIR)/$(TARGET)/debug/lab
# The executable that is tested: in `make test` the one that its tests on this host build anyway, without what a debugger
# needs; in `make test-all` and everywhere else the one that ships.
EXECUTABLE := $(TARGET_DIR)/$(TARGET)/release/audit_rules
OF_TESTS := $(TARGET_DIR)/$(TARGET)/debug/stripped/audit_rules

# Everything is built for an explicit target, without shared libraries, so that tests on the host and in the guests share
# one build. The flags belong to the target alone: procedural macros cannot be built with them.
TARGET_NAME := $(shell echo $(TARGET) | tr a-z- A-Z_)
STATIC := -C target-feature=+crt-static
# Messages name places in the sources of dependencies: not where this machine keeps them, so that the same compiler makes the
# same executable anywhere.
REMAPPED := --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo
export CARGO_TARGET_$(TARGET_NAME)_RUSTFLAGS := $(STATIC) $(REMAPPED)
# The largest release executable, in bytes: 6 MiB. It travels to each host once a version, in a collection that has one
# for each machine; what makes it this much larger is a mistake, such as a library that brings tables of its own.
LARGEST := 6291456
export AUDIT_RULES_TARGET := $(TARGET)
export AUDIT_RULES_EXECUTABLE = $(abspath $(EXECUTABLE))
# These would beat the target's own flags.
unexport RUSTFLAGS CARGO_ENCODED_RUSTFLAGS

# The kernels that `make test` boots, those that `make test-all` boots besides, those that are rebooted, the demonstration's
# kernel, and those of the benchmark.
TEST_KERNELS ?= bookworm
MORE_TEST_KERNELS ?= trixie
BOOT_KERNELS ?= bookworm trixie
NEWEST_BOOT_KERNEL ?= sid
DEMO_KERNEL ?= trixie
BENCH_KERNELS ?= bookworm trixie sid
# What is booted with the newest auditctl too: lines that older ones do not know, and the policies.
NEWEST_BOOT_CASES := 01- 20- 21- 22- 25- 26-
# The integration tests that also run in the guests.
GUEST_TESTS ?= host kernel_contract lab_access

# The Molecule scenario of `make test`, and those of `make test-all`; copied is what the guide tells users to do.
SCENARIO ?= default
MORE_SCENARIOS := $(filter-out $(SCENARIO),$(notdir $(patsubst %/molecule.yml,%,$(wildcard molecule/*/molecule.yml)))) copied

# The hosts of `make bench-fleet`; each keeps a connection, which takes memory.
FLEET_HOSTS ?= 200

# How long `make fuzz` runs, in seconds.
FUZZ_SECONDS ?= 60

# The collection's executables for machines that are not this one.
OTHER_ARCHITECTURES := $(filter-out $(ARCHITECTURE),x86_64 aarch64)

# The machines of the distribution packages, and those of them that this one is not.
PACKAGED_ARCHITECTURES := x86_64 aarch64 s390x
OTHER_PACKAGED := $(filter-out $(ARCHITECTURE),$(PACKAGED_ARCHITECTURES))

.PHONY: help build collection salt packages demo test test-all test-host test-size test-guests test-more-guests test-boot test-attacks \
	test-ansible molecule test-more-ansible test-salt test-more-salt test-packages sanity-ansible test-scanner test-pages site test-site test-recipes fuzz supply-chain msrv matrix bench \
	bench-ansible bench-fleet bench-salt bench-policies lint lint-ansible lint-salt fmt clean \
	prerequisites debian-packages lab staged

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

prerequisites:
	@missing=; \
	command -v $(CARGO) >/dev/null || missing="$$missing\n  cargo and rustc 1.85 or newer: https://rustup.rs, or apt-get install cargo"; \
	command -v cc >/dev/null || missing="$$missing\n  a C compiler, which Rust links with: apt-get install gcc libc6-dev"; \
	[ -z "$$missing" ] || { printf "This needs:$$missing\n" >&2; exit 1; }

build: prerequisites ## the static release executable
ifeq ($(EXECUTABLE),$(OF_TESTS))
	$(CARGO) test --workspace --no-run --quiet --target $(TARGET)
	@mkdir -p $(dir $(OF_TESTS)) && strip -o $(OF_TESTS).$$$$ $(TARGET_DIR)/$(TARGET)/debug/audit_rules && mv $(OF_TESTS).$$$$ $(OF_TESTS)
else
	$(CARGO) build --release --target $(TARGET)
endif
	@ls -l $(EXECUTABLE)

# What the tests use of this machine's own distribution.
debian-packages:
	@.ci/debian-packages

# What tests of the collection and the formula need: this machine's executable alone.
staged: build
	ansible/build --no-tarball --require $(ARCHITECTURE)

lab: prerequisites
	@$(CARGO) build --quiet --package lab --target $(TARGET)

collection: build lab ## the Ansible collection with its executables, in target/ansible
	$(LAB) build $(OTHER_ARCHITECTURES:%=--arch %)
	ansible/build --require x86_64,aarch64

salt: collection ## the Salt formula with its executables, in target/salt
	salt/build

packages: build lab ## deb and rpm for three machines, with manual pages and a bill of materials, in target/packages
	$(LAB) build $(OTHER_PACKAGED:%=--arch %)
	CARGO=$(CARGO) packaging/build --program $(ARCHITECTURE)=$(EXECUTABLE) $(foreach name,$(OTHER_PACKAGED),--program $(name)=$(TARGET_DIR)/cross/$(name)/audit_rules)

demo: prerequisites ## the main job on a real kernel, in a throw-away virtual machine
	$(CARGO) build --release --workspace --target $(TARGET)
	@$(TARGET_DIR)/$(TARGET)/release/lab demo --kernel $(DEMO_KERNEL)

# Three lanes: the emulator of the second one has one thread, and much of the third one waits for the network. Lint comes
# last in its lane, since the others wait for what test-host builds.
test: prerequisites debian-packages ## lints, tests here, on one real kernel, of the collection and the formula with the newest versions
	@MAKE="$(MAKE) EXECUTABLE=$(OF_TESTS)" .ci/parts 'test-host lint' 'test-guests' 'lint-salt test-salt lint-ansible test-ansible'

# The toolchain for other machines is fetched by the right lane; msrv takes it from the cache.
test-all: prerequisites debian-packages ## what `make test` leaves out: attacks, other kernels, machines and versions, boots, fuzzing, supply chain, sanity
	@MAKE="$(MAKE)" .ci/parts 'supply-chain test-size test-attacks msrv test-more-guests test-boot' 'sanity-ansible test-more-ansible test-more-salt test-packages test-scanner test-pages test-site test-recipes fuzz'

test-host: prerequisites ## the tests that need no other kernel
	$(CARGO) test --workspace --no-fail-fast --target $(TARGET)
	@if [ "$$(id -u)" = 0 ]; then unshare --mount $(CARGO) test --target $(TARGET) --test rules_d -- --ignored; \
	else echo "not run: the tests of rules_d that need root"; fi

test-size: build ## the release executable is no larger than it may be
	@size=$$(stat -c %s $(EXECUTABLE)); [ $$size -le $(LARGEST) ] || \
	{ echo "$(EXECUTABLE) has $$size bytes, and may have $(LARGEST)" >&2; exit 1; }; \
	echo "ran: $$size bytes of at most $(LARGEST)"

test-guests: build lab ## the tests on real kernels in virtual machines
	$(LAB) test --program $(EXECUTABLE) $(TEST_KERNELS:%=--kernel %) $(GUEST_TESTS:%=--test %)

test-more-guests: ## the same on the kernels that `make test` leaves out
	@$(MAKE) --no-print-directory test-guests TEST_KERNELS="$(MORE_TEST_KERNELS)"

test-boot: build lab ## what the next boot loads, predicted and then had, in virtual machines that are rebooted
	$(LAB) boot --program $(EXECUTABLE) $(BOOT_KERNELS:%=--kernel %)
	$(LAB) boot --program $(EXECUTABLE) $(NEWEST_BOOT_KERNEL:%=--kernel %) $(NEWEST_BOOT_CASES:%=--case %)

test-attacks: prerequisites ## kills, signals, hostile neighbours and random operations, at random moments
	$(CARGO) test --target $(TARGET) --test attacks -- --ignored --nocapture

fuzz: prerequisites ## every fuzz target, FUZZ_SECONDS (60) together
	@FUZZ_SECONDS=$(FUZZ_SECONDS) CARGO=$(CARGO) fuzz/run

supply-chain: prerequisites ## licences, duplicates, sources, advisories and withdrawn versions of the dependencies
	@CARGO=$(CARGO) .ci/supply-chain

msrv: lab ## the workspace compiles with the oldest Rust that it promises
	$(LAB) msrv
	@echo "ran: the oldest rustc that Cargo.toml promises"

matrix: build lab ## the tests on every kernel that Debian has (or on MATRIX_KERNELS), write docs/kernels.md
	$(LAB) matrix $(MATRIX_KERNELS:%=--kernel %) --program $(EXECUTABLE) $(GUEST_TESTS:%=--test %)

test-ansible: staged ## the collection's tests, with the newest ansible-core and in one virtual machine
	ansible/test-plugin newest
	ansible/test-molecule $(SCENARIO)

molecule: staged ## one Molecule scenario (SCENARIO=default) in a virtual machine
	ansible/test-molecule $(SCENARIO)

test-more-ansible: collection ## the same with the oldest ansible-core and the other virtual machines, with the executables of all machines
	ansible/test-plugin oldest
	ansible/test-molecule $(MORE_SCENARIOS)

test-salt: staged ## the formula's tests, with the newest Salt
	salt/test-module newest

test-more-salt: salt ## the same with the oldest Salt, and in a virtual machine
	salt/test-module oldest
	salt/test-guest

test-packages: collection ## the packages of the executables that are there: made twice, linted, installed, upgraded and removed
	@CARGO=$(CARGO) packaging/test

test-scanner: build ## OpenSCAP on root directories that have a policy, for every product and profile; UPDATE=1 writes docs/benchmarks.md
	@if command -v python3 >/dev/null; then tests/scanner/run.py --program $(EXECUTABLE) $(if $(UPDATE),--update); \
	else echo "not run: OpenSCAP on the policies: apt-get install python3"; fi

test-pages: ## the pages in a browser; UPDATE=1 writes docs/pictures/
	@if command -v python3 >/dev/null; then UPDATE=$(UPDATE) tests/pages/test_pages.py; \
	else echo "not run: the pages in a browser: apt-get install python3"; fi

site: ## the documents as a site with a search, in target/site/html
	@mdbook=$$(site/mdbook) && site/build "$$mdbook" $(TARGET_DIR)/site

test-site: ## that site, its links and anchors, and its search in a browser
	@if mdbook=$$(site/mdbook 2>&1); then site/test_site.py "$$mdbook" $(TARGET_DIR)/site 2>&1; else status=$$?; echo "$$mdbook"; [ $$status = 3 ]; fi

test-recipes: build ## the recipes for nodes and images, with the tools that they are for
	@tests/recipes/run

bench: prerequisites ## compare with auditctl and augenrules, write docs/performance.md
	$(CARGO) build --release --workspace --target $(TARGET)
	$(TARGET_DIR)/$(TARGET)/release/lab bench $(BENCH_KERNELS:%=--kernel %)

bench-policies: build ## what the policies record while software is built; needs root and a kernel without rules; writes docs/load.md
	benches/policies.py --program $(EXECUTABLE)

bench-ansible: collection ## compare the collection with templates and single lines, write its docs/performance.md
	ansible/bench/run

bench-fleet: collection ## many hosts (FLEET_HOSTS=200) by the module, the role, and a template with a handler; write its part of that page
	ansible/bench/fleet --hosts $(FLEET_HOSTS)

bench-salt: salt ## the state runs of 50 minions by the formula, and by file.managed with cmd.run; write their part of salt/README.md
	salt/bench

lint: prerequisites ## format and lints
	@$(CARGO) fmt --version >/dev/null 2>&1 || { echo "cargo fmt is missing: rustup component add rustfmt" >&2; exit 1; }
	@$(CARGO) clippy --version >/dev/null 2>&1 || { echo "cargo clippy is missing: rustup component add clippy" >&2; exit 1; }
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	$(CARGO) clippy --workspace --all-targets --target $(TARGET) -- -D warnings
	@echo "ran: rustfmt, clippy"

lint-ansible: staged ## the linters of Ansible
	ansible/lint

sanity-ansible: collection ## ansible-test sanity
	ansible/sanity

lint-salt: ## the linters of Salt, Python and YAML for the formula
	salt/lint

fmt: prerequisites ## format the code
	$(CARGO) fmt --all
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml

clean: ## remove what was built and fetched
	$(CARGO) clean
	rm -rf .lab
