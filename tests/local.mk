# Each test prints TAP. A unit test is tests/unit/ROOM/NAME.c, a shell test tests/ROOM/NAME.sh.
TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL)
AM_TESTS_ENVIRONMENT = srcdir='$(abs_srcdir)'; export srcdir; builddir='$(abs_builddir)'; export builddir; \
	CC='$(CC)'; export CC; JSON_CFLAGS='$(JSON_CFLAGS)'; export JSON_CFLAGS; \
	XML_CFLAGS='$(XML_CFLAGS)'; export XML_CFLAGS; CLANG='$(CLANG)'; export CLANG; WARNINGS='$(WARNINGS)'; export WARNINGS; \
	programs='$(bin_PROGRAMS)'; export programs; pages='$(dist_man_MANS)'; export pages; \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; PATH='$(abs_builddir)/tests/bin':$$PATH; export PATH;

# The interpreter itself: where a manager of versions stands before it, that takes longer than most of what it is to run.
check_DATA += tests/bin/python3
tests/bin/python3:
	$(MKDIR_P) tests/bin
	ln -sf "$$(python3 -c 'import sys; print(sys.executable)')" $@
CLEANFILES += tests/bin/python3

# Each one is built from its NAME.c; what it needs beside the library is its own NAME_LDADD.
unit_tests = \
	tests/unit/host/budget \
	tests/unit/host/check \
	tests/unit/scenario/explored \
	tests/unit/lib/files \
	tests/unit/lib/infrastructure \
	tests/unit/host/journal \
	tests/unit/host/late \
	tests/unit/host/limits \
	tests/unit/lib/manifest \
	tests/unit/lib/manifest-corpus \
	tests/unit/lib/manifest-difference \
	tests/unit/lib/manifest-version-1 \
	tests/unit/host/mentions \
	tests/unit/lib/operations \
	tests/unit/host/options \
	tests/unit/lib/paths \
	tests/unit/host/pins \
	tests/unit/host/portion \
	tests/unit/host/presence \
	tests/unit/lib/programs \
	tests/unit/host/progress \
	tests/unit/scenario/report \
	tests/unit/host/restore \
	tests/unit/scenario/check \
	tests/unit/scenario/format \
	tests/unit/scenario/story \
	tests/unit/scenario/simulation \
	tests/unit/host/settings \
	tests/unit/lib/sets \
	tests/unit/host/slow \
	tests/unit/host/state \
	tests/unit/lib/store-text \
	tests/unit/lib/strings \
	tests/unit/host/supervisor \
	tests/unit/plugin/survivor \
	tests/unit/host/survivors \
	tests/unit/lib/value \
	tests/unit/lib/warnings \
	tests/unit/host/watch \
	tests/unit/lib/xml \
	tests/unit/host/requests \
	$(NULL)
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
libraries_of_units = lib/libdydisnix.a $(LIBRARIES_USED) $(CMOCKA_LIBS)
LDADD = $(libraries_of_units)
tests_unit_host_options_LDADD = plugin/libreconstruct.a $(LDADD)
tests_unit_plugin_survivor_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_SWITCHES
tests_unit_plugin_survivor_LDADD = tests/libswitched.a $(LDADD)
tests_unit_host_check_LDADD = host/libhost.a $(LDADD)
tests_unit_host_limits_LDADD = host/libhost.a plugin/libreconstruct.a $(LDADD)
tests_unit_host_late_LDADD = $(tests_unit_host_check_LDADD)
tests_unit_host_restore_LDADD = $(tests_unit_host_check_LDADD)
tests_unit_host_pins_LDADD = $(tests_unit_host_check_LDADD)
tests_unit_host_presence_LDADD = $(tests_unit_host_check_LDADD)
tests_unit_host_journal_LDADD = $(tests_unit_host_check_LDADD)
tests_unit_host_progress_LDADD = $(tests_unit_host_check_LDADD)
tests_unit_host_requests_LDADD = $(tests_unit_host_check_LDADD)
tests_unit_scenario_report_LDADD = scenario/libreport.a $(LDADD)
tests_unit_host_settings_LDADD = $(tests_unit_host_check_LDADD)
tests_unit_host_slow_LDADD = $(tests_unit_host_check_LDADD)
tests_unit_host_state_LDADD = host/libhost.a $(LDADD)

