/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of a rule file's sections share while a rule set is being made. */
#ifndef CODEC_RULES_MAKER_H
#define CODEC_RULES_MAKER_H

#include "codec/form.h"
#include "codec/rules_yaml.h"

#define RULES_MAX_NAME 64    /* bytes of any name */
#define RULES_MAX_NAMES 1000 /* lists, macros, teams */
#define RULES_MAX_TEXT 4096  /* bytes of a reason, advice or title */

/* Names that must differ from each other. */
enum name_space {
	NAMES_EXPR,
	NAMES_PROFILE,
	NAMES_RULES,
	NAMES_TEAMS,
	NAMES_TASKS,
	NAMES_MODELS,
	NAMES_TAGS,
	NAMES_STAGES
};

/* What may stand once in all files together. */
struct singles {
	const struct yaml_node *members, *name, *timezone, *lateness, *levels, *only, *value,
		*first_run, *defaults, *calendar, *churn;
};

struct maker {
	struct form form;
	struct ruleset *rules; /* owned until it is done */
	const struct rules_loader *loader;
	const struct yaml_node *files[DIAG_FILES]; /* roots, those that are YAML */
	unsigned file_count;
	const struct yaml_node
		*calendar_roots[DIAG_FILES]; /* by file: those named by `calendar:` */
	struct singles singles;
	struct scope scope;
	const struct yaml_node *signal_names[RULESET_MAX_SIGNALS];
	const struct yaml_node *signal_wheres[RULESET_MAX_SIGNALS]; /* NULL: none */
	const struct yaml_node *tag_texts[RULESET_MAX_TAGS];
	const struct yaml_node *task_texts[RULESET_MAX_TASKS];
	const struct yaml_node *stage_whens[RULESET_MAX_STAGES]; /* NULL: told already */
	const struct yaml_node **list_names;
	const struct yaml_node **macro_names;
	uint64_t signals_used;		  /* bit s: some expression reads it */
	uint64_t guessed;		  /* bit s: told that its model is a default */
	uint64_t extremes[2];		  /* bit s: some expression asks for its max(), min() */
	struct map claims;		  /* "space:name" -> index into claimed */
	const struct yaml_node **claimed; /* owned */
	size_t claim_count, claim_cap;
};

/* Calls read for each pair of that map, or each item (key NULL) of that list, in all files. */
typedef void section_reader(struct maker *maker, const struct yaml_node *key,
			    const struct yaml_node *value);
void maker_each(struct maker *maker, const char *section, enum yaml_kind kind,
		section_reader *read);
/* How many there are, at most `most`; complains of the first one past it. */
unsigned maker_count(struct maker *maker, const char *section, unsigned most);

/* True when the name is well-formed and new in its space; else complains. */
bool maker_claim(struct maker *maker, enum name_space space, const struct yaml_node *key);
/* The node that claimed the name, or NULL. */
const struct yaml_node *maker_claimed(struct maker *maker, enum name_space space,
				      struct str name);
bool maker_is_name(struct maker *maker,
		   const struct yaml_node *key); /* a word of expressions */
bool maker_is_label(struct maker *maker,
		    const struct yaml_node *key); /* any short line of text */
bool maker_is_event_type(struct maker *maker, const struct yaml_node *type);
void maker_event_types(struct maker *maker, const struct yaml_node *on, struct str_list *out);

/* Slot of the signal that is named there; -1 after a complaint. */
int maker_signal(struct maker *maker, const struct yaml_node *name);

/* Compiling: NULL after a complaint. */
const struct expr *maker_expr(struct maker *maker, const struct yaml_node *text, enum type want,
			      bool event_allowed);
/* For what is looked at again when the event is gone: complains of each event.x in it. */
void maker_refuse_event(struct maker *maker, const struct expr *expr, const char *code);
/* A text for both languages, or {en: .., zh: ..}. */
void maker_text(struct maker *maker, const struct yaml_node *node, struct text_pair *out);
struct text_pair maker_literal(struct maker *maker, struct str text);
struct source *maker_source(struct maker *maker, const struct yaml_node *text);
struct sink maker_sink(struct maker *maker);
void maker_complain_node(struct maker *maker, const struct node *node, const char *code,
			 struct str arg0, struct str arg1);

/* The file that a rule file's `calendar:` names, which is no rule file; -1. */
int maker_calendar_file(struct maker *maker, const struct yaml_node *root);

/* A date rule. */
struct dates_text {
	const struct yaml_node *date, *steps, *every, *at, *workday;
};
void maker_dates(struct maker *maker, const struct yaml_node *map,
		 const struct dates_text *text, struct rule *rule);
/* Complains of keys that only a date rule has, or has not. */
void maker_refuse_dates(struct maker *maker, const struct yaml_node *map,
			const struct rule *rule);
/* An expression that no file holds. */
const struct expr *maker_constant(struct maker *maker, struct str text);

/* The sections. */
void maker_calendar(struct maker *maker); /* before expressions: holiday("name") */
void maker_levels(struct maker *maker);
void maker_profile(struct maker *maker);
void maker_lists(struct maker *maker);
void maker_signals(struct maker *maker);  /* names and types; maker_wheres() compiles */
void maker_extremes(struct maker *maker); /* companions of sums, once all is compiled */
void maker_models(struct maker *maker);
void maker_churn(struct maker *maker); /* after expressions can be compiled */
void maker_items(struct maker *maker);
void maker_members(struct maker *maker);
void maker_macros(struct maker *maker);
void maker_wheres(struct maker *maker);
void maker_teams(struct maker *maker);
void maker_standing(
	struct maker *maker); /* names of tags and stages; maker_watching() compiles */
void maker_rules(struct maker *maker);
void maker_watching(struct maker *maker);
void maker_tasks(struct maker *maker);
/* Who gets it: a person, profile.x, round_robin(team) or least_loaded(team). */
void maker_assignment(struct maker *maker, const struct yaml_node *node,
		      struct assignment *out);
void maker_actions(struct maker *maker);
void maker_asks(struct maker *maker); /* what is asked from outside; after all the rules */
/* Warnings: what is allowed and unwise. */
void maker_check_expr(struct maker *maker, const struct expr *expr);
void maker_check_text(struct maker *maker, const struct template_text *text);
void maker_check_never(struct maker *maker, const struct expr *expr);
void maker_check_hold(struct maker *maker, const struct rule *rule,
		      const struct yaml_node *hold);
void maker_check_rule(struct maker *maker, const struct rule *rule);
void maker_check_set(struct maker *maker); /* once there was no error */

#endif
