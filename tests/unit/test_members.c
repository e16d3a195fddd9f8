/* SPDX-License-Identifier: Apache-2.0 */
/* Members: the people inside a customer, as rules count them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/alert_json.h"
#include "codec/partition.h"
#include "codec/record.h"
#include "engine/core.h"
#include "engine/members.h"
#include "support/scene.h"

#define MEMBERS                                      \
	"members: {key: user, max: 4, reach: 60d}\n" \
	"signals: {login: {on: login}, order: {on: order, sum: value}}\n"

static void
login(struct scene *w, const char *when, const char *user)
{
	char text[64];
	snprintf(text, sizeof text, "user=%s", user);
	scene_send(w, at(when), "c1", "login", text, NULL);
}

static void
users_counts_distinct_members_active_in_the_range(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, MEMBERS
		"rules:\n"
		"- {rule: three, expr: 'users(login[2d live]) >= 3', points: 1, cooldown: 0s}\n"
		"- {rule: few, expr: 'users(login[7d]) < 2 and users(login[7d offset 7d]) >= 2', "
		"points: 2}\n");
	login(&w, "2026-03-02 10:00", "ann");
	login(&w, "2026-03-02 11:00", "bob");
	login(&w, "2026-03-02 12:00", "ann");
	scene_send(&w, at("2026-03-02 13:00"), "c1", "login", NULL);
	scene_expect(&w, "");
	login(&w, "2026-03-03 10:00", "cid");
	scene_expect(&w, "2026-03-03T10:00:00.000Z c1 rule.fired three risk=1 cause=event\n");
	scene_advance(&w, at("2026-03-12 00:00"));
	scene_expect(&w, "2026-03-04T00:10:00.000Z c1 rule.cleared three risk=0 cause=time\n"
			 "2026-03-10T00:10:00.000Z c1 rule.fired few risk=2 cause=time\n");
	scene_finish(&w);
}

static void
since_by_is_the_silence_of_the_member_with_that_id_or_role(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, MEMBERS
		"profile: {boss: string}\n"
		"rules:\n"
		"- {rule: ann, expr: 'since(login, by=\"ann\") >= 3d', points: 1, cooldown: 0s}\n"
		"- {rule: champion, expr: 'since(login, by=\"champion\") >= 5d', points: 2, "
		"cooldown: 0s}\n"
		"- {rule: boss, expr: 'since(login, by=profile.boss) > 6d', points: 4}\n");
	login(&w, "2026-03-02 10:00", "ann");
	login(&w, "2026-03-03 10:00", "bob");
	scene_send(&w, at("2026-03-03 11:00"), "c1", "member", "user=bob", "role=champion",
		   NULL);
	scene_send(&w, at("2026-03-03 11:00"), "c1", "member", "user=cid", "role=champion",
		   NULL);
	scene_send(&w, at("2026-03-03 11:00"), "c1", "profile", "boss=cid", NULL);
	scene_expect(&w, "");
	/* Others' logins end no silence of hers, and do not delay its moment. */
	login(&w, "2026-03-05 09:00", "cid");
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-05 12:00"));
	scene_expect(&w, "2026-03-05T10:00:00.000Z c1 rule.fired ann risk=1 cause=time\n");
	login(&w, "2026-03-06 00:00", "bob");
	scene_expect(&w, "");
	login(&w, "2026-03-06 01:00", "ann");
	scene_expect(&w, "2026-03-06T01:00:00.000Z c1 rule.cleared ann risk=0 cause=event\n");
	/* Of several champions the least silent one counts. */
	scene_advance(&w, at("2026-03-12 00:00"));
	scene_expect(&w, "2026-03-09T01:00:00.000Z c1 rule.fired ann risk=1 cause=time\n"
			 "2026-03-11T00:00:00.000Z c1 rule.fired champion risk=3 cause=time\n"
			 "2026-03-11T09:00:00.001Z c1 rule.fired boss risk=7 cause=time\n");
	scene_finish(&w);
}

