plugin_sources += \
	plugin/settings/options.c plugin/settings/options.h \
	$(NULL)
