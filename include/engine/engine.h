/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: customers, their clock, and the one function that changes them. No I/O, no clock. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/order.h"

struct engine;
struct guard;	/* engine/guard.h */
struct quality; /* engine/quality.h */
struct figures;

/* `rules` becomes the engine's. `seed` is for hash tables only. */
struct engine *engine_create(struct ruleset *rules, struct hash_seed seed);
void engine_destroy(struct engine *engine);
/* Right after it was made. Of a replay: nobody takes records, and nothing is kept for it. Brief: nobody reads the texts
 * and figures of reasons either, and none are made. */
void engine_keep_no_records(struct engine *engine);
void engine_be_brief(struct engine *engine);
const struct ruleset *engine_rules(const struct engine *engine);
/* The id of the last entry applied; the clock is its ms, or later after engine_advance(). */
struct stream_id engine_position(const struct engine *engine);
int64_t engine_clock(const struct engine *engine);
size_t engine_customers(const struct engine *engine);
/* So many events went the short way (lane.c). */
uint64_t engine_calm_events(const struct engine *engine);

/* Applies entries in order: before each, all that is due up to its ms; returns how many it applied:
 * it stops before an ENTRY_RULES, which the caller turns into engine_change_rules(). Ids must rise. */
size_t engine_apply(struct engine *engine, const struct entry *entries, size_t count,
		    const struct order_sink *sink);
/* Like engine_apply of one ENTRY_RULES: all that is due first, then every customer under the new set
 * (which becomes the engine's; the old one is destroyed). A set of the same sha changes nothing. */
void engine_change_rules(struct engine *engine, const struct entry *entry,
			 struct ruleset *rules, const struct order_sink *sink);
/* An entry that was rejected before it became one: moves the position (and time) on. */
void engine_skip(struct engine *engine, struct stream_id id, const struct order_sink *sink);
/* Works through all that is due at or before `to` and sets the clock there (replay's end). */
void engine_advance(struct engine *engine, int64_t to, const struct order_sink *sink);
/* The same in goes, before the entry `id` is applied: about `budget` customers a go; true when nothing is left that
 * is due up to id.ms. Until the entry is applied nothing may be committed: customers are ahead of the position. */
bool engine_prepare(struct engine *engine, struct stream_id id, size_t budget,
		    const struct order_sink *sink) MUST_CHECK;
/* When all customers may be looked at at once: a day or a guarded slot closes, a
 * local clock that rules read strikes. NEVER. */
int64_t engine_next_close(struct engine *engine);
/* For those who look on, by the customer's number (engine_customer_at()); each may be NULL. They may ask of the engine,
 * and change nothing. */
struct engine_watch {
	void *ctx;
	/* An entry of the customer was applied, and is no repetition: bit s: signal s counted it. */
	void (*applied)(void *ctx, uint32_t customer, const struct entry *entry,
			uint64_t counted);
	/* Its risk moved. */
	void (*risk)(void *ctx, uint32_t customer, int64_t at, int before, int after);
};
void engine_watch(struct engine *engine, const struct engine_watch *watch);
/* The number of a customer of this engine, such as an order's. */
uint32_t engine_number(const struct engine *engine, const struct customer *customer);
/* The next instant at which time alone changes something; NEVER. Exact: stale wishes are resolved. */
int64_t engine_next_due(struct engine *engine);
/* The same, but at most so many customers are asked; false: there are more, and it is not before *due. Of those whom a
 * start has loaded many have to be asked: their records say when it is at the earliest. */
bool engine_ask_due(struct engine *engine, size_t most, int64_t *due) MUST_CHECK;
/* The latest instant up to `to` by which time changes something for about `most` customers at most: a day's close aside, and
 * not before the first of them, who may be many at the same ms. */
int64_t engine_due_until(const struct engine *engine, int64_t to, size_t most);

/* Records. A customer becomes dirty when an entry or time changed it. */
size_t engine_dirty(const struct engine *engine);
/* The newest entry up to which every entry's effect is in every record that was taken:
 * the position when nothing is dirty. */
