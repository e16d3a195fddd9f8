/* SPDX-License-Identifier: Apache-2.0 */
/* What the rooms of churnctl doctor share: one sentence a finding, what is wrong and what to do. */
#ifndef APP_CTL_DOCTOR_H
#define APP_CTL_DOCTOR_H

#include "app/ctl.h"
#include "base/json.h"

enum verdict { VERDICT_OK, VERDICT_NOTE, VERDICT_UNWISE, VERDICT_WRONG };

struct doctor {
	struct ctl_redis *redis;
	struct buf json_text;
	struct json json;
	unsigned found; /* unwise or wrong */
	/* Sections of INFO. */
	struct str server, memory, persistence, replication, stats;
};

void doctor_say(struct doctor *doctor, enum verdict verdict, const char *what, const char *fmt,
		...) PRINTF_LIKE(4, 5);

/* --- ctl_doctor_redis.c: Redis' settings and state --- */

bool doctor_read_info(struct doctor *doctor, struct err *err) MUST_CHECK;
void doctor_check_redis(struct doctor *doctor);

/* --- ctl_doctor_access.c: who gets in, how, and who reads the secrets --- */

void doctor_check_access(struct doctor *doctor);
void doctor_check_files(struct doctor *doctor);

#endif
