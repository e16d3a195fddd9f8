/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that a webhook may not reach, whatever its URL says and its name resolves to. */
#ifndef IO_ADDRESS_GUARD_H
#define IO_ADDRESS_GUARD_H

#include <sys/socket.h>

#include "base/text.h"

/* A network; IPv4 (also when written as v4-mapped) has family 4. */
struct address_range {
	uint8_t bytes[16];
	uint8_t family; /* 4 or 6 */
	uint8_t bits;
};

/* CIDR = address "/" bits; without "/bits" one address. Bits of the host have to be 0. */
bool address_range_parse(struct str text, struct address_range *out,
			 struct err *err) MUST_CHECK;

/* May this address be dialled? Private, local, reserved and tunnelling networks may not, unless one of
 * `allowed` holds the address; nor may anything that is neither IPv4 nor IPv6. */
bool address_guard_allows(const struct sockaddr *address, socklen_t n,
			  const struct address_range *allowed, unsigned count);
/* The same for an address as text ("10.0.0.1", "fe80::1%eth0"); what cannot be read may not be reached. */
bool address_guard_allows_text(const char *address, const struct address_range *allowed,
			       unsigned count);

#endif
