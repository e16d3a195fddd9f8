# SPDX-License-Identifier: Apache-2.0
# The whole house. `make` builds it, `make test` shows everything CI must show, `make help` lists the rest.
#
# The upper half is for people: each target first sees to its Debian packages, then calls this file again
# with FLAVOUR set, which opens the lower half: how one flavour is compiled into build/<flavour>/.
# Nothing above the line asks pkg-config or a compiler, because on a bare machine neither exists yet.

VERSION := 0.1.0
BUILD   ?= build
PREFIX  ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
DESTDIR ?=

# Slices of the long tests: small enough for CI here, made large by `make campaign`.
FUZZ_SECONDS ?= 15
KILLS        ?= 300
REDIS_KILLS  ?= 100
SEEDS        ?= 60
WORLDS       ?= 2000
DELIVERIES   ?= 40000
export BUILD FUZZ_SECONDS KILLS REDIS_KILLS SEEDS WORLDS DELIVERIES VERSION

CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG ?= clang
CFLAGS ?= -O3 -g
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
ONLY ?=

# Within the house a warning is an error only where CI looks; a user's newer compiler may know more of them.
WERROR ?= $(if $(filter true 1,$(CI)),1)

MAKEFLAGS += --no-print-directory --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

PURE   := base lang engine codec
FLOORS := $(PURE) io app
MAINS  := churnd churnctl

ifndef FLAVOUR
# ---------------------------------------------------------------------------------------------------------
# For people.

.DEFAULT_GOAL := all
.PHONY: help alarms all deps deps-build test asan fuzz fuzz-campaign coverage valgrind sane bench rivals bench-plots campaign kills redis-kills syscalls allocations refusals lines clocks soak model deliveries interop report-look reload worlds demo run lint format install clean

FLAVOUR_OF = $(MAKE) $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS)) FLAVOUR=

