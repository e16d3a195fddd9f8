/* SPDX-License-Identifier: Apache-2.0 */
/* The commit's mark and the partition's record survive being written and read; damage is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/partition.h"

static void
a_mark_reads_back(void **state)
{
	const struct commit_mark mark = {
		7, 1045, {1795255200000, 3}, {1795255100000, UINT64_MAX}};
	char text[COMMIT_MARK_TEXT];
	struct commit_mark back;
	struct err err;

	(void)state;
	commit_mark_print(&mark, text);
	assert_string_equal(text, "7 1045 1795255200000-3 1795255100000-18446744073709551615");
	assert_true(commit_mark_parse(str_of(text), &back, &err));
	assert_memory_equal(&back, &mark, sizeof mark);
}

static void
what_is_no_mark_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", "1 2 3-4", "1 2 3-4 5", "x 2 3-4 5-6", "1 2 3-4 5-6 7", "1  2 3-4 5-6"};
	struct commit_mark mark = {.seq = 99};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct err err = {{0}};

		assert_false(commit_mark_parse(str_of(wrong[i]), &mark, &err));
		assert_true(strlen(err.text) > 0);
		assert_int_equal(mark.seq, 99);
	}
}

#define SHA "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""
#define EPOCHS(births) \
	"\"epochs\":[{\"from\":\"0-0\",\"sha256\":" SHA ",\"births\":" births "}]"
#define HEAD "{\"version\":2,\"read\":1,\"low_read\":1,"

static const char record[] =
	"{\"version\":2,\"read\":12,\"low_read\":10,\"epochs\":["
	"{\"from\":\"0-0\",\"sha256\":"
	"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"births\":[]},"
	"{\"from\":\"100-1\",\"sha256\":"
	"\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\","
	"\"births\":[[4294967295,90]]}]}";

static void
a_partition_reads_back(void **state)
{
	struct partition partition;
	struct buf out = {0};
	struct err err;

	(void)state;
	assert_true(partition_parse(str_of(record), &partition, &err));
	partition_print(&out, &partition);
	assert_string_equal(out.p, record);
	assert_int_equal(partition.read, 12);
	assert_int_equal(partition.epochs[1].births[0].signal, UINT32_MAX);
	buf_finish(&out);
	partition_finish(&partition);
}

static void
one_of_the_first_version_is_read_and_written_as_the_present_one(void **state)
{
	static const char text[] =
		"{\"version\":1,\"read\":1,\"low_read\":1," EPOCHS("[[7,-5]]") "}";
	struct partition partition;
	struct buf out = {0};
	struct err err;

	(void)state;
	assert_true(partition_parse(str_of(text), &partition, &err));
	partition_print(&out, &partition);
	assert_string_equal(out.p, HEAD EPOCHS("[[7,-5]]") "}");
	buf_finish(&out);
	partition_finish(&partition);
}

static void
what_was_written_last_is_kept_where_there_is_one(void **state)
{
	static const char text[] = HEAD "\"out\":\"0-7\"," EPOCHS("[[7,-5]]") "}";
	struct partition partition;
	struct buf out = {0};
	struct err err;

	(void)state;
	assert_true(partition_parse(str_of(text), &partition, &err));
	assert_int_equal(partition.out.seq, 7);
	partition_print(&out, &partition);
	assert_string_equal(out.p, text);
	buf_finish(&out);
	partition_finish(&partition);
}

static void
an_epoch_begins_with_its_entry_and_goes_when_low_has_passed_the_next(void **state)
{
	struct partition partition;
	struct err err;

	(void)state;
	assert_true(partition_parse(str_of(record), &partition, &err));
	assert_int_equal(partition_epoch_at(&partition, (struct stream_id){100, 0}), 0);
	assert_int_equal(partition_epoch_at(&partition, (struct stream_id){100, 1}), 1);
	partition_drop_epochs(&partition, (struct stream_id){100, 0});
	assert_int_equal(partition.epoch_count, 2);
	partition_drop_epochs(&partition, (struct stream_id){100, 1});
	assert_int_equal(partition.epoch_count, 1);
	assert_int_equal(partition.epochs[0].sha_hex[0], 'b');
	partition_finish(&partition);
}

static void
a_damaged_or_newer_partition_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"[]",
		"{}",
		"{\"version\":0}",
		"{\"version\":2,\"read\":1,\"low_read\":1,\"epochs\":[]}",
		"{\"version\":3,\"read\":1,\"low_read\":1," EPOCHS("[]") "}",
		"{\"version\":1,\"read\":1,\"low_read\":1,\"epochs\":[]}",
		"{\"version\":1,\"read\":-1,\"low_read\":1,\"epochs\":[{}]}",
		"{\"version\":1,\"read\":1,\"low_read\":1,\"epochs\":[{\"from\":\"0-0\"}]}",
		("{\"version\":1,\"read\":1,\"low_read\":1,\"epochs\":[{\"from\":\"0-0\",\"sha256\":\"ab\","
		 "\"births\":[]}]}"),
		"{\"version\":\"1\",\"read\":1,\"low_read\":1," EPOCHS("[]") "}",
		"{\"version\":1,\"read\":1," EPOCHS("[]") "}",
		HEAD "\"epochs\":[{\"from\":\"0\",\"sha256\":" SHA ",\"births\":[]}]}",
		HEAD "\"epochs\":[{\"from\":0,\"sha256\":" SHA ",\"births\":[]}]}",
		HEAD "\"epochs\":[{\"from\":\"0-0\",\"sha256\":7,\"births\":[]}]}",
		HEAD EPOCHS("{}") "}",
		HEAD EPOCHS("null") "}",
		HEAD EPOCHS("[1]") "}",
		HEAD EPOCHS("[[1]]") "}",
		HEAD EPOCHS("[[\"1\",2]]") "}",
		HEAD EPOCHS("[[-1,2]]") "}",
		HEAD EPOCHS("[[4294967296,2]]") "}",
		HEAD EPOCHS("[[1,1.5]]") "}",
		HEAD "\"out\":\"5\"," EPOCHS("[]") "}",
		HEAD EPOCHS("[]") ",\"changes\":[7]}",
		HEAD EPOCHS("[]") ",\"changes\":[{\"at\":\"5-0\",\"sha256\":" SHA
				  ",\"by\":\"li\"}]}",
		HEAD EPOCHS("[]") ",\"changes\":[{\"at\":\"5\",\"sha256\":" SHA
				  ",\"by\":\"li\",\"why\":\"\"}]}",
		HEAD EPOCHS("[]") ",\"changes\":[{\"at\":\"5-0\",\"sha256\":\"ab\","
				  "\"by\":\"li\",\"why\":\"\"}]}",
	};
	struct partition partition = {.read = 5};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct err err = {{0}};

		assert_false(partition_parse(str_of(wrong[i]), &partition, &err));
		assert_true(strlen(err.text) > 0);
		assert_int_equal(partition.read, 5);
	}
}

static const char other_sha[] =
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
static const char one_sha[] =
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

static void
note(struct partition *partition, int64_t at, bool other, const char *by, const char *why)
{
	partition_note_change(partition, (struct stream_id){at, 0}, other ? other_sha : one_sha,
			      str_of(by), str_of(why));
}

static void
a_change_of_rules_keeps_who_and_why(void **state)
{
	struct partition partition = {0};

	(void)state;
	note(&partition, 5, false, "li", "too loud");
	assert_int_equal(partition.change_count, 1);
	assert_string_equal(partition.changes[0].by, "li");
	assert_string_equal(partition.changes[0].why, "too loud");
	assert_string_equal(partition.changes[0].sha_hex, one_sha);
	assert_false(partition_change_unsaid(&partition));
}

static void
a_change_read_again_after_a_recovery_is_noted_once(void **state)
{
	struct partition partition = {0};

	(void)state;
	note(&partition, 5, false, "", "");
	note(&partition, 6, true, "", "");
	note(&partition, 5, false, "li", "");
	note(&partition, 6, true, "li", "");
	assert_int_equal(partition.change_count, 2);
	assert_string_equal(partition.changes[1].by, "");
}

static void
who_and_why_may_follow_the_change_and_are_not_overwritten(void **state)
{
	struct partition partition = {0};

	(void)state;
	note(&partition, 5, false, "", "");
	assert_true(partition_change_unsaid(&partition));
	note(&partition, 6, false, "li", "x");
	note(&partition, 7, false, "wang", "y");
	assert_int_equal(partition.change_count, 1);
	assert_int_equal(partition.changes[0].at.ms, 5);
	assert_string_equal(partition.changes[0].by, "li");
}

static void
the_oldest_change_makes_room_for_the_seventeenth(void **state)
{
	struct partition partition = {0};

	(void)state;
	for (int i = 1; i <= 17; i++)
		note(&partition, i, i % 2 == 0, "", "");
	assert_int_equal(partition.change_count, PARTITION_CHANGES);
	assert_int_equal(partition.changes[0].at.ms, 2);
	assert_int_equal(partition.changes[PARTITION_CHANGES - 1].at.ms, 17);
}

static void
changes_survive_printing_and_parsing(void **state)
{
	struct partition partition = {0}, again = {0};
	struct buf text = {0};
	char why[400];
	struct err err;

	(void)state;
	memset(why, 'w', sizeof why);
	why[sizeof why - 1] = '\0';
	assert_true(partition_parse(
		STR("{\"version\":1,\"read\":1,\"low_read\":1,\"epochs\":[{\"from\":\"0-0\","
		    "\"sha256\":\"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\","
		    "\"births\":[]}]}"),
		&partition, &err));
	assert_int_equal(partition.change_count, 0);
	note(&partition, 5, false, "\xe6\x9d\x8e", "");
	note(&partition, 6, true, "", why);
	partition_print(&text, &partition);
	assert_true(partition_parse(buf_view(&text), &again, &err));
	assert_int_equal(again.change_count, 2);
	assert_int_equal(strlen(again.changes[1].why), CHANGE_MAX_WHY);
	assert_memory_equal(again.changes, partition.changes, 2 * sizeof *again.changes);
	buf_finish(&text);
	partition_finish(&partition);
	partition_finish(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mark_reads_back),
		cmocka_unit_test(what_is_no_mark_is_refused),
		cmocka_unit_test(a_partition_reads_back),
		cmocka_unit_test(
			one_of_the_first_version_is_read_and_written_as_the_present_one),
		cmocka_unit_test(a_change_of_rules_keeps_who_and_why),
		cmocka_unit_test(a_change_read_again_after_a_recovery_is_noted_once),
		cmocka_unit_test(who_and_why_may_follow_the_change_and_are_not_overwritten),
		cmocka_unit_test(the_oldest_change_makes_room_for_the_seventeenth),
		cmocka_unit_test(changes_survive_printing_and_parsing),
		cmocka_unit_test(
			an_epoch_begins_with_its_entry_and_goes_when_low_has_passed_the_next),
		cmocka_unit_test(what_was_written_last_is_kept_where_there_is_one),
		cmocka_unit_test(a_damaged_or_newer_partition_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