struct stream_id engine_low(const struct engine *engine);
/* Right after it was made: which records lie together, by the customer's id; below `groups`. */
void engine_group_records(struct engine *engine, unsigned groups,
			  unsigned (*group)(struct str id));
/* A round: those who are dirty now will be taken before those who become so later, and group by group, so that
 * records that lie together are written together. Not before the last round is over. */
void engine_begin_round(struct engine *engine);
size_t engine_round_left(const struct engine *engine); /* 0: it is over */
/* Takes up to max dirty customers, the round's first, then longest dirty first, and marks them clean. */
size_t engine_take_dirty(struct engine *engine, size_t max,
			 void (*take)(void *ctx, const struct customer *customer), void *ctx);

/* Loading at start, before the first apply: engine_resume() sets clock and position to `low`; then one
 * call per record, which becomes the engine's, also where it is refused (codec/record.h makes it). `applied`:
 * the record holds every entry up to it, so entries <= applied are not applied to this customer again. */
void engine_resume(struct engine *engine, struct stream_id low);
/* Time alone changes nothing of this customer before it; 0: that is not known just now. What engine_load() believes
 * where it comes back as customer_due_at() and lies ahead; else it asks every rule. */
int64_t engine_due_at(const struct engine *engine, const struct customer *customer);
/* When the rules in force came into force, ms; 0: they were always there. */
void engine_rules_since(struct engine *engine, int64_t at);
/* Makes the table of customers large enough for so many; more may come. */
void engine_reserve(struct engine *engine, size_t customers);
/* The record of this customer comes in a few calls: what they will look at is asked for. */
void engine_expect(const struct engine *engine, struct str id);
bool engine_load(struct engine *engine, struct customer *customer, struct stream_id applied,
		 struct err *err) MUST_CHECK;

/* The guard's record: written when this says so, in the same commit as the records above; `rolled`: what lies
 * behind the present hour has changed too. What it holds is as of the engine's position. `low`: recovery will not begin
 * before it, whatever becomes of that commit. */
bool engine_take_guard(struct engine *engine, struct stream_id low, bool *rolled);
/* After the customers' records; what was decoded becomes the engine's. Entries <= applied are in it. */
void engine_load_guard(struct engine *engine, struct guard *guard, struct stream_id applied);

/* Teams: the record of turns is written when this says so, and with it, and whenever there are any, the records
 * of the customers that were given somebody since: all in one commit, as of the engine's position. */
bool engine_take_teams(struct engine *engine);
size_t engine_take_given(struct engine *engine,
			 void (*take)(void *ctx, const struct customer *customer), void *ctx);
/* Of a customer that was loaded: its record is to be among them once more. */
void engine_note_given(struct engine *engine, const struct customer *customer);
size_t engine_turns(const struct engine *engine);
uint64_t engine_turn(const struct engine *engine, size_t i, struct str *team);
void engine_load_turn(struct engine *engine, struct str team, uint64_t taken);

/* Figures of rules and tasks: records, by chunk, are written with the commit that has their news. */
const struct quality *engine_quality(const struct engine *engine);
bool engine_take_quality(struct engine *engine, unsigned chunk);
/* Of a record that holds the entries up to `applied`. */
void engine_load_figures(struct engine *engine, const struct figures *figures,
			 struct stream_id applied);

/* Reading. */
const struct guard *engine_guard(const struct engine *engine);
const struct customer *engine_find(const struct engine *engine, struct str id); /* or NULL */
const struct customer *engine_customer_at(const struct engine *engine, size_t index);
struct value engine_profile(const struct engine *engine, const struct customer *customer,
			    unsigned attribute);
/* Bytes held for customers: tables, tracks, cold parts (malloc's own overhead estimated). */
size_t engine_bytes(const struct engine *engine);