RUN = tests/run --logs $(BUILD)/logs --jobs $(JOBS)
PICK = $(if $(ONLY),--only '$(ONLY)')
names = $(patsubst $(1)/%.c,%,$(wildcard $(1)/$(2)*.c))
scripts = $(sort $(wildcard $(1)/*.sh) $(wildcard $(1)/*.py))
UNIT_TESTS  := $(call names,tests/unit,test_)
FUZZ_TESTS  := $(call names,tests/fuzz,fuzz_)
CHECKS      := $(filter-out %/build.sh %/tidy.sh %/cppcheck.sh,$(call scripts,tests/checks))

# A stage of the runner: `--stage NAME` is a barrier, what follows it may run side by side.
# What the fuzzers have kept is gone through in it too, without a sanitizer.
corpora = $(foreach n,$(FUZZ_TESTS:fuzz_%=%),'$(1)/release/corpus/$n tests/fuzz/corpus/$n')
STAGE_UNIT  = --stage unit --timeout 120 $(UNIT_TESTS:%=$(BUILD)/release/unit/%) $(call corpora,$(BUILD))
STAGE_ASAN  = --stage asan --timeout 300 $(UNIT_TESTS:%=$(BUILD)/asan/unit/%)
STAGE_FUZZ  = --stage fuzz --timeout $$(( $(FUZZ_SECONDS) + 120 )) $(FUZZ_TESTS:%='tests/fuzz/slice %')
STAGE_LINT  = --stage lint --timeout 600 tests/checks/tidy.sh tests/checks/cppcheck.sh
STAGE_FAULT = --stage fault --timeout $(1) $(call scripts,tests/fault)

all: deps-build ## build build/churnd and build/churnctl (the default)
	+@$(FLAVOUR_OF)release programs

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  CI=true or WERROR=1 makes warnings errors; ONLY=WORD runs only the tests whose name holds WORD;"
	@echo "  BUILD=DIR builds elsewhere; FUZZ_SECONDS, KILLS, REDIS_KILLS, SEEDS, WORLDS, DELIVERIES size the slices of make test."

deps: ## install the Debian packages that are missing (as root or through sudo)
	@tests/deps build check

deps-build:
	@tests/deps build

test: deps ## everything CI must show; closes with "N passed, N failed"
	@$(RUN) --stage build --timeout 900 tests/checks/build.sh $(PICK) \
		--stage checks --timeout 300 $(CHECKS) \
		$(STAGE_UNIT) $(STAGE_ASAN) \
		--stage scenario --timeout 300 $(call scripts,tests/scenario) \
		$(call STAGE_FAULT,600) $(STAGE_FUZZ) $(STAGE_LINT)

asan: deps-build ## unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	+@$(FLAVOUR_OF)asan unit
	@$(RUN) $(PICK) $(STAGE_ASAN)

fuzz: deps ## fuzz every parser for FUZZ_SECONDS (15) each
	+@$(FLAVOUR_OF)fuzz fuzzers
	@$(RUN) $(PICK) $(STAGE_FUZZ)

fuzz-campaign: deps ## fuzz each parser for FUZZ_SECONDS=600, count what was run in tests/fuzz/executions.tsv, keep what reached more
	+@$(FLAVOUR_OF)fuzz fuzzers
	@tests/fuzz/campaign

# A release build of its own with gcov's counters; the daemon without asserts, whose other branch cannot be taken.
COVERED = $(BUILD)/coverage
coverage: deps ## branches of the pure floors that unit and scenario tests take, LEAST=90 % of them; COVER=unit: unit tests alone
	+@$(FLAVOUR_OF)release BUILD=$(COVERED) CFLAGS='-O0 -g --coverage -w' LDFLAGS=--coverage WERROR= DAEMON_CFLAGS='-DNDEBUG -iquote tests/counted' \
		$(if $(filter unit,$(COVER)),unit,everything)
	@find $(COVERED) -name '*.gcda' -delete
	@BUILD=$(COVERED) $(RUN) $(PICK) --stage unit --timeout 600 $(UNIT_TESTS:%=$(COVERED)/release/unit/%) $(call corpora,$(COVERED)) \
		$(if $(filter unit,$(COVER)),,--stage scenario --timeout 1800 $(call scripts,tests/scenario)); \
		tests/coverage $(COVERED) 12 $(or $(LEAST),90)

# churnd and churnctl under valgrind are scripts of the same names in a folder that tests take for the build's; a test may
# have something to add in VALGRIND_ALSO. Most of what they cost is their start, which is cheaper in blocks as they stand.
VALGRIND = valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
	--child-silent-after-fork=yes --vex-guest-chase=no
GRINDING = $(BUILD)/valgrind
valgrind: deps ## unit tests, and SCENARIOS (most) with churnd and churnctl, under valgrind: hours
	@command -v valgrind >/dev/null || tests/deps valgrind
	+@$(FLAVOUR_OF)release programs unit tools
	@mkdir -p $(GRINDING) && ln -sfn ../release $(GRINDING)/release
	@for p in $(MAINS); do printf '#!/bin/sh\nexec $(VALGRIND) --log-file=$(abspath $(GRINDING))/log.%%p $$VALGRIND_ALSO $(abspath $(BUILD))/%s "$$@"\n' \
		$$p >$(GRINDING)/$$p && chmod +x $(GRINDING)/$$p; done; rm -f $(GRINDING)/log.*
	@PATIENCE=30 BUILD=$(GRINDING) $(RUN) $(PICK) --stage valgrind --timeout 3600 \
		$(UNIT_TESTS:%='$(VALGRIND) $(BUILD)/release/unit/%') $(call corpora,$(VALGRIND) $(BUILD)) $(SCENARIOS)
	@! grep -H . $$(find $(GRINDING) -name 'log.*' -size +0) /dev/null

# A daemon under valgrind is thirty times slower. Left out are those that run neither of the two, and those that work
# through whole histories, an hour and more of each: SCENARIOS=tests/scenario/test_leaks.py runs such a one.
WITHOUT_EITHER = signatures sla
LONG_HISTORIES = backtest histories leaks model packs
SCENARIOS ?= $(filter-out $(patsubst %,tests/scenario/test_%.py,$(WITHOUT_EITHER) $(LONG_HISTORIES)),$(call scripts,tests/scenario))

# churnd and churnctl of the asan flavour, in a folder that tests take for the build's; the tests' own tools stay as they are.
SANE = $(BUILD)/sane
sanely = $(1)_OPTIONS=$(2):log_path=$(abspath $(SANE))/found
sane: deps ## scenario tests, with churnd and churnctl under AddressSanitizer and UndefinedBehaviorSanitizer
	+@$(FLAVOUR_OF)release programs tools
	+@$(FLAVOUR_OF)asan programs
	@mkdir -p $(SANE) && ln -sfn ../release $(SANE)/release && for p in $(MAINS); do ln -sfn ../asan/$$p $(SANE)/$$p; done; \
		rm -f $(SANE)/found.*
	@$(call sanely,ASAN,detect_leaks=1:verify_asan_link_order=0) $(call sanely,UBSAN,print_stacktrace=1) \
		PATIENCE=8 BUILD=$(SANE) $(RUN) $(PICK) --stage sane --timeout 3600 $(call scripts,tests/scenario)
	@! grep -H . $$(find $(SANE) -name 'found.*' -size +0) /dev/null

bench: deps-build ## measure every figure of the README; BENCH_ONLY="ingest latency" picks parts
	+@$(FLAVOUR_OF)release programs bench tools
	@tests/bench/run

rivals: deps-build ## what one would write instead, beside churnd: npm's redis and json-rules-engine (asks a registry), Debian's python3-redis
	@command -v npm >/dev/null && /usr/bin/python3 -c 'import redis' 2>/dev/null || tests/deps rivals
	@mkdir -p $(BUILD)/rivals && npm install --prefix $(BUILD)/rivals --no-audit --no-fund redis@5 json-rules-engine@7
	+@$(FLAVOUR_OF)release programs bench
	@BENCH_ONLY=rivals tests/bench/run

bench-plots: deps-build ## how cost grows to 20 M customers and 1,000 rules: tests/bench/growth (Debian's gnuplot; a quarter of an hour)
	@command -v gnuplot >/dev/null || tests/deps plots
	+@$(FLAVOUR_OF)release programs bench
	@tests/bench/growth/measure

# What a row of tests/CAMPAIGN.md promises, at length; each closes with a line for that table.
CAMPAIGN = kills syscalls redis-kills refusals allocations lines clocks worlds fuzz-campaign soak model deliveries reload
row = +@$(FLAVOUR_OF)release programs tools

campaign: export WORLDS = 1000000
campaign: export DELIVERIES = 1000000
campaign: export FUZZ_SECONDS = 600
campaign: deps ## all of tests/CAMPAIGN.md at length, a day of it; what is named here alone: make kills KILLS=10000
	+@failed=; for row in $(CAMPAIGN); do env -u SEEDS $(MAKE) $$row || failed="$$failed $$row"; done; \
		echo "campaign: $${failed:+failed:}$${failed:-all rows hold}"; [ -z "$$failed" ]

kills: export KILLS = 10000
kills: deps-build ## kill -9 of churnd under load, KILLS=10000 times
	$(row)
	@REDIS_KILLS=0 EVERYSEC_KILLS=0 tests/fault/torture.py

redis-kills: export REDIS_KILLS = 4000
redis-kills: export EVERYSEC_KILLS = 1000
redis-kills: deps-build ## kill -9 of redis-server, REDIS_KILLS=4000 times with fsync always, EVERYSEC_KILLS=1000 with everysec
	$(row)
	@KILLS=0 tests/fault/torture.py

syscalls: export SCENARIOS = all
syscalls: export DEATHS = 0
syscalls: deps ## death before each system call of SCENARIOS=all, DEATHS=0 (all) of each; ERRORS=0 without calls that fail
	$(row)
	@tests/fault/syscalls.py

allocations: export SCENARIOS = all
allocations: export ALLOCATIONS = 0
allocations: deps-build ## allocations that fail, ALLOCATIONS=0 (all) call stacks in each of SCENARIOS=all
	$(row)
	@tests/fault/allocations.py

refusals: export ROUNDS = 10
refusals: export REFUSED_SECONDS = 8
refusals: deps-build ## LOADING, MISCONF, OOM, READONLY, BUSY of a real Redis, ROUNDS=10 of REFUSED_SECONDS=8
	$(row)
	@tests/fault/refusals.py

lines: export LINES_SECONDS = 3600
lines: deps-build ## bad lines to Redis and to an endpoint, LINES_SECONDS=3600 at random
	$(row)
	@tests/fault/lines.py

clocks: export ROUNDS = 20
clocks: deps-build ## clocks that jump by up to a day, ROUNDS=20 of all jumps
	$(row)
	@tests/fault/clocks.py

soak: export SOAK_SECONDS = 9000
soak: deps-build ## SOAK_SECONDS=9000 of SOAK_RATE=5000 events a second: memory and descriptors are flat
	$(row)
	@tests/fault/soak.py

model: export SEEDS = 5000
model: deps-build ## SEEDS=5000 random worlds of the real daemon, and of the engine against the reference
	$(row)
	@tests/fault/worlds.py && tests/scenario/test_model.py

deliveries: deps-build ## DELIVERIES=1000000 alerts to a receiver that drops some, under kill -9 each second
	$(row)
	@tests/fault/deliveries.py

interop: deps-build ## what we write, read by others: npm's standardwebhooks (asks a registry), Debian's promtool and Chromium
	@{ command -v npm && command -v chromium; } >/dev/null || tests/deps interop
	$(row)
	@$(RUN) $(PICK) --stage interop --timeout 600 $(call scripts,tests/interop)

report-look: deps-build ## the page of a backtest in headless Chromium: nothing said, nothing asked for; pictures in build/interop
	@command -v chromium >/dev/null || tests/deps interop
	$(row)
	@tests/interop/report_look.py

reload: deps-build ## 10,000 events a second under a reload each second, for RELOAD_SECONDS=60
	$(row)
	@RELOAD_SECONDS=$${RELOAD_SECONDS:-60} tests/fault/reload_load.py

alarms: deps-build ## a year of CUSTOMERS (20000) who change nothing: how often the packs alarm for them
	$(row)
	@tests/scenario/test_packs.py alarms

worlds: deps-build ## simulated worlds: SEEDS=2000 of them from FROM=1 on, one run a seed; SEED=7 SHOW=1 shows one whole
	+@$(FLAVOUR_OF)release sim
	@WORLDS=$(if $(filter command environment,$(firstword $(origin SEEDS))),$(SEEDS),$(WORLDS)) tests/fault/simulated.py

demo: deps-build ## ninety days of a small business in under a minute, nothing to configure
	+@$(FLAVOUR_OF)release programs
	@tests/demo/demo

run: deps-build ## the demo kept alive until Ctrl-C
	+@$(FLAVOUR_OF)release programs
	@tests/demo/demo --keep

lint: deps ## clang-tidy and cppcheck
	@$(RUN) $(PICK) $(STAGE_LINT)

format: deps ## clang-format every C file in place
	@find daemon include tests -name '*.[ch]' -print0 | xargs -0 -r clang-format -i

install: all ## install into DESTDIR/PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/churnd/rules/tests \
		$(DESTDIR)$(PREFIX)/share/churnd/connectors \
		$(DESTDIR)$(PREFIX)/share/doc/churnd $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSCONFDIR)/churnd
	install -d -m 700 $(DESTDIR)$(SYSCONFDIR)/churnd/secrets
	for p in $(MAINS); do [ ! -e $(BUILD)/$$p ] || install -m 755 $(BUILD)/$$p $(DESTDIR)$(PREFIX)/bin/; done
	for f in rules/*.* rules/tests/* connectors/*; do [ ! -e $$f ] || install -m 644 $$f $(DESTDIR)$(PREFIX)/share/churnd/$$f; done
	for f in LICENSE README.md; do [ ! -e $$f ] || install -m 644 $$f $(DESTDIR)$(PREFIX)/share/doc/churnd/; done
	for d in rules connectors; do ln -sfn ../../churnd/$$d $(DESTDIR)$(PREFIX)/share/doc/churnd/$$d; done
	sed 's,/usr/local,$(PREFIX),g' systemd/churnd.service >$(DESTDIR)$(UNITDIR)/churnd.service
	sed 's,/usr/local,$(PREFIX),g' systemd/churnd.yaml >$(DESTDIR)$(PREFIX)/share/churnd/churnd.yaml
	[ -e $(DESTDIR)$(SYSCONFDIR)/churnd/churnd.yaml ] || \
		install -m 644 $(DESTDIR)$(PREFIX)/share/churnd/churnd.yaml $(DESTDIR)$(SYSCONFDIR)/churnd/

clean: ## remove everything that was built
	rm -rf $(BUILD)

else
# ---------------------------------------------------------------------------------------------------------
# One flavour, in its own folder: `make FLAVOUR=asan unit`.

B   := $(BUILD)/$(FLAVOUR)
BIN := $(if $(filter release,$(FLAVOUR)),$(BUILD),$(B))

SANITIZE := -fno-omit-frame-pointer -fno-sanitize-recover=all
HARDEN   := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
COMPILER_release := $(CC)
OPT_release      := $(CFLAGS) $(HARDEN)
COMPILER_clang   := $(CLANG)
OPT_clang        := -O1 -g
COMPILER_asan    := $(CC)
OPT_asan         := -O1 -g $(SANITIZE) -fsanitize=address,undefined
LINK_asan        := -fsanitize=address,undefined
COMPILER_fuzz    := $(CLANG)
OPT_fuzz         := -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link,address,undefined
LINK_fuzz        := -fsanitize=address,undefined
ifndef COMPILER_$(FLAVOUR)
$(error no flavour "$(FLAVOUR)": release, asan, clang, fuzz)
endif
COMPILER := $(COMPILER_$(FLAVOUR))

PACKAGES    := libevent hiredis libcurl openssl yaml-0.1 jansson zlib libdeflate
PKG_CFLAGS  := $(shell pkg-config --cflags $(PACKAGES))
PKG_LIBS    := $(shell pkg-config --libs $(PACKAGES))
CMOCKA_LIBS := $(shell pkg-config --libs cmocka)

# -fno-strict-aliasing: MEM_RESERVE grows arrays of any type through one void **.
# -ffp-contract=off: the same input gives the same bytes on every machine.
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wformat=2 -Wvla -Wcast-qual -Wwrite-strings $(if $(WERROR),-Werror)
C_ALL := -std=c11 -D_POSIX_C_SOURCE=200809L -DCHURND_VERSION='"$(VERSION)"' -Iinclude -Itests $(PKG_CFLAGS) \
	$(CPPFLAGS) $(OPT_$(FLAVOUR)) -fPIE -fno-strict-aliasing -ffp-contract=off -pthread $(WARN)
LD_ALL := -pthread -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LINK_$(FLAVOUR)) $(LDFLAGS)

sources = $(sort $(foreach d,$(1),$(wildcard $(d)/*.c)))
objects = $(patsubst %.c,$(B)/obj/%.o,$(1))

MAIN_SRC    := $(wildcard $(MAINS:%=daemon/app/%.c))
PURE_SRC    := $(call sources,$(PURE:%=daemon/%))
IO_SRC      := $(call sources,daemon/io)
APP_SRC     := $(filter-out $(MAIN_SRC),$(call sources,daemon/app))
SUPPORT_SRC := $(call sources,tests/support)
UNIT_SRC    := $(wildcard tests/unit/test_*.c)
BENCH_SRC   := $(call sources,tests/bench)
TOOLS_SRC   := $(call sources,tests/tools)
SIM_SRC     := $(call sources,tests/sim)
FUZZ_SRC    := $(wildcard tests/fuzz/fuzz_*.c)
CORPUS_SRC  := $(wildcard tests/fuzz/corpus.c)
PRELOAD_SRC := $(call sources,tests/preload)

# For programs the floors below app/ are compiled as one piece, which takes a tenth off what an event costs: where the
# compiler can do that, and nobody gave CFLAGS of their own. What names symbols in assembly comes out of the libraries, as
# everything does for tests.
can_be_whole = $(filter file,$(origin CFLAGS))$(shell echo 'int main(void){return 0;}' | \
	$(COMPILER) -flto=auto -x c -o /dev/null - 2>/dev/null && echo +)
WHOLE := $(if $(filter release,$(FLAVOUR)),$(if $(filter file+,$(can_be_whole)),$(CFLAGS) -flto=auto))
WHOLE_OBJ := $(if $(WHOLE),$(patsubst %.c,$(B)/whole/%.o,$(filter-out $(shell grep -sl 'section .rodata' daemon/*/*.c),\
	$(PURE_SRC) $(IO_SRC))))

