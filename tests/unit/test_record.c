/* SPDX-License-Identifier: Apache-2.0 */
/* Shows that state records give back what they were given, and never more than that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/mem.h"
#include "codec/record.h"
#include "support/sample.h"

#define NOW INT64_C(1795255200000)

static const struct stream_id applied = {NOW, 7};

static void
drop(struct customer *customer)
{
	customer_finish(customer);
	mem_free(customer);
}

static struct customer *
decode(const struct ruleset *rules, struct str bytes)
{
	struct stream_id read;
	struct err err;
	struct customer *customer = record_decode(rules, STR("c42"), bytes, &read, &err);

	if (!customer)
		fail_msg("%s", err.text);
	assert_int_equal(stream_id_cmp(read, applied), 0);
	return customer;
}

static void
assert_same_profile(const struct ruleset *rules, const struct customer *a,
		    const struct customer *b)
{
	for (unsigned slot = 0; slot < rules->attribute_count; slot++) {
		struct value x = customer_profile(a, rules, slot),
			     y = customer_profile(b, rules, slot);

		assert_int_equal(x.known, y.known);
		if (!x.known)
			continue;
		if (x.type == TYPE_STRING)
			assert_true(str_eq(x.u.s, y.u.s));
		else if (x.type == TYPE_NUM)
			assert_true(x.u.n == y.u.n);
		else if (x.type == TYPE_BOOL)
			assert_int_equal(x.u.b, y.u.b);
		else
			assert_int_equal(x.u.i, y.u.i);
	}
}

static void
assert_same_tracks(const struct customer *a, const struct customer *b)
{
	assert_int_equal(a->tracks.days, b->tracks.days);
	assert_int_equal(track_hours(&a->tracks), track_hours(&b->tracks));
	assert_int_equal(track_bytes(&a->tracks), track_bytes(&b->tracks));
	if (a->tracks.days)
		assert_memory_equal(a->tracks.block, b->tracks.block, track_bytes(&a->tracks));
}

static void
assert_same_numbers(const struct customer *a, const struct customer *b)
{
	assert_int_equal(a->stage, b->stage);
	assert_int_equal(customer_seen_cold(a)->stage_at, customer_seen_cold(b)->stage_at);
	assert_true(str_eq(customer_id(a), customer_id(b)));
	assert_int_equal(a->first_seen_at, b->first_seen_at);
	assert_int_equal(a->event_at, b->event_at);
	assert_int_equal(customer_seen_cold(a)->backfilled_at,
			 customer_seen_cold(b)->backfilled_at);
	assert_int_equal(customer_seen_cold(a)->order_at, customer_seen_cold(b)->order_at);
	assert_int_equal(customer_seen_cold(a)->episode_at, customer_seen_cold(b)->episode_at);
	assert_int_equal(customer_seen_cold(a)->order_n, customer_seen_cold(b)->order_n);
	assert_int_equal(customer_seen_cold(a)->seq, customer_seen_cold(b)->seq);
	assert_int_equal(customer_seen_cold(a)->episode, customer_seen_cold(b)->episode);
	assert_int_equal(customer_seen_cold(a)->firings, customer_seen_cold(b)->firings);
	assert_int_equal(a->risk, b->risk);
	assert_int_equal(a->level, b->level);
	assert_int_equal(a->held, b->held);
	assert_int_equal(a->flags, b->flags);
}

static void
assert_same_tasks(const struct cold *a, const struct cold *b)
{
	assert_int_equal(a->task_count, b->task_count);
	for (unsigned i = 0; i < a->task_count; i++) {
		const struct task_held *x = &a->tasks[i], *y = &b->tasks[i];

		assert_int_equal(x->def, y->def);
		assert_int_equal(x->state, y->state);
		assert_int_equal(x->priority, y->priority);
		assert_int_equal(x->created_n, y->created_n);
		assert_int_equal(x->created_at, y->created_at);
		assert_int_equal(x->changed_at, y->changed_at);
		assert_int_equal(x->closed_at, y->closed_at);
		assert_int_equal(x->episode, y->episode);
		assert_int_equal(x->rule_count, y->rule_count);
		assert_memory_equal(x->rules, y->rules, sizeof x->rules);
		assert_true(str_eq(x->lender, y->lender));
		assert_true(str_eq(x->external_id, y->external_id));
		assert_int_equal(x->acked_at, y->acked_at);
		assert_int_equal(x->given_at, y->given_at);
		assert_int_equal(x->was_claimed, y->was_claimed);
		assert_int_equal(x->snooze_count, y->snooze_count);
		if (x->snooze_count)
			assert_memory_equal(x->snoozes, y->snoozes,
					    x->snooze_count * sizeof *x->snoozes);
		assert_true(str_eq(x->assignee, y->assignee));
		assert_true(str_eq(x->outcome, y->outcome));
		assert_true(str_eq(x->item, y->item));
		assert_true(str_eq(x->queue, y->queue));
		assert_int_equal(x->clock_at, y->clock_at);
		assert_int_equal(x->stepped_at, y->stepped_at);
		assert_int_equal(x->escalated, y->escalated);
		assert_int_equal(x->told, y->told);
	}
}

static void
assert_same_rule(const struct rule_state *a, const struct rule_state *b)
{
	assert_int_equal(a->rule, b->rule);
	assert_int_equal(a->phase, b->phase);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->announced_n, b->announced_n);
	assert_int_equal(a->firing, b->firing);
	assert_int_equal(a->since_at, b->since_at);
	assert_int_equal(a->fired_at, b->fired_at);
	assert_int_equal(a->served, b->served);
	assert_int_equal(a->blind_at, b->blind_at);
	assert_int_equal(a->until_at, b->until_at);
	assert_int_equal(a->announced_at, b->announced_at);
	assert_int_equal(a->open, b->open);
}

static void
assert_same_items(const struct cold *a, const struct cold *b)
{
	assert_int_equal(a->item_count, b->item_count);
	for (unsigned i = 0; i < a->item_count; i++) {
		const struct item *x = &a->items[i], *y = &b->items[i];

		assert_int_equal(x->def, y->def);
		assert_true(str_eq(x->key, y->key));
		assert_int_equal(x->opened_at, y->opened_at);
		assert_int_equal(x->closed_at, y->closed_at);
		for (unsigned k = 0; k < RULESET_MAX_KEPT; k++)
			assert_true(str_eq(x->kept[k], y->kept[k]));
		assert_int_equal(x->rule_count, y->rule_count);
		for (unsigned r = 0; r < x->rule_count; r++)
			assert_same_rule(&x->rules[r], &y->rules[r]);
	}
}

static void
assert_same_members(const struct cold *a, const struct cold *b)
{
	assert_int_equal(a->member_count, b->member_count);
	for (unsigned i = 0; i < a->member_count; i++) {
		const struct member *x = &a->members[i], *y = &b->members[i];

		assert_true(str_eq(x->id, y->id));
		assert_true(str_eq(x->role, y->role));
		assert_int_equal(x->role_at, y->role_at);
		assert_int_equal(x->left_at, y->left_at);
		assert_int_equal(x->left, y->left);
		assert_int_equal(x->seen_at, y->seen_at);
		assert_int_equal(x->tracks.days, y->tracks.days);
		assert_int_equal(track_bytes(&x->tracks), track_bytes(&y->tracks));
		if (x->tracks.days)
			assert_memory_equal(x->tracks.block, y->tracks.block,
					    track_bytes(&x->tracks));
	}
}

static void
assert_same_cold(const struct cold *a, const struct cold *b)
{
	assert_int_equal(a->rule_count, b->rule_count);
	for (unsigned i = 0; i < a->rule_count; i++)
		assert_same_rule(&a->rules[i], &b->rules[i]);
	assert_int_equal(a->churned_at, b->churned_at);
	assert_int_equal(a->alert_count, b->alert_count);
	for (unsigned i = 0; i < a->alert_count; i++)
		assert_memory_equal(&a->alerts[i], &b->alerts[i], sizeof *a->alerts);
	assert_int_equal(a->id_count, b->id_count);
	if (a->id_count)
		assert_memory_equal(a->ids, b->ids, a->id_count * sizeof *a->ids);
	assert_int_equal(a->tag_count, b->tag_count);
	for (unsigned i = 0; i < a->tag_count; i++) {
		assert_true(str_eq(a->tags[i].name, b->tags[i].name));
		assert_int_equal(a->tags[i].since_at, b->tags[i].since_at);
		assert_int_equal(a->tags[i].expires_at, b->tags[i].expires_at);
		assert_int_equal(a->tags[i].by, b->tags[i].by);
	}
	assert_int_equal(a->after_count, b->after_count);
	for (unsigned i = 0; i < a->after_count; i++) {
		assert_int_equal(a->afters[i].key, b->afters[i].key);
		assert_int_equal(a->afters[i].settled, b->afters[i].settled);
		assert_int_equal(a->afters[i].count, b->afters[i].count);
		if (a->afters[i].count)
			assert_memory_equal(a->afters[i].at, b->afters[i].at,
					    a->afters[i].count * sizeof *a->afters[i].at);
	}
	assert_int_equal(a->risk_count, b->risk_count);
	if (a->risk_count > 0)
		assert_memory_equal(a->risks, b->risks, a->risk_count * sizeof *a->risks);
	assert_same_tasks(a, b);
	assert_same_items(a, b);
	assert_same_members(a, b);
}

static void
a_record_gives_back_the_customer(void **state)
{
	struct ruleset *rules = sample_rules();
	const struct cold none = {0};
	struct lcg lcg = {42};

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct customer *a = sample_customer(rules, &lcg, NOW), *b;
		struct buf first = {0}, second = {0};

		record_encode(&first, rules, a, applied);
		b = decode(rules, buf_view(&first));
		assert_same_numbers(a, b);
		assert_same_tracks(a, b);
		assert_same_profile(rules, a, b);
		assert_same_cold(a->cold ? a->cold : &none, b->cold ? b->cold : &none);
		record_encode(&second, rules, b, applied);
		assert_true(str_eq(buf_view(&first), buf_view(&second)));
		buf_finish(&first);
		buf_finish(&second);
		drop(a);
		drop(b);
	}
	ruleset_destroy(rules);
}

static void
a_customer_of_a_few_tracks_takes_little(void **state)
{
	struct ruleset *rules = sample_rules();
	struct customer *customer = customer_create(STR("c42"));
	struct buf bytes = {0};

	(void)state;
	customer->first_seen_at = NOW - 90 * DAY_MS;
	customer->event_at = NOW;
	for (int day = 90; day >= 0; day--) {
		struct track_event event = {
			.ts = NOW - day * DAY_MS, .reach = 90, .micro = 1000000};

		event.cell = (uint32_t)(event.ts / DAY_MS);
		track_add(&customer->tracks, 0, false, &event);
		event.kind = SIGNAL_SUM;
		if (day % 9 == 0)
			track_add(&customer->tracks, 1, false, &event);
	}
	record_encode(&bytes, rules, customer, applied);
	assert_in_range(bytes.n, 60, 104);
	buf_finish(&bytes);
	drop(customer);
	ruleset_destroy(rules);
}

static void
peek_reads_the_head_alone(void **state)
{
	struct ruleset *rules = sample_rules();
	struct customer *customer = customer_create(STR("c42"));
	struct stream_id id;
	struct buf bytes = {0};
	uint64_t tag, want = 0;

	(void)state;
	record_encode(&bytes, rules, customer, applied);
	assert_true(record_peek(buf_view(&bytes), &tag, &id));
	assert_int_equal(stream_id_cmp(id, applied), 0);
	for (int i = 7; i >= 0; i--)
		want = want << 8 | rules->sha[i];
	assert_int_equal(tag, want);
	assert_false(record_peek(STR_NONE, &tag, &id));
	assert_false(record_peek((struct str){bytes.p, 8}, &tag, &id));
	buf_finish(&bytes);
	drop(customer);
	ruleset_destroy(rules);
}

static int64_t
due_read(const struct ruleset *rules, struct str bytes)
{
	struct customer *customer = decode(rules, bytes);
	int64_t due_at = *customer_due_at(customer);

	drop(customer);
	return due_at;
}

static void
when_it_is_due_is_believed_under_the_same_rules_only(void **state)
{
	static const struct {
		int64_t given, read;
	} cases[] = {
		{0, 0},		{NOW, 0}, /* it is not ahead */
		{NOW + 1, NOW}, {NOW + 14 * DAY_MS + 61234, NOW + 14 * DAY_MS + 60000},
		{NEVER, NEVER},
	};
	struct ruleset *rules = sample_rules(), *other = sample_rules();
	struct customer *customer = customer_create(STR("c42"));
	struct buf plain = {0};

	(void)state;
	other->sha[0] ^= 1;
	record_encode(&plain, rules, customer, applied);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf bytes = {0}, again = {0};

		record_encode_due(&bytes, rules, customer, applied, cases[i].given);
		assert_int_equal(due_read(rules, buf_view(&bytes)), cases[i].read);
		assert_int_equal(due_read(other, buf_view(&bytes)), 0);
		assert_true(bytes.n <= plain.n + 8);
		record_encode(&again, rules, customer, applied);
		assert_true(str_eq(buf_view(&again), buf_view(&plain)));
		buf_finish(&bytes);
		buf_finish(&again);
	}
	buf_finish(&plain);
	drop(customer);
	ruleset_destroy(rules);
	ruleset_destroy(other);
}

