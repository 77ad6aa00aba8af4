# `make help` lists what there is.

SHELL := /bin/bash -o pipefail
.DEFAULT_GOAL := help

GO ?= go
LOCAL := $(GO) run ./hack/local

.PHONY: help
help: ## Show this help.
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: up
up: ## Start the local control plane, or bring it up to date.
	@$(LOCAL) up

.PHONY: status
status: ## Tell what of the local control plane runs, what does not and why.
	@$(LOCAL) status

.PHONY: logs
logs: ## Show the logs of the local control plane. C=<component> for one.
	@$(LOCAL) logs $(C)

.PHONY: down
down: ## Stop the local control plane and remove its state.
	@$(LOCAL) down

.PHONY: clean
clean: ## Remove everything: state, and the programs that were built for it.
	@$(LOCAL) clean

.PHONY: demo
demo: ## Install a first Application on the local control plane.
	@$(LOCAL) up
	@hack/demo.sh

.PHONY: demo-sovereign
demo-sovereign: ## Make a Sovereign on the local control plane.
	@$(LOCAL) up
	@hack/demo-sovereign.sh

.PHONY: build
build: ## Build every function and provider.
	$(GO) build ./...

.PHONY: generate
generate: ## Write all generated code and schemas anew.
	hack/generate.sh

.PHONY: lint
lint: ## Check style.
	hack/lint.sh

.PHONY: test
test: ## Run every check there is: lint, unit, property, provider and kuttl tests.
	hack/test.sh

.PHONY: sequences
sequences: ## Try 1000 random sequences on a HostCluster, with Hetzner failing. N=<number> SEED=<first>
	$(GO) test ./providers/provider-hcloud/internal/sequences -run TestSequences -timeout 6h -sequences $(or $(N),1000) -seed $(or $(SEED),1)

.PHONY: packages
packages: ## Build the Crossplane packages into _output/packages.
	@$(LOCAL) packages --output _output/packages

.PHONY: bench
bench: ## Measure functions and providers.
	hack/bench.sh
