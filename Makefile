# make            builds build/cubed and build/cubed-bench
# make run        installs what is missing, builds, starts a server on 127.0.0.1:6443
# make check      installs what the tests need, builds, runs every test
# make bench       measures it next to nginx and h2o; bench-check compares with tests/bench/baseline.json, which
#                  bench-baseline makes; numbers measures what README.md tells under Figures, and writes it there
# make cluster | asan | fuzz | install | format | clean
# Variables: BUILD (output directory), CC, SAN=1 (ASan + UBSan), WERROR=1, PREFIX, DESTDIR, ARGS (more flags for make run
# and those that measure).

BUILD   ?= build
CC      ?= cc
PREFIX  ?= /usr/local
SECONDS ?= 60
OPT     ?= -O2 -g
VERSION := 1.36.2

# libraries as Debian packages name them for pkg-config; http-parser and lmdb ship no .pc everywhere
PKGS    := libevent openssl libnghttp2 jansson libcurl yaml-0.1 zlib libsystemd libsodium
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lhttp_parser -llmdb -lm -lpthread

CPPFLAGS += -D_GNU_SOURCE -I. -I$(BUILD)/gen -DCUBED_VERSION='"$(VERSION)"' $(PKG_CFLAGS)
CFLAGS   += -std=gnu17 $(OPT) -Wall -Wextra -Wshadow -Wvla -Wwrite-strings -Wno-unused-parameter -fno-omit-frame-pointer \
            -fstack-protector-strong
LDLIBS   += $(PKG_LIBS)
ifeq ($(WERROR),1)
CFLAGS   += -Werror
endif
ifeq ($(SAN),1)
CFLAGS   += -fsanitize=address,undefined -fno-sanitize-recover=undefined
LDFLAGS  += -fsanitize=address,undefined
endif

