scenario_libscenario_a_SOURCES += \
	scenario/format/event-checks.c scenario/format/event-checks.h \
	scenario/format/event-kinds.c scenario/format/event-kinds.h \
	scenario/format/event-text.c scenario/format/event-text.h \
	scenario/format/event-words.c scenario/format/event-words.h \
	scenario/format/events.c scenario/format/events.h \
	scenario/format/file.c scenario/format/file.h \
	scenario/format/locate.c scenario/format/locate.h \
	scenario/format/members.c scenario/format/members.h \
	scenario/format/validate.c \
	scenario/format/words.c scenario/format/words.h \
	$(NULL)
