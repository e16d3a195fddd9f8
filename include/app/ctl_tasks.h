/* SPDX-License-Identifier: Apache-2.0 */
/* Inside churnctl tasks: what its files share. */
#ifndef APP_CTL_TASKS_H
#define APP_CTL_TASKS_H

#include "app/command.h"

/* argv[0]: the verb. */
enum status tasks_act_run(const struct ctl *ctl, int argc, char **argv);
enum status tasks_report_run(const struct ctl *ctl, int argc, char **argv);

#endif
