/* SPDX-License-Identifier: Apache-2.0 */
/* Each preset says each alert exactly as tests/connectors/PRESET.expected; `test_connectors update` writes them. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/mem.h"
#include "codec/config.h"
#include "codec/connector_inside.h"
#include "engine/engine.h"
#include "engine/order.h"

#define FOLDER "tests/connectors/"
#define NOW INT64_C(1599360473000) /* of Feishu's published signature */
#define ALERTS 9

static const char *const alerts[ALERTS] = {"raised", "lowered", "fired",   "task", "done",
					   "test",   "notice",	"hostile", "long"};

static struct world {
	struct arena arena;
	struct diags diags;
	struct config *config;
	struct str bodies[ALERTS];
} world;

static struct str
slurp(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct buf text = {0};
	struct str out;
	size_t n;

	assert_non_null(file);
	do {
		n = fread(buf_space(&text, 4096), 1, 4096, file);
		text.n += n;
	} while (n > 0);
	fclose(file);
	out = arena_str(&world.arena, buf_view(&text));
	buf_finish(&text);
	return out;
}

static struct str
path_of(const char *name, const char *suffix)
{
	return arena_printf(&world.arena, FOLDER "%s%s%s",
			    strcmp(suffix, ".json") == 0 ? "alerts/" : "", name, suffix);
}

static bool
set_up(void)
{
	struct buf out = {0};

	arena_init(&world.arena);
	diags_init(&world.diags, &world.arena);
	world.config = config_load(STR("churnd.yaml"), slurp(FOLDER "churnd.yaml"), NULL,
				   &world.diags);
	diags_print(&out, &world.diags, false, false);
	if (out.n > 0)
		fputs(out.p, stderr);
	buf_finish(&out);
	for (unsigned i = 0; i < ALERTS; i++)
		world.bodies[i] = slurp(path_of(alerts[i], ".json").p);
	return world.config != NULL;
}

static struct connector_settings
settings_of(const struct endpoint_config *endpoint, const char *lang)
{
	return (struct connector_settings){
		.url = endpoint->url,
		.lang = str_of(lang),
		.secret = endpoint->secret_count > 0 ? endpoint->secrets[0] : STR_NONE,
		.set = endpoint->set,
		.set_count = endpoint->set_count,
		.people = world.config->people,
		.people_count = world.config->people_count,
	};
}

static void
put_request(struct buf *out, const struct connector_request *request)
{
	buf_str(out, request->method);
	buf_char(out, ' ');
	buf_str(out, buf_view(&request->url));
	buf_char(out, '\n');
	buf_str(out, buf_view(&request->headers));
	buf_str(out, buf_view(&request->body));
	buf_text(out, "\n\n");
}

/* What the other side takes: bytes of the whole body, and of the text at a pointer. */
static const struct limit {
	const char *preset, *pointer;
	size_t text, body;
} limits[] = {
	{"slack", "/blocks/0/text/text", 3000, 40000},
	{"teams", NULL, 0, 28000},
	{"wecom", "/markdown/content", 4096, 8192},
	{"wecom_app", "/markdown/content", 2048, 8192},
	{"dingtalk", NULL, 0, 20000},
	{"dingtalk_work", NULL, 0, 20000},
	{"feishu", NULL, 0, 20000},
	{"feishu_app", NULL, 0, 20000},
};

static void
check_limits(const char *preset, const struct connector_request *request, json_t *root)
{
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		const struct limit *limit = &limits[i];
		json_t *text;

		if (strcmp(limit->preset, preset) != 0)
			continue;
		assert_true(request->body.n <= limit->body);
		if (limit->pointer == NULL)
			continue;
		text = connector_point(root, str_of(limit->pointer));
		assert_true(json_string_length(text) > 0 &&
			    json_string_length(text) <= limit->text);
	}
}

static void
check_body(const char *preset, const struct connector_request *request)
{
	json_t *root =
		json_loadb(request->body.p, request->body.n, JSON_REJECT_DUPLICATES, NULL);

	if (root == NULL)
		fail_msg("no JSON: %.*s", (int)request->body.n, request->body.p);
	check_limits(preset, request, root);
	json_decref(root);
}

static void
say(struct buf *out, const struct endpoint_config *endpoint, const char *lang, const char *name,
    const struct str *bodies, unsigned count)
{
	const struct connector_settings settings = settings_of(endpoint, lang);
	const struct connector_message message = {
		.bodies = bodies, .count = count, .now = NOW, .token = STR("tok")};
	struct connector_request request = {0};
	struct err err;

	buf_printf(out, "== %s %s\n", name, lang);
	if (connector_make(endpoint->connector, &settings, &message, &request, &err)) {
		check_body(endpoint->name.p, &request);
		put_request(out, &request);
	} else {
		buf_printf(out, "not said: %s\n\n", err.text);
	}
	connector_request_finish(&request);
}