tests_unit_scenario_simulation_SOURCES = tests/unit/scenario/simulation.c plugin/reconstruct/hook.c
tests_unit_scenario_simulation_LDADD = $(libraries_of_simulation) $(CMOCKA_LIBS)
libraries_of_scenarios = scenario/libscenario.a $(libraries_of_simulation) $(CMOCKA_LIBS)
tests_unit_scenario_check_LDADD = $(libraries_of_scenarios)
tests_unit_scenario_format_LDADD = $(libraries_of_scenarios)
tests_unit_scenario_story_LDADD = $(libraries_of_scenarios)
check_LIBRARIES += tests/libswitched.a
tests_libswitched_a_SOURCES = $(plugin_sources)
tests_libswitched_a_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_SWITCHES
# Exploration, with one guard of plugin or host switched off: see tests/tools/switched-off.c.
check_LIBRARIES += tests/libswitchedhost.a
tests_libswitchedhost_a_SOURCES = $(host_libhost_a_SOURCES)
tests_libswitchedhost_a_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_SWITCHES
check_PROGRAMS += tests/switched-scenario
tests_switched_scenario_SOURCES = $(dydisnix_scenario_SOURCES) tests/tools/switched-off.c
tests_switched_scenario_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_SWITCHES
tests_switched_scenario_LDADD = scenario/libscenario.a scenario/libreport.a scenario/libinlab.a scenario/libsimulation.a \
	tests/libswitched.a tests/libswitchedhost.a $(libraries_of_engine)
tests_unit_scenario_explored_LDADD = $(libraries_of_scenarios)
tests_unit_host_survivors_LDADD = $(tests_unit_host_check_LDADD)
tests_unit_host_mentions_LDADD = $(tests_unit_host_check_LDADD)
tests_unit_host_watch_LDADD = $(tests_unit_host_check_LDADD)
tests_unit_host_supervisor_LDADD = host/libhost.a $(LDADD)

