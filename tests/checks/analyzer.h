/* SPDX-License-Identifier: Apache-2.0 */
/* Tells clang's analyzer, which reads one file at a time, that err_set and err_prefix return false. */
#ifndef TESTS_CHECKS_ANALYZER_H
#define TESTS_CHECKS_ANALYZER_H

#include "base/err.h"

#define err_set(...) ((void)err_set(__VA_ARGS__), false)
#define err_prefix(...) ((void)err_prefix(__VA_ARGS__), false)

#endif
