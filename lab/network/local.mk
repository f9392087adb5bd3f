dydisnix_lab_SOURCES += \
	lab/network/client.c \
	lab/network/control.c \
	lab/network/machines.c lab/network/machines.h \
	lab/network/main.c \
	lab/network/master.c lab/network/master.h \
	lab/network/programs.c lab/network/programs.h \
	lab/network/status.c \
	$(NULL)
