/* SPDX-License-Identifier: Apache-2.0 */
/* The table of everything said about a rule or configuration file. */
#include <assert.h>
#include <string.h>

#include "lang/message.h"

/* Codes are stable: a row may be reworded, never reused. Sorted by code within each block. */
static const struct message rows[] = {
	/* E0xx: YAML and the shape of a file */
	{"E001", "the byte {0} is not UTF-8; save the file as UTF-8",
	 "字节 {0} 不是 UTF-8;请将文件存为 UTF-8"},
	{"E002", "the character {0} cannot stand in a file", "文件中不能有字符 {0}"},
	{"E003", "the file is larger than 1 MiB", "文件超过 1 MiB"},
	{"E004", "this is not YAML: {0}", "不是 YAML:{0}"},
	{"E005", "': ' cannot stand here; put the text in quotes, or check the indentation",
	 "此处不能有 ': ';请给文本加引号,或检查缩进"},
	{"E006", "no text can begin with this character; put the text in quotes",
	 "文本不能以此字符开头;请给文本加引号"},
	{"E007", "a tab cannot indent; use spaces", "缩进不能用制表符;请用空格"},
	{"E008", "the quote that opens here is never closed", "此处的引号没有结尾"},
	{"E009", "expected ',' or ']'; the list begins in line {0}",
	 "此处需要 ',' 或 ']';列表始于第 {0} 行"},
	{"E010", "expected ',' or '}'; the map begins in line {0}",
	 "此处需要 ',' 或 '}';映射始于第 {0} 行"},
	{"E011", "expected `key: value` at this indentation", "此缩进处需要 `键: 值`"},
	{"E012", "expected '- ' at this indentation", "此缩进处需要 '- '"},
	{"E013",
	 "unknown escape in double quotes; write \\\\ for a backslash, or use "
	 "single quotes",
	 "双引号中有未知的转义;反斜杠请写 \\\\,或改用单引号"},
	{"E014", "behind | or > only -, + or a digit may stand",
	 "| 或 > 之后只能有 -、+ 或一位数字"},
	{"E015", "'- ' cannot stand here; begin the list on a line of its own",
	 "此处不能有 '- ';请另起一行写列表"},
	{"E016", "a value is missing here", "此处缺少值"},
	{"E020",
	 "anchors and aliases (& and *) are not allowed; write it out, or put "
	 "the text in quotes",
	 "不允许锚点与别名(& 和 *);请写全,或给文本加引号"},
	{"E021", "tags (!) are not allowed; put the text in quotes",
	 "不允许标签(!);请给文本加引号"},
	{"E022", "merge keys (<<) are not allowed; write the keys out",
	 "不允许合并键(<<);请写全"},
	{"E023", "a second document begins here; a file holds one",
	 "此处开始了第二个文档;一个文件只能有一个"},
	{"E024", "nested deeper than {0}", "嵌套超过 {0} 层"},
	{"E025", "a key must be plain text", "键必须是文本"},
	{"E026", "{0} is given twice; the first stands in line {1}",
	 "{0} 重复;前一个在第 {1} 行"},
	{"E030", "unknown key {0}", "未知的键 {0}"},
	{"E031", "unknown key {0}; known here: {1}", "未知的键 {0};此处可用:{1}"},
	{"E032", "expected `key: value` pairs here", "此处需要若干 `键: 值`"},
	{"E033", "expected a list here", "此处需要列表"},
	{"E034", "expected a text here", "此处需要文本"},
	{"E035", "a value is missing here", "此处缺少值"},
	{"E036", "expected a whole number from {0} to {1}", "此处需要 {0} 到 {1} 的整数"},
	{"E037", "expected a number from {0} to {1}", "此处需要 {0} 到 {1} 的数"},
	{"E038", "expected a duration such as 90s, 5m, 4h, 14d or 2w, not {0}",
	 "此处需要时长,如 90s、5m、4h、14d、2w,而不是 {0}"},
	{"E039", "the duration must be from {0} to {1}", "时长须在 {0} 到 {1} 之间"},
	{"E040", "unknown word {0}; allowed: {1}", "未知的词 {0};可用:{1}"},
	{"E041", "expected true or false", "此处需要 true 或 false"},
	{"E042", "the text is longer than {0} bytes", "文本超过 {0} 字节"},
	{"E043", "the text holds a control character or a line break",
	 "文本含有控制字符或换行"},
	{"E044", "the list is empty", "列表为空"},
	{"E045", "{0} stands twice in the list", "列表中 {0} 重复"},
	{"E047", "the list has more than {0} entries", "列表超过 {0} 项"},
	{"E048", "the key {0} is missing", "缺少键 {0}"},
	{"E049", "expected a text, or {en: .., zh: ..}", "此处需要文本,或 {en: .., zh: ..}"},

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
	{"E118", "{0} stands only in the condition of open() or in a rule with `each:`",
	 "{0} 只能用在 open() 的条件或带 `each:` 的规则中"},
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
	{"E155", "{0} takes whole days here, 1d to 400d", "{0} 在此处只接受整天,1d 到 400d"},
	{"E170",
	 "workdays() takes a duration that stands still, or one such as since(login) alone; not {0}",
	 "workdays() 只接受固定的时长,或单独一个 since(login) 之类;不能是 {0}"},
	{"E171", "the calendar has no holiday {0}", "日历中没有节假日 {0}"},
	{"E172", "holiday() needs a `calendar:` in the rule file",
	 "holiday() 需要规则文件中有 `calendar:`"},
	{"E173", "`date` may read profile.* and item.* only, not {0}",
	 "`date` 只能读 profile.* 与 item.*,不能用 {0}"},
	{"E174", "the calendar says when a holiday comes again; leave out `every`",
	 "节假日何时再来由日历决定;请删去 `every`"},
	{"E180", "there is no rule \"{0}\"", "没有规则 \"{0}\""},
	{"E181",
	 "{0} reads rules further up in the file only; move the rule \"{1}\" above this one",
	 "{0} 只能读文件中更靠前的规则;请把规则 \"{1}\" 移到本规则之前"},
	{"E182", "the rule \"{0}\" cannot read its own firing",
	 "规则 \"{0}\" 不能读自身的触发"},
	{"E183", "{0} cannot stand here, which is looked at before any rule",
	 "此处不能用 {0}:这里先于所有规则判断"},
	{"E175", "{0} is a list of items and no value", "{0} 是条目列表,不是值"},
	{"E176", "unknown list of items {0}", "未知的条目列表 {0}"},
	{"E177", "write the condition in quotes: open({0}, 'item.key == \"a\"')",
	 "条件要写在引号里:open({0}, 'item.key == \"a\"')"},
	{"E178",
	 "{0} cannot stand in a condition on items; it reads item.*, profile.* and until()",
	 "条目的条件中不能用 {0};可用 item.*、profile.* 与 until()"},
	{"E179", "an item of {0} has no {1}; it has: {2}", "{0} 的条目没有 {1};可用:{2}"},

	{"E160", "{0} asks for {1} here", "{0} 在此处要求 {1}"},

	/* E2xx: names, limits, the meaning of a rule */
	{"E200", "the language has no version {0}; write churnd: 1",
	 "规则语言没有版本 {0};请写 churnd: 1"},
	{"E201", "{0} stands already in {1}; it may stand once in all files",
	 "{0} 已在 {1};所有文件中只能出现一次"},
	{"E202", "the key churnd is missing; write churnd: 1, the version of the rule language",
	 "缺少键 churnd;请写规则语言的版本 churnd: 1"},
	{"E203", "the key name is missing; it is part of every alert's id",
	 "缺少键 name;它是每条告警编号的一部分"},
	{"E204", "unknown time zone {0}", "未知的时区 {0}"},
	{"E205", "{0} is defined already in {1}", "{0} 已在 {1} 定义"},
	{"E206",
	 "{0} is no name; names are letters, digits and _, not words of the "
	 "language, at most 64 bytes",
	 "{0} 不能作名称;名称由文字、数字和 _ 组成,不得是语言的关键字,最多 64 字节"},
	{"E207", "{0} is no event type; those are a-z, 0-9, _ . - and at most 64 bytes",
	 "{0} 不是事件类型;事件类型由 a-z、0-9、_ . - 组成,最多 64 字节"},
	{"E208", "events of type {0} have a meaning of their own and feed no signal or rule",
	 "类型 {0} 的事件另有含义,不能供信号或规则使用"},
	{"E209", "`clear` is looked at when there is no event; it may not read {0}",
	 "`clear` 在没有事件时也会判断,不能读 {0}"},
	{"E210", "too many {0}: at most {1}", "{0} 过多:最多 {1}"},
	{"E211", "levels must rise: {0}, before it, is entered at {1}",
	 "等级须递增:其前的 {0} 在 {1} 进入"},
	{"E212", "leave must not be above enter: {0} is above {1}",
	 "leave 不能高于 enter:{0} 高于 {1}"},
	{"E213", "healthy is the level under the lowest; it is not declared",
	 "healthy 是最低等级之下的状态,无须声明"},
	{"E214", "{0} is not a value of {1}", "{0} 不是 {1} 的取值"},
	{"E215", "give either type or enum, not both", "type 与 enum 只能给一个"},
	{"E216", "say the type, or enum: [...]", "请写 type,或 enum: [...]"},
	{"E217", "profile.{0} is always declared; leave it out",
	 "profile.{0} 始终已声明;请删去"},
	{"E218", "a signal has either sum or last, not both", "信号的 sum 与 last 只能给一个"},
	{"E219", "{0} cannot stand in a signal's `where`; it may read event.* and profile.*",
	 "信号的 `where` 中不能用 {0};可读 event.* 与 profile.*"},
	{"E220", "the signal {0} is defined like {1}; use that one",
	 "信号 {0} 与 {1} 定义相同;请直接用后者"},
	{"E221", "there is no rule {0} before this one to override",
	 "此前没有可覆盖的规则 {0}"},
	{"E222", "an event rule has no `for`; it fires when its event comes",
	 "事件规则没有 `for`;事件到来即触发"},
	{"E223", "{0} and {1} cannot be told apart by their keys; rename one",
	 "{0} 与 {1} 的键值相同,无法区分;请改名"},
	{"E224", "profile.{0} is not a string and cannot name a person",
	 "profile.{0} 不是 string,不能表示人"},
	{"E225", "unknown alert type {0}", "未知的告警类型 {0}"},
	{"E226", "{0} has no meaning for {1}", "{0} 对 {1} 没有意义"},
	{"E227", "unknown level {0}", "未知的等级 {0}"},
	{"E228", "unknown rule {0}", "未知的规则 {0}"},
	{"E229", "unknown task {0}", "未知的任务 {0}"},
	{"E230", "an action needs a webhook or a task", "动作需要 webhook 或 task"},
	{"E231", "{0} takes a place among the signals of its own; at most {1} in all",
	 "{0} 需另占一个信号位;信号总数最多 {1}"},
	{"E232", "{0} cannot stand in a model's `when`; it may read profile.*",
	 "模型的 `when` 中不能用 {0};只可读 profile.*"},
	{"E234", "a model's {0} is a number above 0, not {1}",
	 "模型的 {0} 须为大于 0 的数,而不是 {1}"},
	{"E235",
	 "a step is whole days up to 400d: 30d is before the date, -5d after it; not {0}",
	 "步骤须为整天,至多 400d:30d 为日期之前,-5d 为日期之后;不能是 {0}"},
	{"E236", "expected a time of day such as \"09:00\", not {0}",
	 "此处需要一天中的时刻,如 \"09:00\",而不是 {0}"},
	{"E237", "expected month, year or whole days such as 7d, not {0}",
	 "此处需要 month、year 或整天如 7d,而不是 {0}"},
	{"E238", "a date rule has no `{0}`; each step fires it for keep_firing_for",
	 "日期规则没有 `{0}`;每一步触发它,持续 keep_firing_for"},
	{"E239", "`{0}` belongs to a date rule; add `date:`",
	 "`{0}` 属于日期规则;请加 `date:`"},
	{"E240", "levels must rise: {0}, before it, is left at {1}",
	 "等级须递增:其前的 {0} 在 {1} 离开"},
	{"E241",
	 "a text is printed again when the event is gone; it may not read {0}, use last()",
	 "文本在事件之后还会再次输出,不能读 {0};请用 last()"},
	{"E242", "{0} is private: it would leave in the alert's text",
	 "{0} 是私有属性:会随告警文本外泄"},
	{"E243", "the calendar file {0} cannot be read", "无法读取日历文件 {0}"},
	{"E244", "{0} is not a date; dates are written 2026-11-21",
	 "{0} 不是日期;日期写作 2026-11-21"},
	{"E245",
	 "{0} is a holiday already, in {1}; a day is either a holiday or a make-up workday",
	 "{0} 已在 {1} 列为节假日;一天不能既是节假日又是补班日"},
	{"E246", "{0} are no working hours; write '09:00-18:00', the earlier time first",
	 "{0} 不是工作时间;请写 '09:00-18:00',早的在前"},
	{"E247", "{0} stands already in {1}", "{0} 已在 {1}"},
	{"E257", "the rule \"{0}\" cannot inhibit itself", "规则 \"{0}\" 不能抑制自身"},
	{"E258", "every customer is at least healthy; name a level that is entered",
	 "任何客户都不低于 healthy;请写一个须进入的等级"},
	{"E267", "{0} is about no customer: `when` has nobody to ask",
	 "{0} 不针对客户:`when` 无从判断"},
	{"E268", "{0} is about no customer: it can order no task, only a webhook",
	 "{0} 不针对客户:不能派任务,只能用 webhook"},
	{"E248", "{0} needs a `members:` section, which says who the people are",
	 "{0} 需要 `members:` 一节,以说明成员是谁"},
	{"E249", "{0} reaches back {1}, and members are kept {2}; raise `reach`",
	 "{0} 要回看 {1},而成员只保留 {2};请调大 `reach`"},
	{"E250", "item.{0} is always there; leave it out", "item.{0} 始终存在;请删去"},
	{"E251", "{0} both opens and closes", "{0} 既打开又关闭"},
	{"E252", "the items {0} are defined like {1}; use those",
	 "条目 {0} 与 {1} 定义相同;请直接用后者"},
	{"E253", "items of {0} have no due date; give the list `due:`",
	 "条目 {0} 没有到期日;请为列表写上 `due:`"},
	{"E290", "{0} is not supported yet", "暂不支持 {0}"},

	/* W2xx: what is allowed and unwise */
	{"W201", "baseline {0} overlaps {1}; add '{2}'", "基线 {0} 与 {1} 重叠;请加 '{2}'"},
	{"W202", "signal {0} is not used", "信号 {0} 未被使用"},
	{"W203", "macro {0} is not used", "宏 {0} 未被使用"},
	{"W204", "list {0} is not used", "列表 {0} 未被使用"},
	{"W205", "no sum of points reaches {0}: the rules give {1} at most",
	 "分数之和达不到 {0}:规则合计最多 {1}"},
	{"W206", "a small customer's ratio falls by chance; add p_drop({0}, {1}) < 0.001",
	 "小客户的比值会偶然下降;请加 p_drop({0}, {1}) < 0.001"},
	{"W207", "unknown for a customer who never did it; use silent({0}), or add seen({0})",
	 "从未发生过的客户得到未知;请用 silent({0}),或加 seen({0})"},
	{"W208", "{0} can never be true", "{0} 永远不会成立"},
	{"W209", "nobody fitted a model of {0}: its chances are rough; add one under models:",
	 "{0} 没有拟合过的模型,概率只是粗略估计;请在 models: 下添加"},
	{"W210", "never asked: a model of {0} before it has no `when`",
	 "永远用不到:其前已有不带 `when` 的 {0} 模型"},

	/* E4xx: configuration */
	{"E401",
	 "expected an address such as redis://127.0.0.1:6379/0 or "
	 "unix:///run/redis.sock",
	 "此处需要地址,如 redis://127.0.0.1:6379/0 或 unix:///run/redis.sock"},
	{"E402", "expected an address that begins with http:// or https://",
	 "此处需要以 http:// 或 https:// 开头的地址"},
	{"E403", "expected whsec_ and a key in base64", "此处需要 whsec_ 加 base64 密钥"},
	{"E404", "the webhook {0} needs a secret or a secret_file",
	 "webhook {0} 需要 secret 或 secret_file"},
	{"E405", "give either secret or secret_file, not both",
	 "secret 与 secret_file 只能给一个"},
	{"E406", "{0} is no name of a header", "{0} 不能作请求头名"},
	{"E407", "the header {0} is set by the daemon", "请求头 {0} 由程序自己设置"},
	{"E408", "{0} is no network such as 10.0.0.0/8", "{0} 不是网段,如 10.0.0.0/8"},
	{"E409", "expected a share such as 20%", "此处需要百分比,如 20%"},
	{"E410", "cert_file and key_file go together", "cert_file 与 key_file 须一同给出"},
	{"E411", "an address other than loopback needs a token_file",
	 "非本机地址需要 token_file"},
	{"E412", "expected HOST:PORT or unix:PATH", "此处需要 主机:端口 或 unix:路径"},
	{"E413", "{0} must not be above {1}", "{0} 不能大于 {1}"},
	{"E414", "a webhook's name holds no space, comma, quote or brace",
	 "webhook 的名称不能含空格、逗号、引号或大括号"},
	{"E490", "{0} is not supported yet", "暂不支持 {0}"},
	/* E5xx: rule tests */
	{"E500",
	 "a test file names the rule files it is about: rules: saas.yaml, relative to itself",
	 "测试文件须指明所测的规则文件:rules: saas.yaml,相对于本文件"},
	{"E501", "a test file says on which day it begins: start: 2026-03-02",
	 "测试文件须指明起始日:start: 2026-03-02"},
	{"E502", "expected a date such as 2026-03-02, not {0}",
	 "此处需要日期,如 2026-03-02,而不是 {0}"},
	{"E503",
	 "expected a moment such as 54d, '54d 09:30', 2026-03-02 or an instant with its offset, not {0}",
	 "此处需要时刻,如 54d、'54d 09:30'、2026-03-02 或带时区的时刻,而不是 {0}"},
	{"E504",
	 "{0} lies outside the test, which begins on its start and lasts {1} days at most",
	 "{0} 不在测试之内:测试从 start 开始,最多 {1} 天"},
	{"E505", "there is no test here; give at least one under tests:",
	 "没有测试;请在 tests: 下至少写一个"},
	{"E506", "give either customer or customers, not both",
	 "customer 与 customers 只能给出一个"},
	{"E507",
	 "expected events a day such as 1x41, 0x20, poisson(5, seed 1)x28 or (1 0x6)x8, not {0}",
	 "此处需要每日事件数,如 1x41、0x20、poisson(5, seed 1)x28 或 (1 0x6)x8,而不是 {0}"},
	{"E508", "too many: at most {0}", "过多:至多 {0}"},
	{"E509", "{0} is no signal, and nothing in the rules reads events of this type",
	 "{0} 不是信号,规则也不读取此类事件"},
	{"E510",
	 "no event was found that signal {0} takes; give the attributes that its `where` asks for",
	 "找不到信号 {0} 接受的事件;请给出其 where 所要求的属性"},
	{"E511", "signal {0} reads {1} of the event; give it, such as {days: '1x7', {1}: 20}",
	 "信号 {0} 读取事件的 {1};请给出,如 {days: '1x7', {1}: 20}"},
	{"E512", "this event would be rejected: {0}", "此事件会被拒绝:{0}"},
	{"E513", "the profile has no attribute {0}", "profile 中没有属性 {0}"},
	{"E514", "{0} is no {1}; it is one of {2}", "{0} 不是 {1};可用:{2}"},
	{"E515", "an event needs a type, signal, profile or tag",
	 "事件须有 type、signal、profile 或 tag"},
	{"E516", "an event cannot arrive before it happens", "事件不能在发生之前到达"},
	{"E517", "expected days, at, or moments with values such as {12d: 9}",
	 "此处需要 days、at,或时刻与数值,如 {12d: 9}"},
	{"E518", "{0} is missing here", "此处缺少 {0}"},
	{"E519", "{0} does not feed this signal", "{0} 不属于此信号"},
	{"E520", "a span ends after it begins, and what is late arrives after its end",
	 "时段须先始后终,迟到的事件须在其后到达"},
	{"E521", "expected a whole number or a bound such as '>= 60', not {0}",
	 "此处需要整数或界限,如 '>= 60',而不是 {0}"},
	{"E522", "there is no rule {0}", "没有规则 {0}"},
	{"E523", "there is no customer {0} in this test; the first is {1}",
	 "此测试没有客户 {0};第一个是 {1}"},
	{"E524", "state and points are those of a rule; name it",
	 "state 与 points 属于规则;请写出规则名"},
	{"E525",
	 "nothing is expected here; give state, points, risk, level, stage, tags, firing or tasks",
	 "此处没有期望;请给出 state、points、risk、level、stage、tags、firing 或 tasks"},
	{"E526", "what is expected of this rule? give state or points",
	 "对此规则有何期望?请给出 state 或 points"},
	{"E527", "count is of all customers; leave out customer",
	 "count 针对全部客户;请去掉 customer"},
	{"E528", "there is no alert type {0}", "没有提醒类型 {0}"},
	{"E529", "give one of count, at_least and at_most",
	 "count、at_least、at_most 只能给出一个"},
	{"E530", "a test expects something: give expect or alerts",
	 "测试须有期望:请给出 expect 或 alerts"},

	/* N3xx: notes */
	{"N301", "{0} cannot be true under {1} events", "少于 {1} 个事件时 {0} 不会成立"},

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
