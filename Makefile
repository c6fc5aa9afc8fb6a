# Torc.  `make help` says what can be made; README.md says what it is.
#
# Objects go to $(BUILD), never beside the sources.  A change of compiler or flags rebuilds what it
# touches (the stamp $(BUILD)/flags), so one tree can be built any way; give BUILD= to keep several.

CC      ?= gcc
AR      ?= ar
PYTHON  ?= /usr/bin/python3
BUILD   ?= build
OPT     ?= -O2 -g
SAN     ?=
COVERAGE ?=
WERROR  ?=

prefix      ?= /usr/local
exec_prefix ?= $(prefix)
bindir      ?= $(exec_prefix)/bin
libdir      ?= $(exec_prefix)/lib
includedir  ?= $(prefix)/include
datadir     ?= $(prefix)/share
mandir      ?= $(datadir)/man
INSTALL     ?= install

VERSION := $(shell cat VERSION)
SOMAJOR := 0

ifeq ($(origin CC),default)
CC := gcc
endif

warnings := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wwrite-strings -Wvla -Wundef
CFLAGS_ALL := -std=c11 $(OPT) $(warnings) $(if $(WERROR),-Werror) -fPIC -fvisibility=hidden \
              -fno-strict-overflow -DTORC_VERSION='"$(VERSION)"' \
              $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer) \
              $(if $(COVERAGE),--coverage -fprofile-update=atomic) $(CFLAGS)
# Linked into every program and shared object that has gcov's counters.
counter_obj := $(if $(COVERAGE),$(BUILD)/sim/coverage/coverage.o)
LDFLAGS_ALL := $(if $(SAN),-fsanitize=$(SAN)) $(if $(COVERAGE),--coverage $(counter_obj)) $(LDFLAGS)

# --- what each folder may see -----------------------------------------------------------------------
# The layering of docs/architecture.md, enforced: a folder is compiled with these -I and no others.
inc_lib/core     := -Ilib/include
inc_lib/net      := -Ilib/include -Ilib/core
inc_lib/db       := -Ilib/include
inc_lib/service  := -Ilib/include
inc_lib/live     := -Ilib/include -D_GNU_SOURCE
inc_sim/world    := -Ilib/include -Isim/include -D_GNU_SOURCE
inc_sim/scenario := -Ilib/include -Isim/include -Isim/world -D_GNU_SOURCE
inc_sim/explore  := -Ilib/include -Isim/include -D_GNU_SOURCE
inc_sim/guard    := -Ilib/include -Isim/include -D_GNU_SOURCE
inc_sim/command  := -Ilib/include -Isim/include -D_GNU_SOURCE
inc_sim/coverage := -Ilib/include -Isim/include -D_GNU_SOURCE
inc_sim/trial    := -Ilib/include -Isim/include -Isim/command -D_GNU_SOURCE
inc_sim/cli      := -Ilib/include -Isim/include -Isim/command -D_GNU_SOURCE
inc_bench        := -Ilib/include -Isim/include -Isim/world -D_GNU_SOURCE
inc_fixture      := -Ilib/include
inc_test         := -Ilib/include -Isim/include -Isim/command -D_GNU_SOURCE -I.

lib_folders := lib/core lib/net lib/db lib/service lib/live
sim_folders := sim/world sim/scenario sim/explore
# A library of its own, so that who needs no CMocka links none.
trial_folders := sim/command sim/trial

comma    := ,
sources  = $(filter-out %_test.c,$(foreach d,$(1),$(wildcard $(d)/*.c)))
objects  = $(patsubst %.c,$(BUILD)/%.o,$(1))

lib_src   := $(call sources,$(lib_folders))
sim_src   := $(call sources,$(sim_folders))
trial_src := $(call sources,$(trial_folders))
guard_src := $(call sources,sim/guard)
cli_src   := $(call sources,sim/cli)
lib_obj   := $(call objects,$(lib_src))
sim_obj   := $(call objects,$(sim_src))
trial_obj := $(call objects,$(trial_src))
guard_obj := $(call objects,$(guard_src))
cli_obj   := $(call objects,$(cli_src))

# A folder of fixtures with a .c file is a module, $(BUILD)/modules/NAME.so; the folder `line` holds the
# module line_server, as scenarios call it.
fixture_dirs  := $(sort $(patsubst %/,%,$(dir $(wildcard fixtures/*/*.c))))
module_of      = $(if $(filter line,$(notdir $(1))),line_server,$(notdir $(1)))
modules       := $(foreach d,$(fixture_dirs),$(BUILD)/modules/$(call module_of,$(d)).so)
fixture_obj   := $(foreach d,$(fixture_dirs),$(call objects,$(call sources,$(d))))

