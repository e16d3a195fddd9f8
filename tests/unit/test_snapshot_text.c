/* SPDX-License-Identifier: Apache-2.0 */
/* Customers written down at a moment: which text each kind of value has, in CSV and in JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/rules_yaml.h"
#include "codec/snapshot_text.h"

#define RULES                                                                       \
	"churnd: 1\nname: t\nlevels: {watch: {enter: 30, leave: 20}}\n"             \
	"profile: {plan: {enum: [free, 'a, \"b\"'], default: free}, city: string, " \
	"ends: date}\n"                                                             \
	"signals: {orders: {on: order, sum: value}}\n"                              \
	"rules:\n- {rule: r, expr: silent(orders) > 9d, points: 40}\n"              \
	"stages:\n- {stage: late, when: 'silent(orders) > 20d'}\n"
#define BEGIN (40 * DAY_MS)

struct world {
	struct arena arena;
	struct diags diags;
	struct engine *engine;
	struct buf out;
};

static struct ruleset *
load(struct world *world, const char *columns, struct hash_seed seed)
{
	const struct rules_ask ask = {STR("--columns"), str_of(columns), TYPE_COUNT};
	const struct rules_loader loader = {.asks = &ask, .ask_count = 1};
	const struct diag_file file = {STR("r.yaml"), STR(RULES)};

	arena_init(&world->arena);
	diags_init(&world->diags, &world->arena);
	struct ruleset *rules = rules_load(&file, 1, &loader, seed, &world->diags);

	assert_non_null(rules);
	return rules;
}

static void
end(struct world *world)
{
	engine_destroy(world->engine);
	diags_finish(&world->diags);
	arena_finish(&world->arena);
	buf_finish(&world->out);
}

static void
take_nothing(void *ctx, const struct order *order)
{
	(void)ctx;
	(void)order;
}

static const struct order_sink nobody = {NULL, take_nothing};

static void
begin(struct world *world, const char *columns, const char *customer, int64_t now)
{
	struct entry entry = {.id = {BEGIN, 1},
			      .customer = str_of(customer),
			      .type = STR("order"),
			      .ts = BEGIN,
			      .value = 0.1,
			      .has_value = true};

	*world = (struct world){0};
	world->engine = engine_create(load(world, columns, (struct hash_seed){1, 2}),
				      (struct hash_seed){1, 2});
	assert_int_equal(engine_apply(world->engine, &entry, 1, &nobody), 1);
	engine_advance(world->engine, now, &nobody);
}

/* What the columns say of the customer `wait` ms after its order, in both forms. */
static void
expect(const char *columns, const char *customer, int64_t wait, const char *csv,
       const char *json)
{
	struct world world;
	int64_t now = BEGIN + wait;

	begin(&world, columns, customer, now);
	const struct snapshot_row row = {world.engine, engine_customer_at(world.engine, 0),
					 STR("1970-03-01"), now};

	snapshot_csv(&world.out, &row);
	assert_string_equal(world.out.p, csv);
	buf_clear(&world.out);
	snapshot_json(&world.out, &row);
	assert_string_equal(world.out.p, json);
	end(&world);
}

static void
risk_level_and_stage_are_those_of_the_moment(void **state)
{
	(void)state;
	expect("1", "c", 9 * DAY_MS, "1970-03-01,c,0,healthy,,1\n",
	       "{\"at\":\"1970-03-01\",\"customer\":\"c\",\"risk\":0,\"level\":\"healthy\","
	       "\"stage\":null,\"1\":1}\n");
	expect("1", "c", 9 * DAY_MS + 1, "1970-03-01,c,40,watch,,1\n",
	       "{\"at\":\"1970-03-01\",\"customer\":\"c\",\"risk\":40,\"level\":\"watch\","
	       "\"stage\":null,\"1\":1}\n");
	expect("1", "c", 21 * DAY_MS, "1970-03-01,c,40,watch,late,1\n",
	       "{\"at\":\"1970-03-01\",\"customer\":\"c\",\"risk\":40,\"level\":\"watch\","
	       "\"stage\":\"late\",\"1\":1}\n");
}

#define SAME_JSON                                                                     \
	"{\"at\":\"1970-03-01\",\"customer\":\"c\",\"risk\":0,\"level\":\"healthy\"," \
	"\"stage\":null,"

