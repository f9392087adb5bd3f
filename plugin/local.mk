plugin_sources = \
	plugin/activation.c plugin/activation.h \
	plugin/actions.c plugin/actions.h \
	plugin/aggregate.c plugin/aggregate.h \
	plugin/capture.c plugin/capture.h \
	plugin/claims.c plugin/claims.h \
	plugin/closures.c plugin/closures.h \
	plugin/copies.c plugin/copies.h \
	plugin/copy.c plugin/copy.h \
	plugin/disputes.c plugin/disputes.h \
	plugin/evidence.c plugin/evidence.h \
	plugin/facts.c plugin/facts.h \
	plugin/input.c plugin/input.h \
	plugin/install.c plugin/install.h \
	plugin/options.c plugin/options.h \
	plugin/reconstruct.c plugin/reconstruct.h \
	plugin/remembered.c plugin/remembered.h \
	plugin/replay.c plugin/replay.h \
	plugin/report.c plugin/report.h \
	plugin/survivor.c plugin/survivor.h \
	$(NULL)

noinst_LIBRARIES += plugin/libreconstruct.a
plugin_libreconstruct_a_SOURCES = $(plugin_sources)

plugins_PROGRAMS += plugin/reconstruct.so
plugin_reconstruct_so_SOURCES = plugin/hook.c
plugin_reconstruct_so_LDFLAGS = -shared -Wl,-z,defs $(AM_LDFLAGS)
plugin_reconstruct_so_LDADD = plugin/libreconstruct.a lib/libdydisnix.a $(LIBRARIES_USED)

bin_PROGRAMS += dydisnix-reconstruct
dydisnix_reconstruct_SOURCES = plugin/main.c plugin/table.c plugin/table.h
dydisnix_reconstruct_LDADD = plugin/libreconstruct.a lib/libdydisnix.a $(LIBRARIES_USED)

dist_man_MANS += plugin/dydisnix-reconstruct.1

plugins_PROGRAMS += plugin/metrics.so
plugin_metrics_so_SOURCES = plugin/metrics.c
plugin_metrics_so_LDFLAGS = -shared -Wl,-z,defs $(AM_LDFLAGS)
plugin_metrics_so_LDADD = lib/libdydisnix.a $(LIBRARIES_USED)

# To be compiled by others, outside of this tree.
pluginexampledir = $(pkgdatadir)/example-plugin
dist_pluginexample_DATA = plugin/example/spread.c plugin/example/Makefile.example
dist_pluginexample_SCRIPTS = plugin/example/tell.sh
