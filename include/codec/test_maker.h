/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of a test file's sections share. */
#ifndef CODEC_TEST_MAKER_H
#define CODEC_TEST_MAKER_H

#include "codec/form.h"
#include "codec/test_file.h"

struct test_fields {
	struct test_field *list;
	unsigned count;
};

struct tester {
	struct form form;
	const struct ruleset *rules;
	struct test_file *file;
	struct test_case *test;	     /* being read */
	struct test_fields defaults; /* the profile that all its customers begin with */
	int64_t latest;		     /* the last moment it speaks of, so far */
};

int tester_line(struct tester *tester, const struct yaml_node *node);
void tester_say(struct tester *tester, const struct yaml_node *node, const char *code,
		struct str arg0, struct str arg1);
/* A text of at most EVENT_MAX_TEXT bytes; none after a complaint. */
struct str tester_text(struct tester *tester, const struct yaml_node *node);

/* test_time.c: "54d", "54d 09:30", "36h", 2026-03-02, "2026-03-02 09:30", an instant with an offset. */
bool tester_moment(struct tester *tester, const struct yaml_node *node,
		   struct test_moment *out) MUST_CHECK;
bool tester_is_moment(struct str text); /* begins like one */
/* When an event happens that is said to be at that moment: of a day, its 12:00. */
int64_t tester_event_at(const struct tester *tester, const struct test_moment *moment);
void tester_lasts(struct tester *tester, int64_t at);
/* "60d" for a date attribute: that many days after the start. */
struct str tester_date(struct tester *tester, struct str text);

/* test_days.c. NULL after a complaint; zero runs never. */
const struct test_run *tester_days(struct tester *tester, const struct yaml_node *node,
				   unsigned *count);

/* test_feed.c: completes `fields` (count of them, room for EVENT_MAX_ATTRIBUTES + 4) so that the signal takes
 * the event; `has_value`: each event brings its value. */
#define TESTER_MAX_FIELDS (EVENT_MAX_ATTRIBUTES + 4)
void test_fields_begin(struct tester *tester,
		       struct test_fields *fields);	       /* a type, not known yet */
struct str test_fields_type(const struct test_fields *fields); /* or none */
struct test_field *tester_field(struct test_fields *fields, const char *key); /* or NULL */
void tester_add_field(struct tester *tester, struct test_fields *fields, struct str key,
		      struct str value);
/* Complains of a type that nothing reads when one is near that something reads: it is misspelt. */
void tester_check_type(struct tester *tester, const struct yaml_node *type);
bool tester_feed(struct tester *tester, const struct yaml_node *key, struct test_fields *fields,
		 bool has_value) MUST_CHECK;

/* The sections of a test. */
void tester_profile(struct tester *tester, const struct yaml_node *map,
		    struct test_fields *fields);
void tester_input(struct tester *tester, const struct yaml_node *node);
void tester_expects(struct tester *tester, const struct yaml_node *list);
void tester_alerts(struct tester *tester, const struct yaml_node *list);

#endif
