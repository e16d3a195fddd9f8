/* SPDX-License-Identifier: Apache-2.0 */
/* Rule tests (YAML) to events and expectations, with every mistake of the file in one run. */
#ifndef CODEC_TEST_FILE_H
#define CODEC_TEST_FILE_H

#include "codec/diag.h"
#include "engine/entry.h"
#include "engine/ruleset.h"

#define TEST_MAX_TESTS 1000
#define TEST_MAX_CUSTOMERS 100000
#define TEST_MAX_EVENTS 2000000 /* of one test */
#define TEST_MAX_DAYS 4000	/* from the start, for every moment of a test */
#define TEST_MAX_RUNS 10000	/* of one text of days, its groups written out */
#define TEST_MAX_ROWS 10000	/* of one list */
#define TEST_ID_TEXT 160
#define TEST_MAX_FIELDS (EVENT_MAX_ATTRIBUTES + 8) /* of an event */

/* What a moment names: the whole day ("54d"), the minute ("54d 09:30") or an instant. */
struct test_moment {
	int64_t from, to; /* ms, `to` not included */
	bool is_day;
	struct str text; /* as written */
};

/* Attributes of the events of one input; several values take turns, event by event. */
struct test_field {
	struct str key;
	const struct str *values;
	unsigned value_count;
};

/* Events of one kind that follow each other from the start: so many a day for some days. */
struct test_run {
	bool is_poisson;
	uint64_t count; /* a day */
	double mean;	/* a day, when it is_poisson */
	uint64_t seed;
	unsigned days;
	const struct str *value; /* NULL: the input's */
};

struct test_input {
	struct str customer;		 /* none: each of the test */
	const struct test_field *fields; /* `type` first */
	unsigned field_count;
	struct str key;		     /* of the input: parts its chance from that of others */
	const struct test_run *runs; /* events by day, or */
	unsigned run_count;
	int64_t at, arrives; /* one event; equal unless it comes late */
	unsigned turn;	     /* of its values it takes this one first */
	int line;
};

/* Words in any order; given and empty: none at all. */
struct test_words {
	bool given;
	const struct str *words;
	unsigned count;
};

/* What went wrong with the feed, for events that happened from..to. */
struct test_trouble {
	int64_t from, to;
	int64_t arrives;	/* NEVER: lost */
	struct test_words only; /* event types; not given: all */
};

enum test_bound { TEST_EQUAL, TEST_LEAST, TEST_MOST, TEST_ABOVE, TEST_BELOW };
struct test_number {
	bool given;
	enum test_bound bound;
	int64_t number;
	struct str text; /* as written */
};

struct test_expect {
	struct test_moment at;
	struct str customer; /* none: each */
	struct str rule;
	struct str item; /* of a rule with `each:`; none: the one that came furthest */
	struct str state, level, stage; /* none: not asked */
	struct test_number risk, points;
	struct test_words tags, firing, tasks;
	struct test_number count; /* how many customers are so; not given: each */
	int line;
};

enum test_filter {
	TEST_RULE,
	TEST_CUSTOMER,
	TEST_LEVEL,
	TEST_STAGE,
	TEST_FROM,
	TEST_TO,
	TEST_TAG,
	TEST_TASK,
	TEST_CAUSE,
	TEST_OWNER,
	TEST_ITEM,
	TEST_FILTERS
};
const char *test_filter_name(enum test_filter filter);

struct test_alert {
	struct str type;
	bool has_at;
	struct test_moment at;
	struct str filters[TEST_FILTERS]; /* none: any */
	struct test_number count;	  /* not given: exactly one */
	int line;
};

struct test_case {
	struct str name;
	int line, alerts_line;
	bool is_population;
	struct str id; /* of the one customer, or what the ids of many begin with */
	unsigned customers;
	struct test_field *profile; /* as it is at the start */
	unsigned profile_count;
	struct test_input *inputs;
	unsigned input_count;
	struct test_trouble *troubles;
	unsigned trouble_count;
	struct test_expect *expects;
	unsigned expect_count;
	bool has_alerts;
	struct test_alert *alerts;
	unsigned alert_count;
	int64_t until; /* the test ends here */
};

struct test_file {
	struct str name;   /* as the admin named it */
	struct str *rules; /* names as written */
	unsigned rule_count;
	int64_t start_day; /* local */
	struct test_case *cases;
	unsigned case_count;
	/* Between test_file_open() and test_file_bind(): */
	const struct yaml_node *start, *tests, *customer;
};

/* The file, and which rule files it is about; everything lives in diags' arena. NULL after complaints. */
struct test_file *test_file_open(struct str name, struct str text, struct diags *diags);
/* Everything else, against the rules it is about. False after complaints. */
bool test_file_bind(struct test_file *file, const struct ruleset *rules,
		    struct diags *diags) MUST_CHECK;

/* One event of a test. */
struct test_event {
	int64_t ts, arrives;
	uint32_t customer, input;
	uint32_t turn;		 /* how many of this input came before it for this customer */
	const struct str *value; /* NULL: the input's */
};

/* All events in the order of their arrival; *out is owned by the caller (mem_free). False: more than
 * TEST_MAX_EVENTS. */
bool test_events_make(const struct test_case *test, const struct test_file *file,
		      const struct ruleset *rules, struct test_event **out,
		      size_t *count) MUST_CHECK;
/* Its fields, but for customer and ts; returns how many. `fields` holds TEST_MAX_FIELDS. */
unsigned test_event_fields(const struct test_case *test, const struct test_event *event,
			   struct field *fields);
/* "c1", or "p007" of a population. */
struct str test_customer_id(const struct test_case *test, unsigned customer,
			    char out[TEST_ID_TEXT]);

#endif