# Tests: X_test.c beside its subject is one program; a folder tests/NAME with .c files is one program.
unit_src    := $(foreach d,$(lib_folders) $(sim_folders) sim/guard sim/cli,$(wildcard $(d)/*_test.c))
fixtest_src := $(foreach d,$(fixture_dirs),$(wildcard $(d)/*_test.c))
support_obj := $(call objects,$(wildcard tests/support/*.c))
test_dirs   := $(patsubst %/,%,$(sort $(dir $(wildcard tests/conformance/*.c tests/clients/*.c))))
unit_bin    := $(patsubst %.c,$(BUILD)/%,$(unit_src) $(fixtest_src))
dir_bin     := $(foreach d,$(test_dirs),$(BUILD)/$(d)/$(notdir $(d)))
test_bin    := $(unit_bin) $(dir_bin)
script_bin  := $(BUILD)/tests/kill/kill $(BUILD)/tests/power/power $(BUILD)/tests/pairs/pairs
test_scripts := $(wildcard tests/*.sh)

lib_a := $(BUILD)/libtorc.a
sim_a := $(BUILD)/libtorc-sim.a
# The tests that the command loads: tests/trial.sh runs them.
trial_test_so := $(patsubst %.c,$(BUILD)/%.so,$(wildcard tests/trial/*.c))
trial_a := $(BUILD)/libtorc-trial.a
lib_so := $(BUILD)/libtorc.so.$(VERSION)
sim_so := $(BUILD)/libtorc-sim.so.$(VERSION)
trial_so := $(BUILD)/libtorc-trial.so.$(VERSION)
torc  := $(BUILD)/torc

lib_libs := -levent_core -levent_pthreads -lsqlite3 -lpthread
sim_libs := -lxxhash -ljansson -lsqlite3
trial_libs := -lcmocka
cli_libs := -ldl
test_libs := $(trial_libs)

.PHONY: all help libs modules tests check check-programs check-command check-unit check-conformance \
        check-determinism check-threads check-threaded-programs check-pairs check-kill check-power-cut check-equivalent check-oom check-valgrind coverage sweep-all bench install uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:

all: libs $(torc) modules $(BUILD)/template $(BUILD)/reports ## the libraries, the command and the fixtures' modules
libs: $(lib_a) $(sim_a) $(trial_a) $(lib_so) $(sim_so) $(trial_so) ## the libraries, static and shared
modules: $(modules) ## the fixtures as shared objects, in $(BUILD)/modules
tests: all man $(test_bin) $(script_bin) $(trial_test_so) ## every test program

help: ## this
	@sed -n 's/^\([a-z-]*\):.*## */\1	/p' $(MAKEFILE_LIST) | expand -t 22
	@echo
	@echo "Variables: CC=gcc|clang  SAN=address,undefined  OPT='-O0 -g'  COVERAGE=1  WERROR=1"
	@echo "           BUILD=DIR  DESTDIR=  prefix=/usr/local  PYTHON=/usr/bin/python3"

# --- compiling --------------------------------------------------------------------------------------
flags_text := $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL)
$(BUILD)/flags: force
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(flags_text))' | cmp -s - $@ || \
	    printf '%s\n' '$(subst ','\'',$(flags_text))' > $@
.PHONY: force build-for-determinism
# Without counters of its own, and there before anything is linked.
ifneq ($(counter_obj),)
$(BUILD)/flags: | $(counter_obj)
$(counter_obj): sim/coverage/coverage.c sim/include/torc/coverage.h
	@mkdir -p $(@D)
	$(CC) -std=c11 -g $(warnings) $(if $(WERROR),-Werror) -fPIC $(inc_sim/coverage) -c $< -o $@
endif

include_of = $(or $(inc_$(patsubst %/,%,$(dir $(1)))),$(if $(filter fixtures/%,$(1)),$(inc_fixture)),$(inc_test))
test_include_of = $(inc_test) -I$(patsubst %/,%,$(dir $(1))) -Ilib/core -Ilib/net -Ilib/db -Isim/world -Isim/scenario

$(BUILD)/%_test.o: %_test.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(call test_include_of,$<) -MMD -MP -c $< -o $@
$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(call include_of,$<) -MMD -MP -c $< -o $@

$(lib_a): $(lib_obj)
	rm -f $@ && $(AR) rcs $@ $^
$(sim_a): $(sim_obj)
	rm -f $@ && $(AR) rcs $@ $^
$(trial_a): $(trial_obj)
	rm -f $@ && $(AR) rcs $@ $^
$(lib_so): $(lib_obj) lib/libtorc.map
	$(CC) -shared -Wl,-soname,libtorc.so.$(SOMAJOR) -Wl,--version-script=lib/libtorc.map $(LDFLAGS_ALL) \
	    -o $@ $(lib_obj) $(lib_libs)
	ln -sf $(@F) $(BUILD)/libtorc.so.$(SOMAJOR)
	ln -sf $(@F) $(BUILD)/libtorc.so
$(sim_so): $(sim_obj) sim/libtorc-sim.map $(lib_so)
	$(CC) -shared -Wl,-soname,libtorc-sim.so.$(SOMAJOR) -Wl,--version-script=sim/libtorc-sim.map \
	    $(LDFLAGS_ALL) -o $@ $(sim_obj) -L$(BUILD) -ltorc $(sim_libs)
	ln -sf $(@F) $(BUILD)/libtorc-sim.so.$(SOMAJOR)
	ln -sf $(@F) $(BUILD)/libtorc-sim.so

