# Each fuzz target is NAME.c with its NAME.dict; all are linked with fuzz.c and what they look at, built by clang in
# fuzz/ of the build directory. Pattern rules: this needs GNU make, as only they keep objects of two compilers apart.
fuzz_targets = answers decision dependency-line infrastructure journal manifest profile-manifest profile-manifest-1 state value
FUZZ_SECONDS = 60
FUZZ_TARGETS = $(fuzz_targets)

fuzz_flags = -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
fuzz_compile = $(CLANG) $(DEFS) $(AM_CPPFLAGS) -std=c11 $(fuzz_flags) -fsanitize=fuzzer-no-link $(WARNINGS) $(XML_CFLAGS) $(JSON_CFLAGS)
fuzz_sources = tests/fuzz/fuzz.c tests/fuzz/world.c host/copies/survivors.c host/presence/hung.c \
	host/presence/presence.c host/record/again.c host/record/dispute.c host/record/state.c \
	$(filter-out scenario/report/page.c scenario/report/command.c,$(filter %.c,$(scenario_libreport_a_SOURCES))) \
	$(filter %.c,$(lib_libdydisnix_a_SOURCES) $(plugin_libreconstruct_a_SOURCES))
fuzz_objects = $(fuzz_sources:%.c=fuzz/%.o)
fuzz_programs = $(fuzz_targets:%=fuzz/%)

fuzz/%.o: %.c
	$(AM_V_CC)mkdir -p $(@D) && $(fuzz_compile) -MMD -MP -c -o $@ $<

$(fuzz_programs): fuzz/%: fuzz/tests/fuzz/%.o $(fuzz_objects)
	$(AM_V_CCLD)$(CLANG) $(fuzz_flags) -fsanitize=fuzzer -o $@ $< $(fuzz_objects) $(LIBRARIES_USED)

-include $(fuzz_objects:.o=.d) $(fuzz_targets:%=fuzz/tests/fuzz/%.d)

# New findings stay in fuzz/found/.
fuzz: $(FUZZ_TARGETS:%=fuzz/%)
	@$(top_srcdir)/tests/fuzz/run fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)

if HAVE_CLANG
tests/sources/fuzz.log: $(fuzz_programs)
AM_TESTS_ENVIRONMENT += fuzz_targets='$(fuzz_targets)'; export fuzz_targets;
else
AM_TESTS_ENVIRONMENT += fuzz_targets=; export fuzz_targets;
endif

clean-local:
	rm -rf fuzz

.PHONY: fuzz
.SECONDARY: $(fuzz_objects)

EXTRA_DIST += tests/fuzz
