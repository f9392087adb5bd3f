host_libhost_a_SOURCES += \
	host/plugins/hooks.c host/plugins/hooks.h \
	host/plugins/listing.c host/plugins/listing.h \
	host/plugins/loader.c host/plugins/loader.h \
	host/plugins/script.c host/plugins/script.h \
	$(NULL)
