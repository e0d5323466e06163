# What people type; what it does is in dev/portal.py and dev/stack/.
CKAN ?= 2.12
INSTANCE ?= test
TESTS ?=
ARGS ?=
BENCH ?=
COUNT ?= 5000
MINUTES ?= 10
export CKAN INSTANCE

PORTAL = python3 dev/portal.py

.DEFAULT_GOAL := help
.PHONY: help demo stop test test-portal test-times test-setup screenshots services install lint i18n bench fuzz soak drop clean

help: ## show this list
	@echo 'make <what> [CKAN=2.12|2.11] [INSTANCE=name]'; echo
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: ## bring a whole portal up, with users and sample data, and say where it is
	@$(PORTAL) demo

stop: ## end what this checkout started, and only that
	@$(PORTAL) stop

test: ## run TESTS (all but test-portal's, unless named) with ARGS for pytest, on JOBS workers
	@$(PORTAL) test --tests "$(TESTS)" $(ARGS)

test-portal: ## run the tests that need whole portals: installation, kills, outages, neighbours
	@$(PORTAL) test-portal --tests "$(TESTS)" $(ARGS)

test-times: ## print what the last run of the tests took: by session, folder and file, and the slowest
	@$(PORTAL) test-times $(ARGS)

screenshots: ## run the browser tests and put a picture of every page, wide and narrow, into artifacts/screenshots
	@OC4IDS_SCREENSHOTS=1 $(PORTAL) test --tests tests/browser $(ARGS)

test-setup: ## prepare the instance INSTANCE for tests and print the path of its configuration
	@$(PORTAL) test-setup

services: ## start PostgreSQL, Redis and Solr of this checkout
	@$(PORTAL) services

install: ## install what is missing (apt, pip, npm, Maven)
	@$(PORTAL) install

lint: ## ruff with security rules, layers and circles of imports, mypy
	@$(PORTAL) lint

i18n: ## extract marked strings, merge translations, say what is missing, compile
	@$(PORTAL) i18n

bench: ## measure beside the peers (BENCH=report names one)
	@$(PORTAL) bench --instance bench $(BENCH)

fuzz: ## compare with the reference reviewer on COUNT random files; mutate plans; every hostile kind
	@$(PORTAL) fuzz --instance fuzz --count $(COUNT) $(ARGS)

soak: ## load a portal for MINUTES and watch errors, memory, orphans
	@$(PORTAL) soak --instance soak --minutes $(MINUTES)

drop: ## remove the instance INSTANCE with all it has
	@$(PORTAL) drop

clean: ## stop, and remove all that was made here
	@$(PORTAL) clean
