# Each test prints TAP. A unit test is tests/unit/NAME.c, a shell test tests/NAME.sh.
TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL)
AM_TESTS_ENVIRONMENT = srcdir='$(abs_srcdir)'; export srcdir; builddir='$(abs_builddir)'; export builddir; \
	CC='$(CC)'; export CC; JSON_CFLAGS='$(JSON_CFLAGS)'; export JSON_CFLAGS; \
	XML_CFLAGS='$(XML_CFLAGS)'; export XML_CFLAGS; CLANG='$(CLANG)'; export CLANG; WARNINGS='$(WARNINGS)'; export WARNINGS; \
	programs='$(bin_PROGRAMS)'; export programs; pages='$(dist_man_MANS)'; export pages; \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT;

# Each one is built from its NAME.c; what it needs beside the library is its own NAME_LDADD.
unit_tests = \
	tests/unit/budget \
	tests/unit/check \
	tests/unit/explored \
	tests/unit/files \
	tests/unit/infrastructure \
	tests/unit/journal \
	tests/unit/late \
	tests/unit/manifest \
	tests/unit/manifest-corpus \
	tests/unit/manifest-difference \
	tests/unit/manifest-version-1 \
	tests/unit/mentions \
	tests/unit/operations \
	tests/unit/options \
	tests/unit/paths \
	tests/unit/pins \
	tests/unit/portion \
	tests/unit/presence \
	tests/unit/programs \
	tests/unit/progress \
	tests/unit/report \
	tests/unit/restore \
	tests/unit/scenario-check \
	tests/unit/scenario-format \
	tests/unit/scenario-story \
	tests/unit/simulation \
	tests/unit/settings \
	tests/unit/sets \
	tests/unit/state \
	tests/unit/strings \
	tests/unit/supervisor \
	tests/unit/survivor \
	tests/unit/survivors \
	tests/unit/value \
	tests/unit/warnings \
	tests/unit/watch \
	tests/unit/xml \
	tests/unit/requests \
	$(NULL)
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
libraries_of_units = lib/libdydisnix.a $(LIBRARIES_USED) $(CMOCKA_LIBS)
LDADD = $(libraries_of_units)
tests_unit_options_LDADD = plugin/libreconstruct.a $(LDADD)
tests_unit_survivor_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_SWITCHES
tests_unit_survivor_LDADD = tests/libswitched.a $(LDADD)
tests_unit_check_LDADD = host/libhost.a $(LDADD)
tests_unit_late_LDADD = $(tests_unit_check_LDADD)
tests_unit_restore_LDADD = $(tests_unit_check_LDADD)
tests_unit_pins_LDADD = $(tests_unit_check_LDADD)
tests_unit_presence_LDADD = $(tests_unit_check_LDADD)
tests_unit_journal_LDADD = $(tests_unit_check_LDADD)
tests_unit_progress_LDADD = $(tests_unit_check_LDADD)
tests_unit_requests_LDADD = $(tests_unit_check_LDADD)
tests_unit_report_LDADD = scenario/libreport.a $(LDADD)
tests_unit_settings_LDADD = $(tests_unit_check_LDADD)
tests_unit_state_LDADD = host/libhost.a $(LDADD)

tests_unit_simulation_SOURCES = tests/unit/simulation.c plugin/reconstruct/hook.c
tests_unit_simulation_LDADD = $(libraries_of_simulation) $(CMOCKA_LIBS)
libraries_of_scenarios = scenario/libscenario.a $(libraries_of_simulation) $(CMOCKA_LIBS)
tests_unit_scenario_check_LDADD = $(libraries_of_scenarios)
tests_unit_scenario_format_LDADD = $(libraries_of_scenarios)
tests_unit_scenario_story_LDADD = $(libraries_of_scenarios)
check_LIBRARIES += tests/libswitched.a
tests_libswitched_a_SOURCES = $(plugin_sources)
tests_libswitched_a_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_SWITCHES
# Exploration, with one guard of plugin or host switched off: see tests/switched-off.c.
check_LIBRARIES += tests/libswitchedhost.a
tests_libswitchedhost_a_SOURCES = $(host_libhost_a_SOURCES)
tests_libswitchedhost_a_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_SWITCHES
check_PROGRAMS += tests/switched-scenario
tests_switched_scenario_SOURCES = $(dydisnix_scenario_SOURCES) tests/switched-off.c
tests_switched_scenario_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_SWITCHES
tests_switched_scenario_LDADD = scenario/libscenario.a scenario/libreport.a scenario/libinlab.a scenario/libsimulation.a \
	tests/libswitched.a tests/libswitchedhost.a $(libraries_of_engine)
