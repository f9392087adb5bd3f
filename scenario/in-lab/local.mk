scenario_libinlab_a_SOURCES += \
	scenario/in-lab/clients.c \
	scenario/in-lab/events.c \
	scenario/in-lab/lab.c scenario/in-lab/lab.h \
	scenario/in-lab/loop.c \
	scenario/in-lab/models.c \
	scenario/in-lab/observe.c \
	scenario/in-lab/run.c \
	scenario/in-lab/traps.c \
	$(NULL)