ROOMS    := shm registry worker master
rwildcard = $(foreach d,$(wildcard $(1:=/*)),$(call rwildcard,$d,$2) $(filter $(subst *,%,$2),$d))

COMPILER_SRC := $(wildcard registry/compiler/*.c)
SCHEMA   := $(sort $(wildcard registry/schema/*.schema))
GEN_C    := $(if $(SCHEMA),$(BUILD)/gen/schema_tables.c)

SRC_shm      := $(call rwildcard,shm,*.c)
SRC_registry := $(filter-out registry/compiler/%,$(call rwildcard,registry,*.c))
SRC_worker   := $(call rwildcard,worker,*.c)
SRC_master   := $(filter-out master/main.c,$(call rwildcard,master,*.c))
objs      = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
OBJ_registry_gen := $(if $(GEN_C),$(BUILD)/obj/gen/schema_tables.o)
LIBS     := $(foreach r,master worker registry shm,$(BUILD)/lib$(r).a)

.PHONY: all run check bench bench-check bench-baseline numbers soak cluster asan fuzz install clean format deps
all: $(BUILD)/cubed $(BUILD)/cubed-bench

$(BUILD)/cubed: $(call objs,master/main.c) $(LIBS)
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(LIBS) -Wl,--end-group $(LDLIBS)

BENCH_SRC := $(wildcard tests/bench/*.c)
$(BUILD)/cubed-bench: $(call objs,$(BENCH_SRC)) $(BUILD)/libshm.a
	$(if $(BENCH_SRC),$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS),@true)

define room
$(BUILD)/lib$(1).a: $$(call objs,$$(SRC_$(1))) $(2)
	@rm -f $$@ && ar rcs $$@ $$^
.PHONY: lib-$(1)
lib-$(1): $(BUILD)/lib$(1).a
endef
$(eval $(call room,shm,))
$(eval $(call room,registry,$(OBJ_registry_gen)))
$(eval $(call room,worker,))
$(eval $(call room,master,))

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# every header alone; what passed is not looked at again until it changes
HEADERS  := $(call rwildcard,master shm registry worker tests,*.h)
$(BUILD)/headers/%.ok: %.h
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) -std=gnu17 -Wall -Wextra -Wno-unused-parameter -Werror -fsyntax-only -MMD -MP -MF $@.d -MT $@ \
	  -x c $< && touch $@
.PHONY: headers
headers: $(HEADERS:%.h=$(BUILD)/headers/%.ok)
.PHONY: obj
obj: $(call objs,$(F))

# schema text -> C tables, by a compiler that is built first
$(BUILD)/schemac: $(COMPILER_SRC) $(wildcard registry/compiler/*.h)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $(COMPILER_SRC)
$(BUILD)/gen/schema_tables.c: $(BUILD)/schemac $(SCHEMA)
	@mkdir -p $(@D)
	$(BUILD)/schemac -o $@ $(SCHEMA)
$(BUILD)/obj/gen/schema_tables.o: $(BUILD)/gen/schema_tables.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# unit tests: one cmocka program a file
UNIT_SRC := $(call rwildcard,tests/unit,*_test.c)
UNIT_SEL := $(if $(T),tests/unit/$(T)_test.c,$(if $(ROOM),$(filter tests/unit/$(ROOM)/%,$(UNIT_SRC)),$(UNIT_SRC)))
UNIT_BIN := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SEL))
$(BUILD)/unit/%: tests/unit/%.c $(LIBS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -MMD -MP -MF $@.d -o $@ $< -Wl,--start-group $(LIBS) -Wl,--end-group -lcmocka $(LDLIBS)
.PHONY: unit unit-run
unit: $(UNIT_BIN)
unit-run: unit
	@set -e; for t in $(UNIT_BIN); do echo "== $$t"; $$t; done

# fuzz targets: libFuzzer, sanitizers on
FUZZ_LIBS_SRC := $(SRC_shm) $(SRC_registry) $(SRC_worker)
FUZZ_FLAGS := -std=gnu17 -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined
fobjs     = $(patsubst %.c,$(BUILD)/fobj/%.o,$(1))
$(BUILD)/fobj/%.o: %.c
	@mkdir -p $(@D)
	clang $(CPPFLAGS) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/fobj/gen/schema_tables.o: $(BUILD)/gen/schema_tables.c
	@mkdir -p $(@D)
	clang $(CPPFLAGS) $(FUZZ_FLAGS) -c -o $@ $<
$(BUILD)/libfuzz.a: $(call fobjs,$(FUZZ_LIBS_SRC)) $(if $(GEN_C),$(BUILD)/fobj/gen/schema_tables.o)
	@rm -f $@ && ar rcs $@ $^
FUZZ_SRC := $(wildcard tests/fuzz/*_fuzz.c)
FUZZ_BIN := $(patsubst tests/fuzz/%_fuzz.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))
$(BUILD)/fuzz/%: tests/fuzz/%_fuzz.c $(BUILD)/libfuzz.a
	@mkdir -p $(@D)
	clang $(CPPFLAGS) -std=gnu17 -O1 -g -fsanitize=address,undefined,fuzzer -fno-sanitize-recover=undefined -o $@ $< -Wl,--start-group $(BUILD)/libfuzz.a -Wl,--end-group $(LDLIBS)
.PHONY: fuzz-one fuzz-build
fuzz-one: $(BUILD)/fuzz/$(T)
	@mkdir -p $(BUILD)/corpus/$(T)
	$(BUILD)/fuzz/$(T) -max_total_time=$(SECONDS) -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 $(BUILD)/corpus/$(T) $(wildcard tests/fuzz/corpus/$(T))
fuzz-build: $(FUZZ_BIN)
fuzz:
	$(MAKE) BUILD=build-fuzz fuzz-build
	@set -e; for t in $(patsubst tests/fuzz/%_fuzz.c,%,$(FUZZ_SRC)); do \
	  echo "== fuzz $$t"; $(MAKE) -s BUILD=build-fuzz fuzz-one T=$$t SECONDS=$(SECONDS); done

deps:
	@scripts/deps.sh build
run:
	@scripts/run.sh $(ARGS)
check:
	@scripts/check.sh
bench: all
	@scripts/bench.sh $(or $(ARGS),--yardstick)
bench-check: all
	@scripts/bench.sh --check tests/bench/baseline.json --seconds 0.5 --rounds 2 $(ARGS)
bench-baseline: all
	@scripts/bench.sh --save tests/bench/baseline.json --seconds 0.5 --rounds 2 $(ARGS)
numbers: all
	@scripts/bench.sh --numbers --readme README.md $(ARGS)
soak: all
	@tests/bench/soak.py
cluster: all
	@FAULTS=all tests/fault/etcd_members.py
asan:
	@BUILD=build-asan SAN=1 scripts/check.sh

install: $(BUILD)/cubed $(BUILD)/cubed-bench
	install -D -m 0755 $(BUILD)/cubed $(DESTDIR)$(PREFIX)/sbin/cubed
	install -D -m 0755 $(BUILD)/cubed-bench $(DESTDIR)$(PREFIX)/bin/cubed-bench
	for m in man/*.[18]; do install -D -m 0644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$$(basename $$m); done
	for m in scripts/*.service scripts/*.socket; do sed 's|@PREFIX@|$(PREFIX)|' $$m > $(BUILD)/$$(basename $$m) && \
	  install -D -m 0644 $(BUILD)/$$(basename $$m) $(DESTDIR)$(PREFIX)/lib/systemd/system/$$(basename $$m); done

format:
	clang-format -i $(shell git ls-files '*.c' '*.h')
clean:
	rm -rf build build-*

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