static void
share_of_top_is_the_part_of_the_busiest(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, MEMBERS
		   "rules:\n"
		   "- {rule: one, expr: 'share_of_top(login[3d live]) >= 0.75', points: 1, "
		   "cooldown: 0s}\n");
	login(&w, "2026-03-02 10:00", "ann");
	scene_expect(&w, "2026-03-02T10:00:00.000Z c1 rule.fired one risk=1 cause=event\n");
	login(&w, "2026-03-02 11:00", "bob");
	scene_expect(&w, "2026-03-02T11:00:00.000Z c1 rule.cleared one risk=0 cause=event\n");
	login(&w, "2026-03-02 12:00", "ann");
	scene_send(&w, at("2026-03-02 12:30"), "c1", "login", NULL); /* nobody's */
	scene_expect(&w, "");
	login(&w, "2026-03-02 13:00", "ann");
	scene_expect(&w, "2026-03-02T13:00:00.000Z c1 rule.fired one risk=1 cause=event\n");
	scene_finish(&w);
}

static void
a_member_who_left_does_not_count(void **state)
{
	struct scene w;
	struct buf out = {0};
	(void)state;
	scene_init(
		&w, MEMBERS
		"rules:\n"
		"- {rule: few, expr: 'users(login[7d live]) < 2', points: 1, cooldown: 0s}\n");
	login(&w, "2026-03-02 10:00", "ann");
	login(&w, "2026-03-02 10:00", "bob");
	scene_clear(&w);
	scene_send(&w, at("2026-03-03 10:00"), "c1", "member", "user=ann", "left=1", NULL);
	scene_expect(&w, "2026-03-03T10:00:00.000Z c1 rule.fired few risk=1 cause=event\n");
	/* What they do afterwards does not bring them back; an entry without left=1 does. */
	login(&w, "2026-03-03 11:00", "ann");
	scene_expect(&w, "");
	customer_json(&out, w.engine, engine_find(w.engine, STR("c1")), w.at);
	assert_non_null(strstr(out.p, "\"members\":1,"));
	buf_finish(&out);
	scene_send(&w, at("2026-03-03 12:00"), "c1", "member", "user=ann", NULL);
	scene_expect(&w, "2026-03-03T12:00:00.000Z c1 rule.cleared few risk=0 cause=event\n");
	/* An older entry that comes later changes nothing. */
	scene_send(&w, at("2026-03-03 13:00"), "c1", "member", "user=ann", "left=1",
		   "ts=2026-03-03T09:00:00Z", NULL);
	scene_expect(&w, "");
	scene_finish(&w);
}

static void
the_order_of_roster_entries_changes_nothing(void **state)
{
	static const char *const entries[][3] = {
		{"ts=2026-03-01T10:00:00Z", "role=user", "x=1"},
		{"ts=2026-03-01T11:00:00Z", "role=champion", "left=1"},
		{"ts=2026-03-01T11:00:00Z", "role=admin", "x=1"},
		{"ts=2026-03-01T10:30:00Z", "x=1", "y=1"},
	};
	(void)state;
	for (unsigned n = 0; n < 4 * 4 * 4 * 4; n++) {
		unsigned seen = 0, left = n;
		struct scene w;
		for (unsigned i = 0; i < 4; i++, left /= 4)
			seen |= 1u << left % 4;
		if (seen != 15)
			continue;
		scene_init(&w, MEMBERS "rules:\n- {rule: r, expr: 'users(login[2d]) > 9'}\n");
		left = n;
		for (unsigned i = 0; i < 4; i++, left /= 4)
			scene_send(&w, at("2026-03-02 10:00"), "c1", "member", "user=ann",
				   entries[left % 4][0], entries[left % 4][1],
				   entries[left % 4][2], NULL);
		const struct member *ann =
			member_find(engine_find(w.engine, STR("c1")), STR("ann"));
		assert_true(str_is(ann->role, "champion") && ann->left);
		assert_int_equal(ann->seen_at, at("2026-03-01 11:00"));
		scene_finish(&w);
	}
}

