/* SPDX-License-Identifier: Apache-2.0 */
/* Sends a test alert to an endpoint, and tells who asked what came of it. */
#include "io/outbox_test.h"

#include <assert.h>
#include <openssl/rand.h>

#include "base/json.h"
#include "base/mem.h"
#include "io/log.h"

struct outbox_test {
	struct outbox_test **list, *next; /* the list it is in, borrowed */
	struct sender_call *call;	  /* borrowed */
	struct buf id, body;		  /* owned */
	int64_t began_at;		  /* monotonic */
	outbox_test_fn *fn;
	void *ctx;
};

/* Another one each time, so that no receiver takes it for one it knows. */
static void
make_id(struct buf *out)
{
	static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char bytes[26];

	RAND_bytes(bytes, sizeof bytes);
	buf_text(out, "al_");
	for (size_t i = 0; i < sizeof bytes; i++)
		buf_char(out, base32[bytes[i] % 32]);
}

static void
key_text(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_text(json, text);
}

static void
key_int(struct json *json, const char *key, int64_t number)
{
	json_key(json, key);
	json_int(json, number);
}

/* One reason in every language, so that templates have something to say. */
static void
make_reasons(struct json *json, int64_t at)
{
	static const char en[] = "This is a test from churnd; nothing has to be done";
	static const char zh[] = "这是 churnd 发出的测试消息，无需处理";

	json_key(json, "reasons");
	json_open(json, '[');
	json_open(json, '{');
	key_text(json, "rule", "webhook_test");
	key_int(json, "points", 0);
	key_text(json, "text", en);
	json_key(json, "texts");
	json_open(json, '{');
	key_text(json, "en", en);
	key_text(json, "zh", zh);
	json_close(json, '}');
	json_key(json, "since");
	json_instant(json, at);
	json_key(json, "evidence");
	json_open(json, '[');
	json_close(json, ']');
	json_close(json, '}');
	json_close(json, ']');
}

/* As an alert of a customer, with the same keys. */
static void
make_body(struct buf *out, struct str id, int64_t at)
{
	struct json json;

	json_init(&json, out);
	json_open(&json, '{');
	key_text(&json, "type", "webhook.test");
	json_key(&json, "id");
	json_str(&json, id);
	json_key(&json, "timestamp");
	json_instant(&json, at);
	key_int(&json, "version", 1);
	json_key(&json, "data");
	json_open(&json, '{');
	key_text(&json, "customer", "webhook-test");
	key_text(&json, "name", "churnd test");
	json_key(&json, "test");
	json_bool(&json, true);
	key_int(&json, "risk", 0);
	key_int(&json, "health", 100);
	key_text(&json, "status", "closed");
	make_reasons(&json, at);
	json_close(&json, '}');
	json_close(&json, '}');
}

static void
leave(struct outbox_test *test)
{
	struct outbox_test **link = test->list;

	while (*link != test)
		link = &(*link)->next;
	*link = test->next;
	buf_finish(&test->id);
	buf_finish(&test->body);
	mem_free(test);
}

static void
on_reply(void *ctx, const struct sender_result *result)
{
	struct outbox_test *test = ctx;
	outbox_test_fn *fn = test->fn;
	void *fn_ctx = test->ctx;
	const struct outbox_test_result told = {
		.outcome = result->outcome,
		.status = result->status,
		.ms = clock_monotonic() - test->began_at,
		.why = str_of(result->error),
	};

	leave(test);
	fn(fn_ctx, &told);
}

struct outbox_test *
outbox_test_begin(struct outbox_test **list, struct sender *sender, outbox_test_fn *fn,
		  void *ctx, struct err *err)
{
	struct outbox_test *test;
	unsigned count = 0;
	struct str body;

	for (test = *list; test != NULL; test = test->next)
		count++;
	if (count >= OUTBOX_TESTS_MAX) {
		err_set(err, "%u tests of webhooks are under way: wait for one to end", count);
		return NULL;
	}
	test = mem_alloc(sizeof *test);
	test->list = list;
	test->next = *list;
	*list = test;
	test->fn = fn;
	test->ctx = ctx;
	test->began_at = clock_monotonic();
	make_id(&test->id);
	make_body(&test->body, buf_view(&test->id), clock_wall());
	body = buf_view(&test->body);
	test->call =
		sender_post(sender, &(struct sender_message){buf_view(&test->id), &body, 1},
			    on_reply, test);
	return test;
}

void
outbox_test_cancel(struct outbox_test *test)
{
	sender_cancel(test->call);
	leave(test);
}
