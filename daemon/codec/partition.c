/* SPDX-License-Identifier: Apache-2.0 */
/* What a partition keeps beside its customers, to bytes and back. */
#include "codec/partition.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/number.h"
#include "codec/stream_id.h"

#define PARTITION_VERSION 2

void
commit_mark_print(const struct commit_mark *mark, char out[COMMIT_MARK_TEXT])
{
	char position[STREAM_ID_TEXT], low[STREAM_ID_TEXT];

	stream_id_print(mark->position, position);
	stream_id_print(mark->low, low);
	snprintf(out, COMMIT_MARK_TEXT, "%" PRIu64 " %" PRIu64 " %s %s", mark->fence, mark->seq,
		 position, low);
}

/* Cuts the text before the next space off. */
static struct str
word_take(struct str *text)
{
	const char *space = text->n > 0 ? memchr(text->p, ' ', text->n) : NULL;
	size_t n = space != NULL ? (size_t)(space - text->p) : text->n;
	struct str word = str_slice(*text, 0, n);

	*text = str_slice(*text, space != NULL ? n + 1 : n, text->n);
	return word;
}

/* Grammar: mark = number " " number " " id " " id. */
bool
commit_mark_parse(struct str text, struct commit_mark *out, struct err *err)
{
	struct str rest = text;
	struct commit_mark mark;

	if (!parse_uint64(word_take(&rest), &mark.fence) ||
	    !parse_uint64(word_take(&rest), &mark.seq) ||
	    !stream_id_parse(word_take(&rest), &mark.position) ||
	    !stream_id_parse(word_take(&rest), &mark.low) || rest.n > 0)
		return err_set(err, "'%.*s' is no commit mark (fence seq position low)",
			       (int)utf8_cut(text, 100), text.p != NULL ? text.p : "");
	*out = mark;
	return true;
}

static void
epoch_finish(struct epoch *epoch)
{
	mem_free(epoch->births);
	epoch->births = NULL;
}

void
partition_finish(struct partition *partition)
{
	for (size_t i = 0; i < partition->epoch_count; i++)
		epoch_finish(&partition->epochs[i]);
	mem_free(partition->epochs);
	*partition = (struct partition){0};
}

static struct epoch *
epoch_push(struct partition *partition)
{
	MEM_RESERVE(partition->epochs, partition->epoch_cap, partition->epoch_count + 1);
	partition->epochs[partition->epoch_count] = (struct epoch){0};
	return &partition->epochs[partition->epoch_count++];
}

void
partition_add_epoch(struct partition *partition, struct stream_id from,
		    const struct ruleset *rules)
{
	struct epoch *epoch = epoch_push(partition);

	epoch->from = from;
	memcpy(epoch->sha_hex, rules->sha_hex, sizeof epoch->sha_hex);
	epoch->births = mem_array(2 * rules->signal_count + 1, sizeof *epoch->births);
	for (unsigned i = 0; i < rules->signal_count; i++) {
		const struct signal *signal = &rules->signals[i];

		if (signal->born_at != INT64_MIN)
			epoch->births[epoch->birth_count++] =
				(struct birth){signal->key, signal->born_at};
		if (signal->member_key != 0 && signal->member_born_at != INT64_MIN)
			epoch->births[epoch->birth_count++] =
				(struct birth){signal->member_key, signal->member_born_at};
	}
}

static void
text_cut(char *out, struct str text, size_t most)
{
	size_t n = utf8_cut(text, most);

	if (n > 0)
		memcpy(out, text.p, n);
	out[n] = '\0';
}

static bool
is_unsaid(const struct rule_change *change)
{
	return change->by[0] == '\0' && change->why[0] == '\0';
}

void
partition_note_change(struct partition *partition, struct stream_id at, const char *sha_hex,
		      struct str by, struct str why)
{
	struct rule_change *changes = partition->changes;
	unsigned count = partition->change_count;
	struct rule_change *last = count > 0 ? &changes[count - 1] : NULL;

