/* SPDX-License-Identifier: Apache-2.0 */
/* Going through the sections of all files, and names: which are well-formed, which are taken. */
#include <string.h>

#include "base/mem.h"
#include "codec/rules_maker.h"
#include "lang/token.h"

static void
each_of(struct maker *maker, const struct yaml_node *section, section_reader *read)
{
	for (unsigned i = 0; i < section->count; i++)
		read(maker, section->kind == YAML_MAP ? section->keys[i] : NULL,
		     section->items[i]);
}

void
maker_each(struct maker *maker, const char *section, enum yaml_kind kind, section_reader *read)
{
	for (unsigned i = 0; i < maker->file_count; i++) {
		const struct yaml_node *node = yaml_get(maker->files[i], section);

		if (node == NULL)
			continue;
		if (kind == YAML_MAP ? form_is_map(&maker->form, node)
				     : form_is_list(&maker->form, node))
			each_of(maker, node, read);
	}
}

unsigned
maker_count(struct maker *maker, const char *section, unsigned most)
{
	unsigned count = 0;

	for (unsigned i = 0; i < maker->file_count; i++) {
		const struct yaml_node *node = yaml_get(maker->files[i], section);

		if (node == NULL || node->kind == YAML_TEXT)
			continue;
		if (count <= most && node->count > most - count)
			form_complain(&maker->form,
				      node->kind == YAML_MAP ? node->keys[most - count]
							     : node->items[most - count],
				      "E210", str_of(section),
				      form_int_text(&maker->form, most));
		count += node->count;
	}
	return count;
}

static struct str
claim_key(struct maker *maker, enum name_space space, struct str name)
{
	return arena_printf(maker->form.arena, "%d:%.*s", (int)space, STR_ARG(name));
}

const struct yaml_node *
maker_claimed(struct maker *maker, enum name_space space, struct str name)
{
	uint32_t index;

	if (!map_get(&maker->claims, claim_key(maker, space, name), &index))
		return NULL;
	return maker->claimed[index];
}

bool
maker_claim(struct maker *maker, enum name_space space, const struct yaml_node *key)
{
	bool word = space == NAMES_EXPR || space == NAMES_PROFILE;
	const struct yaml_node *first;

	if (word ? !maker_is_name(maker, key) : !maker_is_label(maker, key))
		return false;
	first = maker_claimed(maker, space, key->text);
	if (first != NULL) {
		form_complain(&maker->form, key, "E205", key->text,
			      form_place(&maker->form, first));
		return false;
	}
	MEM_RESERVE(maker->claimed, maker->claim_cap, maker->claim_count + 1);
	maker->claimed[maker->claim_count] = key;
	map_put(&maker->claims, claim_key(maker, space, key->text),
		(uint32_t)maker->claim_count++);
	return true;
}

static void
take_nothing(void *ctx, const struct complaint *complaint)
{
	(void)complaint;
	*(bool *)ctx = true;
}

/* What the language itself reads as one name. */
static bool
is_one_name(struct maker *maker, struct str text)
{
	struct source source = {text, NULL};
	struct tokens tokens = {0};
	bool complained = false, fits;

	fits = tokens_read(&tokens, maker->form.arena, &source, 0, text.n,
			   (struct sink){&complained, take_nothing});
	fits = fits && !complained && tokens.count == 2 && tokens.items[0].kind == TOKEN_NAME &&
	       tokens.items[0].width == text.n;
	tokens_finish(&tokens);
	return fits;
}

bool
maker_is_name(struct maker *maker, const struct yaml_node *key)
{
	static const char *const taken[] = {"profile", "event", "item",	  "if",
					    "pick",    "else",	"offset", "live"};
	bool fits = key->text.n > 0 && key->text.n <= RULES_MAX_NAME &&
		    is_one_name(maker, key->text);

	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		if (str_is(key->text, taken[i]))
			fits = false;
	if (!fits)
		form_complain(&maker->form, key, "E206", key->text, STR_NONE);
	return fits;
}

bool
maker_is_label(struct maker *maker, const struct yaml_node *key)
{
	static const struct form_row row = {.most = RULES_MAX_NAME};
	struct str text = STR_NONE;

	form_text(&maker->form, key, &row, &text);
	return text.n > 0;
}

bool
maker_is_event_type(struct maker *maker, const struct yaml_node *type)
{
	struct str text = type->text;
	bool fits = text.n >= 1 && text.n <= 64;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
		      c == '.' || c == '-'))
			fits = false;
	}
	if (!fits)
		form_complain(&maker->form, type, "E207", text, STR_NONE);
	else if (str_starts(text, STR("churnd.")) || str_is(text, "profile") ||
		 str_is(text, "member"))
		form_complain(&maker->form, type, "E208", text, STR_NONE);
	else
		return true;
	return false;
}

void
maker_event_types(struct maker *maker, const struct yaml_node *on, struct str_list *out)
{
	static const struct form_row row = {.most = 64};

	form_texts(&maker->form, on, &row, out);
	if (on->kind == YAML_TEXT && on->text.n > 0)
		maker_is_event_type(maker, on);
	for (unsigned i = 0; on->kind == YAML_LIST && i < on->count; i++)
		if (on->items[i]->kind == YAML_TEXT && on->items[i]->text.n > 0)
			maker_is_event_type(maker, on->items[i]);
}
