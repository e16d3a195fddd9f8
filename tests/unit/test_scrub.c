/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets are taken out of what others say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/scrub.h"

static void
check(const struct scrub *scrub, struct str also, struct str text, const char *expected)
{
	struct buf out = {0};

	scrub_text(scrub, also, text, &out);
	assert_true(str_is(buf_view(&out), expected));
	buf_finish(&out);
}

static void
secrets_are_replaced_wherever_they_stand(void **state)
{
	struct scrub scrub = {0};

	(void)state;
	scrub_add(&scrub, STR("T00/B00/xyz"));
	scrub_add(&scrub, STR("T00/B00/xyz?more"));
	check(&scrub, STR("the-token"), STR("no T00/B00/xyz, T00/B00/xyz?more the-token"),
	      "no ***, *** ***");
	check(&scrub, STR_NONE, STR("T00/B00/xy the-token"), "T00/B00/xy the-token");
	check(&scrub, STR_NONE, STR_NONE, "");
	check(&scrub, STR_NONE, STR("T00/B00/xyzT00/B00/xyz"), "******");
	scrub_finish(&scrub);
}

static void
words_too_short_to_be_secrets_stay(void **state)
{
	struct scrub scrub = {0};

	(void)state;
	scrub_add(&scrub, STR("not"));
	scrub_add(&scrub, STR_NONE);
	check(&scrub, STR("is"), STR("it is not so"), "it is not so");
	scrub_finish(&scrub);
}

/* As it stands in the URL, decoded, and in base64: RFC 7617 has Aladdin as its example. */
static void
a_login_is_replaced_in_every_form(void **state)
{
	struct scrub scrub = {0};

	(void)state;
	scrub_add_login(&scrub, STR("%41laddin:open%20sesam%65"));
	check(&scrub, STR_NONE,
	      STR("%41laddin:open%20sesam%65 Aladdin:open sesame Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
	      "*** *** Basic ***");
	scrub_add_login(&scrub, STR_NONE);
	scrub_add_login(&scrub, STR("user:100%"));
	check(&scrub, STR_NONE, STR("user:100% user:100"), "*** user:100");
	scrub_finish(&scrub);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_replaced_wherever_they_stand),
		cmocka_unit_test(words_too_short_to_be_secrets_stay),
		cmocka_unit_test(a_login_is_replaced_in_every_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
