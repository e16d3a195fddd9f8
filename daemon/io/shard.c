/* SPDX-License-Identifier: Apache-2.0 */
/* Writes customers' records into their shards and reads them all back at start. */
#include "io/shard.h"

#include <stdio.h>

#include "base/mem.h"
#include "codec/resp.h"
#include "io/pages.h"

#define LOAD_AHEAD 16	/* shards asked for and not yet answered */
#define RECORDS_AHEAD 8 /* records told of before they come */
#define PAGES_SAMPLE 16 /* shards after which it is known whether there are many records: */
#define PAGES_FROM 200000

/* The remainders of x << 8 by 0x1021, made at first use. */
static uint16_t crc_table[256];

static void
crc_table_make(void)
{
	for (unsigned x = 0; x < 256; x++) {
		unsigned crc = x << 8;

		for (unsigned bit = 0; bit < 8; bit++)
			crc = (crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1) & 0xffff;
		crc_table[x] = (uint16_t)crc;
	}
}

uint16_t
shard_crc16(struct str text)
{
	unsigned crc = 0;

	if (crc_table[1] == 0)
		crc_table_make();
	for (size_t i = 0; i < text.n; i++)
		crc = (crc << 8 & 0xff00) ^ crc_table[crc >> 8 ^ (unsigned char)text.p[i]];
	return (uint16_t)crc;
}

unsigned
shard_of(struct str customer)
{
	return shard_crc16(customer) % SHARD_COUNT;
}

void
shard_batch_add(struct shard_batch *batch, const struct ruleset *rules,
		const struct customer *customer, struct stream_id applied, int64_t due_at)
{
	struct shard_item item = {
		.shard = shard_of(customer_id(customer)),
		.at = batch->bytes.n,
		.id_n = customer_id(customer).n,
	};

	buf_str(&batch->bytes, customer_id(customer));
	record_encode_due(&batch->bytes, rules, customer, applied, due_at);
	item.record_n = batch->bytes.n - item.at - item.id_n;
	MEM_RESERVE(batch->items, batch->cap, batch->count + 1);
	batch->items[batch->count++] = item;
}

void
shard_batch_add_bytes(struct shard_batch *batch, struct str id, struct str record)
{
	struct shard_item item = {.shard = shard_of(id),
				  .at = batch->bytes.n,
				  .id_n = id.n,
				  .record_n = record.n};

	buf_str(&batch->bytes, id);
	buf_str(&batch->bytes, record);
	MEM_RESERVE(batch->items, batch->cap, batch->count + 1);
	batch->items[batch->count++] = item;
}

/* By shard, in the order of adding within each: a counting sort. */
static void
items_sort(struct shard_batch *batch)
{
	size_t next[SHARD_COUNT + 1] = {0};

	MEM_RESERVE(batch->sorted, batch->sorted_cap, batch->count);
	for (size_t i = 0; i < batch->count; i++)
		next[batch->items[i].shard + 1]++;
	for (unsigned shard = 0; shard < SHARD_COUNT; shard++)
		next[shard + 1] += next[shard];
	for (size_t i = 0; i < batch->count; i++)
		batch->sorted[next[batch->items[i].shard]++] = batch->items[i];
}

static void
key_write(struct buf *out, struct str prefix, unsigned shard)
{
	char key[32];
	int n = snprintf(key, sizeof key, "state:%u", shard);
	struct buf whole = {0};

	buf_str(&whole, prefix);
	buf_add(&whole, key, (size_t)n);
	resp_arg(out, buf_view(&whole));
	buf_finish(&whole);
}

static void
hset_write(struct buf *out, struct str prefix, const struct shard_batch *batch, size_t from,
	   size_t to)
{
	resp_array(out, 2 + 2 * (to - from));
	resp_text(out, "HSET");
	key_write(out, prefix, batch->sorted[from].shard);
	for (size_t i = from; i < to; i++) {
		const struct shard_item *item = &batch->sorted[i];
		const char *id = batch->bytes.p + item->at;

		resp_arg(out, (struct str){id, item->id_n});
		resp_arg(out, (struct str){id + item->id_n, item->record_n});
	}
}

