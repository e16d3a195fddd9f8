/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that touches huge pages ahead of whoever is about to fill many. */
#define _DEFAULT_SOURCE /* nice */
#include "io/pages.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define LOOK_NS \
	2000000 /* between two looks whether one was taken: who loads takes one in 8 ms */

#define BEHIND 10 /* how much nicer it is than the others, of at most 19 */

struct pages {
	pthread_t thread;
	_Atomic bool ending;
};

static void *
run(void *arg)
{
	struct pages *pages = arg;
	const struct timespec pause = {.tv_nsec = LOOK_NS};

	/* Of this thread alone. Who loads, and Redis, need the processors more; late it is still of use. */
	(void)!nice(BEHIND);

	while (!atomic_load(&pages->ending))
		if (!mem_page_ahead())
			(void)nanosleep(&pause, NULL);
	return NULL;
}

/* Signals are for the loop's thread. */
struct pages *
pages_begin(void)
{
	struct pages *pages = mem_alloc(sizeof *pages);
	sigset_t all, before;
	int failure;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failure = pthread_create(&pages->thread, NULL, run, pages);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failure == 0)
		return pages;
	mem_free(pages);
	return NULL;
}

void
pages_end(struct pages *pages)
{
	if (pages == NULL)
		return;
	atomic_store(&pages->ending, true);
	(void)pthread_join(pages->thread, NULL);
	mem_free(pages);
	mem_pages_drop();
}
