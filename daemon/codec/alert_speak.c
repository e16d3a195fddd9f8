/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the texts of one language in the place of the alert's own. */
#include "codec/alert_speak.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 32 /* a body is 6 deep */

static const struct {
	const char *one, *all;
} texts[] = {{"text", "texts"},
	     {"advice", "advices"},
	     {"title", "titles"},
	     {"reasons", "reason_texts"},
	     {"note", "notes"}};

/* True when a text of this object changed. */
static bool
speak_object(json_t *object, const char *lang)
{
	bool changed = false;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		json_t *one = json_object_get(object, texts[i].one);
		json_t *said = json_object_get(json_object_get(object, texts[i].all), lang);

		if (!json_is_string(one) || !json_is_string(said) || json_equal(one, said))
			continue;
		/* A key that is set again keeps its place. */
		changed |= json_object_set(object, texts[i].one, said) == 0;
	}
	return changed;
}

static bool
speak(json_t *value, const char *lang, int depth)
{
	bool changed = false;
	const char *key;
	json_t *child;
	size_t i;

	if (depth > MAX_DEPTH)
		return false;
	if (json_is_object(value)) {
		changed = speak_object(value, lang);
		json_object_foreach(value, key, child) changed |= speak(child, lang, depth + 1);
	}
	json_array_foreach(value, i, child) changed |= speak(child, lang, depth + 1);
	return changed;
}

bool
alert_speak(struct buf *out, struct str body, struct str lang)
{
	json_t *root;
	char name[16], *text = NULL;

	if (lang.n == 0 || lang.n >= sizeof name || body.n == 0)
		return false;
	memcpy(name, lang.p, lang.n);
	name[lang.n] = '\0';
	root = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	/* Ours have at most 15 digits, so they keep their value. */
	if (root != NULL && speak(root, name, 0))
		text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(root);
	if (text == NULL)
		return false;
	buf_text(out, text);
	free(text);
	return true;
}
