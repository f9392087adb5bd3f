scenario_libreport_a_SOURCES += \
	scenario/report/bars.c \
	scenario/report/command.c \
	scenario/report/incident.c \
	scenario/report/journal.c \
	scenario/report/lanes.c \
	scenario/report/marks.c \
	scenario/report/model.c \
	scenario/report/page.c \
	scenario/report/parts.h \
	scenario/report/report.h \
	scenario/report/strip.h \
	scenario/report/strips.c \
	scenario/report/text.c scenario/report/text.h \
	scenario/report/words.c \
	$(NULL)
