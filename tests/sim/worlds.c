/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated worlds: the real live code against a fake Redis, a fake receiver and a fake clock, one seed one run.
 *
 *   SEEDS=N worlds            seeds FROM (1) to FROM + N - 1
 *   SEED=S [SHOW=1] worlds    that one alone, with its whole trace
 *   ROUNDS=K                  worlds end after K rounds
 *   AGAIN=K                   each K-th seed runs twice, and both traces have to be equal (16; 0: none) */
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/sim.h"
#include "sim/world.h"

#define MEMORY_MOST ((rlim_t)2 << 30)

static uint64_t
option(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL && *text != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

/* An assertion of the daemon's, or worse. The process is lost anyway; only its seed has to be told.
 * NOLINTBEGIN(bugprone-signal-handler) */
static void
on_crash(int number)
{
	if (number != SIGABRT)
		sim_at_failure(NULL);
	sim_fail(
		number == SIGABRT
			? "an assertion of the daemon's does not hold, or it asks for too much memory"
			: "the daemon's code crashes");
}

/* NOLINTEND(bugprone-signal-handler) */

/* How does a seed with fewer rounds end? */
static int
run_alone(uint64_t seed, unsigned rounds)
{
	char one[32], most[32];
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		snprintf(one, sizeof one, "%" PRIu64, seed);
		snprintf(most, sizeof most, "%u", rounds);
		setenv("SEED", one, 1);
		setenv("ROUNDS", most, 1);
		if (freopen("/dev/null", "w", stdout) != NULL)
			execl("/proc/self/exe", "worlds", (char *)NULL);
		_exit(0);
	}
	return child > 0 && waitpid(child, &status, 0) == child ? status : 0;
}

/* The shortest beginning of the world that breaks a law too. */
static void
shrink(uint64_t seed)
{
	for (unsigned rounds = 0; rounds < WORLD_ROUNDS; rounds++) {
		if (run_alone(seed, rounds) == 0)
			continue;
		printf("# it fails after %u rounds already: SEED=%" PRIu64 " ROUNDS=%u\n",
		       rounds, seed, rounds);
		return;
	}
}

static void
twice(uint64_t seed, unsigned rounds, const struct world_tally *first)
{
	struct world_tally second;

	world_run(seed, rounds, &second);
	if (first->hash != second.hash || first->commands != second.commands)
		sim_fail("a second run gives another trace: %" PRIu64 " and %" PRIu64
			 " commands",
			 first->commands, second.commands);
}

static void
sum_up(struct world_tally *sum, const struct world_tally *one)
{
	sum->commands += one->commands;
	sum->turns += one->turns;
	sum->entries += one->entries;
	sum->alerts += one->alerts;
	sum->tasks += one->tasks;
	sum->rejects += one->rejects;
	sum->requests += one->requests;
	sum->lives += one->lives;
	sum->failures += one->failures;
	sum->restores += one->restores;
}

/* A world takes little of what a daemon asks for: what is not touched should cost nothing. */
static void
memory_be_lazy(void)
{
	(void)prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	(void)mallopt(M_MMAP_THRESHOLD, 64 << 20);
	(void)mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

/* A mistake that asks for memory without end fails its seed, and not the machine: some forty times what they take. */
static void
memory_be_bounded(void)
{
	const struct rlimit most = {MEMORY_MOST, MEMORY_MOST};

#ifndef __SANITIZE_ADDRESS__ /* whose shadow is larger than any bound */
	(void)setrlimit(RLIMIT_DATA, &most);
#else
	(void)most;
#endif
}

int
main(void)
{
	uint64_t only = option("SEED", 0), from = only > 0 ? only : option("FROM", 1);
	uint64_t seeds = only > 0 ? 1 : option("SEEDS", 200), again = option("AGAIN", 16);
	unsigned rounds = (unsigned)option("ROUNDS", WORLD_ROUNDS);
	struct world_tally sum = {0}, one;

	memory_be_lazy();
	memory_be_bounded();
	signal(SIGABRT, on_crash);
	signal(SIGSEGV, on_crash);
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	sim_show(option("SHOW", 0) > 0);
	if (getenv("ROUNDS") == NULL && option("SHOW", 0) == 0)
		sim_at_failure(shrink);
	for (uint64_t seed = from; seed < from + seeds; seed++) {
		world_run(seed, rounds, &one);
		sum_up(&sum, &one);
		if (again > 0 && seed % again == 0)
			twice(seed, rounds, &one);
	}
	printf("ok 1 - every law holds in every world\n# seeds %" PRIu64 " to %" PRIu64
	       ": %" PRIu64 " lives, %" PRIu64 " entries, %" PRIu64 " alerts, %" PRIu64
	       " task changes, %" PRIu64 " rejects, %" PRIu64 " requests, %" PRIu64
	       " commands, %" PRIu64 " turns; Redis went back in %" PRIu64 ", %" PRIu64
	       " gave up\n1..1\n",
	       from, from + seeds - 1, sum.lives, sum.entries, sum.alerts, sum.tasks,
	       sum.rejects, sum.requests, sum.commands, sum.turns, sum.restores, sum.failures);
	return 0;
}
