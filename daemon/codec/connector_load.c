/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a connector: its keys, and what it is built upon. */
#include <stddef.h>
#include <string.h>

#include "base/civil.h"
#include "codec/connector_inside.h"

#define CONNECTOR_VERSION "1"

/* The keys of a file; what another key decides first is kept as its node. */
struct connector_text_keys {
	struct str version, people, home;
	int markup, secret, lang_word;
	struct rate rate;
	int64_t digest, most;
	const struct yaml_node *from_node, *accepts, *parameters, *maps, *texts, *limits;
	const struct yaml_node *sign, *reply, *token;
	struct request_nodes request;
};

static const char *const secret_words[] = {"none", "optional", "required", "standard", NULL};
static const char *const lang_words[] = {"en", "zh", NULL};

static void
read_home(struct form *form, const struct yaml_node *node, const struct form_row *row,
	  void *into)
{
	struct str home = STR_NONE;

	form_text(form, node, row, &home);
	if (str_starts(home, STR("https://")) || str_starts(home, STR("http://")))
		*(struct str *)into = home;
	else if (home.n > 0)
		form_complain(form, node, "E402", STR_NONE, STR_NONE);
}

#define NODE(word, field)                                                                \
	{                                                                                \
		word, form_node, offsetof(struct connector_text_keys, field), 0, 0, NULL \
	}

static const struct form_row rows[] = {
	{"connector", form_text, offsetof(struct connector_text_keys, version), 0, 8, NULL},
	NODE("from", from_node),
	{"lang", form_word, offsetof(struct connector_text_keys, lang_word), 0, 0, lang_words},
	{"markup", form_word, offsetof(struct connector_text_keys, markup), 0, 0, markup_names},
	{"people", form_text, offsetof(struct connector_text_keys, people), 0, 32, NULL},
	{"home", read_home, offsetof(struct connector_text_keys, home), 0, 1024, NULL},
	{"secret", form_word, offsetof(struct connector_text_keys, secret), 0, 0, secret_words},
	{"rate", connector_read_rate, offsetof(struct connector_text_keys, rate), 0, 0, NULL},
	{"digest", form_int, offsetof(struct connector_text_keys, digest), 0,
	 CONNECTOR_MAX_DIGEST, NULL},
	{"most", form_int, offsetof(struct connector_text_keys, most), 0, 1 << 20, NULL},
	NODE("accepts", accepts),
	NODE("parameters", parameters),
	NODE("maps", maps),
	NODE("texts", texts),
	NODE("limits", limits),
	NODE("method", request.method),
	NODE("url", request.url),
	NODE("headers", request.headers),
	NODE("body", request.body),
	NODE("form", request.form),
	NODE("sign", sign),
	NODE("reply", reply),
	NODE("token", token),
	{.word = NULL},
};

static void
read_from(struct form *form, const struct yaml_node *node, struct connector *out)
{
	const struct connector *base;

	if (!form_is_text(form, node))
		return;
	base = connector_preset_base(node->text);
	if (base == NULL)
		form_complain(form, node, "E445", node->text, STR_NONE);
	else
		*out = *base;
}

static void
read_accepts(struct form *form, const struct yaml_node *node, struct connector *out)
{
	static const struct form_row row = {.most = 64};
	struct str_list list = {NULL, 0};
	struct str *kept;

	form_texts(form, node, &row, &list);
	kept = arena_array(form->arena, list.count, sizeof *kept);
	for (unsigned i = 0; i < list.count; i++)
		kept[i] = list.words[i];
	out->accepts = kept;
	out->accept_count = list.count;
}

struct sign_text {
	const struct yaml_node *key, *message;
};

static const struct form_row sign_rows[] = {
	{"key", form_node, offsetof(struct sign_text, key), 0, 0, NULL},
	{"message", form_node, offsetof(struct sign_text, message), 0, 0, NULL},
	{.word = NULL},
};

/* sign: {key, message}, base64(HMAC-SHA256(key, message)) */
static void
read_sign(struct form *form, const struct yaml_node *node, struct connector *out)
{
	const struct wording_names names = {
		.connector = out, .text_limit = out->text_count, .with_secret = true};
	struct sign_text text = {NULL, NULL};

	form_read(form, node, sign_rows, &text);
	out->has_sign = true;
	out->sign_key = out->sign_message = (struct wording){0};
	if (text.key == NULL)
		form_complain(form, node, "E048", STR("key"), STR_NONE);
	else if (wording_parse(form, text.key, MARKUP_PLAIN, &names, &out->sign_key) &&
		 text.message != NULL &&
		 !wording_parse(form, text.message, MARKUP_PLAIN, &names, &out->sign_message))
		return;
}

struct token_text {
	struct request_nodes request;
	const struct yaml_node *token, *expires, *reply;
	int64_t lives;
};

#define TOKEN(word, field)                                                      \
	{                                                                       \
		word, form_node, offsetof(struct token_text, field), 0, 0, NULL \
	}

