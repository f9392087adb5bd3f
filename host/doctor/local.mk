host_libhost_a_SOURCES += \
	host/doctor/doctor.c host/doctor/doctor.h \
	host/doctor/findings.c host/doctor/findings.h \
	host/doctor/network.c host/doctor/network.h \
	$(NULL)
