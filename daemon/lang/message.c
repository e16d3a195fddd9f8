/* SPDX-License-Identifier: Apache-2.0 */
/* The table of everything said about a rule or configuration file. */
#include <assert.h>
#include <string.h>

#include "lang/message.h"

/* Codes are stable: a row may be reworded, never reused. Sorted by code within each block. */
static const struct message rows[] = {
	/* E1xx: expressions */
	{"E101", "unknown name {0}", "未知的名称 {0}"},
	{"E102", "unknown function {0}", "未知的函数 {0}"},
	{"E103", "unknown attribute {0}", "未知的属性 {0}"},
	{"E104", "cannot compare {0} with {1}", "{0} 与 {1} 不能比较"},
	{"E105", "\"{0}\" is not a value of {1}; it takes: {2}",
	 "\"{0}\" 不是 {1} 的取值;可用:{2}"},
	{"E106", "cannot compute {0}", "无法计算 {0}"},
	{"E107", "expected {0}, this is {1}", "此处需要 {0},却是 {1}"},
	{"E108", "wrong number of arguments; it is {0}", "参数个数不对;应为 {0}"},
	{"E109", "{0} has no argument {1}=", "{0} 没有参数 {1}="},
	{"E110", "{0}= is given twice", "{0}= 重复"},
	{"E111", "{0} expects {1} here, this is {2}", "{0} 在此处需要 {1},却是 {2}"},
	{"E112", "{0} must be written as a constant here", "{0} 在此处必须写成常量"},
	{"E113", "the branches are of different types: {0} and {1}",
	 "各分支类型不同:{0} 与 {1}"},
	{"E114", "pick has no else and leaves out: {0}", "pick 没有 else,且缺少:{0}"},
	{"E115", "pick chooses by an enum, this is {0}", "pick 按枚举选择,这里却是 {0}"},
	{"E116", "{0} has no order; use == or !=", "{0} 不分大小;请用 == 或 !="},
	{"E117", "{0} stands only in a rule with `on:` or in a signal's `where:`",
	 "{0} 只能用在带 `on:` 的规则或信号的 `where:` 中"},
	{"E118", "{0} stands only in the condition of open()", "{0} 只能用在 open() 的条件中"},
	{"E119", "macro {0} uses itself", "宏 {0} 引用了自身"},
	{"E120", "a value is missing before {0}", "{0} 之前缺少一个值"},
	{"E121", "{0} has no place in an expression", "表达式中不能有 {0}"},
	{"E122", "the text is not closed by {0}", "文本缺少结尾的 {0}"},
	{"E123", "{0} is neither a number nor a duration (90s 5m 4h 14d 2w)",
	 "{0} 既不是数也不是时长(90s 5m 4h 14d 2w)"},
	{"E124", "the expression is longer than {0} bytes", "表达式超过 {0} 字节"},
	{"E125", "the expression is nested deeper than {0}", "表达式嵌套超过 {0} 层"},
	{"E126", "the expression has more than {0} parts once its macros are put in",
	 "展开宏之后,表达式的组成部分超过 {0} 个"},
	{"E127", "a range is whole days or hours, such as [7d] or [24h live]; this is [{0}]",
	 "区间须为整天或整小时,如 [7d]、[24h live];这里是 [{0}]"},
	{"E128", "a range of hours needs live", "按小时的区间必须带 live"},
	{"E129", "a range of hours goes back 72h at most", "按小时的区间最多 72h"},
	{"E130", "range and offset together are longer than 400d", "区间加 offset 超过 400d"},
	{"E131", "offset cannot be used with live", "offset 不能与 live 同用"},
	{"E132", "{0} is a signal and no value", "{0} 是信号,不是值"},
	{"E133", "{0} is a range and no value", "{0} 是区间,不是值"},
	{"E134", "{0} is a list; a list stands only after in",
	 "{0} 是列表;列表只能放在 in 之后"},
	{"E135", "unknown signal {0}", "未知的信号 {0}"},
	{"E136", "{0} needs a signal with {1}", "{0} 需要定义了 {1} 的信号"},
	{"E137", "{0} takes a range of days, not of hours",
	 "{0} 只接受按天的区间,不接受按小时的区间"},
	{"E138", "a list holds constants of one type; this is {0} among {1}",
	 "列表中的常量须同一类型;{1} 之中出现 {0}"},
	{"E139", "{0} is not expected here", "此处不应出现 {0}"},
	{"E140", "the expression is not UTF-8", "表达式不是 UTF-8"},
	{"E141", "comparisons cannot be chained; join them by and",
	 "比较不能连写;请用 and 连接"},
	{"E142", "unknown list {0}", "未知的列表 {0}"},
	{"E143", "list {0} holds \"{1}\", which is not a value of {2}",
	 "列表 {0} 中的 \"{1}\" 不是 {2} 的取值"},
	{"E144", "no levels are defined", "没有定义任何等级"},
	{"E145", "the expression is empty", "表达式为空"},
	{"E146", "{0} is not a date; dates are written \"2026-11-21\"",
	 "{0} 不是日期;日期写作 \"2026-11-21\""},
	{"E147", "{0} is not an instant; instants are written \"2026-11-21T10:00:00+08:00\"",
	 "{0} 不是时刻;时刻写作 \"2026-11-21T10:00:00+08:00\""},
	{"E148", "{0} is missing before {1}", "{1} 之前缺少 {0}"},
	{"E149", "the expression ends where a value is missing", "表达式到此结束,还缺少一个值"},
	{"E150", "the hole is not closed by }", "空位缺少结尾的 }"},
	{"E151", "a lone } ; write }} for a brace", "多余的 };要写大括号请用 }}"},
	{"E152", "the text is longer than {0} bytes or has more than {1} holes",
	 "文本超过 {0} 字节或空位超过 {1} 个"},
	{"E153", "the expression ends where {0} is missing", "表达式到此结束,还缺少 {0}"},
	{"E154", "a name is missing after the dot", "点号之后缺少名称"},

	/* H1xx: hints */
	{"H101", "did you mean {0}?", "是否想写 {0}?"},
	{"H102", "write {0}", "请写 {0}"},
};

const struct message *
message_at(size_t index)
{
	return index < sizeof rows / sizeof *rows ? &rows[index] : NULL;
}

const struct message *
message_find(const char *code)
{
	size_t i = 0;

	while (message_at(i) != NULL && strcmp(rows[i].code, code) != 0)
		i++;
	assert(message_at(i) != NULL);
	return message_at(i);
}

/* "{0}", "{1}" and "{2}" stand for args; any other brace is itself. */
static void
fill(struct buf *out, const char *text, const struct str args[3])
{
	for (; *text; text++) {
		if (text[0] == '{' && text[1] >= '0' && text[1] <= '2' && text[2] == '}') {
			buf_str(out, args[text[1] - '0']);
			text += 2;
		} else {
			buf_char(out, *text);
		}
	}
}

static struct str
filled(struct arena *arena, const char *text, struct str what)
{
	const struct str args[3] = {what};
	struct buf buf = {0};
	struct str out;

	fill(&buf, text, args);
	out = arena_str(arena, buf_view(&buf));
	buf_finish(&buf);
	return out;
}

void
message_hint(struct arena *arena, struct complaint *complaint, const char *code,
	     struct str what)
{
	const struct message *message = message_find(code);

	complaint->hint = filled(arena, message->en, what);
	complaint->hint_zh = filled(arena, message->zh, what);
}

void
message_print(struct buf *out, const struct complaint *complaint, bool zh)
{
	const struct message *message = message_find(complaint->code);

	fill(out, zh ? message->zh : message->en, complaint->args);
}
