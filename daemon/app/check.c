/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl check: says what is wrong with rule files. */
#include <stdio.h>

#include "app/command.h"
#include "app/rules_open.h"

enum status
check_run(const struct ctl *ctl, int argc, char **argv)
{
	struct rules_names names = {0};
	if (!options_take(NULL, 0, &argc, argv))
		return STATUS_USAGE;
	for (int i = 1; i < argc; i++)
		rules_names_add(&names, argv[i]);
	if (names.count == 0 && !rules_names_of_config(ctl, &names))
		return STATUS_USAGE;
	struct ruleset *rules = NULL;
	enum status status = rules_open(ctl, &names, RULES_OPEN_CHECK, &rules);
	if (rules && !ctl->json)
		printf(ctl->zh ? "%s：%u 条规则，%u 个信号，%u 个级别，%u 个动作：没有错误\n"
			       : "%s: %u rules, %u signals, %u levels, %u actions: good\n",
		       argv[argc > 1], rules->rule_count, rules->signal_count,
		       rules->level_count - 1, rules->action_count);
	ruleset_destroy(rules);
	rules_names_finish(&names);
	return status;
}