$(trial_so): $(trial_obj) sim/libtorc-trial.map $(sim_so)
	$(CC) -shared -Wl,-soname,libtorc-trial.so.$(SOMAJOR) -Wl,--version-script=sim/libtorc-trial.map \
	    $(LDFLAGS_ALL) -o $@ $(trial_obj) -L$(BUILD) -ltorc-sim -ltorc $(trial_libs)
	ln -sf $(@F) $(BUILD)/libtorc-trial.so.$(SOMAJOR)
	ln -sf $(@F) $(BUILD)/libtorc-trial.so

# The command exports the public interface to the modules it loads, so there is one copy of the library
# in the process; and CMocka's, whose asserts tests use that it loads.
$(torc): $(cli_obj) $(guard_obj) $(trial_a) $(sim_a) $(lib_a)
	$(CC) $(LDFLAGS_ALL) -rdynamic -o $@ $(cli_obj) $(guard_obj) -Wl,--whole-archive $(trial_a) $(sim_a) $(lib_a) \
	    -Wl,--no-whole-archive $(sim_libs) $(lib_libs) $(trial_libs) $(cli_libs)

# Where `torc new` and `torc report` look for them.
$(BUILD)/template:
	@mkdir -p $(@D)
	ln -sfn $(CURDIR)/examples/template $@
$(BUILD)/reports:
	@mkdir -p $(@D)
	ln -sfn $(CURDIR)/reports $@

define module_rule
$(BUILD)/modules/$(call module_of,$(1)).so: $(call objects,$(call sources,$(1)))
	@mkdir -p $$(@D)
	$$(CC) -shared $$(LDFLAGS_ALL) -o $$@ $$^
endef
$(foreach d,$(fixture_dirs),$(eval $(call module_rule,$(d))))

