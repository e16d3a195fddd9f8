/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the engine: what its files share, and nobody else includes. */
#ifndef ENGINE_CORE_H
#define ENGINE_CORE_H

#include "base/blocks.h"
#include "base/heap.h"
#include "engine/close.h"
#include "engine/engine.h"
#include "engine/guard.h"
#include "engine/items.h"
#include "engine/lane.h"
#include "engine/names.h"
#include "engine/quality.h"
#include "engine/table.h"
#include "engine/track.h"

/* Local days as instants, remembered: nearly every question is about the same day. */
struct day_span {
	int64_t from, to; /* [from, to) */
	int64_t day;
};

struct calendar_clock {
	const struct zone *zone;
	int64_t lateness;
	struct day_span days[4]; /* by day % 4 */
	struct day_span closed;	 /* [close of .day, close of the next day) */
};

void clock_init(struct calendar_clock *clock, const struct zone *zone, int64_t lateness);
int64_t clock_day(struct calendar_clock *clock, int64_t at);
struct day_span clock_span_of(struct calendar_clock *clock, int64_t day);
/* The last day closed at `at`; *close_at is when it closed, *next_close the next close. */
int64_t clock_closed_day(struct calendar_clock *clock, int64_t at, int64_t *close_at,
			 int64_t *next_close);

/* Windows of one look, by the number of their range. */
struct window_memo {
	uint32_t stamp, observed_stamp;
	unsigned signal; /* of the window: a hidden one stands in for max() and min() */
	struct window window;
	int64_t observed;
};

struct dirty {
	uint32_t customer;
	uint16_t group;		 /* as engine_group_records() was told */
	struct stream_id before; /* the position before the entry that made it dirty */
};

/* Dirty ones in the order in which they are taken. */
struct dirty_round {
	uint32_t *customers; /* owned */
	size_t next, count, cap;
	struct stream_id before; /* of the one that was dirty first */
};

struct step;
struct look;

/* Teams: whose turn it is, and who has how much to do (teams.c). */
struct turn {
	struct str team; /* owned: its name */
	uint64_t taken;
};

struct person {
	struct str name; /* borrowed from the rules */
	uint32_t tasks;	 /* open ones that are this person's */
	uint32_t customers;
};

struct teams {
	struct turn *turns; /* owned; recorded, of teams that are no more too */
	size_t turn_count, turn_cap;
	bool dirty; /* the record has to be written */
	/* Customers that were given somebody of a team since the last commit: their records go with the next one,
	 * so that no recovery has to choose again. */
	uint32_t *given; /* owned */
	size_t given_count, given_cap;
	/* Derived; empty unless the rules balance: */
	struct person *people; /* owned */
	size_t person_count;
	struct map by_name;
};

