/* SPDX-License-Identifier: Apache-2.0 */
/* Rule files from a small grammar: every kind of state, in few rules, so that one world is quickly made. */
#include "sim/grammar.h"

#include "sim/sim.h"

static const char *const zones[] = {"UTC", "UTC", "Asia/Shanghai", "America/New_York"};

static const char *const onlies[] = {"", "", "", "only: profile.mrr != 0\n",
				     "only: profile.tier != \"lead\"\n"};

static const char *const calendars[] = {
	"", "", "calendar: {hours: '08:00-20:00', week: [mon, tue, wed, thu, fri, sat]}\n",
	("calendar: {hours: '00:00-24:00', holidays: {2026-06-01: feast}, workdays: "
	 "[2026-05-30]}\n")};

/* What counts as churn: its moments are due among all others, and its figures are counted once. */
static const char *const churns[] = {"",
				     "",
				     "",
				     "churn: {silent: login, horizon: 2d}\n",
				     "churn: {silent: complaint, horizon: 1d, min_days: 1}\n",
				     "churn: {on: [churned, seats], horizon: 30h}\n",
				     "churn: {when: 'profile.tier == \"gold\"', horizon: 3d}\n",
				     "churn: {when: 'silent(login) > 20h', horizon: 2d}\n"};

/* Whose tasks are, what hurries, ends and follows them: state of the partition beside that of the customers. */
static const char *const teams[] = {
	"teams: {care: [ann, bob, cid], lead: [lea, max]}\n",
	"teams: {care: [bob, ann], lead: [lea]}\n",
	"teams: {care: [ann, bob, cid, dan], lead: [max, lea], spare: [eve]}\n"};

static const char *const owners[] = {
	"", "- {on: rule.fired, rule: bad, owner: least_loaded(care)}\n",
	("- {on: rule.fired, rule: quiet, owner: round_robin(care)}\n"
	 "- {on: customer.owner_changed, task: meet}\n")};

static const char *const assigns[] = {"profile.owner", "round_robin(care)",
				      "least_loaded(care)"};

static const char *const calls[] = {
	", queue: calls, ack_within: 2h",
	", ack_within: 2h, escalate: [{after: 80%, to: lead}, {after: 100%, to: care}]",
	", ack_within: 3h, resolve_within: 1d, escalate: [{after: 50%, to: care}, {after: "
	"150%, to: lead}]",
	", steps: [{task: ask, after: 1d, unless: 'silent(login) < 5h'}, {task: meet, after: "
	"90m}]",
	", queue: calls, ack_within: 5h, steps: [{task: ask, after: 4h, when: 'silent(login) > "
	"1h'}], exit: 'level() < \"watch\"'"};

static const char *const answers[] = {
	", assign: least_loaded(care), close_when: 'silent(complaint) > 2d and level() < "
	"\"at_risk\"'",
	", assign: round_robin(care), close_when: 'count(login[2d live]) >= 3', steps: [{task: "
	"ask, after: 5h}]",
	", route: [{when: 'profile.tier == \"gold\"', queue: vip, assign: round_robin(lead), "
	"priority: high}, {assign: least_loaded(care)}]"};

static const char more_tasks[] =
	"  ask: {title: Ask, assign: round_robin(care), steps: [{task: last, after: 7h}]}\n"
	"  meet: {title: Meet, assign: least_loaded(lead), resolve_within: 8h, escalate: "
	"[{after: 100%, to: lead}]}\n"
	"  last: {title: Last, assign: profile.owner, close_when: seen(seats)}\n";

/* Each is there or not. */
static const char *const rules[] = {
	"- {rule: many, expr: 'count(complaint[3d live]) >= 3', for: 5h, cooldown: 1d, points: "
	"35}\n",
	"- {rule: burst, expr: 'count(complaint[6h live]) >= 2', keep_firing_for: 1h, "
	"cooldown: 0s, points: 10}\n",
	"- {rule: drop, expr: 'count(login[2d]) * 2 < count(login[2d offset 2d])', cooldown: "
	"0s, points: 15}\n",
	"- {rule: rich, expr: 'sum(spend[3d live]) > 500 and profile.tier == \"gold\"', "
	"cooldown: 0s, points: -10}\n",
	"- {rule: few, expr: 'last(seats) < 3 or after(complaint, login) > 2d', cooldown: 0s, "
	"points: 12}\n",
	"- {rule: grave, expr: 'risk() >= 50', cooldown: 0s, points: 20}\n",
	"- {rule: shadow, mode: shadow, expr: 'count(login[1d live]) >= 2', cooldown: 0s, "
	"points: 9}\n"};

static const char *const tags[] = {
	"", "tags: {busy: {when: 'count(login[1d live]) >= 2'}}\n",
	("tags: {busy: {when: 'count(login[2d live]) >= 3', leave: 'count(login[1d live]) == "
	 "0'}}\n")};

static const char *const stages[] = {
	"", "stages:\n- {stage: new, when: 'age() < 2d'}\n- {stage: calm, when: 'true'}\n"};

