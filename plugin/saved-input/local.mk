plugin_sources += \
	plugin/saved-input/input.c plugin/saved-input/input.h \
	plugin/saved-input/replay.c plugin/saved-input/replay.h \
	$(NULL)