struct engine {
	struct ruleset *rules; /* owned */
	struct hash_seed seed;
	struct calendar_clock clock;
	struct calm calm;
	struct lane lane;
	struct close_plan close;
	struct table table;
	struct customer_chunk **chunks; /* owned */
	size_t chunk_count, customers;
	struct names names;
	struct blocks tracks; /* of customers, by their numbers */
	struct heap wakes;
	size_t day_customers; /* with CUSTOMER_DAY */
	uint16_t
		*close_day; /* owned, by customer: closes of days before it do not concern it */
	int64_t now;	    /* the engine's clock */
	int64_t idle_to;    /* nothing is due before it, nor does an hour begin */
	struct stream_id position;
	struct stream_id applying; /* the entry at work, for caused_by */
	struct dirty *dirty;	   /* ring, owned */
	size_t dirty_head, dirty_count, dirty_cap;
	struct dirty_round round; /* taken before those of the ring */
	unsigned group_count;	  /* of records; 0: nobody told */
	unsigned (*group_of)(struct str id);
	uint32_t *due; /* scratch: customers due at one instant */
	size_t due_count, due_cap;
	struct due_run {
		enum { RUN_NONE, RUN_WAKES, RUN_MANY, RUN_STEPS } phase;
		bool close, moved; /* a day closes; other time is suspect than before */
		int64_t at;
		uint32_t next; /* customer asked next; of `due`, stepped next */
	} run; /* what is due at one instant, when it is worked off in several goes */
	struct arena scratch;	     /* of the step at work */
	struct buf text;	     /* scratch: see reasons.c */
	struct memo *memos;	     /* owned: of the look at work */
	struct window_memo *windows; /* owned: of the look at work */
	uint32_t stamp;		     /* of the last look */
	uint16_t *all_rules;	     /* 0..rule_count-1 */
	struct guard guard;
	struct engine_watch watch;
	uint64_t counted; /* by these signals the entry at work was */
	bool member_went; /* the last entry made a customer forget a member whom rules may count */
	struct teams teams;
	struct quality quality;
	uint64_t silent; /* bit of the signal whose silence counts as churn; 0 */
	struct {
		int64_t day, at;
	} day_start;		/* the last one that was asked for, for churn_silence() */
	bool unrecorded, brief; /* as asked for: see engine.h */
	bool guard_moved;	/* what is due now is due because other time is suspect */
	struct stream_id
		*loaded; /* by customer: its record held entries up to; NULL: none is ahead */
	size_t loaded_cap;
	struct stream_id loaded_max; /* the furthest of them */
	int64_t rules_at;	     /* ms of the last change of rules; 0: there was none */
	/* During engine_change_rules, by slot of the new set; else NULL: */
	bool *rule_is_new, *tag_is_new, *stage_is_new;
	/* Some rule of the set does, or has: */
	bool has_coarse, has_points_expr, has_standing, has_follows, has_inhibited;
	uint64_t windowed; /* bit s: some expression reads a window of signal s */
};

static inline struct customer *
engine_at(const struct engine *engine, uint32_t index)
{
	return &engine->chunks[index / CUSTOMER_CHUNK]->customers[index % CUSTOMER_CHUNK];
}

static inline int64_t *
engine_wake(const struct engine *engine, uint32_t index)
{
	return &engine->chunks[index / CUSTOMER_CHUNK]->wake_at[index % CUSTOMER_CHUNK];
}

/* The first local day on which the signal was observed: not before the customer was first seen, nor before the
 * signal was defined. */
int64_t signal_first_day(struct engine *engine, const struct customer *customer,
			 unsigned signal);
uint32_t engine_find_index(const struct engine *engine, struct str id,
			   uint64_t hash); /* UINT32_MAX */
uint32_t engine_add_customer(struct engine *engine, struct customer *made, uint64_t hash);
void engine_mark_dirty(struct engine *engine, uint32_t index);
void engine_set_wake(struct engine *engine, uint32_t index, int64_t at);
/* The same, and why, as a look found it: a whole one says when anything but its tasks' clocks moves the customer, any other
 * what may besides. wake.c */
void engine_note_look(struct engine *engine, uint32_t index, const struct look *look,
		      bool whole);
void engine_forget_looks(struct customer *customer); /* what they said is of no use any more */
/* What it is woken for at that instant has been put off: it is woken later. */
bool engine_puts_off(struct engine *engine, uint32_t index, int64_t at);
/* Nothing but its tasks' clocks moves it before that instant, unless entries come; 0: nobody knows. */
int64_t engine_judged_to(struct engine *engine, const struct customer *customer);
/* Each close concerns it from the next one on, until it is said which; or none does. */
void engine_set_day(struct engine *engine, uint32_t index, bool day);
void engine_set_close(struct engine *engine, uint32_t index, int64_t day);

/* Shared by engine.c, due.c, loading.c and change.c. */
void engine_take_rules(struct engine *engine, struct ruleset *rules);
void engine_begin_entry(struct engine *engine, struct stream_id id,
			const struct order_sink *sink);
