/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the live room: what its files share, and nobody else includes. */
#ifndef APP_LIVE_ROOM_H
#define APP_LIVE_ROOM_H

#include "app/live.h"
#include "base/hash.h"
#include "codec/stream_id.h"
#include "io/lease.h"
#include "io/store.h"
#include "io/stream.h"

#define LIVE_CHUNK 128 /* entries decoded, then applied together */

/* Where a batch ended, and how many entries of the stream lie up to there. */
struct checkpoint {
	struct stream_id id;
	uint64_t read;
};

/* A record that was made under later rules than those recovery begins with: it waits for them. */
struct held_record {
	size_t epoch;  /* index into the partition's, as recovered */
	struct str id; /* both in held_arena */
	struct str bytes;
};

/* Once more the record of a customer that was given somebody of a team (codec/given_record.h). */
struct given_record {
	struct str id, bytes; /* in given_bytes */
	bool met;	      /* it has a record in its shard */
	bool used;	      /* which is older, or there is none */
};

struct append_waiter;
struct reload_waiter;

/* The streams that a commit adds to. */
enum live_output { OUTPUT_ALERTS, OUTPUT_TASKS, OUTPUT_REJECTED, OUTPUTS };

/* An entry that lies in one of them without its commit: see live_outputs.c. */
struct live_torn {
	enum live_output output;
	struct stream_id id;
};
struct append_note;

/* Of XINFO STREAM; all zero when there is no stream. */
struct stream_info {
	bool exists;
	uint64_t length, added;
	struct stream_id first, last;
};

struct live {
	struct live_options options;
	struct arena arena; /* keys */
	struct str events, alerts, tasks, rejected, hold;
	char name[64], reader_name[64]; /* of the connections */
	enum live_state state;
	struct err why;
	struct err paused_for; /* what the log was told last */
	bool releasing;	       /* the lease, at the end */
	int64_t started_at;

	struct redis *redis;   /* owned: commands */
	struct stream *stream; /* owned: reads */
	struct lease *lease;   /* owned */
	struct store *store;   /* owned */
	char run_id[STREAM_RUN_ID], reader_run_id[STREAM_RUN_ID];
	bool reconciling;    /* the mark is compared after a reconnect */
	struct event *again; /* owned: tries again what could not go on */

	struct engine *engine; /* owned; NULL without memory */
	bool recovered;
	struct partition partition;
	struct stream_id recover_to; /* up to it orders are suppressed */
	struct shard_load *load;     /* owned while it runs */
	int64_t load_told_at;	     /* monotonic: the log says now and then how far it is */
	size_t blocks_before;	     /* bytes in small blocks when the load began */
	struct held_record *held;    /* owned */
	size_t held_count, held_cap;
	struct arena held_arena;
	struct buf guard_now, guard_past; /* the guard's record, as loaded */
	uint32_t shared_seen; /* bit i: of the records that are shared, the i-th was there */
	struct buf given_bytes;
	struct given_record *given; /* owned */
	size_t given_count, given_cap;
	struct map given_ids;
	struct map held_ids;
	struct commit_mark boot_mark; /* as read while starting */
	bool boot_has_mark, boot_has_partition, boot_refused;
	struct stream_info boot_stream;
	struct err boot_error;

	/* rules */
	struct rule_files *files;   /* owned: of the configuration, or of the last reload */
	struct rule_files *fetched; /* owned: from Redis */
	char fetching[65];	    /* sha under way; empty: none */
	void (*after_fetch)(struct live *live);
	size_t epoch;	    /* recovering: the one in force, index into the partition's */
	char missing[65];   /* sha that Redis has no text of */
	char announced[65]; /* sha of the last churnd.rules we appended, until it is read */
	struct ended_rules {
		char hex[65]; /* sha */
	} * ended;	      /* owned: with the commit under way */
	size_t ended_count, ended_cap;
	struct reload_waiter *reloads; /* owned: who waits for their rules to be in force */
	char announce_by[CHANGE_MAX_BY + 1], announce_why[CHANGE_MAX_WHY + 1];
	bool announce_due; /* files may differ from what is in force: looked at when drained */

	/* apply */
	struct entry *entries;		       /* owned: LIVE_CHUNK */
	const struct reply *items[LIVE_CHUNK]; /* where each came from */
	unsigned entry_count;
	struct arena decode;
	struct stream_fields fields;
	struct buf scratch, body;
	uint64_t read;			/* entries of the stream up to the engine's position */
	struct checkpoint *checkpoints; /* owned; after low */
	size_t checkpoint_count, checkpoint_cap;
	bool caught_up; /* the last read found less than it could have */

	/* slices of what is due: live_slice.c */
	struct event *slice_timer; /* owned */
	struct stream_id slice_to; /* the entry before which it is due */
	int64_t close_at; /* of the batch at work: the first day's close that it may pass */
	bool slicing, stop_wanted; /* stop_wanted: once that entry is applied */

	/* outputs */
	struct live_torn *torn; /* owned */
	size_t torn_count, torn_cap;
	enum live_output torn_asked;
	void (*after_torn)(struct live *live);

	/* commit */
	struct shard_batch records;
	struct stream_id records_at; /* they hold what was applied by then */
	size_t sent_records;	     /* of the commit under way */
	int64_t committed_at;	     /* monotonic: the last commit was sent */
	int64_t committed_before;    /* the one before it */
	int64_t round_at;	     /* monotonic: when the last round of records ended */
	uint64_t round_entries;	     /* entries at that time */
	bool quiet;		     /* caught up, and nothing came for a while */
	struct event *quiet_timer;   /* owned */
	bool adding_alerts, sent_alerts;

