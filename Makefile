# xfw: `make help` lists what this does. V=1 shows the commands.
.DEFAULT_GOAL := all
BUILD  ?= build
CC     ?= gcc
CLANG  ?= clang
PYTHON ?= /usr/bin/python3

CFLAGS     ?= -O2 -g
XFW_CFLAGS := -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE -I. -I$(BUILD) $(CPPFLAGS) $(CFLAGS)
# The programs run on the CPU that compiles them: no target but the host's is ever meant.
BPF_CFLAGS := -O2 -g -target bpf -Wall -Wextra -Werror -I. -Wno-address-of-packed-member
XFW_LIBS   := -lbpf -lxdp -lmnl -lnftables -lmicrohttpd -ljansson -lelf -lz -lpthread
SANITIZE   := -fsanitize=address,undefined -fno-omit-frame-pointer -O1

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' $(1) $(2))

.PHONY: all help bpf deps lab lab-down test bench format install deb clean compile_commands

all: $(BUILD)/xfw ## build the xfw binary, its BPF programs inside

help: ## this list
	@awk -F ':.*## ' '/^[a-z_-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' Makefile

# ---- the programs: one object, embedded as a skeleton ----

$(BUILD)/xfw.bpf.o: bpf/xfw.bpf.c $(wildcard bpf/*.h) maps/layout.h maps/reasons.h vmlinux.h
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@.tmp && llvm-strip -g $@.tmp && mv $@.tmp $@

$(BUILD)/xfw.skel.h: $(BUILD)/xfw.bpf.o
	$(call say,SKEL,$@)
	$(Q)bpftool gen skeleton $< name xfw > $@.tmp && mv $@.tmp $@

bpf: $(BUILD)/xfw.skel.h ## build only the BPF programs

vmlinux.h: scripts/vmlinux.py
	$(call say,BTF,$@)
	$(Q)$(PYTHON) scripts/vmlinux.py > $@.tmp && mv $@.tmp $@

# ---- the binary ----

SOURCES := $(wildcard cli/*.c loader/*.c maps/*.c)
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)

$(BUILD)/xfw: $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(XFW_CFLAGS) $(LDFLAGS) $^ $(XFW_LIBS) -o $@

$(BUILD)/%.o: %.c | $(BUILD)/xfw.skel.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(XFW_CFLAGS) -MMD -c $< -o $@

$(BUILD)/loader/load.o: $(BUILD)/xfw.skel.h

# ---- tests: each tests/*/test_*.c is a cmocka binary, each tests/*/test_*.py a pytest file ----

UNIT_SOURCES := $(wildcard tests/*/test_*.c)
UNIT_TESTS   := $(UNIT_SOURCES:%.c=$(BUILD)/%)
# Everything but the commands' main, with sanitizers.
UNIT_OBJECTS := $(patsubst %.c,$(BUILD)/sanitized/%.o,$(filter-out cli/main.c,$(SOURCES)))

$(BUILD)/sanitized/%.o: %.c | $(BUILD)/xfw.skel.h
	$(call say,CC-SAN,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(XFW_CFLAGS) $(SANITIZE) -MMD -c $< -o $@

$(BUILD)/tests/%: tests/%.c $(UNIT_OBJECTS)
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(XFW_CFLAGS) $(SANITIZE) -MMD -MF $@.d $< $(UNIT_OBJECTS) $(XFW_LIBS) -lcmocka -o $@

deps: ## install the Debian packages that building, the lab and the tests need
	$(Q)scripts/deps.sh

lab: ## raise the lab in namespaces and walk through docs/walkthrough.md in it
	$(Q)scripts/deps.sh build lab
	$(Q)$(MAKE) --no-print-directory all $(BUILD)/wire.bpf.o
	$(Q)tests/story/walk

lab-down: ## remove the lab
	$(Q)tests/story/walk --down

test: ## run every test; closes with "N passed, N failed"
	$(Q)scripts/deps.sh build lab deb test
	$(Q)$(MAKE) --no-print-directory all unit-tests
	$(Q)tests/run

.PHONY: unit-tests
unit-tests: $(UNIT_TESTS) $(BUILD)/wire.bpf.o $(BUILD)/fault

$(BUILD)/fault: tests/faults/fault.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(XFW_CFLAGS) $< -lseccomp -o $@

$(BUILD)/bench.bpf.o: tests/bench/bench.bpf.c vmlinux.h
$(BUILD)/wire.bpf.o: tests/lab/wire.bpf.c vmlinux.h
$(BUILD)/bench.bpf.o $(BUILD)/wire.bpf.o:
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@.tmp && llvm-strip -g $@.tmp && mv $@.tmp $@

$(BUILD)/bench.skel.h: $(BUILD)/bench.bpf.o
	$(Q)bpftool gen skeleton $< name bench > $@.tmp && mv $@.tmp $@

$(BUILD)/bench: tests/bench/bench.c $(BUILD)/bench.skel.h maps/layout.h
	$(call say,CC,$@)
	$(Q)$(CC) $(XFW_CFLAGS) $< -lbpf -o $@

bench: all $(BUILD)/bench ## measure each class of packet; writes docs/benchmarks.md
	$(Q)scripts/deps.sh build lab test
	$(Q)tests/bench/run
	$(Q)tests/bench/throughput

# ---- upkeep ----

C_FILES := $(filter-out vmlinux.h,$(shell git ls-files '*.c' '*.h' 2>/dev/null))

format: ## rewrite the sources in the house format
	$(Q)clang-format -i $(C_FILES)

compile_commands: clean ## compile_commands.json for editors (needs bear)
	$(Q)bear -- $(MAKE) all unit-tests

install: all ## install into $(DESTDIR)$(PREFIX)
	install -D -m 0755 $(BUILD)/xfw $(DESTDIR)$(PREFIX)/sbin/xfw
	install -D -m 0644 docs/man/xfw.8 $(DESTDIR)$(PREFIX)/share/man/man8/xfw.8
	install -D -m 0644 docs/man/xfw.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5/xfw.conf.5
	install -D -m 0644 contrib/completion/xfw \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/xfw
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/xfw \
		contrib/xfw-alerts.yml contrib/grafana-dashboard.json
	@# Whoever has a configuration keeps it.
	test -e $(DESTDIR)/etc/xfw/xfw.conf || \
		install -D -m 0644 contrib/xfw.conf $(DESTDIR)/etc/xfw/xfw.conf
	install -d $(DESTDIR)/lib/systemd/system
	for unit in $(notdir $(wildcard contrib/systemd/*)); do \
		sed 's,/usr/local,$(PREFIX),' contrib/systemd/$$unit \
			> $(DESTDIR)/lib/systemd/system/$$unit; done

	install -d $(DESTDIR)/etc/network/if-up.d
	sed 's,/usr/local,$(PREFIX),' contrib/if-up.d/xfw > $(DESTDIR)/etc/network/if-up.d/xfw
	chmod 0755 $(DESTDIR)/etc/network/if-up.d/xfw

DEB_DIR ?= $(BUILD)/deb

deb: ## build the Debian package into build/deb
	$(Q)scripts/deps.sh build deb
	$(Q)scripts/deb $(DEB_DIR) $(DEB_VERSION)

PREFIX ?= /usr/local

clean: ## remove everything built
	$(Q)rm -rf $(BUILD)

-include $(OBJECTS:.o=.d) $(UNIT_OBJECTS:.o=.d) $(UNIT_TESTS:=.d)
