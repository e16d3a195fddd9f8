/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the texts of a connector about an alert, within bounds of steps and bytes. */
#include <string.h>

#include "base/json.h"
#include "base/number.h"
#include "codec/connector_inside.h"

/* ---- values ---- */

static void
put_json_value(struct buf *out, const json_t *json)
{
	switch (json_typeof(json)) {
	case JSON_STRING:
		buf_add(out, json_string_value(json), json_string_length(json));
		return;
	case JSON_INTEGER:
		buf_int(out, (int64_t)json_integer_value(json));
		return;
	case JSON_REAL:
		buf_number_exact(out, json_real_value(json));
		return;
	case JSON_TRUE:
		buf_text(out, "true");
		return;
	case JSON_FALSE:
		buf_text(out, "false");
		return;
	case JSON_NULL:
	case JSON_OBJECT:
	case JSON_ARRAY:
		return;
	}
}

struct str
said_text(struct said *said)
{
	if (!said->is_text) {
		buf_clear(&said->text);
		if (said->json != NULL)
			put_json_value(&said->text, said->json);
		said->is_text = true;
	}
	return buf_view(&said->text);
}

void
said_set(struct said *said, struct buf *text)
{
	buf_finish(&said->text);
	said->text = *text;
	*text = (struct buf){0};
	said->is_text = true;
	said->is_trusted = false;
	said->json = NULL;
}

bool
said_is_true(struct said *said)
{
	if (said->is_text)
		return said->text.n > 0;
	if (said->json == NULL)
		return false;
	switch (json_typeof(said->json)) {
	case JSON_STRING:
		return json_string_length(said->json) > 0;
	case JSON_OBJECT:
		return json_object_size(said->json) > 0;
	case JSON_ARRAY:
		return json_array_size(said->json) > 0;
	case JSON_TRUE:
	case JSON_INTEGER:
	case JSON_REAL:
		return true;
	case JSON_FALSE:
	case JSON_NULL:
		return false;
	}
	return false;
}

/* "text" is what stands in the endpoint's language under "texts", where there is such a thing; a task's "reasons",
 * several already, under "reason_texts". */
static json_t *
in_language(const struct wording_env *env, json_t *object, struct str part)
{
	char key[80];
	json_t *both;

	if (part.n + 2 > sizeof key)
		return NULL;
	memcpy(key, part.p, part.n);
	memcpy(key + part.n, "s", 2);
	both = json_object_get(object, str_is(part, "reasons") ? "reason_texts" : key);
	return both != NULL ? json_object_get(both, env->zh ? "zh" : "en") : NULL;
}

static json_t *
step_into(const struct wording_env *env, json_t *json, struct str part)
{
	char key[80];
	json_t *other;
	uint64_t index;

	if (json_is_array(json))
		return parse_uint64(part, &index) ? json_array_get(json, (size_t)index) : NULL;
	if (!json_is_object(json) || part.n + 1 > sizeof key)
		return NULL;
	other = in_language(env, json, part);
	if (json_is_string(other))
		return other;
	memcpy(key, part.p, part.n);
	key[part.n] = '\0';
	return json_object_get(json, key);
}

static json_t *
walk(const struct wording_env *env, json_t *json, const struct wording_value *value)
{
	for (unsigned i = 0; i < value->part_count && json != NULL; i++)
		json = step_into(env, json, value->parts[i]);
	return json;
}

static struct str
parameter(const struct wording_env *env, unsigned index)
{
	const struct connector_parameter *parameter = &env->connector->parameters[index];
	const struct connector_settings *settings = env->settings;

	for (unsigned i = 0; i < settings->set_count; i++)
		if (str_eq(settings->set[i].key, parameter->name))
			return settings->set[i].value;
	return parameter->value;
}

static void
put_word(struct buf *out, const struct wording_env *env, enum wording_word word)
{
	static const char *const families[FAMILIES] = {"alert", "task", "notice", "digest"};
	char instant[INSTANT_TEXT];

	switch (word) {
	case SAY_NOW_S:
		buf_int(out, env->message->now / SECOND_MS);
		return;
	case SAY_NOW_MS:
		buf_int(out, env->message->now);
		return;
	case SAY_NOW:
		print_instant(env->message->now, instant);
		buf_text(out, instant);
		return;
	case SAY_COUNT:
		buf_int(out, env->count);
		return;
	case SAY_FAMILY:
		buf_text(out, families[env->family]);
		return;
	case SAY_LANG:
		buf_text(out, env->zh ? "zh" : "en");
		return;
	case SAY_URL:
		buf_str(out,
			env->settings->url.n > 0 ? env->settings->url : env->connector->home);
		return;
	case SAY_TOKEN:
		buf_str(out, env->message->token);
		return;
	case SAY_SIGN:
		buf_str(out, env->sign);
		return;
	case SAY_SECRET:
		buf_str(out, env->settings->secret);
		return;
	case SAY_SYSTEM:
		buf_str(out, env->connector->people);
		return;
	}
}

