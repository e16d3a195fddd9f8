/* SPDX-License-Identifier: Apache-2.0 */
/* A connector that is made here, and what it makes of one alert: what tests of its language share. */
#ifndef UNIT_TEMPLATE_H
#define UNIT_TEMPLATE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "codec/connector_inside.h"

#define ALERT                                                                            \
	"{\"type\":\"customer.level_raised\",\"id\":\"al_1\",\"timestamp\":"             \
	"\"2026-11-21T10:00:00.000Z\",\"version\":1,\"data\":{\"customer\":\"c42\","     \
	"\"name\":\"A<b>*\\\"\\\\\\n\",\"owner\":\"li\",\"risk\":65,\"share\":0.25,"     \
	"\"none\":null,\"empty\":\"\",\"no\":false,\"zero\":0,\"value\":1234567.5,"      \
	"\"text\":\"en text\",\"texts\":{\"en\":\"en text\",\"zh\":\"\xe4\xb8\xad\"},"   \
	"\"yes\":true,\"fallen\":-1234567,\"far\":1e15,"                                 \
	"\"profile\":{\"tier\":\"gold\",\"seats\":3},"                                   \
	"\"tags\":[\"a\",\"b\"],\"silence\":1209600,\"url\":\"https://x.example/a(b)\"," \
	"\"reasons\":[{\"text\":\"one\",\"points\":25},{\"text\":\"two\",\"points\":40}]}}"

struct fixture {
	struct arena arena;
	struct diags diags;
	struct connector_request request;
	struct err err;
};

static inline int
set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){.err = {""}};
	arena_init(&f.arena);
	diags_init(&f.diags, &f.arena);
	*state = &f;
	return 0;
}

static inline int
tear_down(void **state)
{
	struct fixture *f = *state;

	connector_request_finish(&f->request);
	diags_finish(&f->diags);
	arena_finish(&f->arena);
	return 0;
}

static inline const struct connector *
load(struct fixture *f, const char *yaml)
{
	diags_finish(&f->diags);
	diags_init(&f->diags, &f->arena);

	const struct connector *connector = connector_load(
		&f->arena, STR("t.yaml"), arena_str(&f->arena, str_of(yaml)), &f->diags);
	struct buf out = {0};

	if (connector == NULL) {
		diags_print(&out, &f->diags, false, false);
		fail_msg("%s", out.p);
	}
	return connector;
}

static inline bool
make(struct fixture *f, const char *yaml, const struct str *bodies, unsigned count, bool zh)
{
	const struct field names[] = {{STR("slack"), STR("U1")}};
	const struct person_names people[] = {{STR("li"), names, 1}};
	const struct field set[] = {{STR("key"), STR("v&w")}};
	const struct connector_settings settings = {.url = STR("https://h.example/?a=b"),
						    .lang = zh ? STR("zh") : STR("en"),
						    .secret = STR("s"),
						    .set = set,
						    .set_count = 1,
						    .people = people,
						    .people_count = 1};
	const struct connector_message message = {
		.bodies = bodies, .count = count, .now = 1577262236757};

	return connector_make(load(f, yaml), &settings, &message, &f->request, &f->err);
}

/* What the template says in this markup. */
static inline const char *
say(struct fixture *f, const char *markup, const char *text, bool zh)
{
	const struct str body = STR(ALERT);
	struct buf yaml = {0};
	json_t *root;
	const char *said;

	buf_printf(
		&yaml,
		"connector: 1\nmarkup: %s\npeople: slack\n"
		"parameters: {key: {default: d}, other: {default: 'o p'}}\n"
		"maps: {words: {c42: {en: forty-two, zh: Z}, '*': any}, few: {a: b}}\n"
		"texts:\n  plain: '{data.name}'\n  t:\n    rich: true\n    alert: |\n      %s\n"
		"body: {t: '{t}'}\n",
		markup, text);
	if (!make(f, yaml.p, &body, 1, zh))
		fail_msg("%s: %s", text, f->err.text);
	root = json_loadb(f->request.body.p, f->request.body.n, 0, NULL);
	said = arena_str(&f->arena, str_of(json_string_value(json_object_get(root, "t")))).p;
	json_decref(root);
	buf_finish(&yaml);
	return said;
}

#endif
