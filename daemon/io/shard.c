/* SPDX-License-Identifier: Apache-2.0 */
/* Writes customers' records into their shards and reads them all back at start. */
#include "io/shard.h"

#include <stdio.h>

#include "base/mem.h"
#include "codec/resp.h"
#include "io/pages.h"

#define LOAD_AHEAD 4	/* shards asked for and not yet answered */
#define RECORDS_AHEAD 8 /* records told of before they come */
#define NAMELESS_FEW \
	4 /* values of a shard without a name, beyond which those to come are asked for with names */
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

static void
bytes_add(struct shard_batch *batch, unsigned shard, struct str id, struct str record)
{
	struct shard_item item = {
		.shard = shard, .at = batch->bytes.n, .id_n = id.n, .record_n = record.n};

	buf_str(&batch->bytes, id);
	buf_str(&batch->bytes, record);
	MEM_RESERVE(batch->items, batch->cap, batch->count + 1);
	batch->items[batch->count++] = item;
}

void
shard_batch_add_bytes(struct shard_batch *batch, struct str id, struct str record)
{
	bytes_add(batch, shard_of(id), id, record);
}

void
shard_batch_add_shared(struct shard_batch *batch, struct str id, struct str record)
{
	bytes_add(batch, SHARD_SHARED, id, record);
}

struct str
shard_batch_last(const struct shard_batch *batch)
{
	const struct shard_item *item = &batch->items[batch->count - 1];

	return (struct str){batch->bytes.p + item->at + item->id_n, item->record_n};
}

/* What is shared comes first. */
static unsigned
place_of(const struct shard_item *item)
{
	return item->shard == SHARD_SHARED ? 0 : item->shard + 1;
}

/* By shard, in the order of adding within each: a counting sort. */
static void
items_sort(struct shard_batch *batch)
{
	size_t next[SHARD_COUNT + 2] = {0};

	MEM_RESERVE(batch->sorted, batch->sorted_cap, batch->count);
	for (size_t i = 0; i < batch->count; i++)
		next[place_of(&batch->items[i]) + 1]++;
	for (unsigned place = 0; place <= SHARD_COUNT; place++)
		next[place + 1] += next[place];
	for (size_t i = 0; i < batch->count; i++)
		batch->sorted[next[place_of(&batch->items[i])]++] = batch->items[i];
}