static void
at_most_max_members_are_kept_and_the_one_silent_longest_goes(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, MEMBERS
		   "rules:\n- {rule: most, expr: 'users(login[9d live]) >= 5', points: 1}\n"
		   "- {rule: old, expr: 'users(login[1d]) >= 1', points: 2, cooldown: 0s}\n");
	login(&w, "2026-03-02 10:00", "ann");
	login(&w, "2026-03-03 10:00", "bob");
	login(&w, "2026-03-03 10:00", "abe");
	login(&w, "2026-03-03 11:00", "cid");
	scene_clear(&w);
	login(&w, "2026-03-03 12:00", "dan");
	const struct customer *customer = engine_find(w.engine, STR("c1"));
	assert_null(member_find(customer, STR("ann")));
	/* What rules counted of one who goes is looked at in the same step. */
	scene_expect(&w, "2026-03-03T12:00:00.000Z c1 rule.cleared old risk=0 cause=event\n");
	login(&w, "2026-03-03 13:00", "eve");
	assert_null(member_find(customer, STR("abe"))); /* as silent as bob: the first id */
	assert_non_null(member_find(customer, STR("bob")));
	/* One who is silent longer than all does not come in. */
	scene_send(&w, at("2026-03-03 14:00"), "c1", "login", "user=fay",
		   "ts=2026-03-01T10:00:00Z", NULL);
	assert_null(member_find(customer, STR("fay")));
	assert_int_equal(members_count(customer), 4);
	scene_finish(&w);
}

static void
ten_thousand_members_stay_within_bounds(void **state)
{
	struct scene w;
	char user[32];
	(void)state;
	scene_init(&w,
		   "members: {max: 256}\nsignals: {login: {on: login}}\n"
		   "rules:\n- {rule: r, expr: 'users(login[60d live]) > 256', points: 1}\n");
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(user, sizeof user, "user=u%05u", i);
		scene_send(&w, at("2026-03-02 10:00") + i * MINUTE_MS, "c1", "login", user,
			   NULL);
	}
	scene_expect(&w, "");
	assert_int_equal(members_count(engine_find(w.engine, STR("c1"))), 256);
	scene_finish(&w);
}

/* ---- what is kept ---- */

static void
members_survive_a_record_and_a_change_of_rules(void **state)
{
	struct scene w;
	struct buf bytes = {0}, again = {0};
	struct stream_id id;
	struct err err;
	(void)state;
	scene_init(&w, MEMBERS
		   "rules:\n- {rule: few, expr: 'users(login[7d live]) >= 2', points: 1}\n");
	login(&w, "2026-03-01 10:00", "ann");
	login(&w, "2026-03-02 10:00", "bob");
	scene_send(&w, at("2026-03-02 11:00"), "c1", "member", "user=bob", "role=champion",
		   NULL);
	scene_clear(&w);
	const struct customer *customer = engine_find(w.engine, STR("c1"));
	record_encode(&bytes, engine_rules(w.engine), customer, engine_position(w.engine));
	struct customer *read =
		record_decode(engine_rules(w.engine), STR("c1"), buf_view(&bytes), &id, &err);
	assert_non_null(read);
	const struct member *bob = member_find(read, STR("bob"));
	assert_true(str_is(bob->role, "champion") && !bob->left);
	struct track track;

	assert_true(track_newest(&bob->tracks, 0, false, &track));
	assert_int_equal(track.last_at, at("2026-03-02 10:00"));
	record_encode(&again, engine_rules(w.engine), read, id);
	assert_true(str_eq(buf_view(&bytes), buf_view(&again)));
	customer_finish(read);
	mem_free(read);
	scene_change(
		&w, at("2026-03-03 10:00"),
		"members: {key: user, max: 9}\n"
		"signals: {other: {on: x}, login: {on: login}}\n"
		"rules:\n- {rule: few, expr: 'users(login[7d live]) >= 3', cooldown: 0s, points: 1}\n");
	scene_clear(&w);
	login(&w, "2026-03-03 12:00", "cid");
	scene_expect(&w, "2026-03-03T12:00:00.000Z c1 rule.fired few risk=1 cause=event\n");
	scene_change(&w, at("2026-03-03 13:00"),
		     "members: {key: person}\nsignals: {login: {on: login}}\n"
		     "rules:\n- {rule: few, expr: 'users(login[7d live]) >= 3', points: 1}\n");
	assert_int_equal(members_count(customer), 0);
	buf_finish(&bytes);
	buf_finish(&again);
	scene_finish(&w);
}

