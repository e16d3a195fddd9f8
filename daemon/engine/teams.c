/* SPDX-License-Identifier: Apache-2.0 */
/* Teams: whose turn it is, and who of a team has the least to do.
 *
 * Turns are counted from the first assignment on and recorded. How much a person has to do follows from the
 * customers' tasks and owners, so it is counted, not recorded; records that were read at different positions
 * agree once recovery has passed the last commit, and before that nobody is chosen: whoever was chosen for lies
 * in a record that was written with the choice. */
#include <string.h>

#include "base/mem.h"
#include "engine/core.h"

#define TURNS_MAX 4096 /* past it, those of teams that are no more are forgotten */

void
teams_finish(struct teams *teams)
{
	for (size_t i = 0; i < teams->turn_count; i++)
		text_set(&teams->turns[i].team, STR_NONE);
	mem_free(teams->turns);
	mem_free(teams->given);
	mem_free(teams->people);
	map_finish(&teams->by_name);
	*teams = (struct teams){0};
}

/* ---- how much there is to do ---- */

/* Index and 1; 0: somebody of no team. */
static uint32_t
person_of(const struct teams *teams, struct str name)
{
	uint32_t index;
	if (name.n == 0 || !map_get(&teams->by_name, name, &index))
		return 0;
	return index + 1;
}

void
teams_note_task(struct engine *engine, struct task_held *task)
{
	struct teams *teams = &engine->teams;
	if (!engine->rules->balances)
		return;
	uint32_t person = task_is_open(task) ? person_of(teams, task->assignee) : 0;
	if (task->counted_for)
		teams->people[task->counted_for - 1].tasks--;
	if (person)
		teams->people[person - 1].tasks++;
	task->counted_for = person;
}

static struct str
owner_of(const struct engine *engine, const struct customer *customer)
{
	struct value value = customer_profile(customer, engine->rules, ATTR_OWNER);
	return value.known ? value.u.s : STR_NONE;
}

void
teams_note_owner(struct engine *engine, struct customer *customer)
{
	struct teams *teams = &engine->teams;
	struct cold *cold = customer->cold;
	if (!engine->rules->balances || !cold)
		return;
	uint32_t person = person_of(teams, owner_of(engine, customer));
	if (cold->counted_for)
		teams->people[cold->counted_for - 1].customers--;
	if (person)
		teams->people[person - 1].customers++;
	cold->counted_for = person;
}

void
teams_note_loaded(struct engine *engine, struct customer *customer)
{
	struct cold *cold = customer->cold;
	if (!engine->rules->balances || !cold)
		return;
	cold->counted_for = 0;
	teams_note_owner(engine, customer);
	for (unsigned i = 0; i < cold->task_count; i++) {
		cold->tasks[i].counted_for = 0;
		teams_note_task(engine, &cold->tasks[i]);
	}
}

static void
add_people(struct teams *teams, const struct team *team)
{
	for (unsigned i = 0; i < team->count; i++) {
		if (person_of(teams, team->people[i]))
			continue;
		teams->people[teams->person_count] = (struct person){.name = team->people[i]};
		map_put(&teams->by_name, team->people[i], (uint32_t)teams->person_count++);
	}
}

static bool
is_team(const struct ruleset *rules, struct str name)
{
	for (unsigned i = 0; i < rules->team_count; i++)
		if (str_eq(rules->teams[i].name, name))
			return true;
	return false;
}

static void
forget_turns(struct teams *teams, const struct ruleset *rules)
{
	size_t kept = 0;
	for (size_t i = 0; i < teams->turn_count; i++) {
		if (is_team(rules, teams->turns[i].team))
			teams->turns[kept++] = teams->turns[i];
		else
			text_set(&teams->turns[i].team, STR_NONE);
	}
	teams->turn_count = kept;
}

void
teams_take_rules(struct engine *engine)
{
	const struct ruleset *rules = engine->rules;
	struct teams *teams = &engine->teams;
	size_t most = 0;
	mem_free(teams->people);
	map_finish(&teams->by_name);
	map_init(&teams->by_name, engine->seed);
	teams->people = NULL;
	teams->person_count = 0;
	if (teams->turn_count > TURNS_MAX)
		forget_turns(teams, rules);
	if (!rules->balances)
		return;
	for (unsigned i = 0; i < rules->team_count; i++)
		most += rules->teams[i].count;
	teams->people = mem_array(most + 1, sizeof *teams->people);
	for (unsigned i = 0; i < rules->team_count; i++)
		add_people(teams, &rules->teams[i]);
	for (uint32_t i = 0; i < engine->customers; i++)
		teams_note_loaded(engine, engine_at(engine, i));
}

/* ---- choosing ---- */

