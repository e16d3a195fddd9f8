/* SPDX-License-Identifier: Apache-2.0 */
/* What a partition keeps beside its customers: the commit's mark, and the rules in force since when. */
#ifndef CODEC_PARTITION_H
#define CODEC_PARTITION_H

#include "base/arena.h"
#include "engine/entry.h"
#include "engine/ruleset.h"

/* <prefix>commit: "fence seq position low". */
struct commit_mark {
	uint64_t fence;		   /* counts owners */
	uint64_t seq;		   /* counts commits */
	struct stream_id position; /* orders of every entry up to it are out */
	struct stream_id low;	   /* effects of every entry up to it are in every record */
};

#define COMMIT_MARK_TEXT 160
void commit_mark_print(const struct commit_mark *mark, char out[COMMIT_MARK_TEXT]);
bool commit_mark_parse(struct str text, struct commit_mark *out, struct err *err) MUST_CHECK;

/* A rule set's time in force: from an entry on, with the births of its signals. */
struct epoch {
	struct stream_id from; /* the churnd.rules entry; 0-0: from the beginning */
	char sha_hex[65];
	struct birth {
		uint32_t signal; /* its key */
		int64_t at;	 /* ms; signals that were always there are not listed */
	} * births;		 /* owned */
	unsigned birth_count;
};

#define PARTITION_CHANGES 16 /* changes of rules that are remembered */
#define CHANGE_MAX_BY 64     /* bytes */
#define CHANGE_MAX_WHY 200

/* A change of rules, for people: so that behaviour and edits can be told apart. */
struct rule_change {
	struct stream_id at; /* the churnd.rules entry */
	char sha_hex[65];
	char by[CHANGE_MAX_BY + 1], why[CHANGE_MAX_WHY + 1]; /* as was said; may be empty */
};

/* <prefix>partition: JSON, version 2: from it on what all customers share lies in a hash of its own (io/shard.h), where a
 * reader of version 1 would not look. A reader refuses a newer version; a field that is added must have
 * a meaning when it is absent. */
struct partition {
	uint64_t
		read; /* entries of the stream up to position, those trimmed before us included */
	uint64_t low_read; /* the same up to low */
	struct stream_id
		out; /* of the newest entry in alerts, tasks or rejected; 0-0: none yet */
	struct epoch *epochs; /* owned; at least one: the first is in force at low */
	size_t epoch_count, epoch_cap;
	struct rule_change changes[PARTITION_CHANGES]; /* oldest first */
	unsigned change_count;
};

void partition_finish(struct partition *partition);
/* Adds what is in force from an entry on; births are read from the rule set. */
void partition_add_epoch(struct partition *partition, struct stream_id from,
			 const struct ruleset *rules);
/* Remembers a change, and forgets the oldest beyond PARTITION_CHANGES; one that is read again after a
 * recovery is there already. The same rules again only say who and why, if nobody has said it yet: the
 * file was seen to change before its editor spoke. Longer texts are cut. */
void partition_note_change(struct partition *partition, struct stream_id at,
			   const char *sha_hex, struct str by, struct str why);
bool partition_change_unsaid(const struct partition *partition); /* the last one: who, why */
/* Forgets the epochs that ended at or before low. */
void partition_drop_epochs(struct partition *partition, struct stream_id low);
/* Index of the epoch in force just after an entry. */
size_t partition_epoch_at(const struct partition *partition, struct stream_id id);
/* Gives a rule set that was just made the births it had in this epoch. */
void epoch_bear(const struct epoch *epoch, struct ruleset *rules);

void partition_print(struct buf *out, const struct partition *partition);
bool partition_parse(struct str text, struct partition *out, struct err *err) MUST_CHECK;

#endif