static void
head(struct buf *out, bool edited, bool guarded, bool cared)
{
	const char *churn = SIM_PICK(churns);

	buf_printf(out, "churnd: 1\nname: world\ntimezone: %s\n%s", SIM_PICK(zones), churn);
	if (guarded)
		buf_printf(out, "defaults: {min_volume: %u, max_alerts_per_hour: %u%s}\n",
			   1 + sim_below(2), 1 + sim_below(3),
			   *churn != '\0' ? "" : ", horizon: 2d");
	buf_text(out, "levels:\n  watch: {enter: 30, leave: 20}\n  at_risk: {enter: 60, leave: "
		      "45}\n");
	buf_printf(out,
		   "profile: {tier: {enum: [%s], default: tin}, mrr: num, phone: {type: "
		   "string, private: true}}\n",
		   edited && sim_chance(50) ? "lead, tin, gold" : "tin, gold, lead");
	buf_text(out, SIM_PICK(onlies));
	buf_text(out, SIM_PICK(calendars));
	buf_text(out, SIM_PICK(tags));
	buf_text(out, SIM_PICK(stages));
	if (cared)
		buf_text(out, SIM_PICK(teams));
}

static void
judgement(struct buf *out, bool edited)
{
	static const char *const silences[] = {"36h", "3d", "2s"};
	bool extra = edited && sim_chance(50);

	buf_text(out, "signals:\n  login: {on: login}\n  complaint: {on: complaint}\n  spend: "
		      "{on: paid, sum: value}\n  seats: {on: seats, last: value}\n");
	if (extra)
		buf_text(out, "  extra: {on: [login, extra]}\n");
	buf_printf(out,
		   "rules:\n- {rule: quiet, expr: 'silent(login) >= %s', cooldown: 0s, points: "
		   "%u}\n- {rule: bad, on: nps, expr: 'event.value <= 6', keep_firing_for: 2d, "
		   "cooldown: 0s, points: 30}\n",
		   SIM_PICK(silences), sim_chance(50) ? 25 : 40);
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (sim_chance(45))
			buf_text(out, rules[i]);
	if (extra)
		buf_text(out, "- {rule: more, expr: 'count(extra[4d live]) >= 2', cooldown: "
			      "0s, points: 25}\n");
}

static void
consequences(struct buf *out, bool cared)
{
	buf_text(out, "actions:\n- {on: customer.level_raised, webhook: crm}\n- {on: "
		      "customer.level_raised, at_least: at_risk, task: call}\n- {on: "
		      "rule.fired, rule: bad, task: answer}\n- {on: task.breached, webhook: "
		      "crm}\n");
	if (sim_chance(50))
		buf_text(out, "- {on: rule.fired, webhook: mail}\n- {on: rule.cleared, "
			      "webhook: [crm, mail]}\n");
	if (cared)
		buf_text(out, SIM_PICK(owners));
	buf_printf(out, "tasks:\n  call: {title: \"Call {name}\", assign: %s%s}\n",
		   cared ? SIM_PICK(assigns) : "profile.owner", cared ? SIM_PICK(calls) : "");
	buf_printf(out, "  answer: {title: Answer, priority: low%s}\n%s",
		   cared ? SIM_PICK(answers) : "", cared ? more_tasks : "");
}

void
grammar_rules(struct buf *out, bool edited, bool guarded)
{
	bool cared = sim_chance(60);

	buf_clear(out);
	head(out, edited, guarded, cared);
	judgement(out, edited);
	consequences(out, cared);
}

void
grammar_config(struct buf *out)
{
	static const unsigned batches[] = {1, 3, 17, 200, 2000};
	static const char *const keeps[] = {"7d", "7d", "1m", "2h"};
	static const char *const outputs[] = {"90d", "90d", "90d", "2h"};
	static const char *const rates[] = {"", "", "", ", rate: 20/s"};
	static const unsigned longest[] = {0, 0, 0, 40, 4};

	buf_clear(out);
	buf_printf(
		out,
		"redis: {url: \"unix:///sim/redis.sock\", prefix: \"sim:\"}\n"
		"ingest: {batch: %u, keep: %s, keep_output: %s, max_len: %u}\nrules: [world.yaml]\n"
		"webhooks:\n",
		SIM_PICK(batches), SIM_PICK(keeps), SIM_PICK(outputs), SIM_PICK(longest));
	for (unsigned i = 0; i < 2; i++)
		buf_printf(out,
			   "  %s: {url: \"http://sim/\", secret: "
			   "whsec_MDEyMzQ1Njc4OWFiY2RlZg==, timeout: 1s, throttle: 1s, "
			   "concurrency: %u%s, retry: {first: 100ms, factor: 2, max: 1s, "
			   "give_up_after: 20s, jitter: 20%%}}\n",
			   i == 0 ? "crm" : "mail", sim_chance(30) ? 1 : 8, SIM_PICK(rates));
}
