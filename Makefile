# What there is to make; .ci/run does all of it.
GO ?= go
SHARED = ./config ./paste ./compute/... ./internal/db/... ./internal/middleware ./internal/rest/... ./internal/serve ./metadata/...

help: # doc: list the targets
	@sed -n 's/^\([a-z-]*\):.*# doc: /  \1\t/p' Makefile | expand -t 14

build: # doc: build bin/nova-api and bin/nova-metadata
	$(GO) build -o bin/ ./cmd/nova-api ./cmd/nova-metadata

test: # doc: run the tests, which need nothing installed
	$(GO) test ./...

lint: # doc: gofmt, go vet and staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "the files above need gofmt"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags lab ./...
	staticcheck -tags lab ./...

race: # doc: run the tests of packages that share state under the race detector
	$(GO) test -race $(SHARED)

lab: # doc: start a real OpenStack on loopback, see docs/testing.md
	$(GO) run ./internal/lab up

lab-down: # doc: stop it
	$(GO) run ./internal/lab down

lab-test: # doc: run the tests that need a real OpenStack: the one that LAB_* name, or make lab's
	@if [ -z "$$LAB_NOVA_CONF" ]; then env=$$($(GO) run ./internal/lab env) && eval "$$env" || exit 1; fi; \
	$(GO) test -tags lab $$(grep -rl "^//go:build lab" --include=*_test.go --exclude-dir=.lab . | xargs -n1 dirname | sort -u)

dialects-test: # doc: run the tests of both applications on the database server that NOVATEST_API and NOVATEST_CELL name
	@test -n "$$NOVATEST_API" || { echo "NOVATEST_API names no database: see docs/testing.md"; exit 1; }
	$(GO) test -count=1 ./compute ./metadata ./internal/novatest

routes: # doc: write docs/ROUTES.md anew
	$(GO) test ./cmd/nova-api -run TestRoutesDocument -update

.PHONY: help build test lint race lab lab-down lab-test dialects-test routes