static void
say_all(struct buf *out, const struct endpoint_config *endpoint)
{
	static const char *const langs[] = {"en", "zh"};

	if (connector_has_token(endpoint->connector)) {
		const struct connector_settings settings = settings_of(endpoint, "en");
		struct connector_request request = {0};
		struct err err;

		assert_true(connector_token_make(endpoint->connector, &settings, NOW, &request,
						 &err));
		buf_text(out, "== token\n");
		put_request(out, &request);
		connector_request_finish(&request);
	}
	for (unsigned k = 0; k < 2; k++) {
		for (unsigned i = 0; i < ALERTS; i++)
			say(out, endpoint, langs[k], alerts[i], &world.bodies[i], 1);
		if (connector_digest_max(endpoint->connector) > 0)
			say(out, endpoint, langs[k], "digest", world.bodies, ALERTS - 1);
	}
}

static void
is_said_as_expected(void **state)
{
	const struct endpoint_config *endpoint = *state;
	struct buf said = {0};

	say_all(&said, endpoint);
	assert_string_equal(said.p, slurp(path_of(endpoint->name.p, ".expected").p).p);
	buf_finish(&said);
}

/* Whatever is told of, a person reads what it is. */
static void
each_type_of_alert_has_words_in_both_languages(void **state)
{
	const struct word_table *types =
		connector_table_find(connector_preset_base(STR("common")), STR("types"));

	(void)state;
	for (unsigned i = 0; i < ALERT_TASK + TASK_VERBS; i++) {
		struct str type = i < ALERT_TASK ? str_of(alert_type_name((enum alert_type)i))
						 : arena_printf(&world.arena, "task.%s",
								task_verb_name((enum task_verb)(
									i - ALERT_TASK)));
		bool found = false;

		for (unsigned k = 0; k < types->count; k++)
			found |= str_eq(types->rows[k].word, type) && types->rows[k].en.n > 0 &&
				 types->rows[k].zh.n > 0;
		if (!found)
			fail_msg("%.*s has no words in connectors/common.yaml", STR_ARG(type));
	}
}

/* What a producer sent may hold U+0000, which JSON may. */
static void
a_body_of_one_text_may_hold_any_character(void **state)
{
	const struct str file = STR("connector: 1\nurl: 'https://h'\n"
				    "body: '[{data.a|raw}]'\n"),
			 bodies[] = {STR("{\"type\":\"x\",\"data\":{\"a\":\"x\\u0000y\"}}")};
	const struct connector *connector =
		connector_load(&world.arena, STR("one.yaml"), file, &world.diags);
	const struct connector_settings settings = {.url = STR("https://h/")};
	const struct connector_message message = {.bodies = bodies, .count = 1, .now = NOW};
	struct connector_request request = {0};
	struct err err;

	(void)state;
	assert_non_null(connector);
	if (!connector_make(connector, &settings, &message, &request, &err))
		fail_msg("%s", err.text);
	assert_true(str_is(buf_view(&request.body), "[\"x\\u0000y\"]"));
	connector_request_finish(&request);
}

/* What is built in is what lies in the folder: nobody reads one and runs another. */
static void
the_files_of_the_folder_are_built_in(void **state)
{
	DIR *folder = opendir("connectors");
	unsigned count = 0;

	(void)state;
	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		struct str file = str_of(entry->d_name), name;

		if (!str_ends(file, STR(".yaml")))
			continue;
		name = str_slice(file, 0, file.n - strlen(".yaml"));
		if (!str_eq(connector_preset_text(name),
			    slurp(arena_printf(&world.arena, "connectors/%s", entry->d_name)
					  .p)))
			fail_msg("%s is not what was built in", entry->d_name);
		assert_non_null(connector_preset_base(name));
		count++;
	}
	closedir(folder);
	assert_true(count >= 17);
}

static int
update(void)
{
	for (unsigned i = 0; i < world.config->endpoint_count; i++) {
		struct buf said = {0};
		FILE *file =
			fopen(path_of(world.config->endpoints[i].name.p, ".expected").p, "wb");

		say_all(&said, &world.config->endpoints[i]);
		if (file == NULL || fwrite(said.p, 1, said.n, file) != said.n ||
		    fclose(file) != 0)
			return 1;
		buf_finish(&said);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	static struct CMUnitTest tests[64];
	unsigned count = 0;

	if (!set_up())
		return 1;
	if (argc > 1 && strcmp(argv[1], "update") == 0)
		return update();
	for (; count < world.config->endpoint_count; count++)
		tests[count] = (struct CMUnitTest){world.config->endpoints[count].name.p,
						   is_said_as_expected, NULL, NULL,
						   &world.config->endpoints[count]};
	tests[count++] = (struct CMUnitTest){"each_type_of_alert_has_words_in_both_languages",
					     each_type_of_alert_has_words_in_both_languages,
					     NULL, NULL, NULL};
	tests[count++] =
		(struct CMUnitTest){"the_files_of_the_folder_are_built_in",
				    the_files_of_the_folder_are_built_in, NULL, NULL, NULL};
	tests[count++] = (struct CMUnitTest){"a_body_of_one_text_may_hold_any_character",
					     a_body_of_one_text_may_hold_any_character, NULL,
					     NULL, NULL};
	return _cmocka_run_group_tests("connectors", tests, count, NULL, NULL);
}