bool
team_has(const struct team *team, struct str person)
{
	for (unsigned i = 0; i < team->count; i++)
		if (str_eq(team->people[i], person))
			return true;
	return false;
}

/* The record of this customer has to go with the next commit. */
static void
note_given(struct engine *engine, uint32_t index)
{
	struct teams *teams = &engine->teams;
	struct customer *customer = engine_at(engine, index);
	if (customer->flags & CUSTOMER_GIVEN)
		return;
	customer->flags |= CUSTOMER_GIVEN;
	MEM_RESERVE(teams->given, teams->given_cap, teams->given_count + 1);
	teams->given[teams->given_count++] = index;
}

static struct turn *
turn_of(struct teams *teams, struct str team)
{
	for (size_t i = 0; i < teams->turn_count; i++)
		if (str_eq(teams->turns[i].team, team))
			return &teams->turns[i];
	MEM_RESERVE(teams->turns, teams->turn_cap, teams->turn_count + 1);
	struct turn *turn = &teams->turns[teams->turn_count++];
	*turn = (struct turn){.taken = 0};
	text_set(&turn->team, team);
	return turn;
}

static struct str
in_turn(struct step *step, const struct team *team)
{
	struct teams *teams = &step->engine->teams;
	struct turn *turn = turn_of(teams, team->name);
	teams->dirty = true;
	return team->people[turn->taken++ % team->count];
}

static uint32_t
load_of(const struct teams *teams, struct str name, bool owner)
{
	const struct person *person = &teams->people[person_of(teams, name) - 1];
	return owner ? person->customers : person->tasks;
}

/* Of equals the first in the file's order. */
static struct str
least_loaded(const struct teams *teams, const struct team *team, struct str but, bool owner)
{
	struct str found = STR_NONE;
	uint32_t least = 0;
	for (unsigned i = 0; i < team->count; i++) {
		uint32_t load = load_of(teams, team->people[i], owner);
		if (str_eq(team->people[i], but) || (found.n && load >= least))
			continue;
		found = team->people[i];
		least = load;
	}
	return found;
}

static struct str
choose_of(struct step *step, const struct assignment *assignment, bool owner)
{
	const struct team *team = &step->engine->rules->teams[assignment->slot];
	if (team->count == 0)
		return STR_NONE;
	note_given(step->engine, step->index);
	if (assignment->kind == ASSIGN_ROUND_ROBIN)
		return in_turn(step, team);
	return least_loaded(&step->engine->teams, team, STR_NONE, owner);
}

struct str
teams_choose(struct step *step, const struct assignment *assignment, bool owner)
{
	struct value value;
	switch (assignment->kind) {
	case ASSIGN_NOBODY:
	case ASSIGN_NAME:
		return assignment->name;
	case ASSIGN_ATTRIBUTE:
		value = customer_profile(step->customer, step->engine->rules, assignment->slot);
		return value.known && value.type == TYPE_STRING ? value.u.s : STR_NONE;
	case ASSIGN_ROUND_ROBIN:
	case ASSIGN_LEAST_LOADED:
		return choose_of(step, assignment, owner);
	}
	return STR_NONE;
}

struct str
teams_other(struct step *step, unsigned slot, struct str now)
{
	const struct team *team = &step->engine->rules->teams[slot];
	struct str found = least_loaded(&step->engine->teams, team, now, false);
	if (team->count > 0)
		note_given(step->engine, step->index);
	return found.n ? found : team->count > 0 ? now : STR_NONE;
}

/* ---- the record ---- */

bool
engine_take_teams(struct engine *engine)
{
	bool dirty = engine->teams.dirty;
	engine->teams.dirty = false;
	return dirty;
}

size_t
engine_take_given(struct engine *engine,
		  void (*take)(void *ctx, const struct customer *customer), void *ctx)
{
	struct teams *teams = &engine->teams;
	size_t count = teams->given_count;
	for (size_t i = 0; i < count; i++) {
		struct customer *customer = engine_at(engine, teams->given[i]);
		customer->flags &= (uint8_t)~CUSTOMER_GIVEN;
		take(ctx, customer);
	}
	teams->given_count = 0;
	return count;
}

void
engine_note_given(struct engine *engine, const struct customer *customer)
{
	note_given(engine, engine_number(engine, customer));
}

size_t
engine_turns(const struct engine *engine)
{
	return engine->teams.turn_count;
}

uint64_t
engine_turn(const struct engine *engine, size_t i, struct str *team)
{
	*team = engine->teams.turns[i].team;
	return engine->teams.turns[i].taken;
}

void
engine_load_turn(struct engine *engine, struct str team, uint64_t taken)
{
	turn_of(&engine->teams, team)->taken = taken;
}
