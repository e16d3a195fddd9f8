/* SPDX-License-Identifier: Apache-2.0 */
/* Anything where something else belongs: each value of a file in turn becomes another, and the file is answered for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/config.h"
#include "codec/connector.h"
#include "codec/rules_yaml.h"
#include "codec/test_file.h"
#include "codec/yaml.h"

/* Nowhere is a list of lists of lists right; of the others some are, in some places. */
static const char wrong_everywhere[] = "[[[]]]";
static const char *const odd[] = {
	wrong_everywhere, "''", "-7.5", "{odd: {odder: [x]}}", "[]", "{}", "[x, {y: z}, [w]]"};
#define ODD (sizeof odd / sizeof *odd)
#define ODD_FOR_TEXT 4 /* of them: to a text a list is as wrong as another */
#define MANY 1100      /* more than any list or map may have, but for those of tests */

static char *
read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, 65536);

	assert_non_null(file);
	assert_true(fread(text, 1, 65535, file) < 65535);
	fclose(file);
	return text;
}

static bool
find_zone(void *ctx, struct str name, struct str *tzif)
{
	static char bytes[65536];
	char path[256];
	FILE *file;

	(void)ctx;
	snprintf(path, sizeof path, "/usr/share/zoneinfo/%.*s", STR_ARG(name));
	file = fopen(path, "rb");
	if (file == NULL)
		return false;
	*tzif = (struct str){bytes, fread(bytes, 1, sizeof bytes, file)};
	fclose(file);
	return true;
}

static const struct rules_loader rules_files = {.zone = find_zone};

/* --- what reads a file: true when it takes it --- */

static char *calendar; /* that the rules name */

static bool
take_rules(struct str text, struct diags *diags)
{
	const struct diag_file files[] = {{STR("f"), text},
					  {STR("calendar.yaml"), str_of(calendar)}};
	struct ruleset *rules =
		rules_load(files, 2, &rules_files, (struct hash_seed){1, 2}, diags);

	ruleset_destroy(rules);
	return rules != NULL;
}

static bool
take_calendar(struct str text, struct diags *diags)
{
	static const char rules[] = "churnd: 1\nname: t\ncalendar: f\n";
	const struct diag_file files[] = {{STR("rules.yaml"), str_of(rules)}, {STR("f"), text}};
	struct ruleset *set =
		rules_load(files, 2, &rules_files, (struct hash_seed){1, 2}, diags);

	ruleset_destroy(set);
	return set != NULL;
}

static struct ruleset *tested; /* the rules that the tests are of */

static bool
take_tests(struct str text, struct diags *diags)
{
	struct test_file *file = test_file_open(STR("f"), text, diags);

	return file != NULL && test_file_bind(file, tested, diags);
}

static bool
read_named(void *ctx, struct arena *arena, struct str *name, size_t most, struct str *out,
	   struct err *err)
{
	(void)ctx, (void)arena, (void)most, (void)err;
	*out = str_starts(*name, STR("own"))
		       ? STR("connector: 1\nbody: {text: '{data.level}'}\n")
		       : STR("s");
	return true;
}

static bool
take_config(struct str text, struct diags *diags)
{
	static const struct config_loader loader = {NULL, read_named, true};
	struct config *config = config_load(STR("f"), text, &loader, diags);

	config_destroy(config);
	return config != NULL;
}

static bool
take_connector(struct str text, struct diags *diags)
{
	return connector_load(diags->arena, STR("f"), text, diags) != NULL;
}

/* --- one value of it becomes another --- */

struct file {
	struct str text; /* as it is right */
	bool (*take)(struct str text, struct diags *diags);
	bool is_free; /* in some places of it everything is right */
	unsigned places, tried, refused;
};

static void
assert_within(const struct diags *diags, struct str text)
{
	for (size_t i = 0; i < diags->count; i++)
		assert_true(diags->list[i].line >= 1 && diags->list[i].column >= 1 &&
			    (size_t)diags->list[i].column <= text.n + 2 &&
			    diags->list[i].width >= 1);
}

