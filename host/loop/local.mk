host_libhost_a_SOURCES += \
	host/loop/mentions.c host/loop/mentions.h \
	host/loop/stream.c host/loop/stream.h \
	host/loop/supervisor.c host/loop/supervisor.h \
	host/loop/watch.c host/loop/watch.h \
	$(NULL)
