/* SPDX-License-Identifier: Apache-2.0 */
/* The address guard: every spelling of an address that a webhook may not reach, and those it may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "io/address_guard.h"

/* As a resolver reads them: hosts of URLs, brackets taken off. */
static const char *const refused[] = {
	/* this network, in all its spellings */
	"0.0.0.0",
	"0",
	"0x0",
	"00",
	"0.0",
	"0.1.2.3",
	"0.255.255.255",
	"::ffff:0.0.0.0",
	"::",
	"0:0:0:0:0:0:0:0",
	"::0",
	/* private */
	"10.0.0.0",
	"10.0.0.1",
	"10.255.255.255",
	"0xa.0.0.1",
	"012.0.0.1",
	"10.1",
	"167772161",
	"0x0a000001",
	"::ffff:10.0.0.1",
	"::ffff:a00:1",
	"0:0:0:0:0:ffff:10.0.0.1",
	"172.16.0.0",
	"172.16.0.1",
	"172.31.255.255",
	"172.20.1",
	"0xac.0x10.0.1",
	"2886729729",
	"::ffff:172.16.0.1",
	"::FFFF:AC10:1",
	"192.168.0.0",
	"192.168.0.1",
	"192.168.255.255",
	"192.168.257",
	"0xc0a80001",
	"3232235521",
	"0300.0250.0.1",
	"::ffff:192.168.0.1",
	"::ffff:c0a8:1",
	/* loopback */
	"127.0.0.0",
	"127.0.0.1",
	"127.0.1",
	"127.1",
	"127.255.255.255",
	"2130706433",
	"0x7f000001",
	"0x7F.1",
	"0177.0.0.1",
	"017700000001",
	"127.0.0.01",
	"127.00.00.1",
	"::1",
	"0:0:0:0:0:0:0:1",
	"0000:0000:0000:0000:0000:0000:0000:0001",
	"::ffff:127.0.0.1",
	"::ffff:7f00:1",
	"::ffff:127.255.255.254",
	"::127.0.0.1",
	"::7f00:1",
	"::10.0.0.1",
	"::2",
	/* carrier NAT */
	"100.64.0.0",
	"100.64.0.1",
	"100.100.100.200",
	"100.127.255.255",
	"::ffff:100.64.0.1",
	"1681915904",
	/* link-local and the metadata services that live there */
	"169.254.0.0",
	"169.254.169.254",
	"169.254.255.255",
	"0xa9fea9fe",
	"2852039166",
	"169.16689662",
	"0251.0376.0251.0376",
	"::ffff:169.254.169.254",
	"::ffff:a9fe:a9fe",
	"fe80::1",
	"fe80::",
	"febf:ffff::1",
	"fe80::a00:1",
	"fec0::1",
	"feff::1",
	/* assignments, documentation, relays, benchmarks */
	"192.0.0.0",
	"192.0.0.8",
	"192.0.0.255",
	"192.0.2.0",
	"192.0.2.255",
	"192.88.99.1",
	"198.18.0.0",
	"198.19.255.255",
	"198.51.100.7",
	"203.0.113.9",
	"::ffff:192.0.2.1",
	"::ffff:198.18.0.1",
	"2001:db8::1",
	"2001:0db8:ffff::",
	"3fff::1",
	"3fff:fff:ffff::1",
	/* multicast, reserved, broadcast */
	"224.0.0.0",
	"224.0.0.1",
	"239.255.255.255",
	"240.0.0.0",
	"240.0.0.1",
	"255.255.255.254",
	"255.255.255.255",
	"4294967295",
	"0xffffffff",
	"::ffff:224.0.0.1",
	"::ffff:255.255.255.255",
	"ff00::",
	"ff02::1",
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	/* unique local */
	"fc00::",
	"fc00::1",
	"fd00::1",
	"fdff:ffff::1",
	"fd00:ec2::254",
	/* tunnels to IPv4 */
	"64:ff9b::",
	"64:ff9b::10.0.0.1",
	"64:ff9b::7f00:1",
	"64:ff9b::8.8.8.8",
	"64:ff9b:1::",
	"64:ff9b:1:ffff::1",
	"2002::",
	"2002:7f00:1::",
	"2002:a00:1::1",
	"2001::",
	"2001::1",
	"2001:0:ffff::1",
	/* discard, segment routing */
	"100::",
	"100::1",
	"100:0:0:0:ffff::1",
	"5f00::1",
	"5f00:ffff::1",
};

static const char *const reached[] = {
	"1.1.1.1",
	"8.8.8.8",
	"134744072",
	"0x08080808",
	"9.255.255.255",
	"11.0.0.0",
	"100.63.255.255",
	"100.128.0.0",
	"126.255.255.255",
	"128.0.0.1",
	"169.253.255.255",
	"169.255.0.0",
	"172.15.255.255",
	"172.32.0.0",
	"192.0.1.0",
	"192.0.3.0",
	"192.88.98.255",
	"192.88.100.0",
	"192.167.255.255",
	"192.169.0.0",
	"198.17.255.255",
	"198.20.0.0",
	"198.51.99.255",
	"198.51.101.0",
	"203.0.112.255",
	"203.0.114.0",
	"223.255.255.255",
	"::ffff:8.8.8.8",
	"::ffff:808:808",
	"2606:4700:4700::1111",
	"2001:4860:4860::8888",
	"2001:1::1",
	"2001:db7::1",
	"2001:db9::1",
	"2003::1",
	"64:ff9a::1",
	"64:ff9b:2::1",
	"100:0:0:1::1",
	"3ffe::1",
	"3fff:1000::1",
	"5eff::1",
	"5f01::1",
	"fbff::1",
	"fe00::1",
	"fe7f::1",
};