unsigned
shard_batch_write(struct shard_batch *batch, struct str prefix, struct buf *out)
{
	unsigned commands = 0;
	size_t to;

	if (batch->count > 0)
		items_sort(batch);
	for (size_t from = 0; from < batch->count; from = to) {
		for (to = from + 1; to < batch->count; to++)
			if (batch->sorted[to].shard != batch->sorted[from].shard)
				break;
		hset_write(out, prefix, batch, from, to);
		commands++;
	}
	shard_batch_clear(batch);
	return commands;
}

void
shard_batch_clear(struct shard_batch *batch)
{
	batch->count = 0;
	buf_clear(&batch->bytes);
}

void
shard_batch_finish(struct shard_batch *batch)
{
	mem_free(batch->items);
	mem_free(batch->sorted);
	buf_finish(&batch->bytes);
	*batch = (struct shard_batch){0};
}

struct shard_load {
	struct redis *redis; /* borrowed */
	struct str prefix;   /* borrowed */
	struct shard_hooks hooks;
	struct buf out;
	unsigned asked, answered;
	uint64_t records;    /* so far */
	struct pages *pages; /* owned; NULL: what is made of so few takes no time */
	bool failed, passing;
	struct err why;
};

static void on_shard(void *ctx, const struct reply *reply);

static void
load_ask(struct shard_load *load)
{
	buf_clear(&load->out);
	resp_array(&load->out, 2);
	resp_text(&load->out, "HGETALL");
	key_write(&load->out, load->prefix, load->asked++);
	redis_send_pieces(load->redis, buf_view(&load->out), on_shard, load);
}

static void
load_end(struct shard_load *load)
{
	const struct shard_load ended = *load;

	shard_load_drop(load);
	if (ended.failed)
		ended.hooks.fail(ended.hooks.ctx, ended.why.text, ended.passing);
	else
		ended.hooks.done(ended.hooks.ctx);
}

static void
load_fail(struct shard_load *load, const struct reply *reply)
{
	if (!load->failed)
		err_set(&load->why, "cannot load %.*sstate:%u: Redis says %.*s",
			STR_ARG(load->prefix), load->answered, STR_ARG(reply->text));
	load->passing = redis_error_is_passing(reply) && (load->passing || !load->failed);
	load->failed = true;
}

static void
on_shard(void *ctx, const struct reply *reply)
{
	struct shard_load *load = ctx;

	if (reply->type != REPLY_ARRAY)
		load_fail(load, reply);
	load->records += reply->type == REPLY_ARRAY ? reply->count / 2 : 0;
	/* Names and values are leaves: the i-th lies i places further on. */
	for (uint32_t i = 0; i < 2 * RECORDS_AHEAD && i < reply->count; i += 2)
		load->hooks.ahead(load->hooks.ctx, reply[1 + i].text);
	for (uint32_t i = 0; !load->failed && i + 1 < reply->count; i += 2) {
		if (i + 2 * RECORDS_AHEAD < reply->count)
			load->hooks.ahead(load->hooks.ctx,
					  reply[1 + i + 2 * RECORDS_AHEAD].text);
		load->hooks.record(load->hooks.ctx, reply[1 + i].text, reply[2 + i].text);
	}
	if (reply->more > 0)
		return;
	load->answered++;
	if (load->answered == PAGES_SAMPLE &&
	    load->records >= PAGES_FROM / (SHARD_COUNT / PAGES_SAMPLE))
		load->pages = pages_begin();
	if (!load->failed)
		load->hooks.shard(load->hooks.ctx, load->answered);
	if (!load->failed && load->asked < SHARD_COUNT)
		load_ask(load);
	else if (load->answered == load->asked)
		load_end(load);
}

struct shard_load *
shard_load_begin(struct redis *redis, struct str prefix, struct shard_hooks hooks)
{
	struct shard_load *load = mem_alloc(sizeof *load);

	load->redis = redis;
	load->prefix = prefix;
	load->hooks = hooks;
	while (load->asked < LOAD_AHEAD)
		load_ask(load);
	return load;
}

void
shard_load_drop(struct shard_load *load)
{
	if (load == NULL)
		return;
	pages_end(load->pages);
	buf_finish(&load->out);
	mem_free(load);
}
