# The two commands that matter: `make demo` shows the main job on the embedded
# portal, `make test` passes the tests. Both need Go and nothing else.
# `make help` lists the rest.

GOLANGCI_LINT = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
ACTIONLINT    = github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

# Where `make install` puts things: below DESTDIR, which packagers set, and PREFIX.
PREFIX  = /usr/local
DESTDIR =

# What `bynder version` says, also from the environment; releases set the version. The commit is unknown where this
# folder is only a part of a repository: that is the repository of something else.
VERSION ?=
COMMIT  ?= $(if $(WITHIN),,$(shell git rev-parse HEAD 2>/dev/null))
DATE    ?= $(if $(WITHIN),,$(shell TZ=UTC0 git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null))
WITHIN  := $(shell git rev-parse --show-prefix 2>/dev/null)
CLI     = github.com/bynder-cli/bynder/internal/cli
STAMP   = -X $(CLI).version=$(VERSION) -X $(CLI).commit=$(COMMIT) -X $(CLI).date=$(DATE)
GO_BUILD = go build -trimpath $(if $(WITHIN),-buildvcs=false)

.PHONY: help build install uninstall share FORCE image docs demo screenshot test race vet format lint workflows soak model bench check-sdk check-s3 check-slurm check-kubernetes check-release check-image check clean

help: ## list the targets with their descriptions
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/bynder; VERSION, COMMIT and DATE are recorded in it
	$(GO_BUILD) -ldflags '$(STAMP)' -o bin/bynder ./cmd/bynder

# Built again only if it is older than its sources (a folder changes when a file is removed) or says something else than
# it should: `sudo make install` after `make build` needs no go, and keeps a version that only `make build` was given.
bin/bynder: FORCE
	@(test -x $@ && test -z "$$(find go.mod go.sum cmd internal -newer $@ ! -path '*/testdata/*')" && \
		said=$$($@ version --json) && for part in $(if $(VERSION),'"version":"$(VERSION)"') \
			$(if $(COMMIT),'"commit":"$(COMMIT)"') $(if $(DATE),'"date":"$(DATE)"'); do \
			case $$said in *"$$part"*) ;; *) exit 1 ;; esac; done) || $(MAKE) --no-print-directory build
FORCE:

install: bin/bynder ## install program, manual pages and completions below PREFIX
	install -d '$(DESTDIR)$(PREFIX)/bin'
	install -m 755 bin/bynder '$(DESTDIR)$(PREFIX)/bin/bynder'
	@$(MAKE) --no-print-directory share SHARE='$(DESTDIR)$(PREFIX)/share'

# Folders that only this program needed go as well; bin, share and share/man are everyone's, and stay.
uninstall: ## remove the files that install has written
	@test ! -d '$(DESTDIR)$(PREFIX)' || { cd '$(DESTDIR)$(PREFIX)' && \
		rm -f bin/bynder share/man/man1/bynder.1 share/man/man1/bynder-*.1 share/$(BASH) share/$(ZSH) share/$(FISH) && \
		for folder in man/man1 $(foreach file,$(BASH) $(ZSH) $(FISH),$(patsubst %/,%,$(dir $(file))) $(firstword $(subst /, ,$(file)))); do \
			rmdir "share/$$folder" 2>/dev/null || :; done; }

# Where bash, zsh and fish look for completions below a folder share.
BASH  = bash-completion/completions/bynder
ZSH   = zsh/site-functions/_bynder
FISH  = fish/vendor_completions.d/bynder.fish
SHARE = bin/share
share: bin/bynder ## write manual pages and completions to SHARE (bin/share)
	@umask 022 && mkdir -p '$(SHARE)'/man/man1 $(foreach file,$(BASH) $(ZSH) $(FISH),'$(SHARE)/$(dir $(file))')
	umask 022 && bin/bynder man '$(SHARE)/man/man1'
	umask 022 && bin/bynder completion bash >'$(SHARE)/$(BASH)'
	umask 022 && bin/bynder completion zsh >'$(SHARE)/$(ZSH)'
	umask 022 && bin/bynder completion fish >'$(SHARE)/$(FISH)'

CA_BUNDLE = /etc/ssl/certs/ca-certificates.crt
image: ## write bin/image for the Dockerfile; CA_BUNDLE: the certificates
	rm -rf bin/image
	install -d bin/image/home bin/image/root/usr/bin bin/image/root/usr/share/licenses/bynder bin/image/root/etc/ssl/certs
	install -d -m 1777 bin/image/root/tmp
	install -m 644 LICENSE bin/image/root/usr/share/licenses/bynder/LICENSE
	install -m 644 '$(CA_BUNDLE)' bin/image/root/etc/ssl/certs/ca-certificates.crt
	CGO_ENABLED=0 GOOS=linux $(GO_BUILD) -ldflags '-s -w $(STAMP)' -o bin/image/root/usr/bin/bynder ./cmd/bynder

docs: build ## write docs/commands from the help of the program
	rm -f docs/commands/*.md
	bin/bynder man --markdown docs/commands

demo: build ## run the main job against a local portal with faults
	@PATH="$(CURDIR)/bin:$$PATH" tools/demo

screenshot: ## record the demo in docs/demo.svg if its output has changed
	go test ./cmd/bynder -run TestDemoPicture -count=1 -update

test: ## run all tests
	go test -timeout 20m ./...

# Each process of a program with the race detector would take a second to end.
race: export GORACE = atexit_sleep_ms=10
race: ## run all tests with the race detector
	go test -race -timeout 60m ./...

vet: ## run go vet for this system and others
	go vet ./...
	@for system in windows/amd64 darwin/arm64 freebsd/amd64 linux/arm; do \
		echo "go vet, $$system" && GOOS=$${system%/*} GOARCH=$${system#*/} go vet ./... || exit 1; done

format: ## fail if a file is not formatted with gofmt
	@files=$$(gofmt -l cmd internal tools) && if [ -n "$$files" ]; then echo "gofmt: $$files"; exit 1; fi

# With go run, the linter is not in go.mod.
lint: ## run the linter
	go run $(GOLANGCI_LINT) run ./...

workflows: ## check .github/workflows
	go run $(ACTIONLINT)

soak: ## kill downloads at random moments, and check their files
	BYNDER_SOAK=200 go test ./cmd/bynder -run TestSoak -v -count=1 -timeout 20m

ROUNDS = 500
model: ## run ROUNDS rounds of sync with random changes and kills
	BYNDER_MODEL=$(ROUNDS) go test ./cmd/bynder -run TestSyncModel -v -count=1 -timeout 60m

bench: ## compare with curl, aria2 and wget2; writes docs/performance.md and .svg
	go run ./tools/bench -write docs/performance.md -plot docs/performance.svg

check-sdk: ## run Bynder's JavaScript SDK against the sandbox; needs node
	.ci/check-sdk

check-s3: ## test against a real S3 server (builds versitygw once)
	.ci/check-s3

check-slurm: ## run an array of tasks in a Slurm of three nodes; needs root
	.ci/check-slurm

check-kubernetes: ## check the manifest of docs/machines.md against the API's types
	cd tools/kubernetes && go vet ./... && go test -count=1 ./...

check-release: ## build a snapshot release twice, and install it; needs root
	.ci/check-release

check-image: ## build the image with buildah and run it; needs root
	.ci/check-image

check: format vet lint race demo ## run everything that must pass before a commit

clean: ## remove bin and dist
	rm -rf bin dist
