dydisnix_lab_SOURCES += \
	lab/machine/agent.c lab/machine/agent.h \
	lab/machine/archive.c lab/machine/archive.h \
	lab/machine/component.c lab/machine/component.h \
	lab/machine/geninfra.c lab/machine/geninfra.h \
	lab/machine/init.c \
	lab/machine/machine.c lab/machine/machine.h \
	lab/machine/orphans.c lab/machine/orphans.h \
	lab/machine/processes.c \
	lab/machine/record.c lab/machine/record.h \
	lab/machine/responder.c \
	lab/machine/service.c lab/machine/service.h \
	lab/machine/ssh.c lab/machine/ssh.h \
	lab/machine/target.c \
	$(NULL)