static bool
allows(const char *host, const struct address_range *allowed, unsigned count)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	bool answer;

	if (getaddrinfo(host, "80", &hints, &found) != 0)
		fail_msg("\"%s\" is no address to the resolver", host);
	answer = address_guard_allows(found->ai_addr, found->ai_addrlen, allowed, count);
	freeaddrinfo(found);
	return answer;
}

static struct address_range
range_of(const char *text)
{
	struct address_range range;
	struct err err;

	if (!address_range_parse(str_of(text), &range, &err))
		fail_msg("%s", err.text);
	return range;
}

static void
no_spelling_reaches_a_refused_network(void **state)
{
	(void)state;
	assert_true(sizeof refused / sizeof *refused >= 100);
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (allows(refused[i], NULL, 0))
			fail_msg("%s may be reached", refused[i]);
}

static void
public_addresses_are_reached(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof reached / sizeof *reached; i++)
		if (!allows(reached[i], NULL, 0))
			fail_msg("%s may not be reached", reached[i]);
}

static void
text_is_judged_like_the_address_dialled(void **state)
{
	(void)state;
	assert_true(address_guard_allows_text("8.8.8.8", NULL, 0));
	assert_true(address_guard_allows_text("2606:4700:4700::1111", NULL, 0));
	assert_false(address_guard_allows_text("127.0.0.1", NULL, 0));
	assert_false(address_guard_allows_text("::ffff:127.0.0.1", NULL, 0));
	assert_false(address_guard_allows_text("fe80::1%eth0", NULL, 0));
	/* What is no plain address is never reached, whatever it may mean elsewhere. */
	assert_false(address_guard_allows_text("", NULL, 0));
	assert_false(address_guard_allows_text("8.8", NULL, 0));
	assert_false(address_guard_allows_text("example.com", NULL, 0));
	assert_false(address_guard_allows_text("/run/redis.sock", NULL, 0));
}

static void
other_families_and_short_addresses_are_refused(void **state)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
	struct sockaddr_in v4 = {.sin_family = AF_INET};

	(void)state;
	v4.sin_addr.s_addr = htonl(0x08080808);
	assert_false(address_guard_allows((struct sockaddr *)&local, sizeof local, NULL, 0));
	assert_true(address_guard_allows((struct sockaddr *)&v4, sizeof v4, NULL, 0));
	assert_false(address_guard_allows((struct sockaddr *)&v4, sizeof v4 - 1, NULL, 0));
}

static void
allowed_networks_open_exactly_themselves(void **state)
{
	const struct address_range allowed[] = {range_of("10.1.0.0/16"), range_of("fd12::/16"),
						range_of("127.0.0.1")};

	(void)state;
	assert_true(allows("10.1.0.0", allowed, 3));
	assert_true(allows("10.1.255.255", allowed, 3));
	assert_true(allows("::ffff:10.1.2.3", allowed, 3)); /* the same host */
	assert_false(allows("10.0.255.255", allowed, 3));
	assert_false(allows("10.2.0.0", allowed, 3));
	assert_true(allows("fd12:ffff::1", allowed, 3));
	assert_false(allows("fd13::1", allowed, 3));
	assert_true(allows("127.0.0.1", allowed, 3));
	assert_false(allows("127.0.0.2", allowed, 3));
	assert_false(allows("::1", allowed, 3));
	assert_false(allows("10.1.0.0", allowed + 1, 2));
}

static void
ranges_of_all_widths_are_read(void **state)
{
	(void)state;
	assert_true(allows("127.0.0.1", (struct address_range[]){range_of("0.0.0.0/0")}, 1));
	assert_false(allows("::1", (struct address_range[]){range_of("0.0.0.0/0")}, 1));
	assert_true(allows("::1", (struct address_range[]){range_of("::/0")}, 1));
	assert_true(allows("::1", (struct address_range[]){range_of("::1/128")}, 1));
	assert_true(allows("10.0.0.9", (struct address_range[]){range_of("10.0.0.8/31")}, 1));
	assert_false(allows("10.0.0.10", (struct address_range[]){range_of("10.0.0.8/31")}, 1));
	assert_true(
		allows("100.127.0.1", (struct address_range[]){range_of("100.64.0.0/10")}, 1));
	assert_true(allows("10.9.9.9",
			   (struct address_range[]){range_of("::ffff:10.0.0.0/104")}, 1));
}

static void
what_is_no_range_is_refused_with_a_sentence(void **state)
{
	static const char *const table[] = {
		"",
		"/",
		"/8",
		"10",
		"10.0.0/8",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"10.0.0.0/+8",
		"10.0.0.0/8 ",
		" 10.0.0.0/8",
		"10.0.0.0/8/8",
		"10.0.0.1/8",
		"::1/64",
		"::/129",
		"fd00::1%eth0/128",
		"localhost",
		"10.0.0.0/0x8",
		"::ffff:10.0.0.0/8",
		"256.0.0.0/8",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc/128",
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct address_range range = {.bits = 77};
		struct err err = {""};

		if (address_range_parse(str_of(table[i]), &range, &err) || range.bits != 77)
			fail_msg("\"%s\" was read", table[i]);
		assert_true(err.text[0] == '"');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_spelling_reaches_a_refused_network),
		cmocka_unit_test(public_addresses_are_reached),
		cmocka_unit_test(text_is_judged_like_the_address_dialled),
		cmocka_unit_test(other_families_and_short_addresses_are_refused),
		cmocka_unit_test(allowed_networks_open_exactly_themselves),
		cmocka_unit_test(ranges_of_all_widths_are_read),
		cmocka_unit_test(what_is_no_range_is_refused_with_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