shell_tests = \
	tests/lab/demonstration.sh \
	tests/install/dist.sh \
	tests/deployment/drop-in.sh \
	tests/install/completion.sh \
	tests/install/count-results.sh \
	tests/deployment/ends.sh \
	tests/deployment/killed.sh \
	tests/lab/engine-deploy.sh \
	tests/lab/engine-models.sh \
	tests/lab/engine-programs.sh \
	tests/sources/fuzz.sh \
	tests/install/example-plugin.sh \
	tests/deployment/failover.sh \
	tests/deployment/collected.sh \
	tests/host/check.sh \
	tests/host/cycle.sh \
	tests/deployment/disputes.sh \
	tests/host/dry-run.sh \
	tests/host/ends.sh \
	tests/host/etcd.sh \
	tests/deployment/failures.sh \
	tests/deployment/disputed.sh \
	tests/host/idle.sh \
	tests/host/links.sh \
	tests/host/list-plugins.sh \
	tests/host/loop.sh \
	tests/host/memory.sh \
	tests/host/metrics.sh \
	tests/host/misbehaviour.sh \
	tests/host/missing.sh \
	tests/host/control.sh \
	tests/deployment/pinned.sh \
	tests/host/plugins.sh \
	tests/deployment/refused.sh \
	tests/host/quiet.sh \
	tests/host/saved-input.sh \
	tests/host/presence.sh \
	tests/host/shown.sh \
	tests/host/signals.sh \
	tests/host/status.sh \
	tests/host/story.sh \
	tests/host/stream.sh \
	tests/host/scripts.sh \
	tests/host/unreadable-model.sh \
	tests/host/unreadable-state.sh \
	tests/host/usage.sh \
	tests/host/versions.sh \
	tests/host/warnings.sh \
	tests/install/install.sh \
	tests/deployment/kill-sweep.sh \
	tests/lab/captive.sh \
	tests/lab/client.sh \
	tests/lab/engine.sh \
	tests/lab/imported.sh \
	tests/lab/machines.sh \
	tests/lab/ordinary-user.sh \
	tests/install/manual.sh \
	tests/install/nix-daemon.sh \
	tests/install/nix-apart.sh \
	tests/install/nix-module.sh \
	tests/deployment/pinned-distribution.sh \
	tests/install/platform-check.sh \
	tests/install/readme.sh \
	tests/install/runbook.sh \
	tests/host/progress.sh \
	tests/scenario/report.sh \
	tests/scenario/report-browser.sh \
	tests/lab/real-ssh.sh \
	tests/lab/shared-ssh.sh \
	tests/sources/format.sh \
	tests/sources/sources.sh \
	tests/lab/ssh-client.sh \
	tests/sources/valgrind.sh \
	tests/reconstruct/answers.sh \
	tests/host/watched-model.sh \
	tests/reconstruct/closures.sh \
	tests/reconstruct/contracts.sh \
	tests/reconstruct/copies.sh \
	tests/reconstruct/corpus.sh \
	tests/reconstruct/large.sh \
	tests/reconstruct/limits.sh \
	tests/reconstruct/names.sh \
	tests/reconstruct/data.sh \
	tests/reconstruct/hostile.sh \
	tests/reconstruct/order.sh \
	tests/reconstruct/replay.sh \
	tests/reconstruct/report.sh \
	tests/reconstruct/serve.sh \
	tests/reconstruct/store.sh \
	tests/reconstruct/store-names.sh \
	tests/reconstruct/table.sh \
	tests/reconstruct/transfers.sh \
	tests/reconstruct/usage.sh \
	tests/reconstruct/versions.sh \
	tests/reconstruct/versions-store.sh \
	tests/scenario/replays.sh \
	tests/sources/rooms.sh \
	tests/scenario/explore.sh \
	tests/deployment/full-disk.sh \
	tests/deployment/hangs.sh \
	tests/scenario/explore-bites.sh \
	tests/scenario/scenarios.sh \
	tests/scenario/import.sh \
	tests/scenario/survive.sh \
	tests/scenario/lab.sh \
	tests/scenario/placement.sh \
	tests/scenario/policy.sh \
	$(NULL)
TESTS += $(shell_tests)
systemd_tests = tests/install/systemd-loop.sh tests/install/systemd-unit.sh
if WITH_SYSTEMD
TESTS += $(systemd_tests)
endif
dist_check_SCRIPTS += \
	$(shell_tests) $(systemd_tests) \
	tests/tools/browser \
	tests/tools/closures \
	tests/tools/coverage \
	tests/tools/compare-manifests \
	tests/tools/engine-client \
	tests/tools/enter-root \
	tests/tools/fake-client \
	tests/tools/fields \
	tests/tools/package \
	tests/tools/package-booted \
	tests/tools/place-last \
	tests/tools/platform-check \
	tests/tools/type-in \
	tests/tools/with-nix \
	$(NULL)
dist_check_DATA += \
	tests/host/alerts.yml \
	tests/share/deployments.sh \
	tests/share/functions.sh \
	tests/share/host.sh \
	tests/share/lab.sh \
	tests/share/made-closures.sh \
	tests/share/network.sh \
	tests/share/ssh-network.sh \
	tests/share/stores.sh \
	tests/share/waiting.sh \
	tests/tools/coverage-ends.c \
	tests/unit/answers.h \
	tests/unit/model.h \
	tests/unit/unit.h \
	tests/tools/version-1.nix \
	$(NULL)
# Else make takes the directory tests/scenarios for something to be made of tests/scenario/scenarios.sh, when that is newer.
%: %.sh
EXTRA_DIST += \
	tests/corpus \
	tests/tools/count-results \
	tests/journals \
	tests/replays \
	tests/scenarios \
	$(NULL)
dist_check_SCRIPTS += tests/tools/systemd-boot
dist_check_DATA += tests/nix/configurations.nix tests/nix/lib.nix tests/nix/nixos.nix
dist_check_SCRIPTS += tests/tools/bench-idle