	if (last != NULL && stream_id_cmp(at, last->at) <= 0)
		return;
	if (last == NULL || memcmp(last->sha_hex, sha_hex, 64) != 0) {
		if (count == PARTITION_CHANGES)
			memmove(changes, changes + 1, --count * sizeof *changes);
		last = &changes[count];
		*last = (struct rule_change){.at = at};
		memcpy(last->sha_hex, sha_hex, 64);
		partition->change_count = count + 1;
	}
	if (!is_unsaid(last))
		return;
	text_cut(last->by, by, CHANGE_MAX_BY);
	text_cut(last->why, why, CHANGE_MAX_WHY);
}

bool
partition_change_unsaid(const struct partition *partition)
{
	return partition->change_count > 0 &&
	       is_unsaid(&partition->changes[partition->change_count - 1]);
}

void
partition_drop_epochs(struct partition *partition, struct stream_id low)
{
	size_t first = partition_epoch_at(partition, low);

	if (first == 0)
		return;
	for (size_t i = 0; i < first; i++)
		epoch_finish(&partition->epochs[i]);
	partition->epoch_count -= first;
	memmove(partition->epochs, partition->epochs + first,
		partition->epoch_count * sizeof *partition->epochs);
}

size_t
partition_epoch_at(const struct partition *partition, struct stream_id id)
{
	size_t found = 0;

	for (size_t i = 1; i < partition->epoch_count; i++)
		if (stream_id_cmp(partition->epochs[i].from, id) <= 0)
			found = i;
	return found;
}

void
epoch_bear(const struct epoch *epoch, struct ruleset *rules)
{
	for (unsigned i = 0; i < rules->signal_count; i++) {
		struct signal *signal = &rules->signals[i];

		for (unsigned k = 0; k < epoch->birth_count; k++) {
			const struct birth *birth = &epoch->births[k];

			if (birth->signal == signal->key)
				signal->born_at = birth->at;
			if (birth->signal == signal->member_key)
				signal->member_born_at = birth->at;
		}
	}
}

static void
epoch_print(struct json *json, const struct epoch *epoch)
{
	char from[STREAM_ID_TEXT];

	stream_id_print(epoch->from, from);
	json_open(json, '{');
	json_key(json, "from");
	json_text(json, from);
	json_key(json, "sha256");
	json_text(json, epoch->sha_hex);
	json_key(json, "births");
	json_open(json, '[');
	for (unsigned i = 0; i < epoch->birth_count; i++) {
		json_open(json, '[');
		json_int(json, epoch->births[i].signal);
		json_int(json, epoch->births[i].at);
		json_close(json, ']');
	}
	json_close(json, ']');
	json_close(json, '}');
}

static void
change_print(struct json *json, const struct rule_change *change)
{
	char at[STREAM_ID_TEXT];

	stream_id_print(change->at, at);
	json_open(json, '{');
	json_key(json, "at");
	json_text(json, at);
	json_key(json, "sha256");
	json_text(json, change->sha_hex);
	json_key(json, "by");
	json_text(json, change->by);
	json_key(json, "why");
	json_text(json, change->why);
	json_close(json, '}');
}

static void
changes_print(struct json *json, const struct partition *partition)
{
	if (partition->change_count == 0)
		return;
	json_key(json, "changes");
	json_open(json, '[');
	for (unsigned i = 0; i < partition->change_count; i++)
		change_print(json, &partition->changes[i]);
	json_close(json, ']');
}

void
partition_print(struct buf *out, const struct partition *partition)
{
	struct json json;

	json_init(&json, out);
	json_open(&json, '{');
	json_key(&json, "version");
	json_int(&json, PARTITION_VERSION);
	json_key(&json, "read");
	json_int(&json, (int64_t)partition->read);
	json_key(&json, "low_read");
	json_int(&json, (int64_t)partition->low_read);
	if (partition->out.ms != 0 || partition->out.seq != 0) {
		char out_id[STREAM_ID_TEXT];

		stream_id_print(partition->out, out_id);
		json_key(&json, "out");
		json_text(&json, out_id);
	}
	json_key(&json, "epochs");
	json_open(&json, '[');
	for (size_t i = 0; i < partition->epoch_count; i++)
		epoch_print(&json, &partition->epochs[i]);
	json_close(&json, ']');
	changes_print(&json, partition);
	json_close(&json, '}');
}

