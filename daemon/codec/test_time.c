/* SPDX-License-Identifier: Apache-2.0 */
/* Moments of a rule test: days from its start, dates, instants. */
#include "base/number.h"
#include "codec/test_maker.h"

#define NOON (12 * HOUR_MS)

/* clock = digit digit ":" digit digit [ ":" digit digit ] */
static bool
read_clock(struct str text, int64_t *ms, int64_t *precision)
{
	int64_t part[3] = {0};
	unsigned parts = text.n == 8 ? 3 : 2;

	if (text.n != 5 && text.n != 8)
		return false;
	for (unsigned i = 0; i < parts; i++) {
		struct str digits = str_slice(text, i * 3, i * 3 + 2);

		if (digits.p[0] < '0' || digits.p[0] > '9' || !parse_int64(digits, &part[i]))
			return false;
		if (i > 0 && text.p[i * 3 - 1] != ':')
			return false;
	}
	*ms = part[0] * HOUR_MS + part[1] * MINUTE_MS + part[2] * SECOND_MS;
	*precision = parts == 3 ? SECOND_MS : MINUTE_MS;
	return part[0] < 24 && part[1] < 60 && part[2] < 60;
}

/* day = date | duration; *rest: what the duration holds beyond whole days. */
static bool
parse_day(const struct tester *tester, struct str text, int64_t *day, int64_t *rest)
{
	int64_t ms;

	*rest = 0;
	if (parse_date(text, day))
		return true;
	if (!parse_duration(text, false, &ms) || ms < 0 || ms / DAY_MS > TEST_MAX_DAYS + 1)
		return false;
	*day = tester->file->start_day + ms / DAY_MS;
	*rest = ms % DAY_MS;
	return true;
}

/* moment = instant | day [ " " clock ] */
static bool
parse_moment(const struct tester *tester, struct str text, struct test_moment *out)
{
	const struct zone *zone = tester->rules->zone;
	int64_t day, rest, clock = 0, precision = MINUTE_MS;
	size_t space = 0;

	while (space < text.n && text.p[space] != ' ')
		space++;
	if (parse_instant(text, &out->from, NULL)) {
		out->to = out->from + SECOND_MS;
		return true;
	}
	if (!parse_day(tester, str_slice(text, 0, space), &day, &rest))
		return false;
	if (space < text.n) {
		struct str behind = str_trim(str_slice(text, space, text.n));

		if (rest != 0 || !read_clock(behind, &clock, &precision))
			return false;
	}
	if (day < tester->file->start_day - 100000 || day > tester->file->start_day + 100000)
		day = tester->file->start_day - 1; /* refused by the caller */
	out->is_day = rest == 0 && space == text.n;
	out->from =
		out->is_day ? zone_day_start(zone, day) : zone_local(zone, day, rest + clock);
	out->to = out->is_day ? zone_day_start(zone, day + 1) : out->from + precision;
	return true;
}

static void
complain_moment(struct tester *tester, const struct yaml_node *node)
{
	struct complaint complaint = {.code = "E503", .args = {node->text}};
	int64_t plain;

	if (parse_int64(node->text, &plain) && plain >= 0)
		message_hint(tester->form.arena, &complaint, "H101",
			     arena_printf(tester->form.arena, "%lldd", (long long)plain));
	form_complain_at(&tester->form, node, 0, node->text.n, &complaint);
}

bool
tester_moment(struct tester *tester, const struct yaml_node *node, struct test_moment *out)
{
	const struct zone *zone = tester->rules->zone;
	int64_t start = zone_day_start(zone, tester->file->start_day);
	int64_t end = zone_day_start(zone, tester->file->start_day + TEST_MAX_DAYS);
	struct test_moment moment = {0};

	if (!form_is_text(&tester->form, node))
		return false;
	moment.text = form_line(node);
	if (!parse_moment(tester, moment.text, &moment)) {
		complain_moment(tester, node);
	} else if (moment.from < start || moment.to > end) {
		tester_say(tester, node, "E504", moment.text,
			   form_int_text(&tester->form, TEST_MAX_DAYS));
	} else {
		*out = moment;
		return true;
	}
	return false;
}

bool
tester_is_moment(struct str text)
{
	return text.n > 0 && text.p[0] >= '0' && text.p[0] <= '9';
}

int64_t
tester_event_at(const struct tester *tester, const struct test_moment *moment)
{
	const struct zone *zone = tester->rules->zone;

	if (!moment->is_day)
		return moment->from;
	return zone_local(zone, zone_day(zone, moment->from), NOON);
}

void
tester_lasts(struct tester *tester, int64_t at)
{
	if (at > tester->latest)
		tester->latest = at;
}

struct str
tester_date(struct tester *tester, struct str text)
{
	char date[INSTANT_TEXT];
	int64_t ms;

	if (!parse_duration(text, false, &ms) || ms / DAY_MS > 100000 || ms / DAY_MS < -100000)
		return text;
	print_date(tester->file->start_day + ms / DAY_MS, date);
	return arena_str(tester->form.arena, str_of(date));
}
