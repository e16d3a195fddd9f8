/* SPDX-License-Identifier: Apache-2.0 */
/* Says alerts as a connector wants them: method, URL, headers and body of a request. */
#include "codec/connector.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/mem.h"
#include "codec/connector_inside.h"
#include "codec/header_name.h"

#define MOST_SHRINKS \
	8 /* a body that is too large is tried again with texts of half the length */
#define KEY_MOST 4096

struct str
connector_people(const struct connector *connector)
{
	return connector->people;
}

unsigned
connector_digest_max(const struct connector *connector)
{
	return connector->digest_max;
}

struct rate
connector_rate(const struct connector *connector)
{
	return connector->rate;
}

bool
connector_signs(const struct connector *connector)
{
	return connector->secret == SECRET_STANDARD;
}

bool
connector_has_token(const struct connector *connector)
{
	return connector->token.given;
}

const struct connector_parameter *
connector_parameter_find(const struct connector *connector, struct str name)
{
	for (unsigned i = 0; i < connector->parameter_count; i++)
		if (str_eq(connector->parameters[i].name, name))
			return &connector->parameters[i];
	return NULL;
}

const struct word_table *
connector_table_find(const struct connector *connector, struct str name)
{
	for (unsigned i = 0; i < connector->table_count; i++)
		if (str_eq(connector->tables[i].name, name))
			return &connector->tables[i];
	return NULL;
}

void
connector_request_finish(struct connector_request *request)
{
	buf_finish(&request->method_text);
	buf_finish(&request->url);
	buf_finish(&request->body);
	buf_finish(&request->headers);
	*request = (struct connector_request){0};
}

static void
clear_request(struct connector_request *request)
{
	buf_clear(&request->method_text);
	buf_clear(&request->url);
	buf_clear(&request->body);
	buf_clear(&request->headers);
	request->method = STR_NONE;
}

/* ---- the recipe of a signature ---- */

/* base64(HMAC-SHA256(key, message)), both of them texts. */
static void
make_sign(struct wording_env *env, struct buf *out)
{
	const struct connector *connector = env->connector;
	struct buf key = {0}, message = {0};
	unsigned char mac[EVP_MAX_MD_SIZE], text[4 * ((EVP_MAX_MD_SIZE + 2) / 3) + 1];
	unsigned n = 0;
	const unsigned char *done;

	wording_print(&key, &connector->sign_key, env);
	wording_print(&message, &connector->sign_message, env);
	done = HMAC(EVP_sha256(), key.n > 0 ? key.p : "",
		    (int)(key.n < KEY_MOST ? key.n : KEY_MOST),
		    (const unsigned char *)(message.n > 0 ? message.p : ""), message.n, mac,
		    &n);
	assert(done != NULL);
	(void)done;
	EVP_EncodeBlock(text, mac, (int)n);
	buf_text(out, (const char *)text);
	buf_finish(&key);
	buf_finish(&message);
}

/* ---- a request ---- */

static bool
make_method(const struct request_form *form, struct wording_env *env,
	    struct connector_request *out, struct err *err)
{
	wording_print(&out->method_text, &form->method, env);
	if (out->method_text.n == 0)
		buf_text(&out->method_text, "POST");
	out->method = buf_view(&out->method_text);
	for (size_t i = 0; i < out->method.n; i++)
		if (out->method.p[i] < 'A' || out->method.p[i] > 'Z' ||
		    i == CONNECTOR_METHOD_MOST)
			return err_set(err, "the connector's method is none");
	return true;
}

static bool
make_url(const struct request_form *form, struct wording_env *env,
	 struct connector_request *out, struct err *err)
{
	struct str url;

	wording_print(&out->url, &form->url, env);
	url = buf_view(&out->url);
	if ((!str_starts(url, STR("http://")) && !str_starts(url, STR("https://"))) ||
	    text_has_control(url) || memchr(url.p, ' ', url.n) != NULL)
		return err_set(err, "the connector's url is no http:// or https:// address");
	return true;
}

static void
make_headers(const struct request_form *form, struct wording_env *env,
	     struct connector_request *out)
{
	bool has_type = false;

	for (unsigned i = 0; i < form->header_count; i++) {
		const struct connector_header *header = &form->headers[i];

		buf_str(&out->headers, header->name);
		buf_text(&out->headers, ": ");
		wording_print(&out->headers, &header->value, env);
		buf_char(&out->headers, '\n');
		has_type |= header_name_is(header->name, "content-type");
	}
	if (!has_type && out->body.n > 0)
		buf_text(&out->headers,
			 form->is_form ? "Content-Type: application/x-www-form-urlencoded\n"
				       : "Content-Type: application/json; charset=utf-8\n");
}

static void
make_body(const struct request_form *form, struct wording_env *env, struct buf *out)
{
	if (form->has_text)
		wording_print(out, &form->text, env);
	else if (form->body != NULL && form->is_form)
		shape_print_form(out, form->body, env);
	else if (form->body != NULL)
		shape_print(out, form->body, env);
}

