lib_libdydisnix_a_SOURCES += \
	lib/model/client.c lib/model/client.h \
	lib/model/doubles.c lib/model/doubles.h \
	lib/model/infrastructure.c lib/model/infrastructure.h \
	lib/model/nix.c lib/model/nix.h \
	lib/model/nix-access.c lib/model/nix-access.h \
	lib/model/nix-stream.c lib/model/nix-stream.h \
	lib/model/paths.c lib/model/paths.h \
	lib/model/store-text.c lib/model/store-text.h \
	lib/model/target-flatten.c \
	lib/model/target-keys.c lib/model/target-keys.h \
	lib/model/value.c lib/model/value.h \
	lib/model/words.c lib/model/words.h \
	lib/model/xml.c lib/model/xml.h \
	$(NULL)