# --- the manual -------------------------------------------------------------------------------------
# Section 1 and what completes arguments come from the tables of the command, section 3 from the headers, 5 and 7 from
# documents.  Their date is SOURCE_DATE_EPOCH's, or the day of the last entry of the changelog.
lib_headers := $(wildcard lib/include/torc/*.h)
sim_headers := $(wildcard sim/include/torc/*.h)
commands    := $(sort trial $(filter-out torc,$(patsubst sim/cli/table_%.c,%,$(wildcard sim/cli/table_*.c))))
man1        := torc.1 $(patsubst %,torc-%.1,$(commands))
man_documents := $(addprefix docs/,scenario.md recording.md distribution.md trace.md architecture.md limits.md)
completions := bash zsh fish

man: $(BUILD)/man/made $(BUILD)/completion/made ## the manual pages, in $(BUILD)/man, and what completes the arguments of torc in shells
$(BUILD)/man/made: $(torc) $(wildcard docs/manual/*.py) $(lib_headers) $(sim_headers) $(man_documents) CHANGELOG.md VERSION
	rm -rf $(@D) && mkdir -p $(@D)/man1
	export SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(date -r CHANGELOG.md +%s)} && \
	    $(torc) --man torc > $(@D)/man1/torc.1 && \
	    for c in $(commands); do $(torc) --man $$c > $(@D)/man1/torc-$$c.1 || exit 1; done && \
	    $(PYTHON) -B docs/manual/header_pages.py $(@D) $(VERSION) $(lib_headers) $(sim_headers) && \
	    $(PYTHON) -B docs/manual/document_pages.py $(@D) $(VERSION) $(lib_headers) $(sim_headers)
	touch $@
$(BUILD)/completion/made: $(torc)
	@mkdir -p $(@D)
	for s in $(completions); do $(torc) --completion $$s > $(@D)/torc.$$s || exit 1; done
	touch $@
.PHONY: man

# --- test programs ----------------------------------------------------------------------------------
link_test = $(CC) $(LDFLAGS_ALL) -rdynamic -o $@ $(1) $(support_obj) $(guard_obj) -Wl,--whole-archive \
            $(trial_a) $(sim_a) $(lib_a) -Wl,--no-whole-archive $(sim_libs) $(lib_libs) $(test_libs) -ldl

define fixture_test_rule
$(patsubst %.c,$(BUILD)/%,$(1)): $(BUILD)/$(1:.c=.o) $(call objects,$(call sources,$(patsubst %/,%,$(dir $(1))))) $(support_obj) $(guard_obj) $(trial_a) $(sim_a) $(lib_a)
	$$(call link_test,$$(filter $(BUILD)/$(dir $(1))%.o,$$^))
endef
$(foreach t,$(fixtest_src),$(eval $(call fixture_test_rule,$(t))))

cli_test_bin := $(patsubst %.c,$(BUILD)/%,$(wildcard sim/cli/*_test.c))
$(cli_test_bin): $(BUILD)/%_test: $(BUILD)/%_test.o $(filter-out $(BUILD)/sim/cli/main.o,$(cli_obj)) $(support_obj) $(guard_obj) $(trial_a) $(sim_a) $(lib_a)
	$(call link_test,$(filter $(BUILD)/sim/cli/%.o,$^))
$(filter-out $(cli_test_bin),$(patsubst %.c,$(BUILD)/%,$(unit_src))): $(BUILD)/%_test: $(BUILD)/%_test.o $(support_obj) $(guard_obj) $(trial_a) $(sim_a) $(lib_a)
	$(call link_test,$<)

# What lib/live/live_refused_test.c stands before.
refused_calls := socket bind listen connect accept4 setsockopt getsockname getpeername shutdown chmod pthread_create \
                 getaddrinfo event_config_new event_base_new_with_config event_add malloc calloc free
$(BUILD)/lib/live/live_refused_test: private LDFLAGS_ALL += $(addprefix -Wl$(comma)--wrap=,$(refused_calls))

$(trial_test_so): %.so: %.o
	$(CC) -shared $(LDFLAGS_ALL) -o $@ $<

# What a folder's program needs besides.
dir_libs_tests/clients := -lhiredis
define dir_test_rule
$(BUILD)/$(1)/$(notdir $(1)): $(call objects,$(wildcard $(1)/*.c)) $(support_obj) $(guard_obj) $(trial_a) $(sim_a) $(lib_a)
	$$(call link_test,$$(filter $(BUILD)/$(1)/%.o,$$^)) $$(dir_libs_$(1))
endef
$(foreach d,$(test_dirs),$(eval $(call dir_test_rule,$(d))))

# What tests/power.sh, tests/kill.sh and tests/pairs.sh run.
$(BUILD)/tests/pairs/pairs: $(BUILD)/tests/pairs/pairs.o $(filter-out $(BUILD)/sim/cli/main.o,$(cli_obj)) $(support_obj) $(guard_obj) $(trial_a) $(sim_a) $(lib_a)
	$(call link_test,$< $(filter $(BUILD)/sim/cli/%.o,$^))
$(BUILD)/tests/power/power: $(BUILD)/tests/power/power.o $(support_obj) $(guard_obj) $(trial_a) $(sim_a) $(lib_a)
	$(call link_test,$<)
$(BUILD)/tests/kill/kill: $(BUILD)/tests/kill/kill.o $(BUILD)/tests/clients/server_process.o
	$(CC) $(LDFLAGS_ALL) -o $@ $^ -lhiredis -lsqlite3

# How each source is compiled, for tools that read sources: clang-tidy, cppcheck, editors.  What is wrong on purpose is not among
# them: fixtures/bugs, and what tests have to find.
wrong_src := $(wildcard tests/compile-fail/*.c tests/check/*.c tests/explore/*.c tests/lint/*.c tests/reports/*.c tests/trial/*.c)
read_src := $(lib_src) $(sim_src) $(trial_src) $(guard_src) $(cli_src) $(foreach d,$(fixture_dirs),$(call sources,$(d))) \
            $(unit_src) $(fixtest_src) $(filter-out $(wrong_src),$(wildcard tests/*/*.c bench/*.c examples/*/*.c))
read_flags = $(if $(filter %_test.c,$(1)),$(call test_include_of,$(1)),$(call include_of,$(1)))
$(BUILD)/compile_commands.json: Makefile $(read_src)
	@mkdir -p $(@D)
	$(file >$@,[)
	$(foreach f,$(read_src),$(file >>$@,{"directory": "$(CURDIR)"$(comma) "file": "$(f)"$(comma) "command": \
	    "$(CC) -std=c11 $(warnings) -DTORC_VERSION=\\\"$(VERSION)\\\" $(patsubst -I%,-I$(CURDIR)/%,$(call read_flags,$(f))) -c $(f)"}$(if $(filter $(f),$(lastword $(read_src))),,$(comma))))
	$(file >>$@,])

# Not part of `all`: needs clang, and builds in $(FUZZ_BUILD).  A program X of tests/fuzz reads the seeds fuzz_seeds_X, changes them
# with the words of its dictionary, keeps what reaches something new in corpus/X and what crashes in artifacts/.
FUZZ_BUILD ?= build/fuzz
FUZZ_SECONDS ?= 60
FUZZ_TOTAL_SECONDS ?=
fuzz_names := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_ONLY ?= $(fuzz_names)
fuzz_seeds_scenario_fuzz := scenarios tests/scenarios-fail tests/explore examples/hello
fuzz_seeds_recording_fuzz := tests/fuzz/recordings
fuzz_seeds_kv_fuzz := tests/fuzz/kv
fuzz_seeds_line_fuzz := tests/fuzz/lines
ifeq ($(FUZZ),)
fuzz fuzz-programs:
	$(MAKE) FUZZ=1 CC=clang BUILD=$(FUZZ_BUILD) SAN=fuzzer-no-link,address,undefined OPT='-O1 -g' $@