static void
assert_prints(struct diags *diags, bool zh)
{
	struct buf said = {0};

	diags_print(&said, diags, zh, false);
	assert_true(diags->count == 0 || said.n > 0);
	buf_finish(&said);
}

static void
diags_fail(struct diags *diags)
{
	struct buf said = {0};

	diags_print(&said, diags, false, false);
	fail_msg("%s", said.p);
}

/* Either it is taken, or it is said why not. */
static bool
answer(struct file *file, struct str text)
{
	struct arena arena;
	struct diags diags;
	bool taken;

	arena_init(&arena);
	diags_init(&diags, &arena);
	diags.wants_notes = true;
	taken = file->take(text, &diags);
	if (taken != (diags.errors == 0))
		fail_msg("%s, with %zu errors:\n%.*s", taken ? "taken" : "refused",
			 (size_t)diags.errors, STR_ARG(text));
	assert_within(&diags, text);
	if (file->tried++ % 8 == 0)
		assert_prints(&diags, file->tried % 3 == 0);
	file->refused += !taken;
	if (!taken && text.p == file->text.p) /* nothing was changed yet */
		diags_fail(&diags);
	diags_finish(&diags);
	arena_finish(&arena);
	return taken;
}

static bool
answer_with(struct file *file, const struct yaml_node *node, struct str value)
{
	struct buf text = {0};
	bool taken;

	buf_str(&text, str_slice(file->text, 0, node->at));
	buf_str(&text, value);
	if (node->end > 0 && file->text.p[node->end - 1] == '\n')
		buf_char(&text, '\n');
	buf_str(&text, str_slice(file->text, node->end, file->text.n));
	taken = answer(file, buf_view(&text));
	buf_finish(&text);
	return taken;
}

static void
answer_many(struct file *file, const struct yaml_node *node)
{
	struct buf value = {0};

	buf_char(&value, node->kind == YAML_MAP ? '{' : '[');
	for (unsigned i = 0; i < MANY; i++)
		buf_printf(&value, node->kind == YAML_MAP ? "%sk%u: x" : "%sw%u",
			   i ? ",\n " : "", i);
	buf_char(&value, node->kind == YAML_MAP ? '}' : ']');
	(void)!answer_with(file, node, buf_view(&value));
	buf_finish(&value);
}

/* Of the others each place sees every second one, the next place those between. */
static void
change_each(struct file *file, const struct yaml_node *node)
{
	size_t step = 1 + file->places++ % 2;

	for (size_t i = 0; i < (node->kind == YAML_TEXT ? ODD_FOR_TEXT : ODD);
	     i += i ? 2 : step) {
		bool taken = answer_with(file, node, str_of(odd[i]));

		if (taken && odd[i] == wrong_everywhere && !file->is_free)
			fail_msg("%s is passed over in silence at byte %zu, for %.*s", odd[i],
				 node->at, (int)(node->end - node->at),
				 file->text.p + node->at);
	}
	if (node->kind != YAML_TEXT)
		answer_many(file, node);
	for (unsigned i = 0; i < node->count; i++)
		change_each(file, node->items[i]);
}

/* So many of what was tried are refused, at least. */
static void
change_all(struct file file, unsigned least)
{
	struct arena arena;
	struct diags diags;
	const struct yaml_node *root;

	assert_true(answer(&file, file.text));
	arena_init(&arena);
	diags_init(&diags, &arena);
	root = yaml_read(&arena, diags_add_file(&diags, STR("f"), file.text), &diags);
	change_each(&file, root);
	assert_true(file.refused >= least);
	diags_finish(&diags);
	arena_finish(&arena);
}

/* --- the files --- */

static void
rules_of_another_shape_are_answered(void **state)
{
	char *text = read_file("tests/whole/clinic.yaml");

	(void)state;
	calendar = read_file("tests/whole/calendar.yaml");
	change_all((struct file){str_of(text), take_rules, false, 0, 0, 0}, 900);
	free(calendar);
	free(text);
}

