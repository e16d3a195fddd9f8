/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps webhooks out of private, local and reserved networks. */
#include "io/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/number.h"

struct address {
	uint8_t bytes[16];
	uint8_t family; /* 4 or 6 */
};

#define V4(a, b, c, d, n)          \
	{                          \
		{a, b, c, d}, 4, n \
	}
#define V6(n, ...)                  \
	{                           \
		{__VA_ARGS__}, 6, n \
	}

/* From the IANA registries of special-purpose addresses: whatever is not a public host. */
static const struct address_range refused[] = {
	V4(0, 0, 0, 0, 8),		   /* this network */
	V4(10, 0, 0, 0, 8),		   /* private */
	V4(100, 64, 0, 0, 10),		   /* carrier NAT, cloud metadata */
	V4(127, 0, 0, 0, 8),		   /* loopback */
	V4(169, 254, 0, 0, 16),		   /* link-local, cloud metadata */
	V4(172, 16, 0, 0, 12),		   /* private */
	V4(192, 0, 0, 0, 24),		   /* protocol assignments */
	V4(192, 0, 2, 0, 24),		   /* documentation */
	V4(192, 88, 99, 0, 24),		   /* 6to4 relays */
	V4(192, 168, 0, 0, 16),		   /* private */
	V4(198, 18, 0, 0, 15),		   /* benchmarks */
	V4(198, 51, 100, 0, 24),	   /* documentation */
	V4(203, 0, 113, 0, 24),		   /* documentation */
	V4(224, 0, 0, 0, 4),		   /* multicast */
	V4(240, 0, 0, 0, 4),		   /* reserved, broadcast */
	V6(96, 0),			   /* ::, ::1, and v4-compatible addresses */
	V6(96, 0, 0x64, 0xff, 0x9b),	   /* NAT64 */
	V6(48, 0, 0x64, 0xff, 0x9b, 0, 1), /* local NAT64 */
	V6(64, 0x01, 0x00),		   /* discard */
	V6(32, 0x20, 0x01, 0, 0),	   /* Teredo */
	V6(32, 0x20, 0x01, 0x0d, 0xb8),	   /* documentation */
	V6(16, 0x20, 0x02),		   /* 6to4 */
	V6(20, 0x3f, 0xff),		   /* documentation */
	V6(16, 0x5f, 0x00),		   /* segment routing */
	V6(7, 0xfc),			   /* unique local */
	V6(10, 0xfe, 0x80),		   /* link-local */
	V6(10, 0xfe, 0xc0),		   /* site-local */
	V6(8, 0xff),			   /* multicast */
};

static bool
range_holds(const struct address_range *range, const struct address *address)
{
	size_t whole = range->bits / 8;
	unsigned rest = range->bits % 8;

	if (range->family != address->family ||
	    memcmp(range->bytes, address->bytes, whole) != 0)
		return false;
	return rest == 0 ||
	       ((range->bytes[whole] ^ address->bytes[whole]) & (0xff00u >> rest & 0xff)) == 0;
}

static bool
is_mapped(const uint8_t bytes[16])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(bytes, prefix, sizeof prefix) == 0;
}

static struct address
address_of_v4(const void *bytes)
{
	struct address address = {.family = 4};

	memcpy(address.bytes, bytes, 4);
	return address;
}

/* A v4-mapped address is the IPv4 address that it reaches. */
static struct address
address_of_v6(const uint8_t bytes[16])
{
	struct address address = {.family = 6};

	if (is_mapped(bytes))
		return address_of_v4(bytes + 12);
	memcpy(address.bytes, bytes, 16);
	return address;
}

static bool
address_of_text(const char *text, struct address *out)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1) {
		*out = address_of_v4(bytes);
		return true;
	}
	if (inet_pton(AF_INET6, text, bytes) != 1)
		return false;
	*out = address_of_v6(bytes);
	return true;
}

/* What is copied may be unaligned in the caller's memory. */
static bool
address_of_socket(const struct sockaddr *from, socklen_t n, struct address *out)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (from->sa_family == AF_INET && n >= sizeof v4) {
		memcpy(&v4, from, sizeof v4);
		*out = address_of_v4(&v4.sin_addr);
		return true;
	}
	if (from->sa_family == AF_INET6 && n >= sizeof v6) {
		memcpy(&v6, from, sizeof v6);
		*out = address_of_v6(v6.sin6_addr.s6_addr);
		return true;
	}
	return false;
}

static bool
has_host_bits(const struct address_range *range)
{
	unsigned size = range->family == 4 ? 32 : 128;

	for (unsigned bit = range->bits; bit < size; bit++)
		if (range->bytes[bit / 8] & 0x80u >> bit % 8)
			return true;
	return false;
}

bool
address_range_parse(struct str text, struct address_range *out, struct err *err)
{
	char name[INET6_ADDRSTRLEN];
	const char *slash = text.n > 0 ? memchr(text.p, '/', text.n) : NULL;
	size_t n = slash ? (size_t)(slash - text.p) : text.n;
	struct address address;
	struct address_range range;
	int64_t bits, size;

	if (n == 0 || n >= sizeof name || memchr(text.p, '\0', n) != NULL)
		return err_set(err, "\"%.*s\" is no network; expected one like 10.0.0.0/8",
			       STR_ARG(text));
	memcpy(name, text.p, n);
	name[n] = '\0';
	if (!address_of_text(name, &address))
		return err_set(err, "\"%.*s\" is no network; expected one like 10.0.0.0/8",
			       STR_ARG(text));
	size = memchr(name, ':', n) ? 128 : 32;
	bits = size;
	if (slash != NULL && (!parse_int64(str_slice(text, n + 1, text.n), &bits) || bits < 0 ||
			      bits > size || slash[1] == '+'))
		return err_set(err,
			       "\"%.*s\": expected a number of bits from 0 to %d after \"/\"",
			       STR_ARG(text), (int)size);
	/* ::ffff:10.0.0.0/104 is 10.0.0.0/8. */
	if (size == 128 && address.family == 4)
		bits -= 96;
	if (bits < 0)
		return err_set(err, "\"%.*s\" mixes IPv4 and IPv6: write two networks",
			       STR_ARG(text));
	range = (struct address_range){.family = address.family, .bits = (uint8_t)bits};
	memcpy(range.bytes, address.bytes, sizeof range.bytes);
	if (has_host_bits(&range))
		return err_set(err, "\"%.*s\" has bits set behind the network's %d",
			       STR_ARG(text), (int)bits);
	*out = range;
	return true;
}

static bool
may_reach(const struct address *address, const struct address_range *allowed, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (range_holds(&allowed[i], address))
			return true;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (range_holds(&refused[i], address))
			return false;
	return true;
}

bool
address_guard_allows(const struct sockaddr *address, socklen_t n,
		     const struct address_range *allowed, unsigned count)
{
	struct address plain;

	return address_of_socket(address, n, &plain) && may_reach(&plain, allowed, count);
}

bool
address_guard_allows_text(const char *address, const struct address_range *allowed,
			  unsigned count)
{
	char name[INET6_ADDRSTRLEN];
	size_t n = strcspn(address, "%"); /* a zone does not change what the address is */
	struct address plain;

	if (n >= sizeof name)
		return false;
	memcpy(name, address, n);
	name[n] = '\0';
	return address_of_text(name, &plain) && may_reach(&plain, allowed, count);
}
