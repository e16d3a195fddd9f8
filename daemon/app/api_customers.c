/* SPDX-License-Identifier: Apache-2.0 */
/* Customers over HTTP: the list, one of them, and why its risk is what it is. */
#include <string.h>

#include "app/api_room.h"
#include "codec/alert_json.h"
#include "engine/items.h"

/* --- what a list is made of --- */

typedef double key_of(struct engine *engine, const struct customer *customer, int64_t now);

struct filter {
	int level, at_least, rule; /* slots; -1: any */
	struct str owner, tag;
	const struct sort *sort;
	int64_t now;
};

/* Outside `only` the risk stands still, and is nobody's concern. */
static double
key_risk(struct engine *engine, const struct customer *customer, int64_t now)
{
	(void)engine, (void)now;
	return customer->flags & CUSTOMER_RESTS ? -1 : customer->risk;
}

#define KEY_UNKNOWN (-1e300) /* behind all others */

double
api_value_key(struct engine *engine, const struct customer *customer, int64_t now)
{
	struct value value = engine_value(engine, customer, now);

	return value.known ? value_as_number(value) : KEY_UNKNOWN;
}

static double
key_seen(struct engine *engine, const struct customer *customer, int64_t now)
{
	(void)engine, (void)now;
	return (double)customer->event_at;
}

static double
key_none(struct engine *engine, const struct customer *customer, int64_t now)
{
	(void)engine, (void)customer, (void)now;
	return 0;
}

/* Then by the id; the first row is the order where none is asked for. */
static const struct sort {
	const char *name;
	key_of *key, *then;
} sorts[] = {
	{"risk", key_risk, api_value_key},
	{"value", api_value_key, key_risk},
	{"seen", key_seen, key_none},
	{"customer", key_none, key_none},
};

static bool
has_tag(const struct customer *customer, struct str tag)
{
	const struct cold *cold = customer->cold;

	for (unsigned i = 0; cold && i < cold->tag_count; i++) {
		if (str_eq(cold->tags[i].name, tag))
			return true;
	}
	return false;
}

static bool
is_owned_by(const struct engine *engine, const struct customer *customer, struct str owner)
{
	struct value value = engine_profile(engine, customer, ATTR_OWNER);

	return value.known && str_eq(value.u.s, owner);
}

static void
visit(struct ask *ask, struct engine *engine, const struct customer *customer)
{
	const struct filter *filter = ask->state;
	struct row row = {.id = customer_id(customer), .customer = customer};

	if ((filter->level >= 0 && customer->level != filter->level) ||
	    (filter->at_least >= 0 && customer->level < filter->at_least) ||
	    (filter->rule >= 0 && !customer_fires(customer, (unsigned)filter->rule)) ||
	    (filter->tag.n > 0 && !has_tag(customer, filter->tag)) ||
	    (filter->owner.n > 0 && !is_owned_by(engine, customer, filter->owner)))
		return;
	row.key = filter->sort->key(engine, customer, filter->now);
	if (!scan_wants(ask, row.key))
		return;
	row.then = filter->sort->then(engine, customer, filter->now);
	scan_offer(ask, &row);
}

static void
done(struct ask *ask, const struct row *rows, unsigned count)
{
	struct engine *engine = live_engine(ask->api->options.live);
	const struct filter *filter = ask->state;
	struct buf line = {0};
	int64_t now = ask_now(ask);

	if (now < filter->now)
		now = filter->now;
	json_open(&ask->json, '{');
	json_key(&ask->json, "customers");
	json_open(&ask->json, '[');
	for (unsigned i = 0; i < count; i++) {
		buf_clear(&line);
		customer_line_json(&line, engine, rows[i].customer, now);
		json_raw(&ask->json, buf_view(&line));
	}
	json_close(&ask->json, ']');
	scan_finish_json(ask);
	json_key(&ask->json, "at");
	json_instant(&ask->json, now);
	json_close(&ask->json, '}');
	buf_finish(&line);
	ask_answer(ask, 200);
}

/* --- what was asked for --- */

static bool
refuse_word(struct ask *ask, const char *what, struct str word, const struct str *known,
	    unsigned count)
{
	struct str near = str_nearest(word, known, count);

	if (near.n > 0)
		ask_fail(ask, 400, "bad_parameter",
			 "there is no %s \"%.*s\"; did you mean %.*s?", what, STR_ARG(word),
			 STR_ARG(near));
	else
		ask_fail(ask, 400, "bad_parameter", "there is no %s \"%.*s\"", what,
			 STR_ARG(word));
	return false;
}

static bool
read_level(struct ask *ask, const struct ruleset *rules, const char *parameter, int *out)
{
	struct str word = ask_parameter(ask, parameter);

	*out = word.n > 0 ? ruleset_level(rules, word) : -1;
	return word.n == 0 || *out >= 0 ||
	       refuse_word(ask, "level", word, rules->level_words.words,
			   rules->level_words.count);
}

static bool
read_rule(struct ask *ask, const struct ruleset *rules, int *out)
{
	struct str word = ask_parameter(ask, "rule");
	struct str *names;

	*out = word.n > 0 ? ruleset_rule(rules, word) : -1;
	if (word.n == 0 || *out >= 0)
		return true;
	names = arena_array(ask->arena, rules->rule_count + 1, sizeof *names);
	for (unsigned i = 0; i < rules->rule_count; i++)
		names[i] = rules->rules[i].name;
	return refuse_word(ask, "rule", word, names, rules->rule_count);
}

static bool
read_sort(struct ask *ask, struct filter *filter)
{
	struct str word = ask_parameter(ask, "sort");

	for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++) {
		filter->sort = &sorts[i];
		if (word.n == 0 || str_is(word, sorts[i].name))
			return true;
	}
	ask_fail(ask, 400, "bad_parameter", "sort is risk, value, seen or customer");
	return false;
}

void
api_customers(struct ask *ask)
{
	struct engine *engine = ask_engine(ask);
	struct filter *filter = arena_alloc(ask->arena, sizeof *filter);

	if (engine == NULL || !read_level(ask, engine_rules(engine), "level", &filter->level) ||
	    !read_level(ask, engine_rules(engine), "at_least", &filter->at_least) ||
	    !read_rule(ask, engine_rules(engine), &filter->rule) || !read_sort(ask, filter))
		return;
	filter->owner = ask_parameter(ask, "owner");
	filter->tag = ask_parameter(ask, "tag");
	filter->now = ask_now(ask);
	ask->state = filter;
	scan_begin(ask, (struct scan_hooks){filter->sort->name, visit, done});
}

/* --- one --- */

const struct customer *
api_find_customer(struct ask *ask, struct engine *engine)
{
	const struct customer *customer = engine_find(engine, ask->id);

	if (customer == NULL)
		ask_fail(ask, 404, "not_found", "no customer \"%.*s\" is known",
			 STR_ARG(ask->id));
	return customer;
}

static void
answer_of(struct ask *ask, void (*print)(struct buf *out, struct engine *engine,
					 const struct customer *customer, int64_t now))
{
	struct engine *engine = ask_engine(ask);
	const struct customer *customer = engine ? api_find_customer(ask, engine) : NULL;

	if (customer == NULL)
		return;
	print(&ask->out, engine, customer, ask_now(ask));
	ask_answer(ask, 200);
}

void
api_customer(struct ask *ask)
{
	answer_of(ask, customer_json);
}

void
api_explain(struct ask *ask)
{
	answer_of(ask, explain_json);
}