static void
a_signal_newly_read_by_person_is_unknown_until_it_was_counted_long_enough(void **state)
{
	static const char *const later =
		MEMBERS "rules:\n- {rule: few, expr: 'users(login[3d]) < 2', points: 1}\n";
	struct scene w;
	struct partition partition = {0};
	(void)state;
	scene_init(&w,
		   MEMBERS "rules:\n- {rule: few, expr: 'count(login[3d]) > 9', points: 1}\n");
	login(&w, "2026-03-01 10:00", "ann");
	login(&w, "2026-03-02 10:00", "bob");
	scene_change(&w, at("2026-03-03 10:00"), later);
	login(&w, "2026-03-04 10:00", "ann");
	scene_advance(&w, at("2026-03-10 00:00"));
	/* The 3rd, from whose middle on it is counted, is the last day not in the range. */
	scene_expect(&w, "2026-03-07T00:10:00.000Z c1 rule.fired few risk=1 cause=time\n");
	/* A start finds that moment again. */
	partition_add_epoch(&partition, (struct stream_id){1, 0}, engine_rules(w.engine));
	struct ruleset *again = scene_rules(later);
	assert_int_equal(again->signals[0].member_born_at, INT64_MIN);
	epoch_bear(&partition.epochs[0], again);
	assert_int_equal(again->signals[0].member_born_at, at("2026-03-03 10:00"));
	ruleset_destroy(again);
	partition_finish(&partition);
	scene_finish(&w);
}

/* Of those who were there at the same moment the one whose id comes last stays, in whatever order they came. */
static void
at_one_moment_the_last_of_too_many_by_their_ids_are_kept(void **state)
{
	static const char *const orders[][4] = {{"abe", "bob", "cid", "dan"},
						{"dan", "cid", "bob", "abe"},
						{"cid", "abe", "dan", "bob"}};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct scene w;
		scene_init(&w, "members: {key: user, max: 2, reach: 60d}\n"
			       "signals: {login: {on: login}}\n"
			       "rules:\n- {rule: r, expr: 'users(login[2d]) > 9'}\n");
		for (size_t j = 0; j < 4; j++)
			login(&w, "2026-03-02 10:00", orders[i][j]);
		const struct customer *customer = engine_find(w.engine, STR("c1"));
		assert_int_equal(customer->cold->member_count, 2);
		assert_non_null(member_find(customer, STR("cid")));
		assert_non_null(member_find(customer, STR("dan")));
		/* One who was there before them makes nobody go. */
		scene_send(&w, at("2026-03-02 11:00"), "c1", "login", "user=zoe",
			   "ts=2026-03-02T09:00:00Z", NULL);
		assert_null(member_find(customer, STR("zoe")));
		scene_finish(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_counts_distinct_members_active_in_the_range),
		cmocka_unit_test(since_by_is_the_silence_of_the_member_with_that_id_or_role),
		cmocka_unit_test(share_of_top_is_the_part_of_the_busiest),
		cmocka_unit_test(a_member_who_left_does_not_count),
		cmocka_unit_test(the_order_of_roster_entries_changes_nothing),
		cmocka_unit_test(at_most_max_members_are_kept_and_the_one_silent_longest_goes),
		cmocka_unit_test(ten_thousand_members_stay_within_bounds),
		cmocka_unit_test(members_survive_a_record_and_a_change_of_rules),
		cmocka_unit_test(
			a_signal_newly_read_by_person_is_unknown_until_it_was_counted_long_enough),
		cmocka_unit_test(at_one_moment_the_last_of_too_many_by_their_ids_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