void engine_end_entry(struct engine *engine, struct stream_id id);
void engine_run_due(struct engine *engine, int64_t to, const struct order_sink *sink);
void engine_sort_due(struct engine *engine); /* engine->due by the bytes of the ids */
/* Its record already holds what happened at that instant. */
bool engine_is_ahead(const struct engine *engine, uint32_t index, int64_t at);
/* Works out again when a customer whose record was loaded is due. */
void engine_wake_loaded(struct engine *engine, uint32_t index);

/* The guard: volumes of feeds (guard.c). */
void guard_take_rules(struct engine *engine);
void guard_touch(struct engine *engine); /* its record has to be written */
void guard_count(struct engine *engine, const struct type_use *use, const struct entry *entry);
/* When something of it is due, exact for instants up to `to`; NEVER. */
int64_t guard_next(struct engine *engine, int64_t to);
/* Time has come to `at`; true when other time is suspect now than just before. */
bool guard_run(struct engine *engine, int64_t at, const struct order_sink *sink);
int64_t span_forgotten_at(const struct feed_span *span);
/* Suspect time as of now (suspect.c). */
void guard_view_make(struct engine *engine, int64_t now);
static inline void
guard_view(struct engine *engine, int64_t now)
{
	if (now < engine->guard.view_from || now >= engine->guard.view_to)
		guard_view_make(engine, now);
}
/* So much of the time from..to was suspect, as the view has it. */
int64_t guard_paused(const struct guard *guard, uint64_t signals, int64_t from, int64_t to);
/* Alerts of a rule in an hour (caps.c). n: the alert's order number. */
bool cap_mutes(struct step *step, const struct alert *alert, uint32_t n);
void cap_finish(struct cap *cap);
int64_t caps_next(const struct guard *guard);
void caps_end_hour(struct engine *engine, int64_t at, const struct order_sink *sink);
void caps_forget(struct guard *guard, struct stream_id low);
/* Alerts without a customer (notices.c). */
void notice_feed(struct engine *engine, enum alert_type type, const struct feed_news *news,
		 int64_t at, const struct order_sink *sink);
void notice_feed_id(const struct engine *engine, enum alert_type type,
		    const struct feed_news *news, int64_t at, char out[ORDER_ID]);
void notice_muted(struct engine *engine, const struct cap *cap, int64_t at,
		  const struct order_sink *sink);

/* Has a record of the partition that was written as of `applied` what happens in this step? */
bool step_is_recorded(const struct step *step, struct stream_id applied);

/* When a customer counts as churned (churn.c). Of the signal whose silence does, as struct track has it: */
struct active_mark {
	int64_t last_at;
	uint32_t last;
	uint16_t days; /* 0: never active */
};

/* Where it stands with the signal whose silence does: */
struct silence_now {
	bool counts;  /* one runs, after enough active days */
	bool over;    /* it is a churn, or a churn was told in it */
	int64_t last; /* the local day it began with */
	int64_t over_at; /* then it becomes one; NEVER: it does not, or not while its feed is suspect */
};
struct silence_now churn_silence(struct engine *engine, const struct customer *customer,
				 int64_t now);
/* Before and after the step's entry is taken in. */
void churn_before(struct step *step);
void churn_after(struct step *step);
bool churn_is_told(const struct engine *engine, struct str type); /* by an event of it */
bool churn_look(
	struct step *step); /* what time, or a condition, makes of it; whether it turned */

/* How right rules are (verdict.c, quality.c). After a firing was announced: before, and as it is now; for the
 * customer (item NULL) or for an item. */
void verdict_announced(struct step *step, const struct rule_state *before,
		       struct rule_state *state, const struct item *item);
/* It was announced once more, and is the same alert. */
void verdict_moved(struct step *step, struct rule_state *state, int64_t announced_before);
/* A late event undid it. */
void verdict_withdrawn(struct step *step, const struct rule_state *before,
		       struct rule_state *state);
void verdict_task(struct step *step, const struct task_held *task, enum task_verb verb,
		  struct str who);
/* Shared with verdict_churn.c: figures to count in, NULL when the records hold this step already; the first and the
 * last of the alerts that are judged together. */
