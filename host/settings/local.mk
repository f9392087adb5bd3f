host_libhost_a_SOURCES += \
	host/settings/places.c host/settings/places.h \
	host/settings/settings.c host/settings/settings.h \
	host/settings/stage-names.h \
	host/settings/usage.c host/settings/usage.h \
	$(NULL)
