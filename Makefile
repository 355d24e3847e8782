# The commands of a working day. `make` alone lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# Where the official installer puts the compiler; harmless when it is elsewhere.
export PATH := $(HOME)/.local/share/swiftly/bin:$(PATH)

# One configuration for everything, so that a clone builds once.
SWIFT_FLAGS := -c release
MODEL ?= small
KEEP ?=
JSON ?=
SEEDS ?= 0-999
TWINS ?= $(if $(filter command line,$(origin SEEDS)),$(SEEDS),0-499999)

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

.PHONY: bootstrap
bootstrap: ## install what is missing: system libraries and a Swift compiler
	@Scripts/bootstrap

.PHONY: build
build: bootstrap ## build the node, the command line and the demo
	swift build $(SWIFT_FLAGS)

.PHONY: build-tests
build-tests: bootstrap
	swift build $(SWIFT_FLAGS) --build-tests

.PHONY: test
test: build-tests ## build and run every test
	@Scripts/run-tests

.PHONY: lint
lint: bootstrap ## check the format of every Swift file
	swift format lint --strict --parallel --recursive Package.swift Sources Tests

.PHONY: format
format: bootstrap ## rewrite every Swift file in the project's format
	swift format --in-place --parallel --recursive Package.swift Sources Tests

.PHONY: check
check: lint test ## what a change must pass: format, build without warnings, tests, tidy

.PHONY: demo
demo: build ## run the whole story (MODEL=small|smollm2, KEEP=1 leaves it running, JSON=file)
	@if [[ "$(MODEL)" == smollm2 ]]; then Scripts/fetch-smollm2; fi
	"$$(swift build $(SWIFT_FLAGS) --show-bin-path)/story" --model $(MODEL) \
		$(if $(KEEP),--keep) $(if $(JSON),--json $(JSON))

.PHONY: fetch-smollm2
fetch-smollm2: ## fetch SmolLM2-135M-Instruct into the cache and check its hash
	@Scripts/fetch-smollm2

.PHONY: bench
bench: build ## measure the figures of docs/benchmarks.md
	@Benchmarks/run

.PHONY: netns
netns: build ## seven validators in network namespaces: delay, loss, partitions, healing (root)
	@Benchmarks/run netns

.PHONY: sim
sim: ## simulate replicas under faults (SEEDS=FIRST-LAST or one seed), every seed twice
	OPENLEDGER_CORE=chain swift build $(SWIFT_FLAGS) --product simulate
	@"$$(OPENLEDGER_CORE=chain swift build $(SWIFT_FLAGS) --show-bin-path)/simulate" seeds $(SEEDS)

.PHONY: twins
twins: ## consensus alone among twins and other faulty validators (SEEDS=FIRST-LAST)
	OPENLEDGER_CORE=chain swift build $(SWIFT_FLAGS) --product simulate
	@"$$(OPENLEDGER_CORE=chain swift build $(SWIFT_FLAGS) --show-bin-path)/simulate" twins $(TWINS)

.PHONY: mutants
mutants: ## plant each defect of Tests/Mutants: the tests have to catch it
	@Scripts/mutants

.PHONY: differential
differential: ## a million transactions through the ledger and a naive one beside it
	OPENLEDGER_CORE=chain OPENLEDGER_DIFFERENTIAL=1000000 swift test $(SWIFT_FLAGS) --filter Differential

.PHONY: bits
bits: ## every way to compute gives the same bits (Scripts/bits functions|model runs one half)
	@Scripts/bits

.PHONY: exhaustive
exhaustive: ## hash every function of one float32 over all 2^32 inputs
	@Scripts/exhaustive

.PHONY: clean
clean: ## delete what the build made
	rm -rf .build