LIBS := $(B)/libsupport.a $(B)/libchurnapp.a $(B)/libchurnio.a $(B)/libchurn.a
PROGRAMS := $(MAIN_SRC:daemon/app/%.c=$(BIN)/%)
UNIT  := $(UNIT_SRC:tests/unit/%.c=$(B)/unit/%)
BENCH := $(BENCH_SRC:tests/bench/%.c=$(B)/bench/%)
TOOLS := $(TOOLS_SRC:tests/tools/%.c=$(B)/tools/%)
SIM   := $(if $(SIM_SRC),$(B)/sim/worlds)
FUZZ  := $(FUZZ_SRC:tests/fuzz/%.c=$(B)/%)
CORPORA := $(FUZZ_SRC:tests/fuzz/fuzz_%.c=$(B)/corpus/%)
PRELOAD := $(PRELOAD_SRC:tests/preload/%.c=$(B)/tools/%.so)

.PHONY: lib programs unit bench tools sim fuzzers everything tidy flags
everything: lib programs unit bench tools sim
	@:
lib: $(LIBS)
	@:
programs: lib $(PROGRAMS)
	@:
unit: $(UNIT) $(if $(filter release,$(FLAVOUR)),$(CORPORA))
	@:
bench: $(BENCH)
	@:
tools: $(TOOLS) $(PRELOAD)
	@:
