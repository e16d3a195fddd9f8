/* SPDX-License-Identifier: Apache-2.0 */
/* Makes Redis' address of the configuration, its password file and its files of TLS. */
#include "app/redis_place.h"

#include <string.h>

#include "app/rule_files.h"

#define SECRET_MAX ((size_t)4096)

bool
redis_place_secret(struct arena *arena, struct str folder, struct str name, struct str *out,
		   struct err *err)
{
	const char *end;
	struct str text;

	if (!rule_files_slurp(arena, rule_files_path(arena, folder, name), SECRET_MAX, &text,
			      err))
		return false;
	end = text.n > 0 ? memchr(text.p, '\n', text.n) : NULL;
	*out = str_slice(text, 0, end != NULL ? (size_t)(end - text.p) : text.n);
	return true;
}

/* A wrong file is told now; each connection reads them anew. */
static bool
tls_read(struct arena *arena, const struct config *config, struct str folder,
	 struct redis_address *out, struct err *err)
{
	struct redis_tls *trial;

	out->tls_files = (struct redis_tls_files){
		.ca = rule_files_path(arena, folder, config->redis_ca_file),
		.cert = rule_files_path(arena, folder, config->redis_cert_file),
		.key = rule_files_path(arena, folder, config->redis_key_file),
	};
	trial = redis_tls_create(&out->tls_files, out->host, err);
	redis_tls_destroy(trial);
	return trial != NULL;
}

bool
redis_place_read(struct arena *arena, const struct config *config, struct str folder,
		 struct redis_address *out, struct err *err)
{
	if (!redis_address_parse(arena, config->redis_url, out, err))
		return false;
	if (config->redis_password_file.n > 0 &&
	    !redis_place_secret(arena, folder, config->redis_password_file, &out->password,
				err))
		return err_prefix(err, "redis.password_file");
	return !out->tls || tls_read(arena, config, folder, out, err);
}