tests_unit_explored_LDADD = $(libraries_of_scenarios)
tests_unit_survivors_LDADD = $(tests_unit_check_LDADD)
tests_unit_mentions_LDADD = $(tests_unit_check_LDADD)
tests_unit_watch_LDADD = $(tests_unit_check_LDADD)
tests_unit_supervisor_LDADD = host/libhost.a $(LDADD)

shell_tests = \
	tests/demonstration.sh \
	tests/dist.sh \
	tests/drop-in.sh \
	tests/completion.sh \
	tests/count-results.sh \
	tests/deployment-ends.sh \
	tests/deployment-killed.sh \
	tests/engine-deploy.sh \
	tests/engine-models.sh \
	tests/engine-programs.sh \
	tests/fuzz.sh \
	tests/example-plugin.sh \
	tests/failover.sh \
	tests/host-collected.sh \
	tests/host-cycle.sh \
	tests/host-disputes.sh \
	tests/host-dry-run.sh \
	tests/host-ends.sh \
	tests/host-failures.sh \
	tests/host-disputed.sh \
	tests/host-idle.sh \
	tests/host-links.sh \
	tests/host-list-plugins.sh \
	tests/host-loop.sh \
	tests/host-memory.sh \
	tests/host-metrics.sh \
	tests/host-misbehaviour.sh \
	tests/host-control.sh \
	tests/host-pinned.sh \
	tests/host-plugins.sh \
	tests/host-refused.sh \
	tests/host-saved-input.sh \
	tests/host-presence.sh \
	tests/host-shown.sh \
	tests/host-signals.sh \
	tests/host-stream.sh \
	tests/host-scripts.sh \
	tests/host-unreadable-model.sh \
	tests/host-usage.sh \
	tests/host-versions.sh \
	tests/host-warnings.sh \
	tests/install.sh \
	tests/kill-sweep.sh \
	tests/lab-captive.sh \
	tests/lab-client.sh \
	tests/lab-engine.sh \
	tests/lab-machines.sh \
	tests/lab-ordinary-user.sh \
	tests/manual.sh \
	tests/nix-daemon.sh \
	tests/nix-apart.sh \
	tests/nix-module.sh \
	tests/pinned-distribution.sh \
	tests/platform-check.sh \
	tests/progress.sh \
	tests/report.sh \
	tests/report-browser.sh \
	tests/real-ssh.sh \
	tests/format.sh \
	tests/sources.sh \
	tests/ssh-client.sh \
	tests/valgrind.sh \
	tests/reconstruct-answers.sh \
	tests/host-watched-model.sh \
	tests/reconstruct-closures.sh \
	tests/reconstruct-contracts.sh \
	tests/reconstruct-copies.sh \
	tests/reconstruct-corpus.sh \
	tests/reconstruct-large.sh \
	tests/reconstruct-limits.sh \
	tests/reconstruct-names.sh \
	tests/reconstruct-data.sh \
	tests/reconstruct-hostile.sh \
	tests/reconstruct-order.sh \
	tests/reconstruct-replay.sh \
	tests/reconstruct-report.sh \
	tests/reconstruct-store.sh \
	tests/reconstruct-store-names.sh \
	tests/reconstruct-table.sh \
	tests/reconstruct-transfers.sh \
	tests/reconstruct-usage.sh \
	tests/reconstruct-versions.sh \
	tests/reconstruct-versions-store.sh \
	tests/replays.sh \
	tests/rooms.sh \
	tests/explore.sh \
	tests/full-disk.sh \
	tests/hangs.sh \
	tests/explore-bites.sh \
	tests/scenarios.sh \
	tests/scenario-lab.sh \
	tests/scenario-policy.sh \
	$(NULL)
