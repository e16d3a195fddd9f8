/* SPDX-License-Identifier: Apache-2.0 */
/* Long lists of small items: in pieces as they come, then by customer. */
#include <string.h>

#include "app/backtest_room.h"
#include "base/mem.h"

void *
backtest_log_add(struct backtest_log *log)
{
	size_t piece = log->count / LOG_PIECE;

	if (piece == log->piece_count) {
		MEM_RESERVE(log->pieces, log->piece_cap, piece + 1);
		log->pieces[log->piece_count++] = mem_array(LOG_PIECE, log->size);
	}
	return log->pieces[piece] + (log->count++ % LOG_PIECE) * log->size;
}

void *
backtest_log_at(const struct backtest_log *log, size_t i)
{
	return log->pieces[i / LOG_PIECE] + (i % LOG_PIECE) * log->size;
}

void
backtest_log_drop(struct backtest_log *log, size_t piece)
{
	mem_free(log->pieces[piece]);
	log->pieces[piece] = NULL;
}

void
backtest_log_finish(struct backtest_log *log)
{
	for (size_t i = 0; i < log->piece_count; i++)
		mem_free(log->pieces[i]);
	mem_free(log->pieces);
	*log = (struct backtest_log){.size = log->size};
}

void
backtest_index_make(struct backtest_index *index, const struct backtest_log *log,
		    size_t customers, uint32_t (*customer_of)(const void *ctx, size_t i),
		    const void *ctx)
{
	size_t total = 0;

	index->starts = mem_array(customers + 2, sizeof *index->starts);
	for (size_t i = 0; i < log->count; i++) {
		uint32_t customer = customer_of(ctx, i);

		if (customer == BACKTEST_NOBODY)
			continue;
		index->starts[customer + 2]++;
		total++;
	}
	for (size_t c = 2; c < customers + 2; c++)
		index->starts[c] += index->starts[c - 1];
	index->items = mem_array(total + 1, sizeof *index->items);
	for (size_t i = 0; i < log->count; i++) {
		uint32_t customer = customer_of(ctx, i);

		if (customer != BACKTEST_NOBODY)
			index->items[index->starts[customer + 1]++] = (uint32_t)i;
	}
}

void
backtest_index_finish(struct backtest_index *index)
{
	mem_free(index->starts);
	mem_free(index->items);
	*index = (struct backtest_index){0};
}