struct figures *verdict_figures(struct step *step, enum figures_kind kind, uint32_t key);
void verdict_count(struct step *step, enum figures_kind kind, uint32_t key, unsigned figure);
/* The same of the state's rule, and back. */
void verdict_count_of(struct step *step, const struct rule_state *state, unsigned figure);
void verdict_uncount(struct step *step, const struct rule_state *state, unsigned figure);
const struct rule *verdict_rule(const struct step *step, const struct rule_state *state);
bool alert_is_open(const struct rule_state *state);
int64_t alert_first(const struct rule_state *state);
void alert_open(struct step *step, struct rule_state *state, int64_t first);
struct figures *alert_close(struct step *step, struct rule_state *state, int64_t announced_at);
uint32_t alert_item(const struct item *item); /* as struct open_alert has it; NULL: 0 */

/* What churn says of alerts (verdict_churn.c). Somebody said so; the same churn said again is one. */
void verdict_churned(struct step *step, int64_t at);
/* By an event or a condition of `churn:`: each is a churn. */
void verdict_left(struct step *step, int64_t at);
/* A silence has become one; `last` as it stands, without suspect time. */
void verdict_silent(struct step *step, struct silence_now now);
/* The customer was active on the day `back`, before the silence was a churn, or after that. */
void verdict_back(struct step *step, struct silence_now before, int64_t back);
void quality_touch(struct engine *engine, unsigned chunk); /* its record has to be written */
void quality_forget(struct engine *engine, struct stream_id change); /* of what is no more */

/* Teams. */
void teams_take_rules(struct engine *engine); /* and counts anew, where they balance */
void teams_finish(struct teams *teams);
/* After a change of whose it is, of the owner: who has how much to do. */
void teams_note_task(struct engine *engine, struct task_held *task);
void teams_note_owner(struct engine *engine, struct customer *customer);
void teams_note_loaded(struct engine *engine, struct customer *customer);
/* Somebody, or nobody (STR_NONE). `owner`: for the customer, not for a task. Valid until the profile changes. */
struct str teams_choose(struct step *step, const struct assignment *assignment, bool owner);
/* Who of the team in that slot has the least to do, another one than `now` if there is; STR_NONE: nobody is in it. */
struct str teams_other(struct step *step, unsigned slot, struct str now);
bool team_has(const struct team *team, struct str person);

/* One look at a customer: the evaluator's surroundings. */
struct look {
	struct engine *engine;
	struct customer *customer;
	const struct entry *event; /* NULL: time */
	struct env env;
	int64_t closed_day, live_day; /* as of env.look */
	int64_t hour;		      /* as of the later of env.look and the last hour's edge */
	bool day;	/* out: something read here may change at the next day's close */
	int rule;	/* slot being judged, for risk(); -1: none */
	bool blind;	/* what events may move still is not known: see lane.c */
	bool blinded;	/* out: something was not */
	bool closes;	/* out: something that was read may be another after a day's close */
	bool unguarded; /* that rule says guard: off: suspect time counts for it */
	struct item *
		each; /* for which it is judged: all that its list holds; NULL: for the customer */
	struct item *item; /* whose item.* is read; NULL: none */
	struct str key;	   /* {key} in texts; none: nothing */
	int mean_gap_of;   /* signal whose mean gap is kept below; -1: none */
	double mean_gap;   /* days; 0: unknown */
};

#define EVIDENCE_MAX 16

void look_begin(struct look *look, struct engine *engine, struct customer *customer,
		const struct entry *event, int64_t now);
/* What follows is asked for that rule; -1: for none. */
void look_take_rule(struct look *look, int slot);
/* ... for that item; NULL: for the customer. */
void look_forget(struct look *look); /* what it remembered: the profile has moved */
void look_take_item(struct look *look, struct item *item);
struct value look_eval(struct look *look,
		       const struct expr *expr); /* value_unknown when NULL */