# The pictures in the README.
pictures: dydisnix-scenario
	$(MKDIR_P) $(srcdir)/docs
	./dydisnix-scenario report -o pictures.html $(srcdir)/tests/journals/healed.jsonl
	$(srcdir)/tests/tools/browser pictures.html size=1200x900 scheme=light open \
		tell='document.querySelector("figure .rescued").focus()' picture=$(srcdir)/docs/report-light.png
	./dydisnix-scenario report -o pictures.html $(srcdir)/tests/journals/scenario.jsonl
	$(srcdir)/tests/tools/browser pictures.html size=1200x1030 scheme=dark open picture=$(srcdir)/docs/report-dark.png
	rm -rf our-network && ./dydisnix-scenario import --output=our-network $(srcdir)/tests/corpus/v2-network/manifest.xml
	./dydisnix-scenario survive --output=pictures.html our-network > /dev/null && rm -r our-network
	$(srcdir)/tests/tools/browser pictures.html size=1200x760 scheme=light open picture=$(srcdir)/docs/survive.png
.PHONY: pictures
CLEANFILES += pictures.html
EXTRA_DIST += docs

# Where there are no namespaces, as where packages are built: what does without.
check-short:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests) tests/install/manual.sh tests/reconstruct/corpus.sh tests/scenario/replays.sh'
.PHONY: check-short

check-units:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests)'
.PHONY: check-units

# What takes longest, and what depends on the system least. What is left has compilers, libraries, Nix, shells,
# namespaces, SSH and systemd; the demonstration whoever is in a hurry tries by itself.
quick_in_host = $(patsubst %,tests/host/%.sh,cycle loop plugins scripts usage versions watched-model)
long_tests = \
	tests/lab/demonstration.sh \
	tests/lab/engine-deploy.sh \
	tests/install/completion.sh \
	tests/install/dist.sh \
	$(filter-out tests/deployment/drop-in.sh,$(filter tests/deployment/%.sh,$(shell_tests))) \
	$(filter-out $(quick_in_host),$(filter tests/host/%.sh,$(shell_tests))) \
	$(filter tests/scenario/%.sh tests/sources/%.sh,$(filter-out tests/scenario/scenarios.sh,$(shell_tests))) \
	tests/reconstruct/closures.sh \
	tests/reconstruct/data.sh \
	tests/reconstruct/store.sh \
	tests/reconstruct/transfers.sh \
	$(NULL)
check-brief:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(filter-out $(long_tests),$(TESTS))'
.PHONY: check-brief

# AddressSanitizer and UndefinedBehaviorSanitizer, in a build of their own. At each search in a document the former
# would look at all that follows.
sanitized_tests = $(unit_tests) tests/scenario/scenarios.sh tests/scenario/replays.sh tests/scenario/explore.sh \
	$(filter tests/reconstruct/%.sh tests/host/%.sh,$(shell_tests)) \
	tests/deployment/collected.sh \
	tests/deployment/disputed.sh \
	tests/deployment/disputes.sh \
	tests/deployment/failures.sh \
	tests/deployment/pinned.sh \
	tests/deployment/refused.sh
sanitized_briefly = $(filter-out $(long_tests),$(sanitized_tests)) tests/scenario/replays.sh tests/scenario/explore.sh \
	tests/host/control.sh
sanitize-check: sanitized = $(sanitized_tests)
sanitize-check-brief: sanitized = $(sanitized_briefly)
sanitize-check sanitize-check-brief:
	$(MKDIR_P) sanitize
	[ -f sanitize/config.status ] || \
		{ cd sanitize && '$(abs_srcdir)/configure' --quiet --enable-sanitizers CC='$(CC)' CFLAGS='-g -O1'; }
	ASAN_OPTIONS=intercept_memmem=0 EXPLORE_SCENARIOS="$${SANITIZED_SCENARIOS:-400}" \
		$(MAKE) $(AM_MAKEFLAGS) -C sanitize check TESTS='$(sanitized)'
.PHONY: sanitize-check sanitize-check-brief