static void
what_the_rule_set_does_not_know_is_dropped(void **state)
{
	struct ruleset *rules = sample_rules(), *fewer = sample_rules();
	struct customer *a, *b;
	struct buf bytes = {0};
	struct lcg lcg = {5};

	(void)state;
	do {
		a = sample_customer(rules, &lcg, NOW);
		if (a->cold && a->cold->rule_count > 3 && a->cold->task_count > 1 &&
		    a->cold->profile_mask >> 5 & 1 && a->tracks.days >> 3 & 1 && a->held == 14)
			break;
		drop(a);
	} while (true);
	record_encode(&bytes, rules, a, applied);
	fewer->signals++; /* slot 0 is gone, the others moved */
	fewer->signal_count--;
	fewer->rules++;
	fewer->rule_count--;
	fewer->task_count = 0;
	fewer->attributes[5].words.count = 0;
	fewer->level_count = 3;
	b = decode(fewer, buf_view(&bytes));
	assert_int_equal(b->tracks.days & 31,
			 a->tracks.days >> 1 & 31); /* of one key, 0 and 6 are one again */
	assert_int_equal(b->held, 6);
	assert_int_equal(b->level, 2);
	assert_false(customer_profile(b, fewer, 5).known);
	assert_int_equal(b->cold->task_count, 0);
	for (unsigned i = 0; i < fewer->rule_count; i++) {
		assert_int_equal(!customer_rule(b, i), !customer_rule(a, i + 1));
		if (customer_rule(b, i))
			assert_int_equal(customer_rule(b, i)->since_at,
					 customer_rule(a, i + 1)->since_at);
	}
	buf_finish(&bytes);
	drop(a);
	drop(b);
	ruleset_destroy(rules);
	ruleset_destroy(fewer);
}

