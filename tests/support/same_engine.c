/* SPDX-License-Identifier: Apache-2.0 */
/* Compares engines by what they would write. */
#include "support/same_engine.h"

#include <stdio.h>

#include "codec/guard_record.h"
#include "codec/quality_record.h"
#include "codec/record.h"
#include "codec/teams_record.h"
#include "engine/guard.h"

static const struct stream_id none = {0, 0};

/* And ends both. */
static bool
same_bytes(struct err *why, const char *what, struct buf *a, struct buf *b)
{
	bool same = str_eq(buf_view(a), buf_view(b));
	if (!same)
		err_set(why, "%s (%zu and %zu bytes)", what, a->n, b->n);
	buf_finish(a);
	buf_finish(b);
	return same;
}

static bool
same_customer(const struct engine *a, const struct engine *b, const struct customer *of_b,
	      struct err *why)
{
	const struct customer *of_a = engine_find(a, customer_id(of_b));
	struct buf x = {0}, y = {0};
	char what[200];
	if (!of_a)
		return err_set(why, "a record of %.*s, whom the replay does not know",
			       STR_ARG(customer_id(of_b)));
	snprintf(what, sizeof what, "the state of %.*s differs", STR_ARG(customer_id(of_b)));
	record_encode(&x, engine_rules(a), of_a, none);
	record_encode(&y, engine_rules(b), of_b, none);
	return same_bytes(why, what, &x, &y);
}

static bool
same_customers(const struct engine *a, const struct engine *b, struct err *why)
{
	if (engine_customers(b) != engine_customers(a))
		return err_set(why, "records give %zu customers, the replay %zu",
			       engine_customers(b), engine_customers(a));
	for (size_t i = 0; i < engine_customers(b); i++)
		if (!same_customer(a, b, engine_customer_at(b, i), why))
			return false;
	return true;
}

/* Nothing of a guard that knows no feed and holds no cap is kept: not even its hour. */
static bool
is_blank(const struct guard *guard)
{
	return guard->feed_count == 0 && guard->cap_count == 0;
}

static bool
same_guard(const struct guard *a, const struct guard *b, struct err *why)
{
	struct buf x = {0}, y = {0};
	if (is_blank(a) && is_blank(b))
		return true;
	guard_encode(&x, a, none, INT64_MAX);
	guard_encode(&y, b, none, INT64_MAX);
	if (!same_bytes(why, "the guard's present hour differs", &x, &y))
		return false;
	guard_encode_past(&x, a);
	guard_encode_past(&y, b);
	return same_bytes(why, "the guard's past differs", &x, &y);
}

static bool
same_teams(const struct engine *a, const struct engine *b, struct err *why)
{
	struct buf x = {0}, y = {0};
	teams_encode(&x, a);
	teams_encode(&y, b);
	return same_bytes(why, "the teams' turns differ", &x, &y);
}

bool
same_figures(const struct engine *a, const struct engine *b, struct err *why)
{
	for (unsigned chunk = 0; chunk < QUALITY_CHUNKS; chunk++) {
		struct buf x = {0}, y = {0};
		quality_encode(&x, engine_quality(a), chunk, none);
		quality_encode(&y, engine_quality(b), chunk, none);
		if (!same_bytes(why, "figures of rules and tasks differ", &x, &y))
			return false;
	}
	return true;
}

bool
same_engine(const struct engine *a, const struct engine *b, struct err *why)
{
	return same_customers(a, b, why) && same_guard(engine_guard(a), engine_guard(b), why) &&
	       same_teams(a, b, why) && same_figures(a, b, why);
}
