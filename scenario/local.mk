# Scenarios: what is read, played, judged and searched.
noinst_LIBRARIES += scenario/libscenario.a
scenario_libscenario_a_SOURCES =
include $(srcdir)/scenario/format/local.mk
include $(srcdir)/scenario/import/local.mk
include $(srcdir)/scenario/play/local.mk
include $(srcdir)/scenario/search/local.mk
include $(srcdir)/scenario/survive/local.mk

# A network of the lab.
noinst_LIBRARIES += scenario/libinlab.a
scenario_libinlab_a_SOURCES = \
	lab/base/channel.c lab/base/channel.h \
	lab/base/network.c lab/base/network.h \
	lab/base/questions.c lab/base/questions.h \
	lab/base/tree.c lab/base/tree.h \
	lab/machine/agent.c lab/machine/agent.h \
	lab/network/control.c lab/network/master.h \
	$(NULL)
include $(srcdir)/scenario/in-lab/local.mk

# A network in memory. Whoever runs scenarios in it needs the hook of the plugin besides, and these libraries in this order.
libraries_of_simulation = scenario/libsimulation.a plugin/libreconstruct.a host/libhost.a $(libraries_of_engine)
noinst_LIBRARIES += scenario/libsimulation.a
scenario_libsimulation_a_SOURCES = \
	lab/base/nature.c lab/base/nature.h \
	scenario/format/event-checks.c scenario/format/event-checks.h \
	scenario/format/event-kinds.c scenario/format/event-kinds.h \
	scenario/format/event-words.c scenario/format/event-words.h \
	scenario/format/locate.c scenario/format/locate.h \
	scenario/format/members.c scenario/format/members.h \
	scenario/format/models.c scenario/format/models.h \
	scenario/format/policy.c scenario/format/policy.h \
	$(NULL)
include $(srcdir)/scenario/simulation/local.mk

# A journal as a page.
noinst_LIBRARIES += scenario/libreport.a
scenario_libreport_a_SOURCES =
include $(srcdir)/scenario/report/local.mk

# What is always the same in it, as strings of C.
report_files = scenario/report/page.html scenario/report/script.js scenario/report/style.css scenario/survive/style.css
report_strings = $(report_files:=.inc)
EXTRA_DIST += $(report_files)
CLEANFILES += $(report_strings)
$(report_strings): scenario/%.inc: $(srcdir)/scenario/%
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed 's/[\\"]/\\&/g; s/^/"/; s/$$/\\n"/' $(srcdir)/scenario/$* > $@.new && \
		mv $@.new $@
scenario/report/page.$(OBJEXT) scenario/survive/page.$(OBJEXT): $(report_strings)

bin_PROGRAMS += dydisnix-scenario
dist_man_MANS += scenario/dydisnix-scenario.1 scenario/dydisnix-scenario.5
dydisnix_scenario_SOURCES = \
	plugin/reconstruct/hook.c \
	scenario/cases.c \
	scenario/commands.h scenario/main.c \
	scenario/explore.c \
	scenario/explore-all.c \
	scenario/help.c \
	scenario/import.c \
	scenario/survive.c \
	scenario/sweep.c \
	$(NULL)
dydisnix_scenario_LDADD = scenario/libscenario.a scenario/libreport.a scenario/libinlab.a $(libraries_of_simulation)