static void
assert_refused(const struct ruleset *rules, struct str bytes, const char *sentence)
{
	struct stream_id id = {1, 2};
	char *copy = mem_alloc(bytes.n); /* so that reading past it is seen */
	struct err err;

	if (bytes.n)
		memcpy(copy, bytes.p, bytes.n);
	assert_null(record_decode(rules, STR("c42"), (struct str){copy, bytes.n}, &id, &err));
	assert_non_null(strstr(err.text, "the record of customer c42 "));
	assert_non_null(strstr(err.text, sentence));
	assert_int_equal(id.ms, 1);
	mem_free(copy);
}

static void
a_record_cut_or_changed_anywhere_is_refused(void **state)
{
	struct ruleset *rules = sample_rules();
	struct lcg lcg = {6};

	(void)state;
	for (int round = 0; round < 10; round++) {
		struct customer *customer = sample_customer(rules, &lcg, NOW);
		struct buf bytes = {0};

		record_encode(&bytes, rules, customer, applied);
		for (size_t n = 0; n < bytes.n; n++)
			assert_refused(rules, (struct str){bytes.p, n}, "");
		for (size_t bit = 0; bit < bytes.n * 8; bit++) {
			bytes.p[bit / 8] ^= (char)(1 << bit % 8);
			assert_refused(rules, buf_view(&bytes), "checksum");
			bytes.p[bit / 8] ^= (char)(1 << bit % 8);
		}
		buf_finish(&bytes);
		drop(customer);
	}
	assert_refused(rules, STR_NONE, "is cut short");
	ruleset_destroy(rules);
}