static void
a_calendar_of_another_shape_is_answered(void **state)
{
	char *text = read_file("tests/whole/calendar.yaml");

	(void)state;
	change_all((struct file){str_of(text), take_calendar, false, 0, 0, 0}, 30);
	free(text);
}

static void
tests_of_another_shape_are_answered(void **state)
{
	char *text = read_file("tests/whole/tests.yaml"),
	     *rules = read_file("tests/whole/clinic.yaml");
	const struct diag_file files[] = {{STR("clinic.yaml"), str_of(rules)},
					  {STR("calendar.yaml"), STR("week: [mon]")}};
	struct arena arena;
	struct diags diags;

	(void)state;
	arena_init(&arena);
	diags_init(&diags, &arena);
	tested = rules_load(files, 2, &rules_files, (struct hash_seed){1, 2}, &diags);
	assert_non_null(tested);
	change_all((struct file){str_of(text), take_tests, false, 0, 0, 0}, 400);
	ruleset_destroy(tested);
	diags_finish(&diags);
	arena_finish(&arena);
	free(rules);
	free(text);
}

static const char config[] =
	"redis: {url: 'rediss://churnd:pw@h:6380/1', ca_file: /c, cert_file: /d, key_file: /e, prefix: 'c:'}\n"
	"ingest: {group: g, start: now, batch: 100, keep: 7d, keep_output: 90d, max_len: 1000}\n"
	"partitions: 1\n"
	"stop_timeout: 10s\n"
	"rules: [a.yaml, b.yaml]\n"
	"webhooks:\n"
	"  crm:\n"
	"    url: https://crm.example/h\n"
	"    secret: [whsec_MDEyMzQ1Njc4OWFiY2RlZg==, whsec_MDEyMzQ1Njc4OWFiY2RlZh==]\n"
	"    format: standard\n"
	"    lang: zh\n"
	"    headers: {X-Tenant: acme, X-Other: b}\n"
	"    ca_file: /f\n"
	"    cert_file: /g\n"
	"    key_file: /h\n"
	"    timeout: 10s\n"
	"    retry: {first: 5s, factor: 2, max: 1h, give_up_after: 72h, jitter: 20%}\n"
	"    throttle: 60s\n"
	"    concurrency: 8\n"
	"    rate: 20/min\n"
	"    hours: '09:00-21:00 workdays'\n"
	"    allow: [10.0.0.0/8, 'fd00::/8', 192.168.1.1]\n"
	"  room: {url: 'https://r.example/?key=k', format: wecom, rate: 3/h}\n"
	"  own: {url: 'https://o.example/', format: template, template: own.yaml}\n"
	"  deals: {format: hubspot, set: {access_token: t}}\n"
	"  filed: {url: 'https://f.example/', secret_file: /s}\n"
	"people: {li: {wecom: lisi, dingtalk: '13800000000', feishu: ou_1}, wang: {slack: U1}}\n"
	"http: {listen: '0.0.0.0:8787', token_file: /t}\n"
	"log: {level: info, format: json}\n";

static void
a_configuration_of_another_shape_is_answered(void **state)
{
	(void)state;
	change_all((struct file){str_of(config), take_config, false, 0, 0, 0}, 200);
}

static void
connectors_of_another_shape_are_answered(void **state)
{
	struct str names[CONNECTOR_PRESETS];
	unsigned count = connector_preset_names(names, CONNECTOR_PRESETS);

	(void)state;
	assert_true(count > 10);
	for (unsigned i = 0; i < count; i += 3)
		change_all((struct file){connector_preset_text(names[i]), take_connector, true,
					 0, 0, 0},
			   10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_of_another_shape_are_answered),
		cmocka_unit_test(a_calendar_of_another_shape_is_answered),
		cmocka_unit_test(tests_of_another_shape_are_answered),
		cmocka_unit_test(a_configuration_of_another_shape_is_answered),
		cmocka_unit_test(connectors_of_another_shape_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
