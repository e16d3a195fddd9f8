/* SPDX-License-Identifier: Apache-2.0 */
/* A customer's state record: what lies in Redis. The ritual for changing it is in record_format.h. */
#ifndef CODEC_RECORD_H
#define CODEC_RECORD_H

#include "engine/customer.h"
#include "engine/entry.h"

/* Self-describing: signals, attributes, rules and tasks by their 32-bit keys, so that a record is read
 * under any rule set (what the set does not know is dropped). Deterministic: equal states, equal bytes.
 * Nothing derived is in it (when it is due, flags DAY and DIRTY). Ends with a CRC-32 (zlib). */
void record_encode(struct buf *out, const struct ruleset *rules,
		   const struct customer *customer, struct stream_id applied);
/* The same, and besides, so that a start need not ask every rule of every customer: time alone changes nothing of
 * it before `due_at` (engine_due_at(); ms; 0: not known), rounded down to a minute. It is derived, and so two
 * daemons may say different instants of equal customers; whoever compares records leaves it out. It is believed
 * under the same rules by the same version of churnd only, and comes back as customer_due_at(), else 0. */
void record_encode_due(struct buf *out, const struct ruleset *rules,
		       const struct customer *customer, struct stream_id applied,
		       int64_t due_at);
/* The tag (first 8 bytes of the rule set's sha) and applied id without decoding the rest. */
bool record_peek(struct str bytes, uint64_t *rules_tag, struct stream_id *applied) MUST_CHECK;
/* Whose record it says it is, without a look at the rest; STR_NONE: it does not, as those of before version 8. */
struct str record_whose(struct str bytes);
/* The same, and it is whole: its checksum fits. */
bool record_says_whose(struct str bytes) MUST_CHECK;
/* NULL: damaged, another's or of a newer version; the sentence names the customer. Owned by the caller. */
struct customer *record_decode(const struct ruleset *rules, struct str id, struct str bytes,
			       struct stream_id *applied, struct err *err) MUST_CHECK;

#endif