else
fuzz_bin := $(addprefix $(BUILD)/tests/fuzz/,$(fuzz_names))
fuzz_each := $(if $(FUZZ_TOTAL_SECONDS),$$(($(FUZZ_TOTAL_SECONDS) / $(words $(FUZZ_ONLY)))),$(FUZZ_SECONDS))
define fuzz_run
$(BUILD)/tests/fuzz/$(1) -max_total_time=$(fuzz_each) -dict=$(BUILD)/tests/fuzz/$(1).dict -artifact_prefix=$(BUILD)/artifacts/$(1)- \
	    -timeout=20 -max_len=8192 -print_final_stats=1 $(BUILD)/corpus/$(1) $(fuzz_seeds_$(1)) || failed="$$failed $(1)";
endef
fuzz: fuzz-programs ## fuzzes what reads untrusted text, a minute each (FUZZ_SECONDS; FUZZ_ONLY=kv_fuzz), with clang, in build/fuzz
	@mkdir -p $(addprefix $(BUILD)/corpus/,$(fuzz_names)) $(BUILD)/artifacts
	@failed=; $(foreach x,$(FUZZ_ONLY),$(call fuzz_run,$(x))) \
	    [ -z "$$failed" ] || { echo "fuzz: these found something, see $(BUILD)/artifacts:$$failed"; exit 1; }
