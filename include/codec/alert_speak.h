/* SPDX-License-Identifier: Apache-2.0 */
/* An alert's body in another of its languages. */
#ifndef CODEC_ALERT_SPEAK_H
#define CODEC_ALERT_SPEAK_H

#include "base/text.h"

/* Where an object has a text in several languages ("text" and "texts", "advice" and "advices", "title" and
 * "titles"), the singular takes what the plural says in `lang`. Appends the new body and returns true;
 * false, and nothing appended, when there was nothing to change: the bytes then stay as they are. */
bool alert_speak(struct buf *out, struct str body, struct str lang);

#endif