/* A text within a text: it brings its own markup. */
static void
find_text(struct wording_env *env, const struct wording_value *value, struct said *said)
{
	const struct connector_text *text =
		connector_text_find(env->connector, value->parts[0]);

	said->is_text = true;
	if (text == NULL || env->depth == WORDING_MAX_NESTING)
		return;
	connector_text_print(&said->text, text, env);
	said->is_marked = text->is_rich && env->connector->markup == env->markup;
}

void
wording_value_find(struct wording_env *env, const struct wording_value *value,
		   struct said *said)
{
	switch (value->root) {
	case ROOT_ITEM:
		said->json = walk(env, env->item, value);
		break;
	case ROOT_ALERT:
		said->json = walk(env, env->alert, value);
		break;
	case ROOT_ALERTS:
		break;
	case ROOT_SET:
		buf_str(&said->text, parameter(env, value->index));
		said->is_text = said->is_trusted = true;
		break;
	case ROOT_TEXT:
		find_text(env, value, said);
		break;
	case ROOT_WORD:
		put_word(&said->text, env, (enum wording_word)value->index);
		said->is_text = true;
		said->is_marked = value->index == SAY_URL && env->markup == MARKUP_URL;
		break;
	}
	for (unsigned i = 0; i < value->filter_count; i++)
		value->filters[i].row->run(env, &value->filters[i], said);
}

/* ---- tests ---- */

static bool
holds(enum wording_compare compare, int order)
{
	switch (compare) {
	case WORDING_EQ:
		return order == 0;
	case WORDING_NE:
		return order != 0;
	case WORDING_LT:
		return order < 0;
	case WORDING_LE:
		return order <= 0;
	case WORDING_GT:
		return order > 0;
	case WORDING_GE:
		return order >= 0;
	case WORDING_NONE:
		break;
	}
	return false;
}

/* Numbers by size; other texts are alike or not, and neither is less. */
static bool
compare(const struct wording_test *test, struct str text)
{
	double a, b;

	if (parse_number(text, &a) && parse_number(test->word, &b))
		return holds(test->compare, (a > b) - (a < b));
	if (test->compare == WORDING_EQ || test->compare == WORDING_NE)
		return holds(test->compare, str_cmp(text, test->word));
	return false;
}

bool
wording_test_holds(struct wording_env *env, const struct wording_test *test)
{
	struct said said = {0};
	bool yes;

	if (test->value.root == ROOT_ALERTS)
		yes = env->count > 0;
	else {
		wording_value_find(env, &test->value, &said);
		yes = test->compare == WORDING_NONE ? said_is_true(&said)
						    : compare(test, said_text(&said));
	}
	buf_finish(&said.text);
	return yes != test->negated;
}

json_t *
wording_list(struct wording_env *env, const struct wording_test *test)
{
	struct said said = {0};

	wording_value_find(env, &test->value, &said);
	buf_finish(&said.text);
	return json_is_array(said.json) || json_is_object(said.json) ? said.json : NULL;
}

static enum family
family_of(const json_t *alert)
{
	const char *type = json_string_value(json_object_get(alert, "type"));
	const char *customer =
		json_string_value(json_object_get(json_object_get(alert, "data"), "customer"));

	if (type != NULL && strncmp(type, "task.", 5) == 0)
		return FAMILY_TASK;
	return customer != NULL && *customer ? FAMILY_ALERT : FAMILY_NOTICE;
}

void
wording_enter_alert(struct wording_env *env, json_t *alert)
{
	env->alert = alert;
	env->item = NULL;
	env->family = family_of(alert);
}

/* ---- pieces ---- */

static void print_span(struct buf *out, const struct wording *wording, struct wording_env *env,
		       unsigned from, unsigned to);

