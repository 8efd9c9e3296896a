# What people type. `make` lists it; everything else stands in tools/.

DATA          = ./data
PORT          = 9090
OPS_PORT      = 6060
FEED_PORT     = 9190
FEED_OPS_PORT = 6070
SSH_PORT      = 2222
SSH_OPS_PORT  = 6080
INSTANCES     = 3
WORKERS       = 1
CONFIG        =
BENCH         = rpc feed-history policies ssh-proxy

# The repository's own Node, whatever the machine has: an npm package like any other.
NODE := node_modules/.bin/node
# npm writes it last, with what it installed: newer than the lock file means nothing to do.
INSTALLED := node_modules/.package-lock.json

MAKEFLAGS += --no-print-directory --no-builtin-rules
.DEFAULT_GOAL := help
.PHONY: help up test check bench microbench fuzz gen format

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "make up takes DATA=$(DATA) PORT=$(PORT) OPS_PORT=$(OPS_PORT) INSTANCES=$(INSTANCES)"
	@echo "  FEED_PORT=$(FEED_PORT) FEED_OPS_PORT=$(FEED_OPS_PORT) CONFIG=file WORKERS=$(WORKERS)"
	@echo "  SSH_PORT=$(SSH_PORT) SSH_OPS_PORT=$(SSH_OPS_PORT)"

up: $(INSTALLED) ## Starts feed, the feed-history it asks, and ssh-proxy, until Ctrl-C
	@exec $(NODE) tools/up.ts --data "$(DATA)" --port "$(PORT)" --ops-port "$(OPS_PORT)" \
	  --feed-port "$(FEED_PORT)" --feed-ops-port "$(FEED_OPS_PORT)" \
	  --ssh-port "$(SSH_PORT)" --ssh-ops-port "$(SSH_OPS_PORT)" \
	  --instances "$(INSTANCES)" --workers "$(WORKERS)" $(if $(CONFIG),--config "$(CONFIG)")

# Both halves run, so that one mistake does not hide another.
test: $(INSTALLED) ## Sets up what is missing, then runs every check and every test
	@sh tools/setup.sh
	@sh tests/interop/setup.sh || true
	@status=0; \
	$(NODE) tools/check.ts --without-tests || status=1; \
	$(NODE) tools/test.ts $(if $(CI),--with-node-24) || status=1; \
	exit $$status

check: $(INSTALLED) ## Types, lint, format, tidy, docs and unit tests, in under a minute
	@$(NODE) tools/check.ts

bench: $(INSTALLED) ## Measures us beside others, for a long time: BENCH=rpc, BENCH=ssh-proxy
	@sh bench/setup.sh
	@for program in $(BENCH); do $(NODE) bench/$$program.ts || exit 1; done

microbench: $(INSTALLED) ## Runs the *.bench.ts that stand beside the code
	@$(NODE) tools/microbench.ts

fuzz: $(INSTALLED) ## Runs the *.fuzz.ts: long searches for input that breaks something
	@$(NODE) tools/test.ts --fuzz

gen: $(INSTALLED) ## Writes every generated file again
	@$(NODE) tools/generate.ts
	@$(NODE) packages/holdfast/src/command/main.ts gen \
	  docs/snippets/greeter/greeter.thrift --out docs/snippets/greeter/gen
	@$(NODE) tools/docs.ts --write

format: $(INSTALLED) ## Formats every file
	@$(NODE) node_modules/.bin/prettier --write --log-level warn .

$(INSTALLED): package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install any Node from 20 on" >&2; exit 1; }
	@echo "Installing npm packages, once"
	@npm install --no-save --loglevel=error --no-audit --no-fund >/dev/null
	@test -x $(NODE) || { echo "No Node 26 for this machine among the npm packages" >&2; exit 1; }
	@touch $@
