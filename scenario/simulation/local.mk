scenario_libsimulation_a_SOURCES += \
	scenario/simulation/client.c \
	scenario/simulation/clients.c \
	scenario/simulation/component.c scenario/simulation/component.h \
	scenario/simulation/digest.c scenario/simulation/digest.h \
	scenario/simulation/disnix.c scenario/simulation/disnix.h \
	scenario/simulation/engine.c \
	scenario/simulation/events.c \
	scenario/simulation/failures.c \
	scenario/simulation/faults.h \
	scenario/simulation/files.c scenario/simulation/files.h \
	scenario/simulation/ledger.c scenario/simulation/ledger.h \
	scenario/simulation/loop.c \
	scenario/simulation/models.c \
	scenario/simulation/moments.c \
	scenario/simulation/network.c scenario/simulation/network.h \
	scenario/simulation/observe.c \
	scenario/simulation/operations.c \
	scenario/simulation/placement.c scenario/simulation/placement.h \
	scenario/simulation/programs.c \
	scenario/simulation/scenario.h \
	scenario/simulation/serve.c \
	scenario/simulation/simulation.c \
	scenario/simulation/stages.c \
	$(NULL)