	/* noise */
	bool noise_due;	 /* figures may have become others since rules were last looked at */
	uint32_t *noisy; /* owned: keys of rules that the log was told of */
	size_t noisy_count, noisy_cap;

	/* time */
	struct event *time_timer, *due_timer; /* owned */
	int64_t time_offset;		      /* Redis' time less the monotonic clock's */
	bool time_known, is_held, due_asked;
	bool due_short; /* the last clock entry was for an instant before its own: more is due */
	int64_t due_sent_at;	 /* monotonic */
	struct stream_id due_id; /* of the clock entry that is to be read back */
	int64_t next_due;

	/* watch */
	struct event *watch_timer; /* owned */
	uint64_t lag, length;
	struct stream_id group_low; /* what other groups have read; all ones: no other group */
	bool groups_overruled;
	int64_t outputs_trimmed_at; /* monotonic; 0: never */
	unsigned trims_asked;	    /* of outputs, without an answer yet */
	bool trim_again;	    /* one of the answers was: as many as it may at a time */

	/* append */
	struct append_waiter *first, *last; /* owned */
	struct append_note *notes;	    /* owned */

	struct live_status count; /* only the counters */
};

/* live.c: where it stands. */
void live_move(struct live *live, enum live_state to);
void live_fail(struct live *live, const char *why);
void live_pause(struct live *live, const char *why, int64_t again_ms);
void live_forget(struct live *live); /* drops all memory of customers */
void live_read_on(struct live *live);
void live_stop_reading(struct live *live);
void live_ignore(void *ctx, const struct reply *reply);
void live_timer(struct event *timer, int64_t ms);
void live_all_committed(struct live *live); /* the last of live_stop() */

/* live_start.c: from the lease to a running engine. */
void live_boot(struct live *live);
void live_boot_again(struct live *live, const char *why); /* all that was loaded is dropped */
void live_recovered(struct live *live);

/* live_records.c: records into the engine. */
void live_load_records(struct live *live);
void live_load_held(struct live *live, size_t epoch);
bool live_is_held(const struct live *live, struct str customer);
void live_drop_held(struct live *live);
/* At the end of recovery: who was loaded from beside the teams' turns is written anew. */
void live_given_note(struct live *live);
void live_drop_given(struct live *live);

/* live_rules.c */
enum live_rules { RULES_HERE, RULES_FETCHING, RULES_MISSING };
/* The texts of a sha; asks Redis when they are not at hand. Then `fetched` tries again. */
enum live_rules live_rules_find(struct live *live, struct str sha,
				const struct rule_files **out,
				void (*fetched)(struct live *live));
struct ruleset *live_rules_make(struct live *live, const struct rule_files *files);
/* With the commit that puts rules in force: their text is there. What announced them may have been refused, or be about to
 * expire. */
void live_rules_keep(struct live *live, const struct rule_files *files);
/* With the commit under way no recovery begins under these rules any more; once it is in Redis, their text goes when outputs
 * of their time do. */
void live_rules_ended(struct live *live, const struct epoch *epoch);
void live_rules_expire(struct live *live);
/* At once: for those who read the entry that follows. */
void live_rules_store(struct live *live, const struct rule_files *files);
void live_rules_announce(struct live *live);
void live_rules_changed(struct live *live, const struct entry *entry); /* in force, now */

/* live_apply.c: batches into the engine. */
void live_take(void *ctx, const struct stream_batch *batch);
struct order_sink live_sink(struct live *live);

/* live_slice.c: long work in slices. */
/* false: reading has stopped until the work due before the entry is done. */
bool live_slice_begin(struct live *live, struct stream_id id);
/* Customers are ahead of the position: nothing may be committed. */
bool live_is_amid(const struct live *live);
void live_on_slice(evutil_socket_t fd, short what, void *ctx);

/* live_orders.c: orders into commands. */
void live_order(void *ctx, const struct order *order);
/* live_noise.c: tells of rules that have become noisy. */
void live_noise_look(struct live *live);
/* live_outputs.c: ids of what a commit adds. false: it lies there already, and is not added again. */
bool live_output_id(struct live *live, enum live_output output, struct stream_id caused_by,
		    char out[STREAM_ID_TEXT]);
void live_outputs_look(struct live *live, void (*then)(struct live *live));

void live_reject(struct live *live, struct stream_id id, const struct reply *item,
		 const char *sentence);

/* live_commit.c */
void live_commit(struct live *live);
void live_committed(void *ctx);
/* A commit is to come before more is read. Never amid a close: only the entry behind it lets one come. */
bool live_is_full(const struct live *live);
void live_checkpoint(struct live *live);

/* live_rounds.c */
void live_record_take(void *ctx, const struct customer *customer);
void live_records_take(struct live *live); /* those that go into the coming commit */
/* A batch was applied; came: it was not empty. */
void live_rounds_rearm(struct live *live, bool came);
void live_on_quiet(evutil_socket_t fd, short what, void *ctx);

/* live_time.c */
void live_time_start(struct live *live);
void live_time_ask(struct live *live);
void live_time_arm(struct live *live);
void live_time_applied(struct live *live);
void live_on_time_timer(evutil_socket_t fd, short what, void *ctx);
void live_on_due_timer(evutil_socket_t fd, short what, void *ctx);

/* live_watch.c: lag, what was lost, trimming. */
void live_on_watch_timer(evutil_socket_t fd, short what, void *ctx);
bool live_stream_info(const struct reply *reply, struct stream_info *out);

/* live_append.c */
void live_append_noted(struct live *live, struct stream_id id, const char *sentence);
void live_append_committed(struct live *live, struct stream_id position);
void live_append_lost(struct live *live);
void live_append_finish(struct live *live);

#endif
