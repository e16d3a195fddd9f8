/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to write an address that a webhook may not reach, as hosts of a URL. */
#ifndef UNIT_SPELLINGS_H
#define UNIT_SPELLINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static const uint32_t forbidden[] = {
	0x00000000, /* this network */
	0x00010203, 0x0a000001, 0x0affffff, 0x64400001, 0x7f000001, 0x7f000035,
	0x7fffffff, 0xa9fea9fe, /* metadata services */
	0xac100001, 0xac1fffff, 0xc0000008, 0xc0000201, 0xc0586301, 0xc0a80101,
	0xc6120001, 0xc6336401, 0xcb007101, 0xe0000001, 0xf0000001, 0xffffffff,
};

#define BYTES(a) (a) >> 24, (a) >> 16 & 255, (a) >> 8 & 255, (a)&255
#define WORDS(a) (a) >> 16, (a)&65535

/* The host of a URL, in one of the ways to write an address; false: there are no more. */
static inline bool
spell(char *out, size_t size, unsigned way, uint32_t a)
{
	switch (way) {
	case 0:
		return snprintf(out, size, "%u.%u.%u.%u", BYTES(a)) > 0;
	case 1:
		return snprintf(out, size, "%u", a) > 0;
	case 2:
		return snprintf(out, size, "0x%x", a) > 0;
	case 3:
		return snprintf(out, size, "0X%08X", a) > 0;
	case 4:
		return snprintf(out, size, "0%o", a) > 0;
	case 5:
		return snprintf(out, size, "0x%x.0x%x.0x%x.0x%x", BYTES(a)) > 0;
	case 6:
		return snprintf(out, size, "0%o.0%o.0%o.0%o", BYTES(a)) > 0;
	case 7:
		return snprintf(out, size, "0000%o.00%o.0%o.0%o", BYTES(a)) > 0;
	case 8:
		return snprintf(out, size, "%u.%u", a >> 24, a & 0xffffff) > 0;
	case 9:
		return snprintf(out, size, "%u.%u.%u", a >> 24, a >> 16 & 255, a & 65535) > 0;
	case 10:
		return snprintf(out, size, "0x%x.%u.0%o.%u", BYTES(a)) > 0;
	case 11:
		return snprintf(out, size, "%u.%u.%u.%u.", BYTES(a)) > 0;
	case 12:
		return snprintf(out, size, "%u%%2e%u%%2E%u.%u", BYTES(a)) > 0;
	case 13:
		return snprintf(out, size, "%u.%u.%u.%%3%u", a >> 24, a >> 16 & 255,
				a >> 8 & 255, a % 10) > 0; /* a neighbour */
	case 14:
		return snprintf(out, size, "%u\u3002%u\u3002%u\u3002%u", BYTES(a)) > 0;
	case 15:
		return snprintf(out, size, "%u\uff0e%u\uff61%u.%u", BYTES(a)) > 0;
	case 16:
		return snprintf(out, size, "8.8.8.8@%u.%u.%u.%u", BYTES(a)) > 0;
	case 17:
		return snprintf(out, size, "good.example:443@%u.%u.%u.%u:80", BYTES(a)) > 0;
	case 18:
		return snprintf(out, size, "%u.%u.%u.%u:65535", BYTES(a)) > 0;
	case 19:
		return snprintf(out, size, "[::ffff:%u.%u.%u.%u]", BYTES(a)) > 0;
	case 20:
		return snprintf(out, size, "[::ffff:%x:%x]", WORDS(a)) > 0;
	case 21:
		return snprintf(out, size, "[0:0:0:0:0:FFFF:%04X:%04X]:8080", WORDS(a)) > 0;
	case 22:
		return snprintf(out, size, "[::%u.%u.%u.%u]", BYTES(a)) > 0;
	case 23:
		return snprintf(out, size, "[64:ff9b::%u.%u.%u.%u]", BYTES(a)) > 0;
	case 24:
		return snprintf(out, size, "[64:ff9b:1::%x:%x]", WORDS(a)) > 0;
	case 25:
		return snprintf(out, size, "[2002:%x:%x::1]", WORDS(a)) > 0;
	case 26:
		return snprintf(out, size, "[2001::%x:%x]", ~a >> 16, ~a & 65535) > 0;
	default:
		return false;
	}
}

static const char *const others[] = {
	"[::]",
	"[::0]",
	"[0:0:0:0:0:0:0:0]",
	"[::1]",
	"[::1]:443",
	"[0:0::1]",
	"[0000:0000:0000:0000:0000:0000:0000:0001]",
	"[::1%25lo]",
	"[::1%251]",
	"[fe80::1]",
	"[fe80::1%25lo]",
	"[fe80::1%251]",
	"[FE80::A00:1]",
	"[febf::1]",
	"[fec0::1]",
	"[fc00::1]",
	"[fd00:ec2::254]",
	"[FDFF::]",
	"[ff02::1]",
	"[ff02::1%25lo]",
	"[2001:db8::1]",
	"[3fff::1]",
	"[100::1]",
	"[5f00::1]",
	"u:p@[::1]",
	"[::1].",
	"[::1",
	"::1",
	"[[::1]]",
	"[127.0.0.1]",
	"localhost",
	"LOCALHOST",
	"localhost.",
	"localhost:80",
	"user@localhost",
	"%6c%6f%63alhost",
	"ip6-localhost",
	"metadata.internal",
	"metadata.internal.",
	"intranet.example",
	"\uff11\uff12\uff17.0.0.1",
	"\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3",
	"127.0.0.1#@8.8.8.8",
	"127.0.0.1?@8.8.8.8",
	"8.8.8.8\\@127.0.0.1",
	"127.0.0.1%00.example.com",
	"127.0.0.1%20",
	"127.0.0.1:80:80",
	"127.0.0.1:0",
	"0",
	"0.",
	"00.00",
};

#endif