TESTS += $(shell_tests)
systemd_tests = tests/systemd-loop.sh tests/systemd-unit.sh
if WITH_SYSTEMD
TESTS += $(systemd_tests)
endif
dist_check_SCRIPTS += \
	$(shell_tests) $(systemd_tests) \
	tests/browser \
	tests/closures \
	tests/coverage \
	tests/compare-manifests \
	tests/engine-client \
	tests/enter-root \
	tests/fake-client \
	tests/fields \
	tests/package \
	tests/package-booted \
	tests/platform-check \
	tests/type-in \
	tests/with-nix \
	$(NULL)
dist_check_DATA += \
	tests/deployments.sh \
	tests/functions.sh \
	tests/host.sh \
	tests/lab.sh \
	tests/made-closures.sh \
	tests/network.sh \
	tests/ssh-network.sh \
	tests/stores.sh \
	tests/coverage-ends.c \
	tests/unit/answers.h \
	tests/unit/model.h \
	tests/unit/unit.h \
	tests/version-1.nix \
	$(NULL)
# Else make takes the directory tests/scenarios for something to be made of tests/scenarios.sh, when that is newer.
%: %.sh
EXTRA_DIST += \
	tests/corpus \
	tests/count-results \
	tests/journals \
	tests/replays \
	tests/scenarios \
	$(NULL)
dist_check_SCRIPTS += tests/systemd-boot
dist_check_DATA += tests/nix/configurations.nix tests/nix/lib.nix tests/nix/nixos.nix
dist_check_SCRIPTS += tests/bench-idle

# The pictures in the README.
pictures: dydisnix-scenario
	$(MKDIR_P) $(srcdir)/docs
	./dydisnix-scenario report -o pictures.html $(srcdir)/tests/journals/healed.jsonl
	$(srcdir)/tests/browser pictures.html size=1200x740 scheme=light open \
		tell='document.querySelector("figure .rescued").focus()' picture=$(srcdir)/docs/report-light.png
	./dydisnix-scenario report -o pictures.html $(srcdir)/tests/journals/scenario.jsonl
	$(srcdir)/tests/browser pictures.html size=1200x1030 scheme=dark open picture=$(srcdir)/docs/report-dark.png
.PHONY: pictures
CLEANFILES += pictures.html
EXTRA_DIST += docs

# Where there are no namespaces, as where packages are built: what does without.
check-short:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests) tests/manual.sh tests/reconstruct-corpus.sh tests/replays.sh'
.PHONY: check-short

check-units:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests)'
.PHONY: check-units

# All but those that take longest, and but the demonstration, which whoever is in a hurry tries by itself.
long_tests = \
	tests/demonstration.sh \
	tests/deployment-ends.sh \
	tests/deployment-killed.sh \
	tests/dist.sh \
	tests/explore.sh \
	tests/full-disk.sh \
	tests/hangs.sh \
	tests/explore-bites.sh \
	tests/fuzz.sh \
	tests/kill-sweep.sh \
	tests/scenario-lab.sh \
	$(NULL)
check-brief:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(filter-out $(long_tests),$(TESTS))'
.PHONY: check-brief

# AddressSanitizer and UndefinedBehaviorSanitizer, in a build of their own. At each search in a document the former
# would look at all that follows.
sanitized_tests = $(unit_tests) tests/scenarios.sh tests/replays.sh tests/explore.sh \
	$(filter tests/reconstruct-%.sh tests/host-%.sh,$(shell_tests))
