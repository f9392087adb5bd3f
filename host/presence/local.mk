host_libhost_a_SOURCES += \
	host/presence/hung.c host/presence/hung.h \
	host/presence/model.c host/presence/model.h \
	host/presence/presence.c host/presence/presence.h \
	host/presence/probe.c host/presence/probe.h \
	host/presence/refusals.c host/presence/refusals.h \
	$(NULL)
