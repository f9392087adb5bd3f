host_libhost_a_SOURCES += \
	host/calls/client-calls.c host/calls/client-calls.h \
	host/calls/recovery.c host/calls/recovery.h \
	host/calls/resend.c host/calls/resend.h \
	host/calls/slow.c host/calls/slow.h \
	host/calls/stages.c host/calls/stages.h \
	$(NULL)
