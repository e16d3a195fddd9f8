/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a reply to any preset: no crash, why is one short line, and only what says so is delivered. */
#include <stdint.h>
#include <stdlib.h>

#include "base/civil.h"
#include "codec/connector_inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const int statuses[] = {0,   200, 201, 202, 204, 301, 400, 401,
			       403, 404, 410, 413, 429, 500, 503, 999};

static void
check_why(const struct buf *why)
{
	if (why->n > 300 || !utf8_valid(buf_view(why)) || text_has_control(buf_view(why)))
		abort();
}

static void
check_token(const struct connector *connector, int status, struct str body)
{
	struct buf token = {0};
	int64_t expires_at = 0;
	struct err err;

	if (connector_token_read(connector, status, body, 0, &token, &expires_at, &err) &&
	    (token.n == 0 || text_has_control(buf_view(&token)) || expires_at <= 0 ||
	     expires_at > 366 * DAY_MS || status < 200 || status > 299))
		abort();
	buf_finish(&token);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str names[CONNECTOR_PRESETS], body;
	unsigned count = connector_preset_names(names, CONNECTOR_PRESETS);
	const struct connector *connector;
	enum retry_outcome outcome;
	struct buf why = {0};
	int status;

	if (n < 2)
		return 0;
	connector = connector_preset(names[bytes[0] % count]);
	status = statuses[bytes[1] % 16];
	body = (struct str){(const char *)bytes + 2, n - 2};
	outcome = connector_judge(connector, status, bytes[1] & 16 ? 1000 : RETRY_NO_AFTER,
				  body, &why);
	/* A duplicate is a 400 that was delivered before. */
	if (outcome == RETRY_DELIVERED && (status < 200 || status > 299) && status != 400)
		abort();
	if (outcome == RETRY_DELIVERED && body.n == 0 && connector->reply.code_count > 0 &&
	    status != 204 && status != 201)
		abort();
	check_why(&why);
	(void)connector_token_is_stale(connector, status, body);
	if (connector_has_token(connector))
		check_token(connector, status, body);
	buf_finish(&why);
	return 0;
}
