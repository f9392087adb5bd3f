host_libhost_a_SOURCES += \
	host/calls/calls.c host/calls/calls.h \
	host/calls/recovery.c host/calls/recovery.h \
	host/calls/resend.c host/calls/resend.h \
	host/calls/stages.c host/calls/stages.h \
	$(NULL)