static void
print_value(struct buf *out, const struct wording_piece *piece, struct wording_env *env)
{
	struct said said = {0};

	wording_value_find(env, &piece->test->value, &said);
	if (said.is_marked)
		buf_str(out, said_text(&said));
	else
		markup_escape(out, env->markup, said_text(&said));
	buf_finish(&said.text);
}

static unsigned
print_alerts(struct buf *out, const struct wording *wording, struct wording_env *env,
	     unsigned from, unsigned to)
{
	struct wording_env before = *env;

	for (unsigned i = 0; i < before.count && !env->too_much; i++) {
		wording_enter_alert(env, before.alerts[i]);
		print_span(out, wording, env, from, to);
	}
	env->alert = before.alert;
	env->item = before.item;
	env->family = before.family;
	return before.count;
}

static unsigned
print_items(struct buf *out, const struct wording *wording, struct wording_env *env,
	    unsigned from, unsigned to)
{
	json_t *list = wording_list(env, wording->pieces[from - 1].test), *before = env->item;
	unsigned count = 0;

	if (json_is_array(list))
		for (size_t i = 0; i < json_array_size(list) && count < WORDING_MAX_ITEMS;
		     i++, count++) {
			env->item = json_array_get(list, i);
			print_span(out, wording, env, from, to);
		}
	else if (list != NULL)
		for (void *at = json_object_iter(list); at != NULL && count < WORDING_MAX_ITEMS;
		     at = json_object_iter_next(list, at), count++) {
			env->item = json_object_iter_value(at);
			print_span(out, wording, env, from, to);
		}
	env->item = before;
	return count;
}

static void
print_block(struct buf *out, const struct wording *wording, struct wording_env *env,
	    unsigned at)
{
	const struct wording_piece *piece = &wording->pieces[at];
	bool done;

	if (piece->kind == PIECE_IF) {
		done = wording_test_holds(env, piece->test);
		if (done)
			print_span(out, wording, env, at + 1, piece->else_at);
	} else if (piece->test->value.root == ROOT_ALERTS) {
		done = print_alerts(out, wording, env, at + 1, piece->else_at) > 0;
	} else {
		done = print_items(out, wording, env, at + 1, piece->else_at) > 0;
	}
	if (!done)
		print_span(out, wording, env, piece->else_at, piece->end_at);
}

static void
print_span(struct buf *out, const struct wording *wording, struct wording_env *env,
	   unsigned from, unsigned to)
{
	for (unsigned at = from; at < to && !env->too_much; at++) {
		const struct wording_piece *piece = &wording->pieces[at];

		if (env->steps == 0 || out->n > WORDING_MAX_OUT) {
			env->too_much = true;
			return;
		}
		env->steps--;
		if (piece->kind == PIECE_LITERAL) {
			markup_literal(out, env->markup, piece->literal);
		} else if (piece->kind == PIECE_VALUE) {
			print_value(out, piece, env);
		} else {
			print_block(out, wording, env, at);
			at = piece->end_at - 1;
		}
	}
}

void
wording_print(struct buf *out, const struct wording *wording, struct wording_env *env)
{
	enum markup before = env->markup;

	env->markup = wording->is_rich ? env->connector->markup : wording->markup;
	print_span(out, wording, env, 0, wording->count);
	env->markup = before;
}

static int
take_dump(const char *bytes, size_t n, void *out)
{
	buf_add(out, bytes, n);
	return 0;
}

void
wording_dump(struct buf *out, const json_t *json)
{
	json_dump_callback(json, take_dump, out,
			   JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
}

/* A text that is JSON goes as such; any other as a string. */
static void
print_raw_text(struct buf *out, struct str text)
{
	json_t *json = text.n > 0 ? json_loadb(text.p, text.n, JSON_DECODE_ANY, NULL) : NULL;
	struct json string;

	json_init(&string, out);
	if (json != NULL)
		wording_dump(out, json);
	else if (text.n > 0)
		json_str(&string, text);
	json_decref(json);
}

void
wording_print_raw(struct buf *out, const struct wording *wording, struct wording_env *env)
{
	struct said said = {0};
	struct wording_value value = wording->pieces[0].test->value;

	value.filter_count--;
	wording_value_find(env, &value, &said);
	if (said.is_text)
		print_raw_text(out, buf_view(&said.text));
	else if (said.json != NULL && !json_is_null(said.json))
		wording_dump(out, said.json);
	buf_finish(&said.text);
}
