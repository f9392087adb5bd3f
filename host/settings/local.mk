host_libhost_a_SOURCES += \
	host/settings/default-paths.c host/settings/default-paths.h \
	host/settings/files.c host/settings/files.h \
	host/settings/options.c host/settings/options.h \
	host/settings/settings.c host/settings/settings.h \
	host/settings/stage-names.c host/settings/stage-names.h \
	$(NULL)
