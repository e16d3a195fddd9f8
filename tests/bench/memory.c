/* SPDX-License-Identifier: Apache-2.0 */
/* What a customer costs in memory: six signals, each with an event about every other day for 90 days. The
 * last day ends at UNTIL. The records go to Redis as a commit would write them, each COPIES times, under other
 * names, to be weighed there or loaded. SOCKET -: they are loaded at once, into a second engine, and what they
 * take there is the figure. One JSON line.
 *
 *   memory SOCKET PREFIX RULES CUSTOMERS UNTIL_MS COPIES */
#include "app/rule_files.h"
#include "base/mem.h"
#include "bench/traffic.h"
#include "codec/record_format.h"
#include "engine/engine.h"
#include "io/shard.h"

#define BATCH 2000
#define DAYS 90
#define PIECE 2000 /* records a pipeline */

struct sample {
	const char *type;
	double value_from, value_to;
};
/* One type for each of six signals of the pack; values that make nobody unhappy. */
static const struct sample samples[] = {
	{"login", 0, 0},	{"page_view", 0, 0},	 {"ticket_opened", 0, 0},
	{"nps_answered", 7, 8}, {"csat_answered", 3, 5}, {"seats_changed", 40, 60},
};
#define SAMPLES (sizeof samples / sizeof *samples)

struct memory {
	struct engine *engine;
	struct entry entries[BATCH];
	char names[BATCH][16];
	unsigned waiting;
	uint64_t events, orders;
	uint64_t customers;
	int64_t start;
};

static void
count_order(void *ctx, const struct order *order)
{
	struct memory *memory = ctx;

	(void)order;
	memory->orders++;
}

static void
drop(void *ctx, const struct customer *customer)
{
	(void)ctx, (void)customer;
}

static void
apply(struct memory *memory)
{
	const struct order_sink sink = {.ctx = memory, .take = count_order};

	(void)engine_apply(memory->engine, memory->entries, memory->waiting, &sink);
	(void)engine_take_dirty(memory->engine, SIZE_MAX, drop, NULL);
	memory->events += memory->waiting;
	memory->waiting = 0;
}

static void
add(struct memory *memory, uint64_t who, const struct sample *sample, int64_t ms, uint64_t luck)
{
	struct entry *entry = &memory->entries[memory->waiting];
	char *name = memory->names[memory->waiting];

	*name = 'c';
	traffic_digits(name + 1, who, 8);
	*entry = (struct entry){
		.id = {ms, memory->events + memory->waiting + 1},
		.customer = {name, 9},
		.type = str_of(sample->type),
		.ts = ms,
		.value = sample->value_from +
			 (double)(luck % (uint64_t)(sample->value_to - sample->value_from + 1)),
		.has_value = sample->value_to > 0,
	};
	if (++memory->waiting == BATCH)
		apply(memory);
}

/* A day: everybody in turn, each signal with even chance. */
static void
run_day(struct memory *memory, int day)
{
	int64_t start = memory->start + day * DAY_MS;

	for (uint64_t who = 0; who < memory->customers; who++) {
		int64_t ms =
			start + (int64_t)(who * (uint64_t)(DAY_MS / 2) / memory->customers);

		for (unsigned i = 0; i < SAMPLES; i++) {
			uint64_t luck =
				traffic_random((who * DAYS + (uint64_t)day) * SAMPLES + i);

			if (luck & 1)
				add(memory, who, &samples[i], ms, luck >> 1);
		}
	}
	apply(memory);
}

static size_t
resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long whole, resident = 0;

	if (!file || fscanf(file, "%lu %lu", &whole, &resident) != 2)
		bench_die("/proc/self/statm");
	fclose(file);
	return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* HSET answers ":n". */
static void
await_integers(int fd, unsigned owed)
{
	char bytes[4096];

	while (owed > 0) {
		size_t n = bench_receive(fd, bytes, sizeof bytes);

		for (size_t i = 0; i < n; i++)
			owed -= bytes[i] == ':';
	}
}

/* The record of a copy: of another name, which is as long. */
static void
record_rename(struct buf *record, const char name[9])
{
	memcpy(record->p + RECORD_HEAD + 1, name, 9);
	record->n -= RECORD_TAIL;
	record_sum_put(record, 0);
}

struct writing {
	const struct memory *memory;
	int fd;
	struct str prefix;
	struct shard_batch batch;
	struct buf out;
};

static void
records_flush(struct writing *writing)
{
	buf_clear(&writing->out);
	unsigned commands = shard_batch_write(&writing->batch, writing->prefix, &writing->out);

	bench_send(writing->fd, writing->out.p, writing->out.n);
	await_integers(writing->fd, commands);
}