static bool
read_count(const json_t *object, const char *key, uint64_t *out)
{
	const json_t *number = json_object_get(object, key);

	if (!json_is_integer(number) || json_integer_value(number) < 0)
		return false;
	*out = (uint64_t)json_integer_value(number);
	return true;
}

static bool
births_parse(const json_t *list, struct epoch *epoch)
{
	size_t count = json_array_size(list);

	if (!json_is_array(list) || count > RULESET_MAX_SIGNALS)
		return false;
	epoch->births = mem_array(count + 1, sizeof *epoch->births);
	for (size_t i = 0; i < count; i++) {
		const json_t *pair = json_array_get(list, i);
		const json_t *key = json_array_get(pair, 0), *at = json_array_get(pair, 1);

		if (!json_is_integer(key) || !json_is_integer(at) ||
		    json_integer_value(key) < 0 || json_integer_value(key) > UINT32_MAX)
			return false;
		epoch->births[epoch->birth_count++] = (struct birth){
			(uint32_t)json_integer_value(key), json_integer_value(at)};
	}
	return true;
}

static bool
epoch_parse(const json_t *object, struct epoch *epoch)
{
	const char *from = json_string_value(json_object_get(object, "from"));
	const char *sha = json_string_value(json_object_get(object, "sha256"));

	if (from == NULL || !stream_id_parse(str_of(from), &epoch->from) || sha == NULL ||
	    strlen(sha) != 64)
		return false;
	memcpy(epoch->sha_hex, sha, 65);
	return births_parse(json_object_get(object, "births"), epoch);
}

static bool
change_parse(const json_t *object, struct partition *partition)
{
	static const char *const keys[] = {"at", "sha256", "by", "why"};
	struct str text[4];
	struct stream_id at;

	for (unsigned i = 0; i < 4; i++) {
		const char *word = json_string_value(json_object_get(object, keys[i]));

		if (word == NULL)
			return false;
		text[i] = str_of(word);
	}
	if (!stream_id_parse(text[0], &at) || text[1].n != 64)
		return false;
	partition_note_change(partition, at, text[1].p, text[2], text[3]);
	return true;
}

static bool
partition_fill(const json_t *root, struct partition *partition, struct err *err)
{
	const json_t *epochs = json_object_get(root, "epochs");
	const json_t *changes = json_object_get(root, "changes");
	const char *newest = json_string_value(json_object_get(root, "out"));
	uint64_t version = 0;

	if (!read_count(root, "version", &version) || version == 0)
		return err_set(err, "the partition's record has no version");
	if (version > PARTITION_VERSION)
		return err_set(err,
			       "the partition's record is of version %" PRIu64
			       ": a newer churnd wrote it",
			       version);
	if (!read_count(root, "read", &partition->read) ||
	    !read_count(root, "low_read", &partition->low_read) || json_array_size(epochs) == 0)
		return err_set(err, "the partition's record is damaged");
	if (newest != NULL && !stream_id_parse(str_of(newest), &partition->out))
		return err_set(err, "the partition's record is damaged: 'out' is no id");
	for (size_t i = 0; i < json_array_size(epochs); i++)
		if (!epoch_parse(json_array_get(epochs, i), epoch_push(partition)))
			return err_set(err, "the partition's record is damaged: epoch %zu", i);
	for (size_t i = 0; i < json_array_size(changes); i++)
		if (!change_parse(json_array_get(changes, i), partition))
			return err_set(err, "the partition's record is damaged: change %zu", i);
	return true;
}

bool
partition_parse(struct str text, struct partition *out, struct err *err)
{
	struct partition partition = {0};
	json_error_t error;
	json_t *root = json_loadb(text.p != NULL ? text.p : "", text.n, 0, &error);
	bool good;

	if (root == NULL)
		return err_set(err, "the partition's record is no JSON: %s", error.text);
	good = partition_fill(root, &partition, err);
	json_decref(root);
	if (good)
		*out = partition;
	else
		partition_finish(&partition);
	return good;
}
