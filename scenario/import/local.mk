scenario_libscenario_a_SOURCES += \
	scenario/import/incident.c scenario/import/incident.h \
	scenario/import/journal.c \
	scenario/import/names.c scenario/import/names.h \
	scenario/import/system.c scenario/import/system.h \
	$(NULL)
