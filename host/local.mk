noinst_LIBRARIES += host/libhost.a
host_libhost_a_SOURCES = \
	host/broken.h \
	host/calls.c host/calls.h \
	host/check.c host/check.h \
	host/cycle.c host/cycle.h \
	host/leftovers.c host/leftovers.h \
	host/loader.c host/loader.h \
	host/mended.c host/mended.h \
	host/model.c host/model.h \
	host/recover.c host/recover.h \
	host/redeploy.c host/redeploy.h \
	host/rescue.c \
	host/settings.c host/settings.h \
	host/stages.c host/stages.h \
	host/state.c host/state.h \
	host/supervisor.c host/supervisor.h \
	host/transcript.c host/transcript.h \
	host/undo.c \
	host/usage.c host/usage.h \
	host/watch.c host/watch.h \
	$(NULL)

bin_PROGRAMS += dydisnix-self-adapt
dydisnix_self_adapt_SOURCES = host/main.c
dydisnix_self_adapt_LDADD = host/libhost.a lib/libdydisnix.a $(LIBRARIES_USED)

dist_man_MANS += host/dydisnix-self-adapt.1 host/dydisnix-plugin.3
