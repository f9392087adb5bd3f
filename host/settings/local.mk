host_libhost_a_SOURCES += \
	host/settings/default-paths.c host/settings/default-paths.h \
	host/settings/settings.c host/settings/settings.h \
	host/settings/stage-names.h \
	host/settings/usage.c host/settings/usage.h \
	$(NULL)