/* Of one copy of the customers. Returns the bytes of their records. */
static size_t
records_write(struct writing *writing, uint64_t copy)
{
	const struct engine *engine = writing->memory->engine;
	struct buf record = {0};
	size_t bytes = 0;

	for (size_t i = 0; i < engine_customers(engine); i++) {
		const struct customer *customer = engine_customer_at(engine, i);
		char name[16] = "c";

		buf_clear(&record);
		record_encode_due(&record, engine_rules(engine), customer,
				  engine_position(engine), engine_due_at(engine, customer));
		traffic_digits(name + 1, copy * writing->memory->customers + i, 8);
		record_rename(&record, name);
		shard_batch_add_bytes(&writing->batch, (struct str){name, 9},
				      buf_view(&record));
		bytes += record.n;
		if (writing->batch.count == PIECE)
			records_flush(writing);
	}
	records_flush(writing);
	buf_finish(&record);
	return bytes;
}

/* As at a start. */
static void
copies_load(const struct engine *from, struct engine *to, uint64_t copies)
{
	struct stream_id position = engine_position(from), applied;
	struct buf record = {0};
	struct err err;

	engine_resume(to, position);
	for (uint64_t i = 0; i < copies * engine_customers(from); i++) {
		char name[16] = "c";
		struct customer *copy;

		buf_clear(&record);
		record_encode(&record, engine_rules(from),
			      engine_customer_at(from, i % engine_customers(from)), position);
		traffic_digits(name + 1, i, 8);
		record_rename(&record, name);
		copy = record_decode(engine_rules(to), (struct str){name, 9}, buf_view(&record),
				     &applied, &err);
		if (!copy || !engine_load(to, copy, applied, &err))
			bench_die(err.text);
	}
	buf_finish(&record);
}

static struct ruleset *
rules_read(const char *path, struct rule_files **files, struct arena *arena)
{
	struct str name = str_of(path);
	struct diags diags;
	struct err err;
	struct ruleset *rules;

	*files = rule_files_read(STR_NONE, &name, 1, &err);
	if (!*files) {
		fprintf(stderr, "%s\n", err.text);
		exit(2);
	}
	diags_init(&diags, arena);
	rules = rule_files_load(*files, (struct hash_seed){1, 2}, &diags);
	diags_finish(&diags);
	if (!rules)
		exit(2);
	return rules;
}

struct weight {
	size_t resident, counted; /* bytes of all */
};

/* Of so many copies of each customer. */
static struct weight
copies_weigh(const struct engine *from, const char *path, uint64_t copies)
{
	struct rule_files *files;
	struct engine *to;
	struct arena arena;
	struct weight weight;
	size_t before;

	arena_init(&arena);
	to = engine_create(rules_read(path, &files, &arena), (struct hash_seed){1, 2});
	before = resident_bytes();
	copies_load(from, to, copies);
	weight = (struct weight){resident_bytes() - before, engine_bytes(to)};
	engine_destroy(to);
	rule_files_destroy(files);
	arena_finish(&arena);
	return weight;
}

static size_t
copies_write(const struct memory *memory, const char *socket, const char *prefix,
	     uint64_t copies)
{
	struct writing writing = {
		.memory = memory, .fd = bench_connect(socket), .prefix = str_of(prefix)};
	size_t bytes = 0;

	for (uint64_t copy = 0; copy < copies; copy++)
		bytes += records_write(&writing, copy);
	shard_batch_finish(&writing.batch);
	buf_finish(&writing.out);
	return bytes;
}

int
main(int argc, char **argv)
{
	struct rule_files *files;
	struct memory *memory;
	struct arena arena;
	struct weight weight;
	size_t before, records = 0;
	uint64_t copies;
	double customers, weighed;

	if (argc != 7) {
		fputs("usage: memory SOCKET PREFIX RULES CUSTOMERS UNTIL_MS COPIES\n", stderr);
		return 2;
	}
	arena_init(&arena);
	memory = mem_alloc(sizeof *memory);
	memset(memory, 0xff, sizeof *memory); /* resident from the start */
	memset(memory, 0, sizeof *memory);
	memory->customers = bench_number(argv[4]);
	memory->start = (int64_t)bench_number(argv[5]) - DAYS * DAY_MS;
	copies = bench_number(argv[6]);
	memory->engine =
		engine_create(rules_read(argv[3], &files, &arena), (struct hash_seed){1, 2});
	before = resident_bytes();
	for (int day = 0; day < DAYS; day++)
		run_day(memory, day);
	weight = (struct weight){resident_bytes() - before, engine_bytes(memory->engine)};
	customers = weighed = (double)engine_customers(memory->engine);
	if (strcmp(argv[1], "-") == 0) {
		weight = copies_weigh(memory->engine, argv[3], copies);
		weighed *= (double)copies;
	} else {
		records = copies_write(memory, argv[1], argv[2], copies);
	}
	printf("{\"bench\":\"memory\",\"customers\":%.0f,\"events\":%" PRIu64
	       ",\"orders\":%" PRIu64 ",\"resident_per_customer\":%.0f,"
	       "\"engine_per_customer\":%.0f,\"record_bytes\":%.0f,\"cpu_s\":%.3f}\n",
	       customers, memory->events, memory->orders, (double)weight.resident / weighed,
	       (double)weight.counted / weighed, (double)records / customers / (double)copies,
	       bench_cpu_seconds());
	engine_destroy(memory->engine);
	mem_free(memory);
	rule_files_destroy(files);
	arena_finish(&arena);
	return 0;
}
