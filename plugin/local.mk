plugin_sources =
include $(srcdir)/plugin/reconstruct/local.mk
include $(srcdir)/plugin/settings/local.mk
include $(srcdir)/plugin/capture/local.mk
include $(srcdir)/plugin/copies/local.mk
include $(srcdir)/plugin/saved-input/local.mk
noinst_LIBRARIES += plugin/libreconstruct.a
plugin_libreconstruct_a_SOURCES = $(plugin_sources)

plugins_PROGRAMS += plugin/reconstruct.so
plugin_reconstruct_so_SOURCES = plugin/reconstruct/hook.c
plugin_reconstruct_so_LDFLAGS = -shared -Wl,-z,defs $(AM_LDFLAGS)
plugin_reconstruct_so_LDADD = plugin/libreconstruct.a lib/libdydisnix.a $(LIBRARIES_USED)

bin_PROGRAMS += dydisnix-reconstruct
dydisnix_reconstruct_SOURCES = plugin/reconstruct/main.c plugin/reconstruct/table.c plugin/reconstruct/table.h
dydisnix_reconstruct_LDADD = plugin/libreconstruct.a lib/libdydisnix.a $(LIBRARIES_USED)

dist_man_MANS += plugin/dydisnix-reconstruct.1

# To be compiled by others, outside of this tree.
pluginexampledir = $(pkgdatadir)/example-plugin
dist_pluginexample_DATA = plugin/example/spread.c plugin/example/Makefile.example
dist_pluginexample_SCRIPTS = plugin/example/tell.sh
