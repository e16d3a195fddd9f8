/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the bytes of a TZif file (RFC 8536) into a zone. */
#include <assert.h>

#include "base/civil.h"
#include "base/tzrule.h"
#include "base/zone.h"

#define HEADER_BYTES 44
#define TYPE_BYTES 6
#define FIRST_YEAR 1900
#define LAST_YEAR 2150

/* The header's counts, in its order. */
struct counts {
	uint32_t ut_marks, standard_marks, leaps, times, types, name_bytes;
};

/* One data block: views into the file. */
struct block {
	struct counts counts;
	size_t time_bytes; /* 4 in version 1, then 8 */
	struct str times, kinds, types;
};

static int64_t
read_big_endian(struct str bytes, size_t at, size_t n)
{
	assert(bytes.p != NULL && at + n <= bytes.n);
	/* Starts from the sign, so that 4 bytes widen as 8 do. */
	uint64_t number = (unsigned char)bytes.p[at] & 0x80 ? UINT64_MAX : 0;

	for (size_t i = at; i < at + n; i++)
		number = number << 8 | (unsigned char)bytes.p[i];
	return (int64_t)number;
}

static bool
take(struct str *rest, uint64_t n, struct str *out)
{
	if (rest->n < n)
		return false;
	*out = str_slice(*rest, 0, (size_t)n);
	*rest = str_slice(*rest, (size_t)n, rest->n);
	return true;
}

/* header = "TZif" version 15 reserved bytes, six counts */
static bool
take_header(struct str *rest, char *version, struct counts *out)
{
	struct str header;
	uint32_t counts[6];

	if (!take(rest, HEADER_BYTES, &header) || !str_starts(header, STR("TZif")))
		return false;
	for (size_t i = 0; i < 6; i++)
		counts[i] = (uint32_t)read_big_endian(header, 20 + 4 * i, 4);
	*version = header.p[4];
	*out = (struct counts){counts[0], counts[1], counts[2],
			       counts[3], counts[4], counts[5]};
	return *version == '\0' || (*version >= '2' && *version <= '4');
}

/* block = times kinds types names leaps standard-marks ut-marks; sums of 64 bits cannot wrap */
static bool
take_block(struct str *rest, const struct counts *counts, size_t time_bytes, struct block *out)
{
	struct str skipped;
	uint64_t tail = counts->name_bytes + (uint64_t)counts->leaps * (time_bytes + 4) +
			(uint64_t)counts->standard_marks + counts->ut_marks;

	out->counts = *counts;
	out->time_bytes = time_bytes;
	return take(rest, (uint64_t)counts->times * time_bytes, &out->times) &&
	       take(rest, counts->times, &out->kinds) &&
	       take(rest, (uint64_t)counts->types * TYPE_BYTES, &out->types) &&
	       take(rest, tail, &skipped);
}

/* file = header block (header block footer)?: behind version 1 the same follows in 64 bits */
static bool
take_last_block(struct str *rest, struct block *out)
{
	struct counts counts;
	char version;

	if (!take_header(rest, &version, &counts) || !take_block(rest, &counts, 4, out))
		return false;
	if (version == '\0')
		return true;
	return take_header(rest, &version, &counts) && version != '\0' &&
	       take_block(rest, &counts, 8, out);
}

static int64_t
offset_of(const struct block *block, size_t type)
{
	return read_big_endian(block->types, TYPE_BYTES * type, 4) * SECOND_MS;
}

static int64_t
time_of(const struct block *block, size_t i)
{
	int64_t seconds =
		read_big_endian(block->times, block->time_bytes * i, block->time_bytes);
	int64_t limit = INT64_MAX / 4 / SECOND_MS; /* some writers begin at the big bang */

	return (seconds < -limit ? -limit : seconds > limit ? limit : seconds) * SECOND_MS;
}

static size_t
kind_of(const struct block *block, size_t i)
{
	return (unsigned char)block->kinds.p[i];
}

static bool
check_block(const struct block *block, struct err *err)
{
	const struct counts *counts = &block->counts;

	if (counts->leaps != 0)
		return err_set(err, "it counts leap seconds, as the zones under right/ do");
	if (counts->types == 0 || counts->times > ZONE_CHANGES_MAX)
		return err_set(err, "it has %u changes, %u kinds", counts->times,
			       counts->types);
	for (size_t i = 0; i < counts->types; i++)
		if (offset_of(block, i) > ZONE_OFFSET_MAX ||
		    offset_of(block, i) < -ZONE_OFFSET_MAX)
			return err_set(err, "one of its offsets is beyond 26 h");
	for (size_t i = 0; i < counts->times; i++) {
		if (kind_of(block, i) >= counts->types)
			return err_set(err, "change %zu is of an unknown kind", i + 1);
		if (i > 0 && time_of(block, i) <= time_of(block, i - 1))
			return err_set(err, "change %zu is not later than the one before",
				       i + 1);
	}
	return true;
}

/* footer = "\n" rule? "\n"; a file of version 1 has none */
static bool
read_footer(const struct block *block, struct str rest, struct tz_rule *out, struct err *err)
{
	if (block->time_bytes == 4 || str_is(rest, "\n\n"))
		return true;
	if (rest.n < 3 || rest.p[0] != '\n' || rest.p[rest.n - 1] != '\n')
		return err_set(err, "its footer does not stand between two line ends");
	return tz_rule_parse(str_slice(rest, 1, rest.n - 1), out, err);
}

/* From the last change of the file on, its footer's rule holds. */
static void
add_rule(struct zone *zone, const struct tz_rule *rule)
{
	int64_t from = civil_day_of((struct civil_date){FIRST_YEAR, 1, 1}) * DAY_MS;
	struct tz_change changes[2];

	if (!rule->has_dst)
		return;
	if (from < zone_last_change(zone))
		from = zone_last_change(zone);
	for (int year = civil_date_of(from / DAY_MS - 1).year; year <= LAST_YEAR; year++) {
		tz_rule_changes(rule, year, changes);
		for (size_t i = 0; i < 2; i++)
			if (changes[i].at >= zone_last_change(zone))
				zone_add_change(zone, changes[i].at, changes[i].offset);
	}
}

static struct zone *
make_zone(struct str name, const struct block *block, const struct tz_rule *rule)
{
	struct zone *zone = zone_create(name, offset_of(block, 0));

	for (size_t i = 0; i < block->counts.times; i++)
		zone_add_change(zone, time_of(block, i), offset_of(block, kind_of(block, i)));
	add_rule(zone, rule);
	zone_finish_changes(zone);
	return zone;
}

struct zone *
zone_parse(struct str name, struct str tzif, struct err *err)
{
	struct tz_rule rule = {0};
	struct block block = {0};
	bool is_good;

	if (take_last_block(&tzif, &block))
		is_good = check_block(&block, err) && read_footer(&block, tzif, &rule, err);
	else
		is_good = err_set(err, "it is not a whole TZif file of version 1 to 4");
	if (is_good)
		return make_zone(name, &block, &rule);
	(void)err_prefix(err, "time zone \"%.*s\"", STR_ARG(name));
	return NULL;
}