static void
seal(char *bytes, size_t n)
{
	uint32_t sum = (uint32_t)crc32(0, (const Bytef *)bytes, (uInt)(n - 4));

	for (unsigned i = 0; i < 4; i++)
		bytes[n - 4 + i] = (char)(sum >> 8 * i);
}

/* Refused with a sentence, or a customer whose own record is read again as it is. */
static bool
makes_sense(const struct ruleset *rules, struct str bytes)
{
	struct stream_id id, id_again;
	struct buf first = {0}, second = {0};
	struct err err = {""};
	struct customer *customer = record_decode(rules, STR("c42"), bytes, &id, &err), *again;

	if (customer == NULL) {
		assert_non_null(strstr(err.text, "the record of customer c42 "));
		return false;
	}
	record_encode(&first, rules, customer, id);
	again = record_decode(rules, STR("c42"), buf_view(&first), &id_again, &err);
	if (again == NULL)
		fail_msg("%s", err.text);
	assert_int_equal(stream_id_cmp(id, id_again), 0);
	record_encode(&second, rules, again, id);
	assert_true(str_eq(buf_view(&first), buf_view(&second)));
	buf_finish(&first);
	buf_finish(&second);
	drop(customer);
	drop(again);
	return true;
}

/* Were a checksum right by chance, or a record written by a churnd with a mistake in it. */
static void
other_bytes_with_a_right_checksum_are_refused_or_are_another_record(void **state)
{
	static const unsigned char others[] = {0, 1, 2, 3, 7, 8, 0x7f, 0x80, 0x81, 0xff};
	struct ruleset *rules = sample_rules();
	struct lcg lcg = {11};
	unsigned refused = 0, taken = 0;

	(void)state;
	for (int round = 0; round < 4; round++) {
		struct customer *customer = sample_customer(rules, &lcg, NOW);
		struct buf bytes = {0};

		record_encode(&bytes, rules, customer, applied);
		for (size_t at = 0; at < bytes.n - 4; at++) {
			char before = bytes.p[at];
			bool good;

			for (size_t i = 0; i < sizeof others + 2; i++) {
				bytes.p[at] = i < sizeof others	   ? (char)others[i]
					      : i == sizeof others ? (char)(before + 1)
								   : (char)(before - 1);
				seal(bytes.p, bytes.n);
				good = makes_sense(rules, buf_view(&bytes));
				refused += !good;
				taken += good;
			}
			bytes.p[at] = before;
		}
		for (size_t n = 4; n < bytes.n; n++) {
			char tail[4];

			memcpy(tail, bytes.p + n - 4, 4);
			seal(bytes.p, n);
			(void)!makes_sense(rules, (struct str){bytes.p, n});
			memcpy(bytes.p + n - 4, tail, 4);
		}
		buf_finish(&bytes);
		drop(customer);
	}
	assert_true(refused > 500 && taken > 500);
	ruleset_destroy(rules);
}

