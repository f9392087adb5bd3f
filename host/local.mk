noinst_LIBRARIES += host/libhost.a
host_libhost_a_SOURCES = \
	host/check.c host/check.h \
	host/cycle.c host/cycle.h \
	host/effective.c host/effective.h \
	host/hooks.c host/hooks.h \
	host/journal.c host/journal.h \
	host/listing.c host/listing.h \
	host/loader.c host/loader.h \
	host/model.c host/model.h \
	host/plan.c host/plan.h \
	host/presence.c host/presence.h \
	host/probe.c host/probe.h \
	host/progress.c host/progress.h \
	host/redeploy.c host/redeploy.h \
	host/script.c host/script.h \
	host/settings.c host/settings.h \
	host/stages.c host/stages.h \
	host/state.c host/state.h \
	host/stream.c host/stream.h \
	host/supervisor.c host/supervisor.h \
	host/usage.c host/usage.h \
	host/watch.c host/watch.h \
	host/words.c host/words.h \
	$(NULL)

bin_PROGRAMS += dydisnix-self-adapt
dydisnix_self_adapt_SOURCES = host/main.c
dydisnix_self_adapt_LDADD = host/libhost.a lib/libdydisnix.a $(LIBRARIES_USED)

dist_man_MANS += host/dydisnix-self-adapt.1 host/dydisnix-plugin.3