fuzz-programs: $(fuzz_bin) $(fuzz_bin:=.dict) $(fuzz_bin:=_canary)
fuzz_objects_scenario_fuzz := $(BUILD)/tests/support/scenario_round_trip.o
fuzz_objects_kv_fuzz := $(call objects,$(call sources,fixtures/kv))
fuzz_objects_recording_fuzz := $(addprefix $(BUILD)/tests/support/,desk.o scripted_platform.o) $(fuzz_objects_kv_fuzz)
define fuzz_rule
$(BUILD)/tests/fuzz/$(1) $(BUILD)/tests/fuzz/$(1)_canary: $(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(fuzz_objects_$(1)) $(sim_a) $(lib_a)
	$$(CC) $$(LDFLAGS_ALL) -fsanitize=fuzzer -o $$@ $$^ $$(sim_libs) $$(lib_libs)
endef
$(foreach x,$(fuzz_names),$(eval $(call fuzz_rule,$(x))))
$(BUILD)/tests/fuzz/%_canary.o: tests/fuzz/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(inc_test) -DCANARY -MMD -MP -c $< -o $@
# Words: of the language those its grammar is written with, of recordings those in backquotes, of kv its commands.
$(BUILD)/tests/fuzz/scenario_fuzz.dict: docs/scenario.md
	@mkdir -p $(@D)
	sed -n '/^## Grammar/,/^One line says/p' $< | grep -oE '"[^" ]+"' | sort -u > $@
$(BUILD)/tests/fuzz/recording_fuzz.dict: docs/recording.md
	@mkdir -p $(@D)
	grep -oE '`[a-z_0-9]+`' $< | sort -u | sed 's/`\(.*\)`/"\\"\1\\""/' > $@
$(BUILD)/tests/fuzz/kv_fuzz.dict: fixtures/kv/command_table.c
	@mkdir -p $(@D)
	sed -n 's/^    {"\([a-z]*\)",.*/"\1"/p' $< > $@
	printf '"%s"\n' '\x0d\x0a' '*1' '*2' '*3' '$$0' '$$1' '$$4' EX PX NX XX >> $@
$(BUILD)/tests/fuzz/line_fuzz.dict: Makefile
	@mkdir -p $(@D)
	printf '"%s"\n' '\x0d\x0a' '\x0a' ab aab p r l a > $@
endif
.PHONY: fuzz fuzz-programs

# --- checking ---------------------------------------------------------------------------------------
check: tests ## unit tests, conformance on both worlds, scenarios, black-box tests
	tests/run --build $(BUILD) $(test_bin) $(test_scripts)
check-programs: tests ## the test programs and the scenarios: what depends on compiler and sanitizer
	TORC_TEST_SAMPLE=73 tests/run --build $(BUILD) $(test_bin) tests/scenarios.sh
check-command: tests ## the same and the scripts that run the command: what is worth running with a sanitizer
	TORC_SWEEP_SAMPLE=30 TORC_TEST_SAMPLE=73 tests/run --build $(BUILD) $(test_bin) $(addprefix tests/,cli.sh fmt.sh lint.sh replay.sh scenarios.sh explore.sh sweep.sh hunt.sh check.sh clients.sh completion.sh kill.sh trial.sh)
check-unit: tests ## the unit tests alone
	tests/run --build $(BUILD) $(unit_bin)
check-conformance: tests ## the conformance suite on both worlds, and the mutants it must catch
	tests/run --build $(BUILD) $(BUILD)/tests/conformance/conformance
bug-hunt: $(torc) ## torc hunt on each of the known bugs of fixtures/bugs, and on the right versions of the same; RESULTS=FILE keeps what it did
	tests/bug-hunt --build $(BUILD) $(if $(RESULTS),--results $(RESULTS))
sweep-all: all ## every case of torc sweep on every scenario that is shipped, which takes many minutes
	TORC_SWEEP_ALL=1 TORC_TEST_TIMEOUT=7200 tests/run --build $(BUILD) tests/sweep.sh
check-equivalent: all ## sweeps programs that are wrong, and the scenarios, with all cases and with --equivalent once
	tests/equivalents --build $(BUILD)
	tests/equivalents --build $(BUILD) --right
check-power-cut: tests ## cuts the power of kv at every operation of its disk, with every loss
	TORC_POWER_EVERY=1 TORC_TEST_TIMEOUT=7200 tests/run --build $(BUILD) tests/power.sh
PAIRS ?= 1000000
check-pairs: all $(BUILD)/tests/pairs/pairs ## PAIRS=1000000 pairs of runs, the second of each perturbed, must be equal
	$(BUILD)/tests/pairs/pairs --modules $(BUILD)/modules --pairs $(PAIRS) $$(find scenarios -name '*.scn' | LC_ALL=C sort)
check-kill: tests ## kills kv with its database 20 times (TORC_KILLS) while it is written to
	TORC_KILLS=$${TORC_KILLS:-20} TORC_TEST_TIMEOUT=7200 tests/run --build $(BUILD) tests/kill.sh
check-sweep: all ## torc sweep alone; TORC_SWEEP_SAMPLE=200 cases of each scenario
	tests/run --build $(BUILD) tests/sweep.sh
check-oom: tests ## fails the k-th acquisition of memory, for every k
	tests/run --build $(BUILD) $(filter %_oom_test,$(test_bin))
check-valgrind: tests ## the unit tests under valgrind
	TORC_TEST_WRAPPER='valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible --fair-sched=yes' \
	TORC_TEST_SAMPLE=73 TORC_TEST_TIMEOUT=600 tests/run --build $(BUILD) $(unit_bin)
check-valgrind-all: tests ## everything under valgrind: all test programs, every scenario, the command
	tests/valgrind --build $(BUILD) $(test_bin)
build-for-determinism: $(torc) modules
threaded_bin := $(patsubst %.c,$(BUILD)/%,$(wildcard lib/live/*_test.c lib/db/*_test.c) \
                  $(addprefix lib/core/,reactor_thread_call_test.c reactor_job_test.c) \
                  $(addprefix sim/scenario/,recorder_database_test.c replay_database_test.c)) \
                $(BUILD)/tests/conformance/conformance
check-threads: ## ThreadSanitizer on the programs that have threads
	$(MAKE) SAN=thread OPT='-O1 -g' BUILD=build/tsan check-threaded-programs
check-threaded-programs: $(threaded_bin)
	tests/run --build $(BUILD) $(threaded_bin)
check-determinism: ## digests of every scenario across compilers, optimisation and sanitizers
	tests/determinism --build $(BUILD)
coverage: ## lines and decisions that the test programs and the scripts that run the command reach, from zero; HTML in build/coverage/report; BASE=main: changed ones
	mkdir -p build/coverage && find build/coverage -name '*.gcda' -delete
	$(MAKE) BUILD=build/coverage COVERAGE=1 OPT='-O0 -g' SAN= check-command
	$(MAKE) -s coverage-report
# What is left of sources that are gone has no text to show.
coverage-report: ## the same report once more, on the counts that are there
	find build/coverage -name '*.gcno' | while read -r notes; do object=$${notes%.gcno}; \
	    [ -e "$${object#build/coverage/}.c" ] || rm -f "$$object".*; done
	$(PYTHON) reports/coverage build/coverage --out build/coverage/report --title 'Coverage of Torc' \
	    --thresholds reports/thresholds $(if $(BASE),--base $(BASE))
.PHONY: coverage-report

# --- reading sources -----------------------------------------------------------------------------------
READ ?= $(read_src)
tidy: $(BUILD)/compile_commands.json ## clang-tidy, by .clang-tidy, on everything that is compiled here; READ=FILE...: on these
	tests/tidy --build $(BUILD) $(READ)
cppcheck: $(BUILD)/compile_commands.json ## cppcheck on the same, but for what ci/cppcheck-suppressions says
	@mkdir -p $(BUILD)/cppcheck
	cppcheck --project=$< --cppcheck-build-dir=$(BUILD)/cppcheck -j $(shell nproc) -q --enable=warning,performance,portability,style \
	    --suppressions-list=ci/cppcheck-suppressions --inline-suppr --error-exitcode=1 \
	    --template='{file}:{line}: {severity}: {message} [{id}]'
analyzer: ## gcc's -fanalyzer on the libraries, the command and the fixtures, in build/analyzer
	$(MAKE) CC=gcc BUILD=build/analyzer SAN= CFLAGS='-fanalyzer $(analyzer_off)' libs build/analyzer/torc modules
nightly: ## what takes too long for ci/test, in HOURS=8; STAGES='tidy fuzz' selects
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL HOURS=$(HOURS) ci/nightly $(STAGES)
HOURS ?= 8
STAGES ?=
.PHONY: tidy cppcheck analyzer nightly check-sweep check-valgrind-all

# Counters that survive abort and _exit and count in forked children and in modules: see docs/coverage.md.
counter_flags := -fprofile-instr-generate -fcoverage-mapping -fprofile-update=atomic -mllvm -runtime-counter-relocation
ERROR_PATH_SOURCES ?= $(lib_src)
ERROR_PATH_SAMPLE ?= 200
ERROR_PATH_SCENARIOS ?= $(sort $(shell find scenarios -name '*.scn'))
error-paths: ## which error paths of lib/ ran, and in which run; HTML in build/error-paths/report; BASE=main: changed ones must
	$(MAKE) CC=clang BUILD=build/error-paths OPT='-O1 -g' SAN= CFLAGS='$(counter_flags)' \
	    LDFLAGS=-fprofile-instr-generate error-path-runs
error-path-runs: tests
	TORC_ROOT=$(CURDIR) TORC_BUILD=$(CURDIR)/$(BUILD) $(PYTHON) reports/error-paths --title 'Error paths of Torc' \
	    --source $(ERROR_PATH_SOURCES) --torc $(torc) --module $(modules) --program $(test_bin) \
	    --scenario $(ERROR_PATH_SCENARIOS) --sweep $(ERROR_PATH_SCENARIOS) \
	    --fault alloc,read,write,send,accept,connect,socket,resolve,timer,job,db,io --sample $(ERROR_PATH_SAMPLE) \
	    --depends scenarios fixtures tests/scenarios-fail tests/explore \
	    --out $(BUILD)/report --thresholds reports/thresholds $(if $(BASE),--base $(BASE)) -- \
	    -std=c11 -D_GNU_SOURCE -Ilib/include -Ilib/core -Ilib/net -Ilib/db -Isim/include -Isim/world
.PHONY: error-paths error-path-runs

# --- benchmarks -------------------------------------------------------------------------------------
# bench/X.c is Torc's side or the load; bench/peer_LIBRARY_X.c a peer, linked with that library alone;
# bench/module_X.c a module, $(BUILD)/bench/X.so.
# A peer whose library is not installed is left out, and the report says so.
bench_bin := $(patsubst %.c,$(BUILD)/%,$(filter-out bench/peer_% bench/module_%,$(wildcard bench/*.c)))
peer_bin  := $(patsubst %.c,$(BUILD)/%,$(wildcard bench/peer_*.c))
bench_modules := $(patsubst bench/module_%.c,$(BUILD)/bench/%.so,$(wildcard bench/module_*.c))
peer_libs_libevent    := -levent_core
peer_libs_bufferevent := -levent_core
peer_libs_libuv       := -luv
peer_libs_libfiu      := -lfiu

$(bench_bin): $(BUILD)/bench/%: $(BUILD)/bench/%.o $(sim_a) $(lib_a)
	$(CC) $(LDFLAGS_ALL) -o $@ $< $(sim_a) $(lib_a) $(sim_libs) $(lib_libs)
$(peer_bin): $(BUILD)/bench/peer_%: bench/peer_%.c bench/peer_socket.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -D_GNU_SOURCE $(LDFLAGS_ALL) -o $@ $< $(peer_libs_$(word 1,$(subst _, ,$*))) || \
	    echo "bench: $(@F) cannot be built here"
$(bench_modules): $(BUILD)/bench/%.so: $(BUILD)/bench/module_%.o
	$(CC) -shared $(LDFLAGS_ALL) -o $@ $<
BENCH ?=
bench: $(bench_bin) $(bench_modules) $(peer_bin) all ## the figures, beside their peers; BENCH='echo.live timers' selects
	$(PYTHON) bench/run.py --build $(BUILD) $(BENCH)

# --- installing -------------------------------------------------------------------------------------
# Made anew each time: it holds the prefix of this very install.
$(BUILD)/%.pc: %.pc.in VERSION force
	@mkdir -p $(@D)
	sed -e 's|@prefix@|$(prefix)|; s|@exec_prefix@|$(exec_prefix)|; s|@libdir@|$(libdir)|' \
	    -e 's|@includedir@|$(includedir)|; s|@datadir@|$(datadir)|; s|@version@|$(VERSION)|' $< > $@.tmp && mv $@.tmp $@

template := $(datadir)/torc/template
# What a program or module with counters is linked with: the variable `coverage` of libtorc-trial.pc.
counters := $(datadir)/torc/coverage.c
template_files := $(shell cd examples/template && find . -type f | sed 's|^\./||' | LC_ALL=C sort)
man_dirs := $(addprefix $(mandir)/man,1 3 5 7)
completion_files := $(datadir)/bash-completion/completions/torc $(datadir)/zsh/site-functions/_torc \
                    $(datadir)/fish/vendor_completions.d/torc.fish
reports := $(datadir)/torc/reports
report_scripts := campaign coverage error-paths
report_files := $(filter-out tap.py test_%,$(notdir $(wildcard reports/*.py reports/*.j2)))
install_dirs := $(reports) $(bindir) $(libdir)/pkgconfig $(includedir)/torc $(libdir)/torc/modules $(man_dirs) \
                $(patsubst %/,%,$(dir $(completion_files))) \
                $(sort $(patsubst %/,%,$(dir $(addprefix $(template)/,$(template_files)))))

install: all man $(BUILD)/lib/libtorc.pc $(BUILD)/sim/libtorc-sim.pc $(BUILD)/sim/libtorc-trial.pc ## command, libraries, headers, pkg-config files, modules, manual pages, the template of projects and reports under prefix (and DESTDIR)
	$(INSTALL) -d $(addprefix $(DESTDIR),$(install_dirs))
	$(INSTALL) -m 755 $(torc) $(DESTDIR)$(bindir)/torc
	$(INSTALL) -m 644 $(lib_a) $(sim_a) $(trial_a) $(DESTDIR)$(libdir)/
	$(INSTALL) -m 755 $(lib_so) $(sim_so) $(trial_so) $(DESTDIR)$(libdir)/
	for l in libtorc libtorc-sim libtorc-trial; do \
	    ln -sf $$l.so.$(VERSION) $(DESTDIR)$(libdir)/$$l.so.$(SOMAJOR); \
	    ln -sf $$l.so.$(SOMAJOR) $(DESTDIR)$(libdir)/$$l.so; done
	$(INSTALL) -m 644 $(lib_headers) $(sim_headers) $(DESTDIR)$(includedir)/torc/
	$(INSTALL) -m 644 $(BUILD)/lib/libtorc.pc $(BUILD)/sim/libtorc-sim.pc $(BUILD)/sim/libtorc-trial.pc $(DESTDIR)$(libdir)/pkgconfig/
	$(INSTALL) -m 755 $(modules) $(DESTDIR)$(libdir)/torc/modules/
	for s in 1 3 5 7; do $(INSTALL) -m 644 $(BUILD)/man/man$$s/* $(DESTDIR)$(mandir)/man$$s/ || exit 1; done
	set -- $(completion_files) && for s in $(completions); do \
	    $(INSTALL) -m 644 $(BUILD)/completion/torc.$$s "$(DESTDIR)$$1" && shift || exit 1; done
	$(INSTALL) -m 644 sim/coverage/coverage.c $(DESTDIR)$(counters)
	for f in $(template_files); do \
	    $(INSTALL) -m 644 examples/template/$$f $(DESTDIR)$(template)/$$f || exit 1; done
	$(INSTALL) -m 755 $(addprefix reports/,$(report_scripts)) $(DESTDIR)$(reports)/
	$(INSTALL) -m 644 $(addprefix reports/,$(report_files)) $(DESTDIR)$(reports)/

uninstall: ## removes what install put there, and nothing else
	rm -f $(DESTDIR)$(bindir)/torc
	for l in libtorc libtorc-sim libtorc-trial; do \
	    rm -f $(DESTDIR)$(libdir)/$$l.a $(DESTDIR)$(libdir)/$$l.so $(DESTDIR)$(libdir)/$$l.so.$(SOMAJOR) \
	          $(DESTDIR)$(libdir)/$$l.so.$(VERSION) $(DESTDIR)$(libdir)/pkgconfig/$$l.pc; done
	rm -f $(addprefix $(DESTDIR)$(includedir)/torc/,$(notdir $(lib_headers) $(sim_headers)))
	rm -f $(addprefix $(DESTDIR)$(libdir)/torc/modules/,$(notdir $(modules)))
	rm -f $(addprefix $(DESTDIR)$(mandir)/man1/,$(man1)) $(DESTDIR)$(mandir)/man7/torc.7 $(DESTDIR)$(mandir)/man7/torc-limits.7 \
	    $(addprefix $(DESTDIR)$(mandir)/man5/torc-,recording.5 results.5 scenario.5 trace.5)
	[ ! -d $(DESTDIR)$(mandir)/man3 ] || (cd $(DESTDIR)$(mandir)/man3 && find . -name '[Tt][Oo][Rr][Cc]_*.3' \
	    -exec grep -lE '^(\.so man3/torc_|\.TH "TORC_.* "Torc"$$)' {} + | xargs -r rm -f)
	rm -f $(addprefix $(DESTDIR),$(completion_files))
	rm -f $(addprefix $(DESTDIR)$(template)/,$(template_files))
	rm -f $(addprefix $(DESTDIR)$(reports)/,$(report_scripts) $(report_files))
	rm -f $(addprefix $(DESTDIR)$(template)/,$(template_files)) $(DESTDIR)$(counters)
	-[ ! -d $(DESTDIR)$(template) ] || find $(DESTDIR)$(template) -depth -type d -exec rmdir {} + 2>/dev/null
	-rmdir $(DESTDIR)$(reports) $(DESTDIR)$(datadir)/torc $(DESTDIR)$(includedir)/torc $(DESTDIR)$(libdir)/torc/modules $(DESTDIR)$(libdir)/torc 2>/dev/null

clean: ## removes $(BUILD)
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