static void
key_write(struct buf *out, struct str prefix, unsigned shard)
{
	struct buf whole = {0};

	buf_str(&whole, prefix);
	if (shard == SHARD_SHARED)
		buf_text(&whole, "state:shared");
	else
		buf_printf(&whole, "state:%u", shard);
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

/* Most values say themselves whose they are, and Redis is spared a look at each name, which is one of three that it takes at
 * memory for a field. What does not say so (records of before version 8, those of no customer, damaged ones) is asked
 * for again, with the names. */
enum ask { ASK_VALUES, ASK_ALL, ASK_REST };

struct asked {
	unsigned shard;
	enum ask ask;
	uint32_t nameless; /* values that do not say whose they are, so far */
};

struct shard_load {
	struct redis *redis; /* borrowed */
	struct str prefix;   /* borrowed */
	struct shard_hooks hooks;
	struct buf out;
	struct asked asked[LOAD_AHEAD]; /* the i-th request modulo that */
	unsigned sent, answered;	/* requests */
	unsigned next, shards;		/* to ask for first; read */
	bool names;			/* are asked for from the first */
	uint64_t records;		/* so far */
	struct pages *pages;		/* owned; NULL: what is made of so few takes no time */
	bool failed, passing;
	struct err why;
};

static void on_shard(void *ctx, const struct reply *reply);

static void
load_ask(struct shard_load *load, unsigned shard, enum ask ask)
{
	load->asked[load->sent++ % LOAD_AHEAD] = (struct asked){.shard = shard, .ask = ask};
	buf_clear(&load->out);
	resp_array(&load->out, 2);
	resp_text(&load->out, ask == ASK_VALUES ? "HVALS" : "HGETALL");
	key_write(&load->out, load->prefix, shard);
	redis_send_pieces(load->redis, buf_view(&load->out), on_shard, load);
}

static void
load_ask_next(struct shard_load *load)
{
	load_ask(load, load->next++, load->names ? ASK_ALL : ASK_VALUES);
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
load_fail(struct shard_load *load, unsigned shard, const struct reply *reply)
{
	char name[16] = "shared";

	if (shard != SHARD_SHARED)
		snprintf(name, sizeof name, "%u", shard);
	if (!load->failed)
		err_set(&load->why, "cannot load %.*sstate:%s: Redis says %.*s",
			STR_ARG(load->prefix), name, STR_ARG(reply->text));
	load->passing = redis_error_is_passing(reply) && (load->passing || !load->failed);
	load->failed = true;
}

/* A value, and its name before it if it was asked for. */
struct taken {
	struct str name, value;
};

static struct taken
taken_at(const struct reply *reply, uint32_t i, bool named)
{
	if (named)
		return (struct taken){reply[1 + 2 * i].text, reply[2 + 2 * i].text};
	return (struct taken){record_whose(reply[1 + i].text), reply[1 + i].text};
}

/* At once: their looks at memory pass at the same time, where one by one each would hold up the work on a record. */
static void
load_ahead(struct shard_load *load, const struct reply *reply, uint32_t from, bool named)
{
	uint32_t count = reply->count / (named ? 2 : 1);

	for (uint32_t i = from; i < from + RECORDS_AHEAD && i < count; i++) {
		struct str name = taken_at(reply, i, named).name;

		if (name.p != NULL)
			load->hooks.ahead(load->hooks.ctx, name);
	}
}

static void
load_take_shared(struct shard_load *load, const struct reply *reply)
{
	for (uint32_t i = 0; i < reply->count / 2; i++) {
		struct taken taken = taken_at(reply, i, true);

		load->hooks.shared(load->hooks.ctx, taken.name, taken.value);
	}
}

/* Names and values are leaves: the i-th lies i places further on. */
static void
load_take(struct shard_load *load, struct asked *asked, const struct reply *reply)
{
	bool named = asked->ask != ASK_VALUES;
	uint32_t count = reply->count / (named ? 2 : 1);

	if (asked->ask != ASK_REST)
		load->records += count;
	load_ahead(load, reply, 0, named);
	for (uint32_t i = 0; i < count; i++) {
		struct taken taken = taken_at(reply, i, named);

		if (i % RECORDS_AHEAD == 0)
			load_ahead(load, reply, i + RECORDS_AHEAD, named);
		if (asked->ask != ASK_ALL && record_says_whose(taken.value) == named)
			asked->nameless += !named;
		else
			load->hooks.record(load->hooks.ctx, taken.name, taken.value);
	}
}

static void
load_count_shard(struct shard_load *load, unsigned shard)
{
	load->shards += shard != SHARD_SHARED;
	if (load->shards == PAGES_SAMPLE &&
	    load->records >= PAGES_FROM / (SHARD_COUNT / PAGES_SAMPLE))
		load->pages = pages_begin();
	if (shard != SHARD_SHARED)
		load->hooks.shard(load->hooks.ctx, load->shards);
	if (load->next < SHARD_COUNT)
		load_ask_next(load);
}

/* Whoever may not ask for values alone, as before version 8, may still ask for all. */
static bool
is_forbidden(const struct asked *asked, const struct reply *reply)
{
	return asked->ask == ASK_VALUES && reply_error_is(reply, "NOPERM");
}

static void
on_shard(void *ctx, const struct reply *reply)
{
	struct shard_load *load = ctx;
	struct asked *asked = &load->asked[load->answered % LOAD_AHEAD], ended;
	bool forbidden = is_forbidden(asked, reply);

	if (reply->type != REPLY_ARRAY && !forbidden)
		load_fail(load, asked->shard, reply);
	else if (!forbidden && !load->failed && asked->shard == SHARD_SHARED)
		load_take_shared(load, reply);
	else if (!forbidden && !load->failed)
		load_take(load, asked, reply);
	if (reply->more > 0)
		return;
	ended = *asked;
	load->answered++;
	load->names |= forbidden || ended.nameless > NAMELESS_FEW;
	if (!load->failed && (forbidden || ended.nameless > 0))
		load_ask(load, ended.shard, forbidden ? ASK_ALL : ASK_REST);
	else if (!load->failed)
		load_count_shard(load, ended.shard);
	if (load->answered == load->sent)
		load_end(load);
}

struct shard_load *
shard_load_begin(struct redis *redis, struct str prefix, struct shard_hooks hooks)
{
	struct shard_load *load = mem_alloc(sizeof *load);

	load->redis = redis;
	load->prefix = prefix;
	load->hooks = hooks;
	load_ask(load, SHARD_SHARED, ASK_ALL);
	while (load->sent < LOAD_AHEAD)
		load_ask_next(load);
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