enum truth look_truth(struct look *look, const struct expr *expr);
bool look_holds(struct look *look, const struct expr *expr); /* unknown is as good as false */
/* As look_eval, but a bare moving function is as of now: texts, evidence. */
struct value look_eval_exact(struct look *look, const struct expr *expr);

/* It, and all else that is no signal's silence, may be another from then on. */
static inline void
look_due(struct look *look, int64_t at)
{
	sooner(&look->env.next, at);
	sooner(&look->env.apart, at);
}

/* The life of one rule, as a function: what one look makes of its state. */
enum life_effect {
	LIFE_CHANGED = 1, /* any byte of the state */
	LIFE_FIRED = 2,
	LIFE_CLEARED = 4,
	LIFE_ANNOUNCE = 8,
	LIFE_TURNED = 16 /* it gives points now and did not, or the other way round */
};

struct life_input {
	const struct rule *rule;
	const struct rule_state *state; /* NULL: never left idle */
	enum truth when, clear; /* clear: as given, or TRUTH_UNKNOWN where has_clear is false */
	bool strikes;		/* a step of a date rule is due */
	bool rests, is_event,
		backfill; /* is_event: an event of an event rule's type is at hand */
	bool gone;	  /* the item it is judged for is not open any more */
	bool late_undone; /* a late event turned `when` from true to not true */
	bool mark;	  /* first_run: mark_only, the rule is new to known customers */
	int64_t now;
};

struct life {
	struct rule_state state;
	unsigned effects;
	enum cause cause; /* where it is not the step's: late_event, no_evidence */
	bool has_cause;
	int64_t due; /* by the rule's own clocks; NEVER */
};

struct life life_judge(const struct life_input *input);
bool life_fires(const struct rule_state *state); /* FIRING or CLEARING */

/* Steps of a date rule around an instant. */
struct date_steps {
	int64_t last; /* the last one that is not after it; INT64_MIN: none */
	int64_t next; /* the first one after it; NEVER */
};
/* base: the rule's date (not asked of a holiday's); unknown: there are no steps. */
struct date_steps dates_around(const struct ruleset *rules, const struct date_plan *plan,
			       struct value base, int64_t now);

/* Entry into state. false: a duplicate, which changes nothing. */
bool absorb_entry(struct engine *engine, struct customer *customer, const struct entry *entry,
		  const struct type_use *use);
/* Would the profile entry be rejected? */
bool absorb_check(const struct engine *engine, const struct entry *entry, struct err *err);
/* Into one signal, whatever its `where`; whether it counted. */
bool absorb_signal(struct engine *engine, struct customer *customer, unsigned slot,
		   const struct entry *entry);
bool entry_is_late(struct engine *engine, const struct entry *entry);

/* One step. Returns whether anything but derived state changed. */
enum step_kind { STEP_ENTRY, STEP_TIME, STEP_RULES };
bool step_customer(struct engine *engine, uint32_t index, const struct entry *entry,
		   enum step_kind kind, int64_t now, const struct order_sink *sink);
/* To those who look on: what the step did (onlooker.c). */
void step_show(const struct step *step);
/* Would a time step change anything? When not, derived state (wake, day) is brought up to date. */
bool step_would_change(struct engine *engine, uint32_t index, int64_t now);
/* The same for a customer who is due for nothing but the day's close. */
bool step_close_would_change(struct engine *engine, uint32_t index, int64_t now);
/* The instant after `now` at which time alone may change this customer; NEVER. */
int64_t step_next(struct engine *engine, struct customer *customer, int64_t now, bool *day);

/* Slots of the old set to slots of the new; true when the record in Redis no longer says the same. */
bool remap_customer(struct customer *customer, const struct ruleset *from,
		    const struct ruleset *to);

/* A rule or tag that will be no more in `to`: clears under the old set. */
bool step_remove_rules(struct engine *engine, uint32_t index, const bool *removed,
		       const struct ruleset *to, int64_t now, const struct order_sink *sink);