sim: $(SIM)
	@:
fuzzers: $(FUZZ)
	@:

# What was asked for last time; written anew only when it changes, so that other flags or a source that
# went away rebuild what depends on them.
remember = $(shell mkdir -p $(dir $(1)) && printf '%s\n' '$(subst ','\'',$(2))' >$(1).now && \
	{ cmp -s $(1).now $(1) && rm -f $(1).now || mv -f $(1).now $(1); })
$(call remember,$(B)/flags,$(COMPILER) $(C_ALL) $(LD_ALL)$(if $(DAEMON_CFLAGS), $(DAEMON_CFLAGS)))
$(call remember,$(B)/sources,$(PURE_SRC) $(IO_SRC) $(APP_SRC) $(SUPPORT_SRC))

# DAEMON_CFLAGS: what tests are not compiled with.
$(B)/obj/daemon/%.o: C_ALL += $(DAEMON_CFLAGS)
$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(if $(V),,@echo "  $(FLAVOUR)  $<";)$(COMPILER) $(C_ALL) -MMD -MP -c -o $@ $<

$(B)/whole/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(if $(V),,@echo "  whole    $<";)$(COMPILER) $(C_ALL) -flto=auto -MMD -MP -c -o $@ $<

# The connectors' files are bytes of one object, the description of the HTTP interface of another.
$(B)/obj/daemon/codec/connector_presets.o: $(wildcard connectors/*.yaml)
$(B)/obj/daemon/app/api_openapi.o: daemon/app/openapi.json
# So is the page of a backtest; its plots are drawn by Debian's Chart.js.
$(B)/obj/daemon/app/backtest_html.o: $(wildcard daemon/web/*) $(wildcard /usr/share/javascript/chart.js/chart.min.js)

archive = rm -f $@ && ar rcs $@ $(filter %.o,$^)
$(B)/libchurn.a: $(call objects,$(PURE_SRC)) $(B)/sources
	@$(archive)
$(B)/libchurnio.a: $(call objects,$(IO_SRC)) $(B)/sources
	@$(archive)
$(B)/libchurnapp.a: $(call objects,$(APP_SRC)) $(B)/sources
	@$(archive)
$(B)/libsupport.a: $(call objects,$(SUPPORT_SRC)) $(B)/sources
	@$(archive)

link = mkdir -p $(@D) && $(COMPILER) $(LD_ALL) $(1) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(2) $(PKG_LIBS) -lm
$(PROGRAMS): $(BIN)/%: $(B)/obj/daemon/app/%.o $(WHOLE_OBJ) $(filter-out %/libsupport.a,$(LIBS))
	@echo "  $(FLAVOUR)  $@"; $(call link,$(WHOLE))
$(UNIT) $(BENCH) $(TOOLS): $(B)/%: $(B)/obj/tests/%.o $(LIBS)
	@echo "  $(FLAVOUR)  $@"; $(call link,,$(CMOCKA_LIBS))
$(CORPORA): $(B)/corpus/%: $(B)/obj/tests/fuzz/fuzz_%.o $(B)/obj/tests/fuzz/corpus.o $(LIBS)
	@echo "  $(FLAVOUR)  $@"; $(call link,,$(CMOCKA_LIBS))
# What it stands in for comes first: the linker takes it before the library's.
$(SIM): $(call objects,$(SIM_SRC)) $(LIBS)
	@echo "  $(FLAVOUR)  $@"; $(call link,,$(CMOCKA_LIBS))
# What LD_PRELOAD puts before the C library: it has names of its own kind, and no library of ours.
$(PRELOAD): $(B)/tools/%.so: tests/preload/%.c $(B)/flags
	@mkdir -p $(@D); echo "  $(FLAVOUR)  $@"; $(COMPILER) $(filter-out -fPIE,$(C_ALL)) -Wno-missing-prototypes -fPIC -shared -o $@ $<
$(FUZZ): $(B)/%: $(B)/obj/tests/fuzz/%.o $(LIBS)
	@echo "  $(FLAVOUR)  $@"; $(call link,-fsanitize=fuzzer,$(CMOCKA_LIBS))

# clang-tidy remembers what it has read: a file is read again when it, a header of it, or the rules change.
TIDY_SRC := $(PURE_SRC) $(IO_SRC) $(APP_SRC) $(MAIN_SRC) $(SUPPORT_SRC) $(UNIT_SRC) $(BENCH_SRC) $(TOOLS_SRC) $(SIM_SRC) $(FUZZ_SRC) $(CORPUS_SRC)
TIDY := $(TIDY_SRC:%.c=$(B)/tidy/%.ok)
tidy: $(TIDY)
	@:
# Its analyzer walks up to 50,000 states a function instead of 225,000: a fourth of the time, the same findings here.
TIDY_BUDGET := -Xclang -analyzer-config -Xclang max-nodes=50000
TIDY_HINTS = $(if $(filter daemon/base/err.c,$<),,-include tests/checks/analyzer.h)
$(B)/tidy/%.ok: %.c .clang-tidy $(B)/flags
	@mkdir -p $(@D)
	@$(CLANG) $(C_ALL) $(TIDY_HINTS) -MM -MP -MT $@ -MF $(@:.ok=.d) $<
	$(if $(V),,@)clang-tidy --quiet $< -- $(C_ALL) $(TIDY_HINTS) $(TIDY_BUDGET) && touch $@

# For the checks: how a file is compiled here.
flags:
	@printf '%s\n' "$(subst ",\",$(C_ALL))"

-include $(shell find $(B)/obj $(B)/whole $(B)/tidy -name '*.d' 2>/dev/null)
.SECONDARY:

endif