/* A body over the limit is made again with shorter texts. */
static bool
make_fitting_body(const struct connector *connector, const struct request_form *form,
		  struct wording_env *env, struct buf *out, struct err *err)
{
	for (env->shrink = 0; env->shrink < MOST_SHRINKS; env->shrink++) {
		buf_clear(out);
		env->steps = WORDING_MAX_STEPS;
		make_body(form, env, out);
		if (env->too_much)
			return err_set(err, "the connector %.*s would say more than it may",
				       STR_ARG(connector->name));
		if (connector->most == 0 || out->n <= connector->most)
			return true;
	}
	return err_set(err, "the message would be larger than the %zu bytes that %.*s takes",
		       connector->most, STR_ARG(connector->name));
}

/* A body that is one text is JSON only if the file makes it so. */
static bool
check_text(const struct request_form *form, const struct buf *body, struct err *err)
{
	json_t *root;

	if (!form->has_text)
		return true;
	root = json_loadb(body->n > 0 ? body->p : "", body->n, JSON_DECODE_ANY | JSON_ALLOW_NUL,
			  NULL);
	if (root == NULL)
		return err_set(err, "the connector's body is no JSON");
	json_decref(root);
	return true;
}

static bool
make_request(const struct connector *connector, const struct request_form *form,
	     struct wording_env *env, struct connector_request *out, struct err *err)
{
	if (!make_fitting_body(connector, form, env, &out->body, err) ||
	    !check_text(form, &out->body, err))
		return false;
	env->steps = WORDING_MAX_STEPS;
	if (!make_method(form, env, out, err) || !make_url(form, env, out, err))
		return false;
	make_headers(form, env, out);
	return !env->too_much || err_set(err, "the connector %.*s would say more than it may",
					 STR_ARG(connector->name));
}

static bool
speaks_chinese(const struct connector *connector, const struct connector_settings *settings)
{
	return str_is(settings->lang.n > 0 ? settings->lang : connector->lang, "zh");
}

static bool
make_signed(struct wording_env *env, const struct request_form *form,
	    struct connector_request *out, struct err *err)
{
	struct buf sign = {0};
	bool good;

	clear_request(out);
	env->steps = WORDING_MAX_STEPS;
	if (env->connector->has_sign && env->settings->secret.n > 0)
		make_sign(env, &sign);
	env->sign = buf_view(&sign);
	good = make_request(env->connector, form, env, out, err);
	buf_finish(&sign);
	return good;
}

/* ---- alerts ---- */

bool
connector_accepts(const struct connector *connector, struct str type)
{
	for (unsigned i = 0; i < connector->accept_count; i++) {
		struct str row = connector->accepts[i];

		if (str_eq(row, type) ||
		    (str_ends(row, STR("*")) && str_starts(type, str_slice(row, 0, row.n - 1))))
			return true;
	}
	return connector->accept_count == 0;
}

static bool
check_alert(const struct connector *connector, const json_t *alert, struct err *err)
{
	struct str type = str_of(json_string_value(json_object_get(alert, "type")));

	if (type.n == 0)
		return err_set(err, "the alert is no JSON object with a type");
	if (connector_accepts(connector, type))
		return true;
	return err_set(err, "%.*s is nothing for %.*s; name other types in the rules' actions",
		       STR_ARG(type), STR_ARG(connector->name));
}

static bool
check_texts(struct wording_env *env, struct err *err)
{
	const struct connector *connector = env->connector;
	bool good = true;

	for (unsigned i = 0; i < connector->text_count && good; i++) {
		struct buf text = {0};

		if (connector->texts[i].required)
			connector_text_print(&text, &connector->texts[i], env);
		if (connector->texts[i].required && text.n == 0)
			good = err_set(err, "there is no %.*s to be told in %.*s",
				       STR_ARG(connector->texts[i].name),
				       STR_ARG(connector->name));
		buf_finish(&text);
	}
	return good;
}

static bool
make_message(struct wording_env *env, struct connector_request *out, struct err *err)
{
	for (unsigned i = 0; i < env->count; i++)
		if (!check_alert(env->connector, env->alerts[i], err))
			return false;
	wording_enter_alert(env, env->alerts[0]);
	if (env->count > 1)
		env->family = FAMILY_DIGEST;
	return check_texts(env, err) && make_signed(env, &env->connector->request, out, err);
}

bool
connector_make(const struct connector *connector, const struct connector_settings *settings,
	       const struct connector_message *message, struct connector_request *out,
	       struct err *err)
{
	json_t **alerts = mem_array(message->count, sizeof(*alerts));
	struct wording_env env = {.connector = connector,
				  .settings = settings,
				  .message = message,
				  .alerts = alerts,
				  .count = message->count,
				  .steps = WORDING_MAX_STEPS,
				  .zh = speaks_chinese(connector, settings)};
	bool good;

	assert(message->count > 0);
	for (unsigned i = 0; i < message->count; i++)
		alerts[i] = json_loadb(message->bodies[i].n > 0 ? message->bodies[i].p : "",
				       message->bodies[i].n,
				       JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	good = make_message(&env, out, err);
	for (unsigned i = 0; i < message->count; i++)
		json_decref(alerts[i]);
	mem_free(alerts);
	return good;
}

bool
connector_token_make(const struct connector *connector,
		     const struct connector_settings *settings, int64_t now,
		     struct connector_request *out, struct err *err)
{
	const struct connector_message message = {.now = now};
	struct wording_env env = {.connector = connector,
				  .settings = settings,
				  .message = &message,
				  .zh = speaks_chinese(connector, settings)};

	assert(connector->token.given);
	return make_signed(&env, &connector->token.request, out, err);
}