static void
each_kind_of_value_has_its_text(void **state)
{
	(void)state;
	expect("a = seen(orders), b = count(orders[7d live]), c = sum(orders[7d live]), d = 1 / 3",
	       "c", 1, "1970-03-01,c,0,healthy,,true,1,0.1,0.3333333333333333\n",
	       SAME_JSON "\"a\":true,\"b\":1,\"c\":0.1,\"d\":0.3333333333333333}\n");
	expect("profile.plan, level(), profile.city, profile.ends, gap_mean(orders), x = 0 * -1.0",
	       "c", 1, "1970-03-01,c,0,healthy,,free,healthy,,,,0\n",
	       SAME_JSON "\"profile.plan\":\"free\",\"level()\":\"healthy\","
			 "\"profile.city\":null,\"profile.ends\":null,"
			 "\"gap_mean(orders)\":null,\"x\":0}\n");
	expect("now(), t = \"\"", "c", 1,
	       "1970-03-01,c,0,healthy,,1970-02-10T00:00:00.001Z,\"\"\n",
	       SAME_JSON "\"now()\":\"1970-02-10T00:00:00.001Z\",\"t\":\"\"}\n");
}

static void
durations_are_days_to_a_tenth_of_a_second(void **state)
{
	(void)state;
	expect("since(orders), x = -(since(orders))", "c", 3 * DAY_MS - 1,
	       "1970-03-01,c,0,healthy,,3,-3\n", SAME_JSON "\"since(orders)\":3,\"x\":-3}\n");
	expect("since(orders), x = 36h", "c", DAY_MS / 3,
	       "1970-03-01,c,0,healthy,,0.333333,1.5\n",
	       SAME_JSON "\"since(orders)\":0.333333,\"x\":1.5}\n");
}

static void
a_field_stands_in_quotes_where_it_has_to(void **state)
{
	(void)state;
	expect("n = 1", "a,\"b\"", 1, "1970-03-01,\"a,\"\"b\"\"\",0,healthy,,1\n",
	       "{\"at\":\"1970-03-01\",\"customer\":\"a,\\\"b\\\"\",\"risk\":0,"
	       "\"level\":\"healthy\",\"stage\":null,\"n\":1}\n");
}

static void
the_header_has_the_names_given_or_the_expressions(void **state)
{
	struct world world;

	(void)state;
	begin(&world, "since( orders ), mine = 1, least(1,2)", "c", BEGIN);
	snapshot_head(&world.out, engine_rules(world.engine));
	assert_string_equal(world.out.p, "at,customer,risk,level,stage,since(orders),mine,"
					 "\"least(1, 2)\"\n");
	end(&world);
}

static void
no_two_columns_have_one_name(void **state)
{
	static const struct {
		const char *columns, *twice; /* NULL: none */
	} rows[] = {
		{"a = 1, b = 2", NULL},
		{"a = 1, a = 2", "a"},
		{"stage = 1", "stage"},
		{"1 + 1, 1+1", "1 + 1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct world world;
		struct str name = STR_NONE;

		begin(&world, rows[i].columns, "c", BEGIN);
		assert_int_equal(snapshot_names_differ(engine_rules(world.engine), &name),
				 rows[i].twice == NULL);
		assert_true(str_eq(name, str_of(rows[i].twice)));
		end(&world);
	}
}

/* Many customers, under tables of a seed of its own. */
static void
write_many(struct world *world, struct hash_seed seed)
{
	*world = (struct world){0};
	world->engine = engine_create(
		load(world, "p_gap(orders, 30d), gap_mean(orders), sum(orders[90d live])",
		     seed),
		seed);
	for (int i = 0; i < 2000; i++) {
		char name[16];
		int64_t at = BEGIN + i * HOUR_MS;
		struct entry entry = {.id = {at, 1},
				      .type = STR("order"),
				      .ts = at,
				      .value = i % 7 + 0.25,
				      .has_value = true};

		snprintf(name, sizeof name, "c%d", i * i % 97);
		entry.customer = str_of(name);
		assert_int_equal(engine_apply(world->engine, &entry, 1, &nobody), 1);
	}
	for (int i = 0; i < 97; i++) {
		char name[16];

		snprintf(name, sizeof name, "c%d", i);
		struct snapshot_row row = {world->engine,
					   engine_find(world->engine, str_of(name)), STR("t"),
					   engine_clock(world->engine)};

		if (row.customer)
			snapshot_csv(&world->out, &row);
	}
}

static void
another_seed_of_the_tables_changes_no_byte(void **state)
{
	struct world one, two;

	(void)state;
	write_many(&one, (struct hash_seed){1, 2});
	write_many(&two, (struct hash_seed){UINT64_C(0x9e3779b97f4a7c15), 77});
	assert_true(one.out.n > 1000);
	assert_string_equal(one.out.p, two.out.p);
	end(&one);
	end(&two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(risk_level_and_stage_are_those_of_the_moment),
		cmocka_unit_test(each_kind_of_value_has_its_text),
		cmocka_unit_test(durations_are_days_to_a_tenth_of_a_second),
		cmocka_unit_test(a_field_stands_in_quotes_where_it_has_to),
		cmocka_unit_test(the_header_has_the_names_given_or_the_expressions),
		cmocka_unit_test(another_seed_of_the_tables_changes_no_byte),
		cmocka_unit_test(no_two_columns_have_one_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