# Lines and branches that the tests run, by room, in a build of its own, with gcc and gcovr. What looks at the build
# itself, or builds another, adds nothing.
covered_tests = $(filter-out tests/install/dist.sh tests/scenario/explore-bites.sh tests/sources/fuzz.sh tests/install/platform-check.sh tests/sources/rooms.sh \
	tests/sources/sources.sh tests/sources/valgrind.sh,$(TESTS))
ends_of_coverage = -Wl,--wrap=_exit,--wrap=fexecve,--wrap=kill,--export-dynamic-symbol=coverage_dump \
	$(abs_builddir)/coverage/ends.o
coverage:
	$(MKDIR_P) coverage
	$(CC) $(AM_CPPFLAGS) $(AM_CFLAGS) $(CFLAGS) -c -o coverage/ends.o '$(srcdir)/tests/tools/coverage-ends.c'
	[ -f coverage/config.status ] || { cd coverage && '$(abs_srcdir)/configure' --quiet CC='$(CC)' \
		CFLAGS='-g -O0 -std=gnu11 --coverage -fprofile-abs-path' LDFLAGS='--coverage $(ends_of_coverage)'; }
	find coverage -name '*.gcda' -delete
	status=0; \
	GCOV_ERROR_FILE=/dev/null EXPLORE_SCENARIOS="$${COVERED_SCENARIOS:-400}" \
		$(MAKE) $(AM_MAKEFLAGS) -C coverage check TESTS='$(covered_tests)' || status=1; \
	'$(srcdir)/tests/tools/coverage' coverage && exit $$status
.PHONY: coverage

# What the README promises, on bare systems of Debian, which stay in platforms/ for the next time: needs root.
PLATFORMS = bookworm trixie sid
platform-check:
	$(srcdir)/tests/tools/platform-check platforms $(PLATFORMS)
platform-check-brief:
	$(srcdir)/tests/tools/platform-check --brief platforms trixie
.PHONY: platform-check platform-check-brief
distclean-local:
	rm -rf coverage sanitize platforms

# The Debian package, built from the tarball, with its own test.
package-check: dist
	$(srcdir)/tests/tools/package $(distdir).tar.gz
.PHONY: package-check

bench-idle: all tests/plugins/record.so
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/tests/tools/bench-idle
.PHONY: bench-idle

# The loop, killed at a chosen call of its operations.
check_PROGRAMS += tests/killed-self-adapt
tests_killed_self_adapt_SOURCES = $(self_adapt_sources) tests/tools/killed-operations.c
tests_killed_self_adapt_CPPFLAGS = $(AM_CPPFLAGS) -Dreal_operations=killed_operations
tests_killed_self_adapt_LDADD = host/libhost.a lib/libdydisnix.a $(LIBRARIES_USED)

# However a deployment ends, in each phase and at each moment; check takes a sample.
endings = tests/deployment/ends.sh tests/deployment/killed.sh tests/deployment/kill-sweep.sh
check-long:
	SAMPLED=1 $(MAKE) $(AM_MAKEFLAGS) check TESTS='$(endings)'
.PHONY: check-long

# The timeline of a scenario, played in the lab or in the simulation.
check_PROGRAMS += tests/play-scenario
tests_play_scenario_SOURCES = tests/tools/play-scenario.c plugin/reconstruct/hook.c
tests_play_scenario_LDADD = scenario/libinlab.a $(libraries_of_simulation)

# Every history of so many events of the small systems that are built in.
EXHAUSTIVE_DEPTH = 3
explore-exhaustive: dydisnix-scenario
	./dydisnix-scenario explore --exhaustive --keep-going --depth=$(EXHAUSTIVE_DEPTH)
.PHONY: explore-exhaustive

# All scenarios, in the simulation and in the lab.
scenarios: all
	$(AM_TESTS_ENVIRONMENT) SCENARIO_LAB=all $(SHELL) $(srcdir)/tests/scenario/lab.sh
	$(AM_TESTS_ENVIRONMENT) SCENARIOS=all $(SHELL) $(srcdir)/tests/scenario/scenarios.sh
.PHONY: scenarios
