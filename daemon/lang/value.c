/* SPDX-License-Identifier: Apache-2.0 */
/* Values as people read them. */
#include "base/number.h"
#include "lang/value.h"

/* In the order of enum type. */
static const struct {
	const char *en, *zh;
} type_names[TYPE_COUNT + 1] = {
	{"bool", "布尔"},     {"int", "整数"},
	{"num", "数"},	      {"prob", "概率"},
	{"duration", "时长"}, {"time", "时刻"},
	{"date", "日期"},     {"string", "文本"},
	{"enum", "枚举"},     {"list", "列表"},
	{"range", "区间"},    {"signal", "信号"},
	{"items", "条目"},    {"event text", "事件文本"},
	{"nothing", "无"},
};

const char *
type_name(enum type type, bool zh)
{
	return zh ? type_names[type].zh : type_names[type].en;
}

static void
print_bool(struct buf *out, bool b, bool zh)
{
	if (zh)
		buf_text(out, b ? "是" : "否");
	else
		buf_text(out, b ? "yes" : "no");
}

static void
print_calendar_day(struct buf *out, int64_t day)
{
	char date[INSTANT_TEXT];

	print_date(day, date);
	buf_text(out, date);
}

/* What local clocks show, to the minute: "2026-11-21 10:00". */
static void
print_time(struct buf *out, int64_t at, const struct zone *zone)
{
	int64_t local, ms;

	if (__builtin_add_overflow(at, zone_offset(zone, at), &local))
		local = at;
	ms = local % DAY_MS;
	if (ms < 0)
		ms += DAY_MS;
	print_calendar_day(out, (local - ms) / DAY_MS);
	buf_printf(out, " %02d:%02d", (int)(ms / HOUR_MS), (int)(ms / MINUTE_MS % 60));
}

void
value_print(struct buf *out, struct value v, const struct zone *zone, bool zh)
{
	if (!v.known) {
		buf_text(out, zh ? "未知" : "unknown");
		return;
	}
	switch (v.type) {
	case TYPE_BOOL:
		print_bool(out, v.u.b, zh);
		return;
	case TYPE_INT:
		buf_int(out, v.u.i);
		return;
	case TYPE_NUM:
	case TYPE_PROB:
		buf_number(out, v.u.n);
		return;
	case TYPE_DURATION:
		buf_duration_words(out, v.u.i, zh);
		return;
	case TYPE_TIME:
		print_time(out, v.u.i, zone);
		return;
	case TYPE_DATE:
		print_calendar_day(out, v.u.i);
		return;
	case TYPE_STRING:
	case TYPE_TEXT_ANY:
		buf_str(out, v.u.s);
		return;
	case TYPE_ENUM:
		buf_str(out, v.words->words[v.u.i]);
		return;
	case TYPE_LIST:
	case TYPE_RANGE:
	case TYPE_SIGNAL:
	case TYPE_ITEMS:
	case TYPE_COUNT:
		buf_text(out, type_name(v.type, zh));
		return;
	}
}