static void
a_newer_version_is_told_from_damage(void **state)
{
	/* version 9, a tag, whose it is, and their CRC-32 */
	static const char newer[] = "\x09"
				    "12345678\x03"
				    "c42"
				    "\xfa\x1d\x1b\x22";
	struct ruleset *rules = sample_rules();
	struct buf bytes = {0};

	(void)state;
	buf_add(&bytes, newer, sizeof newer - 1);
	assert_refused(rules, buf_view(&bytes), "is of version 9; this churnd reads up to 8");
	buf_finish(&bytes);
	ruleset_destroy(rules);
}

static void
attributes_keep_their_keys_for_good(void **state)
{
	struct attribute attribute = {.name = STR("mrr"), .type = TYPE_NUM};
	uint32_t num;

	(void)state;
	num = ruleset_attribute_key(&attribute);
	attribute.type = TYPE_INT;
	assert_int_not_equal(ruleset_attribute_key(&attribute), num);
	assert_int_equal(num, 0x37367ab4); /* records out there are written with it */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_gives_back_the_customer),
		cmocka_unit_test(a_customer_of_a_few_tracks_takes_little),
		cmocka_unit_test(peek_reads_the_head_alone),
		cmocka_unit_test(when_it_is_due_is_believed_under_the_same_rules_only),
		cmocka_unit_test(what_the_rule_set_does_not_know_is_dropped),
		cmocka_unit_test(a_record_cut_or_changed_anywhere_is_refused),
		cmocka_unit_test(
			other_bytes_with_a_right_checksum_are_refused_or_are_another_record),
		cmocka_unit_test(a_newer_version_is_told_from_damage),
		cmocka_unit_test(attributes_keep_their_keys_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
