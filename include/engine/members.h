/* SPDX-License-Identifier: Apache-2.0 */
/* The people inside a customer: a roster, and what each of them did. */
#ifndef ENGINE_MEMBERS_H
#define ENGINE_MEMBERS_H

#include "engine/track.h"

struct member *member_find(const struct customer *customer, struct str id); /* or NULL */
/* Made when missing; the caller sees to the most there may be. Pointers to members last until the next one
 * is made or forgotten. */
struct member *member_make(struct customer *customer, struct str id);
void member_finish(struct member *member); /* frees what it owns, not itself */
void members_finish(struct cold *cold);
/* The one silent longest goes, until there are at most so many. */
void members_cut(struct cold *cold, unsigned most);
unsigned members_count(const struct customer *customer); /* who have not left */

/* Takes the entry in; counted: signals that counted it, on local day `day`. True when somebody had to go
 * for somebody else. */
bool members_take(const struct ruleset *rules, struct customer *customer,
		  const struct entry *entry, uint64_t counted, int64_t day);

#endif
