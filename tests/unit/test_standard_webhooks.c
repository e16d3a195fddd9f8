/* SPDX-License-Identifier: Apache-2.0 */
/* Standard Webhooks: the published vector, secrets of all shapes, rotation, forgery. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/standard_webhooks.h"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define TIMESTAMP 1614265330
#define BODY "{\"test\": 2432232314}"
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

#define SIXTY_FIVE_BYTES                                                                 \
	"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1" \
	"Njc4OWFiY2RlZjA="

static struct webhook_secret
secret_of(const char *text)
{
	struct webhook_secret secret;
	struct err err;

	if (!webhook_secret_parse(str_of(text), &secret, &err))
		fail_msg("%s", err.text);
	return secret;
}

static void
the_published_vector_is_met(void **state)
{
	struct webhook_secret secret = secret_of(SECRET);
	struct buf out = {0};

	(void)state;
	webhook_sign(&out, &secret, 1, STR(ID), TIMESTAMP, STR(BODY));
	assert_string_equal(out.p, SIGNATURE);
	buf_finish(&out);
}

static void
rotating_secrets_give_one_signature_each(void **state)
{
	struct webhook_secret secrets[2] = {secret_of("whsec_MDEyMzQ1Njc4OWFiY2RlZg=="),
					    secret_of(SECRET)};
	struct buf out = {0};

	(void)state;
	webhook_sign(&out, secrets, 2, STR(ID), TIMESTAMP, STR(BODY));
	assert_int_equal(out.n, 2 * strlen(SIGNATURE) + 1);
	assert_memory_equal(out.p, "v1,", 3);
	assert_string_equal(out.p + strlen(SIGNATURE) + 1, SIGNATURE);
	assert_memory_not_equal(out.p, SIGNATURE, strlen(SIGNATURE));
	buf_finish(&out);
}

static void
secrets_of_every_length_keep_their_bytes(void **state)
{
	struct webhook_secret secret = secret_of("whsec_MDEyMzQ1Njc4OWFiY2RlZg==");

	(void)state;
	assert_int_equal(secret.n, 16);
	assert_memory_equal(secret.key, "0123456789abcdef", 16);
	assert_int_equal(secret_of("whsec_YQ==").n, 1);
	assert_int_equal(secret_of("whsec_YWI=").n, 2);
	assert_int_equal(secret_of("whsec_YWJj").n, 3);
	/* 64 bytes, the most. */
	secret = secret_of(
		"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEy"
		"MzQ1Njc4OWFiY2RlZg==");
	assert_int_equal(secret.n, 64);
	assert_memory_equal(secret.key + 48, "0123456789abcdef", 16);
}

static void
what_is_no_secret_is_refused_without_being_repeated(void **state)
{
	static const char *const table[] = {
		"",
		"whsec_",
		"MDEyMzQ1Njc4OWFiY2RlZg==",
		"WHSEC_MDEyMzQ1",
		"whsec_=",
		"whsec_====",
		"whsec_A===",
		"whsec_MDEyMzQ1Njc4OWFiY2RlZg",
		"whsec_MDEy MzQ1",
		"whsec_MDEyMz\n=",
		"whsec_MDE=MzQ1",
		"whsec_MD-_MzQ1",
		"whsec_ MDE",
		"whsec_MDEyMzQ1Njc4OWFiY2RlZg==\n",
		SIXTY_FIVE_BYTES,
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct webhook_secret secret = {.n = 99};
		struct err err = {""};

		if (webhook_secret_parse(str_of(table[i]), &secret, &err) || secret.n != 99)
			fail_msg("\"%s\" was taken", table[i]);
		assert_non_null(strstr(err.text, "secret"));
		assert_null(strstr(err.text, "MDE"));
	}
}

static void
verify_takes_ours_and_nothing_that_was_touched(void **state)
{
	struct webhook_secret secret = secret_of(SECRET), other = secret_of("whsec_YWJj");
	struct webhook_secret both[2] = {other, secret};
	char forged[] = SIGNATURE;

	(void)state;
	assert_true(webhook_verify(STR(SIGNATURE), &secret, 1, STR(ID), TIMESTAMP, STR(BODY)));
	assert_true(webhook_verify(STR("v1a,xyz " SIGNATURE " v2,abc"), &secret, 1, STR(ID),
				   TIMESTAMP, STR(BODY)));
	assert_true(webhook_verify(STR(SIGNATURE), both, 2, STR(ID), TIMESTAMP, STR(BODY)));
	assert_false(webhook_verify(STR(SIGNATURE), &other, 1, STR(ID), TIMESTAMP, STR(BODY)));
	assert_false(
		webhook_verify(STR(SIGNATURE), &secret, 1, STR(ID "x"), TIMESTAMP, STR(BODY)));
	assert_false(
		webhook_verify(STR(SIGNATURE), &secret, 1, STR(ID), TIMESTAMP + 1, STR(BODY)));
	assert_false(
		webhook_verify(STR(SIGNATURE), &secret, 1, STR(ID), TIMESTAMP, STR(BODY " ")));
	assert_false(webhook_verify(STR(""), &secret, 1, STR(ID), TIMESTAMP, STR(BODY)));
	assert_false(webhook_verify(STR("v1,"), &secret, 1, STR(ID), TIMESTAMP, STR(BODY)));
	forged[10] ^= 1;
	assert_false(webhook_verify(str_of(forged), &secret, 1, STR(ID), TIMESTAMP, STR(BODY)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_vector_is_met),
		cmocka_unit_test(rotating_secrets_give_one_signature_each),
		cmocka_unit_test(secrets_of_every_length_keep_their_bytes),
		cmocka_unit_test(what_is_no_secret_is_refused_without_being_repeated),
		cmocka_unit_test(verify_takes_ours_and_nothing_that_was_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
