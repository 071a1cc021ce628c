# The front door.  `make help` lists what there is; CMakeLists.txt holds the file lists and the flags.
#
#   NO_DEPS=1            install nothing and download nothing
#   DL_DIR=DIRECTORY     take the archives of third_party/sources.txt from there
#   ROOTS=none|FILE      compile in no certificate authorities, or those of a PEM file
#   KIST_CACHE=DIRECTORY where sources and toolchains are kept (default ~/.cache/kist)

# The size of each binary, everything included, in KiB.
SIZE_BUDGET = 960
# Seconds that each fuzz target runs in `make fuzz`.
FUZZ_SECONDS = 60

export NO_DEPS DL_DIR KIST_CACHE SIZE_BUDGET
arches = amd64 arm64
jobs = $(shell nproc)
deps = @toolchains/deps.sh
# A toolchain file is read once; after a change to it the build directory starts over.
fresh = $(shell find toolchains/*.cmake toolchains/sysroot.sh -newer build/$@/obj/CMakeCache.txt \
    -printf --fresh -quit 2> /dev/null)
configure = cmake -G Ninja -DROOTS='$(ROOTS)' -S . -B

all: $(arches)  ## build both architectures: build/amd64/kist and build/arm64/kist

amd64: ## build for amd64
arm64: ## build for arm64
$(arches):
	$(deps) build
	@$(configure) build/$@/obj $(fresh) -DCMAKE_TOOLCHAIN_FILE=toolchains/$@-linux-musl.cmake > /dev/null
	@ninja -C build/$@/obj -j$(jobs) --quiet kist
	@toolchains/finish.sh build/$@/obj/kist build/$@

host: ## build the debug build with ASan and UBSan against glibc: build/host
	$(deps) build host
	@CC=clang-19 CXX=clang++-19 $(configure) build/host -DKIST_SANITIZE=ON -DKIST_FUZZ=ON > /dev/null
	@ninja -C build/host -j$(jobs) --quiet

deps: ## install what is missing for building and testing, with apt
	$(deps) build host lint test board
	@third_party/fetch.sh $$(awk '/^[a-z]/ { print $$1 }' third_party/sources.txt) > /dev/null
	@echo everything is there

test: ## run all tests; the last line is "N passed, N failed"
	$(deps) build host lint test board
	@tests/run.sh

check: all ## sizes, hardening, reproducibility and the linters
	$(deps) lint
	@CHECK=full tests/run.sh lint check

demo: ## make an image, serve it over TLS on loopback, pull and run it as an ordinary user
	$(deps) build test
	@$(MAKE) --no-print-directory $(shell dpkg --print-architecture)
	@tests/demo.sh

bench: ## compare with the tools that people use now: ratios from one run
	$(deps) build test bench
	@$(MAKE) --no-print-directory $(shell dpkg --print-architecture)
	@bench/run.sh

fuzz: host ## run every fuzz target for a minute
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/run.sh fuzz

board: all ## the tests on QEMU boards (also part of `make test`, with fewer power cuts and less idling)
	$(deps) test board
	@KIST_CUTS=$${KIST_CUTS:-50} KIST_IDLE=$${KIST_IDLE:-600} tests/run.sh board

fault: all ## the tests of broken connections and lying servers, at every point instead of some
	$(deps) test
	@tests/run.sh fault

clean: ## remove build/ (the cache of sources and toolchains stays)
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

.PHONY: all $(arches) host deps test check demo bench fuzz board fault clean help