/* What one step is about to announce. */
struct announcement {
	enum alert_type type;
	int rule;	   /* -1: none */
	struct item *item; /* for which the rule was judged; NULL: for the customer */
	enum cause cause;
	uint32_t firing;
	int64_t opened_at; /* rule.cleared: the announcement it closes; 0: none */
	uint32_t opened_n;
	struct str tag;
};

struct step {
	struct engine *engine;
	struct customer *customer;
	uint32_t index;
	struct look look;
	const struct order_sink *sink;
	const struct entry *entry;  /* NULL: time */
	const struct type_use *use; /* of the entry's type; NULL: nothing reads it */
	enum cause cause;
	int64_t now;
	int previous_risk;
	unsigned previous_level, previous_stage;
	bool was_episode;
	bool late, is_new, calm;
	int64_t silence; /* that it ends: see calm_silence() */
	bool older;   /* it happened before the customer was first seen, as far as was known */
	bool repeats; /* an event of an id that was seen: nothing happens */
	const bool *was_true; /* late: by slot, `when` before the event; NULL: none */
	bool strikes; /* time itself looks: a step of a date rule that is due now may fire it */
	int64_t quiet_since; /* the last backfilled event before a quiet that ends now; else NEVER */
	bool dry;	     /* only asks whether anything would change */
	bool changed;	     /* more than derived state did, or would */
	bool turned;	     /* a rule began or ceased to give points */
	bool tasks_made;  /* one is open that was not before this pass */
	bool owner_moved; /* an action gave the customer to another */
	bool silent; /* first_run: mark_only moved something: level alerts are not announced */
	struct active_mark
		active; /* before its entry, when that may end a silence that counts */
	struct announcement *announcements; /* in the scratch arena */
	unsigned announcement_count, announcement_cap;
	uint32_t key_of;    /* 0: none is made yet */
	char key[ORDER_ID]; /* of that episode */
};

/* The key of the customer's last episode, made once. orders.c */
void step_episode_key(struct step *step, char out[ORDER_ID]);

/* step.c, for step_ask.c */
void step_begin(struct step *step, struct engine *engine, uint32_t index,
		const struct entry *entry, int64_t now, const struct order_sink *sink);
void step_judge(struct step *step, unsigned slot, bool rests, bool is_event);
bool step_is_event_of(const struct step *step, const struct rule *rule);
bool step_is_quiet(struct step *step);
void step_look_whole(struct step *step);
bool step_reaches_closes(const struct step *step);
void step_end_whole(struct step *step);
void step_time(struct step *step);
void step_judge_again(struct step *step); /* rules that read what moved */
/* settle.c: after rules were judged. watch: tags and stages may have moved by themselves. */
void step_conclude(struct step *step, bool watch);
void step_conclude_rest(struct step *step);	   /* of a customer at rest */
void step_due(struct step *step, int64_t at);	   /* lowers the next instant to look at */
void step_care_due(struct step *step, int64_t at); /* the same of its tasks' clocks */

/* Late events: by slot, whether `when` of a rule that fires is true before the event; NULL: none fires. Of
 * those judged for items it is noted in their states. */
const bool *late_before(struct step *step);
bool late_was_true(const struct step *step, unsigned slot, const struct rule_state *state,
		   const struct item *item);

/* Tags and stages. */
void tags_by_hand(struct step *step);
void tags_expire(struct step *step);
/* Takes away what rules set that `to` does not have. */
void tags_forget(struct step *step, const struct ruleset *to);
/* Tags by rule, unless they rest, then the stage; true when one moved. */
bool watch_look(struct step *step, bool rests);
/* The same at a close, of these parts (close.c) alone; nothing is done. */
bool watch_close(struct step *step, bool rests, uint64_t parts);

/* Orders. */
/* owner: of an action (owners.c): the alert it makes, or NULL. */
struct order *owner_take(struct step *step, const struct action *action,
			 const struct order *by);
