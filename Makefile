# What there is to make; .ci/run does all of it.
GO ?= go
# The linters, in the versions of tools/go.mod.
TOOL = $(GO) tool -modfile=tools/go.mod
# How binaries for use are built: static, small, without the paths of this machine, and
# without debugging information, which takes a fifth of the time.
# nova-metadata has no use for SQLite but with --dev.
RELEASE = CGO_ENABLED=0 $(GO) build -trimpath -gcflags=all=-dwarf=false -ldflags "-s -w"

# What packages and images are of: this system's architecture, and the version that --version prints.
ARCH := $(shell $(GO) env GOARCH)
VERSION := $(shell sed -n 's/^const Number = "\(.*\)"/\1/p' internal/version/*.go)

help: # doc: list the targets
	@sed -n 's/^\([a-z-]*\):.*# doc: /  \1\t/p' Makefile | expand -t 14

build: # doc: build bin/nova-api and bin/nova-metadata
	$(RELEASE) -tags grpcnotrace -o bin/ ./cmd/nova-api
	$(RELEASE) -tags grpcnotrace,nosqlite -o bin/ ./cmd/nova-metadata

packages: build # doc: write packages for Debian and RPM, with units, manual pages and completions, into dist/
	mkdir -p dist
	cd tools && $(GO) run ./man -o ../dist nova-go-api=../bin/nova-api nova-go-metadata=../bin/nova-metadata
	gzip -9nf dist/nova-go-api.8 dist/nova-go-metadata.8
	bin/nova-api completion bash | sed 's/nova-api/nova-go-api/g' > dist/nova-go-api.bash
	bin/nova-metadata completion bash | sed 's/nova-metadata/nova-go-metadata/g' > dist/nova-go-metadata.bash
	for p in deb rpm; do ARCH=$(ARCH) VERSION=$(VERSION) $(TOOL) nfpm package -f internal/packages/nfpm.yaml -p $$p -t dist/ || exit 1; done

image: build # doc: write a container image into dist/nova-go-image.tar: docker load -i, podman load -i
	mkdir -p dist
	cd tools && $(GO) run ./image -bin ../bin -licenses .. -arch $(ARCH) -version $(VERSION) -o ../dist/nova-go-image.tar

packages-test: packages image # doc: install the packages and run the image in directories of their own; needs Linux, some tests need root
	$(GO) test -count=1 -tags packages ./internal/packages

test: # doc: run the tests, which need nothing installed
	$(GO) test ./...

lint: # doc: gofmt, go mod tidy, go vet, staticcheck and golangci-lint
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "the files above need gofmt"; exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(GO) vet -tags lab ./...
	$(GO) vet -tags nosqlite ./internal/db ./cmd/nova-metadata
	$(TOOL) staticcheck -tags lab ./...
	$(TOOL) golangci-lint run ./...

systems: # doc: build for the other systems that laptops have, and vet for Windows, which has the most code of its own
	@for s in linux/arm64 darwin/arm64 windows/amd64; do \
		echo $$s; GOOS=$${s%/*} GOARCH=$${s#*/} CGO_ENABLED=0 $(GO) build ./cmd/... || exit 1; \
	done
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) vet ./internal/...

race: # doc: run the tests of packages that share state under the race detector
	$(GO) test -short -race $$(cat .ci/race-packages)

lab: # doc: start a real OpenStack on loopback, see docs/testing.md; LAB_RELEASE=2025.1 starts an older Nova beside it, LAB_HA=1 one with clusters
	$(GO) run ./internal/lab up

lab-down: # doc: stop it, or the one of LAB_RELEASE
	$(GO) run ./internal/lab down

# A release on the command line selects its lab, whichever lab the variables of the shell name.
lab-test: # doc: run the tests that need a real OpenStack: the one that LAB_* name, or make lab's, or the one of LAB_RELEASE=...
	@if [ -z "$$LAB_NOVA_CONF" ] || [ "$(origin LAB_RELEASE)" = "command line" ]; then env=$$($(GO) run ./internal/lab env) && eval "$$env" || exit 1; fi; \
	LAB_EFFECTS=1 $(GO) test -tags lab $$(grep -rl "^//go:build lab" --include=*_test.go --exclude-dir=.lab . | xargs -n1 dirname | sort -u)

dialects-test: # doc: run the tests of both applications on the database server that NOVATEST_API and NOVATEST_CELL name
	@test -n "$$NOVATEST_API" || { echo "NOVATEST_API names no database: see docs/testing.md"; exit 1; }
	$(GO) test -count=1 ./compute/... ./metadata ./internal/novatest

routes: # doc: write docs/ROUTES.md anew
	$(GO) test ./cmd/nova-api -run TestRoutesDocument -update

licenses: # doc: write THIRD_PARTY_LICENSES anew
	$(GO) test ./internal/archtest -run TestThirdPartyLicenses -update

.PHONY: help build packages image packages-test test lint systems race lab lab-down lab-test dialects-test routes licenses
