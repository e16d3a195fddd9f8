/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the secrets of an endpoint. */
#include "io/secrets.h"

#include <openssl/crypto.h>

#include "base/mem.h"
#include "io/files.h"

static bool
add_secret(struct secrets *secrets, struct str line, bool keys, struct err *err)
{
	if (secrets->count == WEBHOOK_SECRETS)
		return err_set(err, "more than %d secrets", WEBHOOK_SECRETS);
	if (keys && !webhook_secret_parse(line, &secrets->keys[secrets->count], err))
		return false;
	secrets->count++;
	buf_str(&secrets->lines, line);
	buf_char(&secrets->lines, '\0');
	return true;
}

/* Grammar: secrets = secret *(newline secret), spaces around each; empty lines are skipped. */
static bool
add_lines(struct secrets *secrets, struct str text, bool keys, struct err *err)
{
	for (size_t from = 0, to; from < text.n; from = to + 1) {
		struct str line;

		for (to = from; to < text.n && text.p[to] != '\n'; to++)
			;
		line = str_slice(text, from, to);
		if (str_ends(line, STR("\r")))
			line.n--;
		line = str_trim(line);
		if (line.n > 0 && !add_secret(secrets, line, keys, err))
			return false;
	}
	return secrets->count > 0 || err_set(err, "the secret is empty");
}

static bool
read_file(struct secrets *secrets, struct str file, struct str folder, bool keys,
	  struct err *err)
{
	struct buf text = {0};
	char *path = files_path(folder, file);
	bool good = files_read(path, FILES_SECRET_MAX, &text, err) &&
		    add_lines(secrets, buf_view(&text), keys, err);

	if (text.p != NULL)
		OPENSSL_cleanse(text.p, text.cap);
	buf_finish(&text);
	mem_free(path);
	return good || err_prefix(err, "secret_file");
}

bool
secrets_read(struct secrets *secrets, const struct endpoint_config *config, struct str folder,
	     bool keys, struct err *err)
{
	*secrets = (struct secrets){0};
	if (config->secret_file.n > 0)
		return read_file(secrets, config->secret_file, folder, keys, err);
	for (unsigned i = 0; i < config->secret_count; i++)
		if (!add_lines(secrets, config->secrets[i], keys, err))
			return false;
	return !keys || secrets->count > 0 || err_set(err, "there is no secret");
}

struct str
secrets_first(const struct secrets *secrets)
{
	return secrets->lines.n > 0 ? str_of(secrets->lines.p) : STR_NONE;
}

void
secrets_finish(struct secrets *secrets)
{
	if (secrets->lines.p != NULL)
		OPENSSL_cleanse(secrets->lines.p, secrets->lines.cap);
	buf_finish(&secrets->lines);
	OPENSSL_cleanse(secrets, sizeof *secrets);
}