static const struct form_row token_rows[] = {
	TOKEN("method", request.method),
	TOKEN("url", request.url),
	TOKEN("headers", request.headers),
	TOKEN("body", request.body),
	TOKEN("form", request.form),
	TOKEN("token", token),
	TOKEN("expires", expires),
	TOKEN("reply", reply),
	{"lives", form_duration, offsetof(struct token_text, lives), SECOND_MS, 30 * DAY_MS,
	 NULL},
	{.word = NULL},
};

static void
read_pointer(struct form *form, const struct yaml_node *node, struct str *out)
{
	static const struct form_row row = {.most = 256};

	form_text(form, node, &row, out);
	if (out->n > 0 && !connector_is_pointer(*out))
		form_complain(form, node, "E446", STR_NONE, STR_NONE);
}

static void
read_token(struct form *form, const struct yaml_node *node, struct connector *out)
{
	const struct wording_names names = {.connector = out,
					    .text_limit = out->text_count,
					    .with_secret = true,
					    .with_sign = out->has_sign};
	struct token_text text = {.lives = HOUR_MS};

	form_read(form, node, token_rows, &text);
	memset(&out->token, 0, sizeof out->token);
	out->token.given = true;
	out->token.lives = text.lives;
	if (text.request.url == NULL)
		form_complain(form, node, "E048", STR("url"), STR_NONE);
	if (text.token == NULL)
		form_complain(form, node, "E048", STR("token"), STR_NONE);
	else
		read_pointer(form, text.token, &out->token.pointer);
	if (text.expires != NULL)
		read_pointer(form, text.expires, &out->token.expires);
	if (text.reply != NULL)
		connector_read_reply(form, text.reply, &out->token.reply);
	connector_read_request(form, &text.request, &names, &out->token.request);
}

/* Order matters: each part may use those before it. */
static void
read_parts(struct form *form, const struct connector_text_keys *keys, struct connector *out)
{
	if (keys->accepts != NULL)
		read_accepts(form, keys->accepts, out);
	if (keys->parameters != NULL)
		connector_read_parameters(form, keys->parameters, out);
	if (keys->maps != NULL)
		connector_read_tables(form, keys->maps, out);
	if (keys->texts != NULL)
		connector_read_texts(form, keys->texts, out);
	if (keys->limits != NULL)
		connector_read_limits(form, keys->limits, out);
	if (keys->sign != NULL)
		read_sign(form, keys->sign, out);
	if (keys->token != NULL)
		read_token(form, keys->token, out);
	if (keys->reply != NULL) {
		out->reply = (struct reply_form){0};
		connector_read_reply(form, keys->reply, &out->reply);
	}

	const struct wording_names names = {.connector = out,
					    .text_limit = out->text_count,
					    .with_secret = true,
					    .with_sign = out->has_sign,
					    .with_token = out->token.given};

	connector_read_request(form, &keys->request, &names, &out->request);
}

static void
take_keys(const struct connector_text_keys *keys, struct connector *out)
{
	if (keys->lang_word >= 0)
		out->lang = str_of(lang_words[keys->lang_word]);
	if (keys->markup >= 0)
		out->markup = (enum markup)keys->markup;
	if (keys->secret >= 0)
		out->secret = (enum secret_use)keys->secret;
	if (keys->people.n > 0)
		out->people = keys->people;
	if (keys->home.n > 0)
		out->home = keys->home;
	if (keys->rate.count > 0)
		out->rate = keys->rate;
	if (keys->digest >= 0)
		out->digest_max = (unsigned)keys->digest;
	if (keys->most >= 0)
		out->most = (size_t)keys->most;
}

static void
read_connector(struct form *form, const struct yaml_node *root, struct connector *out)
{
	struct connector_text_keys keys = {
		.markup = -1, .secret = -1, .lang_word = -1, .digest = -1, .most = -1};
	struct str name = out->name;

	form_read(form, root, rows, &keys);
	if (root->kind != YAML_MAP)
		return;
	if (!str_is(keys.version, CONNECTOR_VERSION))
		form_complain(form, root, "E447", STR_NONE, STR_NONE);
	if (keys.from_node != NULL)
		read_from(form, keys.from_node, out);
	out->name = name;
	take_keys(&keys, out);
	/* A receiver knows one it has seen by the id of its first alert, and would not look at the others. */
	if (out->secret == SECRET_STANDARD && out->digest_max > 1)
		form_complain(form, root, "E452", STR_NONE, STR_NONE);
	read_parts(form, &keys, out);
}

const struct connector *
connector_load(struct arena *arena, struct str name, struct str text, struct diags *diags)
{
	struct form form = {arena, diags, "E490", true};
	struct connector *out = arena_alloc(arena, sizeof *out);
	unsigned before = diags->errors;
	struct yaml_node *root;

	out->name = arena_str(arena, name);
	out->lang = STR("en");
	root = yaml_read(arena, diags_add_file(diags, name, text), diags);
	if (root != NULL)
		read_connector(&form, root, out);
	return diags->errors == before ? out : NULL;
}
