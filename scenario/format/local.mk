scenario_libscenario_a_SOURCES += \
	scenario/format/event-text.c scenario/format/event-text.h \
	scenario/format/events.c scenario/format/events.h \
	scenario/format/file.c scenario/format/file.h \
	scenario/format/validate.c \
	$(NULL)
