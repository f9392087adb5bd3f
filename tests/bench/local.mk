# BENCHMARKING.md says how to read what comes out. NETWORKS, ROUNDS: which networks, how often each.
check_PROGRAMS += tests/bench/client
tests_bench_client_LDADD =
EXTRA_PROGRAMS = tests/bench/floor
tests_bench_floor_LDADD = $(XML_LIBS)
CLEANFILES += tests/bench/floor tests/bench/bare-client
dist_check_SCRIPTS += tests/bench/bench tests/bench/make-network tests/bench/store-client

# Where the processor is another one, with a C library after all.
EXTRA_DIST += tests/bench/bare-client.c
tests/bench/bare-client: tests/bench/bare-client.c
	$(AM_V_CCLD)$(MKDIR_P) tests/bench && \
	    { $(CC) -O2 -DBARE -static -nostdlib -o $@ $(srcdir)/tests/bench/bare-client.c 2> /dev/null || \
	    $(CC) -O2 -o $@ $(srcdir)/tests/bench/bare-client.c; }

NETWORKS = 10x10 40x10x10store 100x100 1000x100 1000x100x100 1000x1000 10000x10
ROUNDS = 5
bench: all tests/bench/client tests/bench/floor tests/bench/bare-client
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/bench/bench $(ROUNDS) $(NETWORKS)
.PHONY: bench
