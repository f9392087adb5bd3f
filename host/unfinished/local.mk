host_libhost_a_SOURCES += \
	host/unfinished/finish.c \
	host/unfinished/hung.c \
	host/unfinished/leftovers.c host/unfinished/leftovers.h \
	host/unfinished/overtaken.c \
	host/unfinished/recover.c host/unfinished/recover.h \
	host/unfinished/rescue.c \
	host/unfinished/settle.h \
	host/unfinished/undo.c \
	$(NULL)
