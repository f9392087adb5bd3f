# Plugins for tests/host/plugins.sh.
wrong_plugins = \
	tests/plugins/no-symbol.so \
	tests/plugins/no-plugin.so \
	tests/plugins/too-small.so \
	tests/plugins/too-new.so \
	tests/plugins/no-hook.so \
	tests/plugins/no-name.so \
	tests/plugins/other-name.so \
	tests/plugins/odd-name.so \
	tests/plugins/refuses.so \
	tests/plugins/unresolved.so \
	$(NULL)
check_PROGRAMS += $(wrong_plugins) tests/plugins/future.so tests/plugins/old.so tests/plugins/record.so \
	tests/plugins/misbehave.so
plugin_flags = -shared $(AM_LDFLAGS)
wrong_flags = $(AM_CPPFLAGS) -DPLUGIN_ENTRY=dydisnix_plugin_entry

tests_plugins_record_so_SOURCES = tests/plugins/record.c
tests_plugins_record_so_LDFLAGS = $(plugin_flags)
tests_plugins_record_so_LDADD = $(JSON_LIBS)

tests_plugins_misbehave_so_SOURCES = tests/plugins/misbehave.c
tests_plugins_misbehave_so_LDFLAGS = $(plugin_flags)
tests_plugins_misbehave_so_LDADD = $(JSON_LIBS)

tests_plugins_old_so_SOURCES = tests/plugins/old.c tests/old-headers/plugin-1.h
tests_plugins_old_so_CPPFLAGS = -I$(srcdir)/tests
tests_plugins_old_so_LDFLAGS = $(plugin_flags)
tests_plugins_old_so_LDADD = $(JSON_LIBS)

tests_plugins_no_symbol_so_SOURCES = tests/plugins/wrong.c
tests_plugins_no_symbol_so_CPPFLAGS = $(AM_CPPFLAGS) -DPLUGIN_ENTRY=something_else -DWRONG=1
tests_plugins_no_symbol_so_LDFLAGS = $(plugin_flags)
tests_plugins_no_symbol_so_LDADD =

tests_plugins_no_plugin_so_SOURCES = tests/plugins/wrong.c
tests_plugins_no_plugin_so_CPPFLAGS = $(wrong_flags) -DWRONG=2
tests_plugins_no_plugin_so_LDFLAGS = $(plugin_flags)
tests_plugins_no_plugin_so_LDADD =

tests_plugins_too_small_so_SOURCES = tests/plugins/wrong.c
tests_plugins_too_small_so_CPPFLAGS = $(wrong_flags) -DWRONG=3
tests_plugins_too_small_so_LDFLAGS = $(plugin_flags)
tests_plugins_too_small_so_LDADD =

tests_plugins_too_new_so_SOURCES = tests/plugins/wrong.c
tests_plugins_too_new_so_CPPFLAGS = $(wrong_flags) -DWRONG=4
tests_plugins_too_new_so_LDFLAGS = $(plugin_flags)
tests_plugins_too_new_so_LDADD =

tests_plugins_no_hook_so_SOURCES = tests/plugins/wrong.c
tests_plugins_no_hook_so_CPPFLAGS = $(wrong_flags) -DWRONG=5
tests_plugins_no_hook_so_LDFLAGS = $(plugin_flags)
tests_plugins_no_hook_so_LDADD =

tests_plugins_no_name_so_SOURCES = tests/plugins/wrong.c
tests_plugins_no_name_so_CPPFLAGS = $(wrong_flags) -DWRONG=6
tests_plugins_no_name_so_LDFLAGS = $(plugin_flags)
tests_plugins_no_name_so_LDADD =

tests_plugins_other_name_so_SOURCES = tests/plugins/wrong.c
tests_plugins_other_name_so_CPPFLAGS = $(wrong_flags) -DWRONG=7
tests_plugins_other_name_so_LDFLAGS = $(plugin_flags)
tests_plugins_other_name_so_LDADD =

tests_plugins_odd_name_so_SOURCES = tests/plugins/wrong.c
tests_plugins_odd_name_so_CPPFLAGS = $(wrong_flags) -DWRONG=8
tests_plugins_odd_name_so_LDFLAGS = $(plugin_flags)
tests_plugins_odd_name_so_LDADD =

tests_plugins_refuses_so_SOURCES = tests/plugins/wrong.c
tests_plugins_refuses_so_CPPFLAGS = $(wrong_flags) -DWRONG=9
tests_plugins_refuses_so_LDFLAGS = $(plugin_flags)
tests_plugins_refuses_so_LDADD =

tests_plugins_unresolved_so_SOURCES = tests/plugins/wrong.c
tests_plugins_unresolved_so_CPPFLAGS = $(wrong_flags) -DWRONG=10
tests_plugins_unresolved_so_LDFLAGS = $(plugin_flags)
tests_plugins_unresolved_so_LDADD =

tests_plugins_future_so_SOURCES = tests/plugins/wrong.c
tests_plugins_future_so_CPPFLAGS = $(wrong_flags) -DWRONG=11
tests_plugins_future_so_LDFLAGS = $(plugin_flags)
tests_plugins_future_so_LDADD =