/* Explain: the same evaluation with a recorder. */
struct explained_node {
	const struct node *node;
	struct value value;
	unsigned depth;
};
/* What a rule does now, in one word. */
enum explained_why {
	WHY_COUNTS,	 /* it fires, and its points count */
	WHY_INHIBITED,	 /* it fires, and another rule takes its points and actions away */
	WHY_SHADOW,	 /* it fires, without points and actions */
	WHY_CLEARING,	 /* it fires until keep_firing_for is over */
	WHY_NO_EVIDENCE, /* it fires, and its `clear` is unknown */
	WHY_PENDING,	 /* its condition is true, `for` runs */
	WHY_OFF,
	WHY_ONLY,    /* rests: `only` is not true for this customer */
	WHY_WARMING, /* rests: the customer is too new */
	WHY_FEED,    /* rests: a feed it reads is suspect */
	WHY_EVENT,   /* waits for its event */
	WHY_DATE,    /* waits for its next step */
	WHY_UNKNOWN, /* its condition is unknown */
	WHY_FALSE,
	WHY_TRUE /* its condition is true, and it is judged at the next look */
};
const char *explained_why_name(enum explained_why why); /* "counts", "no_evidence"... */

struct explained_rule {
	unsigned rule;
	enum explained_why why;
	int inhibitor;	     /* slot of the first rule that inhibits it; -1: none */
	int64_t rests_until; /* WHY_WARMING; else NEVER */
	int64_t ends_at; /* when `for`, keep_firing_for, or an event's or step's firing is over; NEVER */
	bool announced;			/* this firing was */
	const struct item *item;	/* for which it is judged; NULL: for the customer */
	const struct rule_state *state; /* NULL: idle */
	int points;			/* given now */
	struct value when, clear; /* clear: unknown of TYPE_COUNT when the rule has none */
	const struct explained_node *nodes; /* of `when`, parents first */
	unsigned node_count;
	const struct explained_node *clear_nodes;
	unsigned clear_node_count;
	const char *rests; /* why it is not judged: "only", "warming", "feed", "off", NULL */
	int64_t next_at;   /* earliest instant at which time alone could turn it; NEVER */
	int64_t cooldown_until; /* 0: not cooling */
	struct str en, zh;	/* its text now */
};
/* As of `now` (>= the engine's clock, before the next due); calls take for each rule in file order; for a
 * rule with `each:` once an item that is open or for which it still fires. */
void engine_explain(struct engine *engine, const struct customer *customer, int64_t now,
		    struct arena *arena,
		    void (*take)(void *ctx, const struct explained_rule *rule), void *ctx);
/* A tag by rule or a stage: whether the customer has it now, and what its condition says. */
struct explained_standing {
	bool is_stage;
	unsigned slot; /* in the rule set's tags or stages */
	bool held;
	bool leaving; /* the condition shown is `leave` of a tag that is held */
	struct value when;
	const struct explained_node *nodes;
	unsigned node_count;
	int64_t next_at; /* earliest instant at which time alone could turn it; NEVER */
};
void engine_explain_standing(struct engine *engine, const struct customer *customer,
			     int64_t now, struct arena *arena,
			     void (*take)(void *ctx, const struct explained_standing *it),
			     void *ctx);
/* The reasons that give points, as in an alert. */
unsigned engine_reasons(struct engine *engine, const struct customer *customer, int64_t now,
			struct arena *arena, const struct reason **out);
/* What an expression of the rule set says of the customer, as if it were looked at at `now` (>= the engine's clock,
 * before the next due). */
struct value engine_ask(struct engine *engine, const struct customer *customer,
			const struct expr *expr, int64_t now);
/* What the models are asked about a signal of the customer at `now`: its rhythm, and the days since its first active
 * day began; false when it was never seen. */
bool engine_rhythm(struct engine *engine, const struct customer *customer, unsigned signal,
		   int64_t now, struct rhythm *rhythm, double *t) MUST_CHECK;
struct value engine_value(struct engine *engine, const struct customer *customer, int64_t now);
/* One signal's figures for `churnctl customer`: events and sum in the last `days` local days, today
 * included; false when it was never seen. */
bool engine_signal(const struct engine *engine, const struct customer *customer,
		   unsigned signal, int days, int64_t *events, double *sum, int64_t *last_at);
/* Ids made from what happened; ORDER_ID bytes each. */
void engine_task_id(const struct engine *engine, const struct customer *customer,
		    const struct task_held *task, char out[ORDER_ID]);
void engine_episode_key(const struct engine *engine, const struct customer *customer,
			char out[ORDER_ID]);

#endif
