scenario_libscenario_a_SOURCES += \
	scenario/survive/apart.c scenario/survive/apart.h \
	scenario/survive/losses.c scenario/survive/losses.h \
	scenario/survive/outcome.c scenario/survive/outcome.h \
	scenario/survive/page.c scenario/survive/page.h \
	scenario/survive/table.c scenario/survive/table.h \
	scenario/survive/trial.c scenario/survive/trial.h \
	$(NULL)
