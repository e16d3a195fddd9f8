/* SPDX-License-Identifier: Apache-2.0 */
/* Choices: if, coalesce and pick. */
#include "lang/type.h"

static struct node *
complain_shape(struct typer *t, const struct node *in, const char *shape)
{
	struct complaint complaint = type_complaint("E108", in);

	complaint.width = in->name.n;
	complaint.args[0] = str_of(shape);
	type_say(t, &complaint);
	return NULL;
}

struct node *
type_if(struct typer *t, const struct node *in)
{
	struct node *out = type_copy(t, in);

	if (in->kid_count != 3)
		return complain_shape(t, in, "if(bool, value, value)");
	if (!type_kids(t, out, in) || !type_want(t, out->kids[0], TYPE_BOOL))
		return NULL;
	return type_branches(t, out, out->kids + 1, 2) ? out : NULL;
}

struct node *
type_coalesce(struct typer *t, const struct node *in)
{
	struct node *out = type_copy(t, in);

	if (in->kid_count < 2)
		return complain_shape(t, in, "coalesce(value, value, ...)");
	if (!type_kids(t, out, in))
		return NULL;
	return type_branches(t, out, out->kids, out->kid_count) ? out : NULL;
}

/* ---- pick ---- */

static int
find_word(const struct enum_def *words, struct str word)
{
	for (unsigned i = 0; i < words->count; i++)
		if (str_eq(words->words[i], word))
			return (int)i;
	return -1;
}

static void
complain_word(struct typer *t, const struct node *arg, const struct enum_def *words)
{
	struct complaint complaint = type_complaint("E105", arg);
	const struct str otherwise = STR("else");
	struct str near = str_nearest(arg->name, words->words, words->count);
	struct buf all = {0};

	for (unsigned i = 0; i < words->count; i++)
		buf_printf(&all, "%s%.*s", i ? ", " : "", STR_ARG(words->words[i]));
	complaint.args[0] = arg->name;
	complaint.args[1] = words->name;
	complaint.args[2] = arena_str(t->arena, buf_view(&all));
	buf_finish(&all);
	if (near.n == 0)
		near = str_nearest(arg->name, &otherwise, 1);
	if (near.n)
		message_hint(t->arena, &complaint, "H101", near);
	type_say(t, &complaint);
}

static void
complain_twice(struct typer *t, const struct node *arg)
{
	struct complaint complaint = type_complaint("E110", arg);

	complaint.args[0] = arg->name;
	type_say(t, &complaint);
}

/* Where the branch named by arg goes: the place of its word, or *otherwise. NULL: complained. */
static struct node **
find_branch(struct typer *t, struct node *out, const struct enum_def *words,
	    const struct node *arg, struct node **otherwise)
{
	struct node **branch = otherwise;

	if (!str_is(arg->name, "else")) {
		int word = find_word(words, arg->name);

		if (word < 0) {
			complain_word(t, arg, words);
			return NULL;
		}
		branch = &out->kids[1 + word];
	}
	if (*branch) {
		complain_twice(t, arg);
		return NULL;
	}
	return branch;
}

/* Types all branches, also those that go nowhere, for the sake of their mistakes. */
static bool
type_words(struct typer *t, struct node *out, const struct node *in,
	   const struct enum_def *words, struct node **otherwise)
{
	bool fine = true;

	for (unsigned i = 1; i < in->kid_count; i++) {
		const struct node *arg = in->kids[i];
		struct node **branch = NULL, *value;

		if (arg->kind != NODE_ARG) {
			complain_shape(t, in, "pick(enum, word=value, ..., else=value)");
			return false;
		}
		value = type_value(t, arg->kids[0]);
		if (words)
			branch = find_branch(t, out, words, arg, otherwise);
		if (branch && value)
			*branch = value;
		fine = fine && branch && value;
	}
	return fine;
}

/* What is left goes to else; without one it is missing. */
static bool
fill_rest(struct typer *t, struct node *out, const struct enum_def *words,
	  struct node *otherwise)
{
	struct complaint complaint = type_complaint("E114", out);
	struct buf missing = {0};

	for (unsigned i = 0; i < words->count; i++) {
		if (out->kids[1 + i])
			continue;
		if (!otherwise)
			buf_printf(&missing, "%s%.*s", missing.n ? ", " : "",
				   STR_ARG(words->words[i]));
		out->kids[1 + i] = otherwise;
		if (out->slot == 0)
			out->slot = 1 + i;
	}
	if (missing.n) {
		complaint.width = out->name.n;
		complaint.args[0] = arena_str(t->arena, buf_view(&missing));
		type_say(t, &complaint);
	}
	buf_finish(&missing);
	return complaint.args[0].n == 0;
}

static const struct enum_def *
choose_by(struct typer *t, const struct node *subject)
{
	struct complaint complaint;

	if (subject->type == TYPE_ENUM)
		return subject->words;
	complaint = type_complaint("E115", subject);
	complaint.args[0] = type_text(subject->type);
	type_say(t, &complaint);
	return NULL;
}

struct node *
type_pick(struct typer *t, const struct node *in)
{
	struct node *out = type_copy(t, in), *subject, *otherwise = NULL;
	const struct enum_def *words = NULL;

	if (in->kid_count < 2 || in->kids[0]->kind == NODE_ARG)
		return complain_shape(t, in, "pick(enum, word=value, ..., else=value)");
	out->slot = 0;
	subject = type_value(t, in->kids[0]);
	if (subject)
		words = choose_by(t, subject);
	if (words) {
		out->kids = arena_array(t->arena, words->count + 1, sizeof *out->kids);
		out->kid_count = (uint16_t)(words->count + 1);
	}
	if (!type_words(t, out, in, words, &otherwise) || !words)
		return NULL;
	out->kids[0] = subject;
	if (!fill_rest(t, out, words, otherwise))
		return NULL;
	return type_branches(t, out, out->kids + 1, words->count) ? out : NULL;
}
