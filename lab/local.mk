noinst_LIBRARIES += lab/libengine.a
lab_libengine_a_SOURCES = \
	lab/deployment.c lab/deployment.h \
	lab/distribute.c \
	lab/ending.c lab/ending.h \
	lab/engine.c lab/engine.h \
	lab/engine-deploy.c \
	lab/engine-models.c \
	lab/engine-options.c lab/engine-options.h \
	lab/inside.h \
	lab/locks.c \
	lab/migrate.c \
	lab/placement.c lab/placement.h \
	lab/profiles.c \
	lab/snapshots.c lab/snapshots.h \
	lab/targets.c lab/targets.h \
	lab/transition.c \
	lab/workers.c lab/workers.h \
	$(NULL)

# What links the engine needs, in this order.
libraries_of_engine = lab/libengine.a lib/libdydisnix.a $(LIBRARIES_USED)

# The demonstration's system.
exampledir = $(pkgdatadir)/example
dist_example_DATA = lab/example/qos.nix lab/example/services.nix
dist_man_MANS += lab/dydisnix-lab-engine.7

# Scenarios in a network of the lab.
noinst_LIBRARIES += lab/libscenariolab.a
lab_libscenariolab_a_SOURCES = \
	lab/agent.c lab/agent.h \
	lab/channel.c lab/channel.h \
	lab/control.c lab/master.h \
	lab/network.c lab/network.h \
	lab/questions.c lab/questions.h \
	lab/scenario-lab.c lab/scenario-lab.h \
	lab/scenario-lab-clients.c \
	lab/scenario-lab-events.c \
	lab/scenario-lab-loop.c \
	lab/scenario-lab-models.c \
	lab/scenario-lab-observe.c \
	lab/scenario-lab-run.c \
	lab/scenario-lab-traps.c \
	lab/scenario-network.h \
	lab/tree.c lab/tree.h \
	$(NULL)

bin_PROGRAMS += dydisnix-lab
dydisnix_lab_SOURCES = \
	lab/agent.c lab/agent.h \
	lab/archive.c lab/archive.h \
	lab/channel.c lab/channel.h \
	lab/client.c \
	lab/component.c lab/component.h \
	lab/control.c \
	lab/geninfra.c lab/geninfra.h \
	lab/init.c \
	lab/machine.c lab/machine.h \
	lab/machines.c lab/machines.h \
	lab/main.c \
	lab/master.c lab/master.h \
	lab/nature.c lab/nature.h \
	lab/network.c lab/network.h \
	lab/orphans.c lab/orphans.h \
	lab/programs.c lab/programs.h \
	lab/questions.c lab/questions.h \
	lab/record.c lab/record.h \
	lab/responder.c \
	lab/service.c lab/service.h \
	lab/ssh.c lab/ssh.h \
	lab/status.c \
	lab/target.c \
	lab/processes.c \
	lab/trap.c lab/trap.h \
	lab/tree.c lab/tree.h \
	$(NULL)
dydisnix_lab_LDADD = $(libraries_of_engine)
dist_man_MANS += lab/dydisnix-lab.1
EXTRA_DIST += lab/demonstration

# A network in memory. Whoever runs scenarios in it needs plugin/hook.c besides, and these libraries in this order.
libraries_of_simulation = lab/libsimulation.a plugin/libreconstruct.a host/libhost.a $(libraries_of_engine)
noinst_LIBRARIES += lab/libsimulation.a
lab_libsimulation_a_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/plugin -iquote $(top_srcdir)/host
lab_libsimulation_a_SOURCES = \
	lab/nature.c lab/nature.h \
	lab/scenario-network.h \
	lab/scenario-policy.c lab/scenario-policy.h \
	lab/scenario-simulation.c \
	lab/simulated-client.c \
	lab/simulated-clients.c \
	lab/simulated-component.c lab/simulated-component.h \
	lab/simulated-disnix.c lab/simulated-disnix.h \
	lab/simulated-failures.c \
	lab/simulated-faults.h \
	lab/simulated-files.c lab/simulated-files.h \
	lab/simulated-ledger.c lab/simulated-ledger.h \
	lab/simulated-network.c lab/simulated-network.h \
	lab/simulated-engine.c \
	lab/simulated-events.c \
	lab/simulated-loop.c \
	lab/simulated-models.c \
	lab/simulated-moments.c \
	lab/simulated-observe.c \
	lab/simulated-operations.c \
	lab/simulated-programs.c \
	lab/simulated-scenario.h \
	lab/simulated-stages.c \
	$(NULL)

# Scenarios: what is read and judged, and the program.
noinst_LIBRARIES += lab/libscenario.a
lab_libscenario_a_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/plugin
lab_libscenario_a_SOURCES = \
	lab/scenario-check.c lab/scenario-check.h \
	lab/scenario-events.c lab/scenario-events.h \
	lab/scenario-expect.c \
	lab/scenario-file.c lab/scenario-file.h \
	lab/scenario-golden.c lab/scenario-golden.h \
	lab/scenario-locate.c lab/scenario-locate.h \
	lab/scenario-members.c lab/scenario-members.h \
	lab/scenario-output.c lab/scenario-output.h \
	lab/scenario-play.c lab/scenario-play.h \
	lab/scenario-random.c lab/scenario-random.h \
	lab/scenario-run.c lab/scenario-run.h \
	lab/scenario-shrink.c lab/scenario-shrink.h \
	lab/scenario-story.c lab/scenario-story.h \
	lab/scenario-validate.c \
	lab/scenario-words.c lab/scenario-words.h \
	$(NULL)

bin_PROGRAMS += dydisnix-scenario
dist_man_MANS += lab/dydisnix-scenario.1 lab/dydisnix-scenario.5
dydisnix_scenario_SOURCES = \
	lab/scenario.c lab/scenario.h \
	lab/scenario-cases.c \
	lab/scenario-explore.c \
	lab/scenario-help.c \
	lab/scenario-sweep.c \
	plugin/hook.c \
	$(NULL)
dydisnix_scenario_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/plugin -iquote $(top_srcdir)/host
dydisnix_scenario_LDADD = lab/libscenario.a lab/libreport.a lab/libscenariolab.a $(libraries_of_simulation)

# A journal as a page.
noinst_LIBRARIES += lab/libreport.a
lab_libreport_a_SOURCES = \
	lab/report.h lab/report-parts.h lab/report-strip.h \
	lab/report-bars.c \
	lab/report-journal.c \
	lab/report-lanes.c \
	lab/report-marks.c \
	lab/report-model.c \
	lab/report-page.c \
	lab/report-strips.c \
	lab/report-text.c \
	lab/report-words.c \
	lab/scenario-report.c \
	$(NULL)

# What is always the same in it, as strings of C.
report_files = lab/report/page.html lab/report/script.js lab/report/style.css
report_strings = $(report_files:=.inc)
EXTRA_DIST += $(report_files)
CLEANFILES += $(report_strings)
$(report_strings): lab/report/%.inc: $(srcdir)/lab/report/%
	$(AM_V_GEN)$(MKDIR_P) lab/report && sed 's/[\\"]/\\&/g; s/^/"/; s/$$/\\n"/' $(srcdir)/lab/report/$* > $@.new && mv $@.new $@
lab/report-page.$(OBJEXT): $(report_strings)