sanitize-check:
	$(MKDIR_P) sanitize
	[ -f sanitize/config.status ] || \
		{ cd sanitize && '$(abs_srcdir)/configure' --quiet --enable-sanitizers CC='$(CC)' CFLAGS='-g -O1'; }
	ASAN_OPTIONS=intercept_memmem=0 EXPLORE_SCENARIOS="$${SANITIZED_SCENARIOS:-400}" \
		$(MAKE) $(AM_MAKEFLAGS) -C sanitize check TESTS='$(sanitized_tests)'
.PHONY: sanitize-check

# Lines and branches that the tests run, by room, in a build of its own, with gcc and gcovr. What looks at the build
# itself, or builds another, adds nothing.
covered_tests = $(filter-out tests/dist.sh tests/explore-bites.sh tests/fuzz.sh tests/platform-check.sh tests/rooms.sh \
	tests/sources.sh tests/valgrind.sh,$(TESTS))
ends_of_coverage = -Wl,--wrap=_exit,--wrap=fexecve,--wrap=kill,--export-dynamic-symbol=coverage_dump \
	$(abs_builddir)/coverage/ends.o
coverage:
	$(MKDIR_P) coverage
	$(CC) $(AM_CPPFLAGS) $(AM_CFLAGS) $(CFLAGS) -c -o coverage/ends.o '$(srcdir)/tests/coverage-ends.c'
	[ -f coverage/config.status ] || { cd coverage && '$(abs_srcdir)/configure' --quiet CC='$(CC)' \
		CFLAGS='-g -O0 -std=gnu11 --coverage -fprofile-abs-path' LDFLAGS='--coverage $(ends_of_coverage)'; }
	find coverage -name '*.gcda' -delete
	status=0; \
	GCOV_ERROR_FILE=/dev/null EXPLORE_SCENARIOS="$${COVERED_SCENARIOS:-400}" \
		$(MAKE) $(AM_MAKEFLAGS) -C coverage check TESTS='$(covered_tests)' || status=1; \
	'$(srcdir)/tests/coverage' coverage && exit $$status
.PHONY: coverage

# What the README promises, on bare systems of Debian, which stay in platforms/ for the next time: needs root.
PLATFORMS = bookworm trixie sid
platform-check:
	$(srcdir)/tests/platform-check platforms $(PLATFORMS)
platform-check-brief:
	$(srcdir)/tests/platform-check --brief platforms trixie
.PHONY: platform-check platform-check-brief
distclean-local:
	rm -rf coverage sanitize platforms

# The Debian package, built from the tarball, with its own test.
package-check: dist
	$(srcdir)/tests/package $(distdir).tar.gz
.PHONY: package-check

bench-idle: all tests/plugins/record.so
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/tests/bench-idle
.PHONY: bench-idle

# The loop, killed at a chosen call of its operations.
check_PROGRAMS += tests/killed-self-adapt
tests_killed_self_adapt_SOURCES = $(self_adapt_sources) tests/killed-operations.c
tests_killed_self_adapt_CPPFLAGS = $(AM_CPPFLAGS) -Dreal_operations=killed_operations
tests_killed_self_adapt_LDADD = host/libhost.a lib/libdydisnix.a $(LIBRARIES_USED)

# All moments; check takes a sample.
kill-sweep: $(check_PROGRAMS) dydisnix-lab
	$(AM_TESTS_ENVIRONMENT) KILL_SWEEP=all $(SHELL) $(srcdir)/tests/kill-sweep.sh
.PHONY: kill-sweep

# The timeline of a scenario, played in the lab or in the simulation.
check_PROGRAMS += tests/play-scenario
tests_play_scenario_SOURCES = tests/play-scenario.c plugin/reconstruct/hook.c
tests_play_scenario_LDADD = scenario/libinlab.a $(libraries_of_simulation)

# All scenarios, in the simulation and in the lab.
scenarios: all
	$(AM_TESTS_ENVIRONMENT) SCENARIO_LAB=all $(SHELL) $(srcdir)/tests/scenario-lab.sh
	$(AM_TESTS_ENVIRONMENT) SCENARIOS=all $(SHELL) $(srcdir)/tests/scenarios.sh
.PHONY: scenarios
