# BENCHMARKING.md says how to read what comes out. NETWORKS, ROUNDS: which networks, how often each.
check_PROGRAMS += tests/bench/client
tests_bench_client_LDADD =
EXTRA_PROGRAMS = tests/bench/floor
tests_bench_floor_LDADD = $(XML_LIBS)
CLEANFILES += tests/bench/floor
dist_check_SCRIPTS += tests/bench/bench tests/bench/make-network tests/bench/store-client

NETWORKS = 10x10 40x10x10store 100x100 1000x100 1000x100x100 1000x1000
ROUNDS = 5
bench: all tests/bench/client tests/bench/floor
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/bench/bench $(ROUNDS) $(NETWORKS)
.PHONY: bench