void orders_alert_begin(struct step *step, struct alert *alert); /* what every alert says */
void orders_alert_emit(struct step *step, struct order *order);
struct announcement *orders_announce(struct step *step, enum alert_type type);
void orders_add_endpoint(struct alert *alert, struct str *to, struct str name); /* once */
void orders_emit(struct step *step); /* what was announced, then the level; tasks they order */
uint32_t order_number(struct customer *customer, int64_t now); /* counts it, for ids */
void tasks_ordered_by(struct step *step, const struct alert *alert,
		      bool (*fits)(struct step *, const struct action *, const struct alert *));
void orders_task_act(struct step *step);
void orders_address_task(struct step *step, struct task_change *change);
/* And what would have followed from those that are done. */
void orders_cancel_tasks(struct step *step, struct str note, struct str note_zh);
/* Of those whose kind is in `to` no more: nobody could close them any longer. */
void orders_forget_tasks(struct step *step, const struct ruleset *to);
bool task_is_open(const struct task_held *task);
/* Why a task is ordered: by an alert, or by a step of another task. */
struct task_reason {
	const struct alert *alert; /* NULL: a step */
	struct str item;	   /* the one's it is about */
	unsigned step;		   /* its number, from 1; 0: an alert */
	struct str note, note_zh;
	const uint32_t *rules; /* keys: of the task before */
	unsigned rule_count;
};
void task_follow(struct step *step, unsigned slot, const struct task_reason *why);
/* Puts an end to it (done or cancelled), or to its being put off; who calls tells of it. */
void task_close(struct step *step, struct task_held *task, enum task_state state);
void task_wake(struct task_held *task, int64_t now);
void task_tell(struct step *step, struct task_held *task, enum task_verb verb,
	       const struct alert *alert, const struct task_change *said);
/* What time and rules make of tasks (care.c): close_when, ... */
void care_close(struct step *step);
/* ... steps and escalations that are due; of a step that looks at the whole customer. */
void care_look(struct step *step);
void care_due(struct step *step, struct task_held *task); /* of a new one */
/* Its clocks (care_clocks.c): what is due of one task; when something is next, remembered in it. */
void care_clock(struct step *step, struct task_held *task);
int64_t care_clock_due(const struct ruleset *rules, struct task_held *task);
/* When a clock or a step of any of its tasks is due; NEVER. */
int64_t care_next(const struct ruleset *rules, const struct cold *cold);
bool care_has_steps_left(const struct ruleset *rules, const struct task_held *task);
void orders_reject(struct engine *engine, const struct customer *customer,
		   const struct order_sink *sink, const char *sentence);

/* Reasons. */
struct reason_words {
	struct look *look;
	bool zh, in_reason; /* in_reason: {reasons} would run in a circle, and prints nothing */
};
void reasons_word(void *ctx, enum template_word which, struct buf *out);
struct str reasons_text(struct look *look, struct arena *arena, const struct text_pair *pair,
			bool zh, bool in_reason);
void reason_make(struct look *look, struct arena *arena, unsigned slot, struct item *item,
		 struct reason *reason);
unsigned reasons_collect(struct look *look, struct arena *arena, const struct reason **out);
/* Does a rule that inhibits it fire? Of rules above slot `limit` only. */
bool rule_is_inhibited(const struct look *look, unsigned slot, unsigned limit);
/* It fires, is live and not inhibited: it gives points, keeps its floor, and acts. */
bool rule_counts(const struct look *look, const struct rule_state *state);
/* Firings whose actions were withheld, and are no more: announced anew. */
void rules_lift(struct step *step);
int points_now(struct look *look, const struct rule *rule);
int points_of(struct look *look, const struct rule *rule,
	      struct item *item); /* for that item */
/* The risk's history, where rules read it: what it is from now on. */
void history_note(struct step *step, bool first);
/* What it was as of that day's close; false when that is not known, or rules have changed since. */
bool history_at(struct look *look, int64_t day, int *risk);
int risk_now(struct look *look, int rule); /* for risk() in that rule; -1: the whole */
bool risk_settle(struct step *step);	   /* points, risk, level; true when the level moved */
bool risk_may_move(const struct step *step); /* some rule that fires has points that may move */

#endif
