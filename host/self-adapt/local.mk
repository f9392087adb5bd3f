# The loop itself serves the simulation too.
host_libhost_a_SOURCES += host/self-adapt/loop.c host/self-adapt/loop.h

self_adapt_sources = \
	host/self-adapt/children.c host/self-adapt/children.h \
	host/self-adapt/events.c host/self-adapt/events.h \
	host/self-adapt/host.h \
	host/self-adapt/main.c \
	host/self-adapt/model.c host/self-adapt/model.h
dydisnix_self_adapt_SOURCES = $(self_adapt_sources)
