# What one does here. `make help` lists it. Every target builds what it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run web test check tidy bench fuzz clean test-rust test-api test-web test-clients test-browser tools

# Named from here and used in other folders too, so it has to be absolute.
ifdef CARGO_TARGET_DIR
override export CARGO_TARGET_DIR := $(abspath $(CARGO_TARGET_DIR))
endif
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
BENCH := -C bench $(if $(CARGO_TARGET_DIR),CARGO_TARGET_DIR=$(TARGET))
PAGES := web/dist/index.html
PAGE_SOURCES := $(shell find web/src web/public -type f 2>/dev/null) $(wildcard web/*.html web/*.json web/*.ts web/*.js)
MODULES := web/node_modules/.package-lock.json
FUZZ_SECONDS ?= 60

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

run: $(PAGES) ## Build the server with its pages and start it on http://localhost:3000
	cargo run --release --locked --package server --bin paraclete -- serve

web: $(PAGES) ## Build the pages that the server embeds (web/dist)

$(MODULES): web/package.json web/package-lock.json
	scripts/setup.sh node
	cd web && npm ci --prefer-offline --no-audit --no-fund
	@touch $@

$(PAGES): $(MODULES) $(PAGE_SOURCES)
	cd web && npm run build
	@touch $@

test: test-rust test-api test-web test-clients test-browser ## Install what tests need and run them all

test-rust: $(PAGES)
	scripts/setup.sh rust nextest postgres
	scripts/with-postgres.sh cargo nextest run --locked --workspace
	cargo test --locked --workspace --doc --quiet

test-api: $(TARGET)/debug/paraclete
	scripts/setup.sh python
	PARACLETE_BIN=$(TARGET)/debug/paraclete scripts/schemathesis.sh

test-web: $(MODULES)
	cd web && npm test

# The tests before have built the binary; this says so to those who run one target alone. The whole workspace, as
# for the tests: one package alone would have its dependencies built again, with fewer features.
$(TARGET)/debug/paraclete: FORCE $(PAGES)
	cargo build --locked --workspace --all-targets

test-clients: $(TARGET)/debug/paraclete $(MODULES)
	cd web && PARACLETE_BIN=$(TARGET)/debug/paraclete npm run test:clients

test-browser: $(TARGET)/debug/paraclete $(MODULES)
	scripts/setup.sh chromium
	cd web && PARACLETE_BIN=$(TARGET)/debug/paraclete npm run test:browser

check: $(PAGES) ## Format, lints, documents, licences, page sources, tidiness
	scripts/setup.sh rust deny
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps
	cargo deny --locked check bans licenses sources
	cd web && npm run check
	$(MAKE) tidy
	$(MAKE) $(BENCH) check

tidy: ## Sizes of files, direction of dependencies, and other house rules
	cargo test --locked --workspace --test tidy --quiet

bench: $(PAGES) ## Measure a release build against other servers
	cargo build --release --locked --package server --bin paraclete
	$(MAKE) $(BENCH)

fuzz: ## Fuzz every target for FUZZ_SECONDS (60) each
	scripts/fuzz.sh $(FUZZ_SECONDS)

tools: ## Install all tools that the other targets would install
	scripts/setup.sh rust node nextest deny chromium postgres python

clean: ## Remove everything that was built
	cargo clean
	rm -rf web/dist web/node_modules bench/target bench/rivals/*/node_modules fuzz/target

FORCE:
