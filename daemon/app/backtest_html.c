/* SPDX-License-Identifier: Apache-2.0 */
/* A backtest as one page that loads nothing: tables without a script, plots with Chart.js, which stands in it. */
#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/report.h"
#include "codec/markup.h"

/* Chart.js 3, as Debian's libjs-chart.js lays it down. */
#ifndef CHART_JS
#define CHART_JS "/usr/share/javascript/chart.js/chart.min.js"
#endif

/* The assembler reads the file; the Makefile names them all as what this object is made of. */
#define FILE_BYTES(name, path)           \
	__asm__(".pushsection .rodata\n" \
		"page_" #name "_file:\n" \
		".incbin \"" path "\"\n" \
		".byte 0\n"              \
		".popsection\n");        \
	extern const char page_##name##_file[];

FILE_BYTES(style, "daemon/web/backtest.css")
FILE_BYTES(script, "daemon/web/backtest.js")
FILE_BYTES(chart, CHART_JS)

/* Whoever passes a page on passes Chart.js on, whose licence asks for this text. */
static const char chart_licence[] =
	"<!-- The plots are drawn by Chart.js, (c) 2014-2023 Chart.js Contributors, (c) Jukka Kurkela, MIT License:\n"
	"Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated\n"
	"documentation files (the \"Software\"), to deal in the Software without restriction, including without limitation\n"
	"the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to\n"
	"permit persons to whom the Software is furnished to do so, subject to the following conditions: The above copyright\n"
	"notice and this permission notice shall be included in all copies or substantial portions of the Software.\n"
	"THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO\n"
	"THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE\n"
	"AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT,\n"
	"TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE\n"
	"SOFTWARE. -->\n";

static const char *
class_of(enum report_tone tone)
{
	static const char *const classes[] = {[REPORT_PLAIN] = "plain",
					      [REPORT_GOOD] = "good",
					      [REPORT_FAIR] = "fair",
					      [REPORT_BAD] = "bad",
					      [REPORT_MUTED] = "muted"};

	return classes[tone];
}

/* --- the pen --- */

/* Text between tags or inside quotes. */
static void
put_text(struct buf *out, struct str text)
{
	struct buf clean = {0};

	ctl_text_clean(&clean, text);
	markup_escape(out, MARKUP_HTML, buf_view(&clean));
	buf_finish(&clean);
}

static void
put_element(struct buf *out, const char *tag, const char *attributes, struct str text)
{
	buf_printf(out, "<%s%s>", tag, attributes);
	put_text(out, text);
	buf_printf(out, "</%s>\n", tag);
}

static void
put_heading(struct report *report, struct str text)
{
	put_element(report->out, "h2", "", text);
}

static void
put_line(struct report *report, enum report_tone tone, struct str text)
{
	buf_printf(report->out, "<p class=\"%s\">", class_of(tone));
	put_text(report->out, text);
	buf_text(report->out, "</p>\n");
}

static void
put_answers(struct report *report, bool begin)
{
	buf_text(report->out, begin ? "<ul class=\"answers\">\n" : "</ul>\n");
}

static void
put_answer(struct report *report, const struct report_answer *answer)
{
	struct buf *out = report->out;

	buf_printf(out, "<li class=\"is-%s\">", class_of(answer->tone));
	put_element(out, "strong", "", answer->verdict);
	put_element(out, "span", "", answer->name);
	buf_text(out, "<dl>");
	for (unsigned i = 0; i < REPORT_FACTS && answer->facts[i].value.n; i++) {
		buf_text(out, "<div>");
		put_element(out, "dt", "", answer->facts[i].label);
		put_element(out, "dd", "", answer->facts[i].value);
		buf_text(out, "</div>");
	}
	buf_text(out, "</dl>");
	put_element(out, "p", "", answer->sentence);
	buf_text(out, "</li>\n");
}

/* The first of a row heads it; a part of the row above is set in. */
static void
put_cell(struct buf *out, const struct report_table *table, size_t i)
{
	unsigned column = (unsigned)(i % table->columns);
	struct str text = table->cells[i];
	bool right = table->right >> column & 1;

	if (column == 0)
		put_element(out, "th",
			    str_starts(text, STR(" ")) ? " scope=\"row\" class=\"part\""
						       : " scope=\"row\"",
			    str_trim(text));
	else
		put_element(out, "td", right ? " class=\"right\"" : "", text);
}

static void
put_table(struct report *report, const struct report_table *table)
{
	struct buf *out = report->out;

	assert(table->columns > 0);
	buf_text(out, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"");
	put_text(out, table->caption.n ? table->caption : str_of(table->heads[0]));
	buf_text(out, "\"><table>\n");
	if (table->caption.n)
		put_element(out, "caption", "", table->caption);
	buf_text(out, "<thead><tr>");
	for (unsigned i = 0; i < table->columns; i++)
		put_element(out, "th",
			    table->right >> i & 1 ? " scope=\"col\" class=\"right\""
						  : " scope=\"col\"",
			    str_of(table->heads[i]));
	buf_text(out, "</tr></thead>\n<tbody>");
	for (size_t i = 0; i < table->count; i++) {
		buf_text(out, i % table->columns == 0 ? "<tr>" : "");
		put_cell(out, table, i);
		buf_text(out, (i + 1) % table->columns == 0 ? "</tr>\n" : "");
	}
	buf_text(out, "</tbody></table></div>\n");
}

static void
put_plot(struct report *report, const struct report_plot *plot)
{
	struct buf *out = report->out;

	buf_printf(out, "<figure data-plot=\"%s\"><figcaption>", plot->kind);
	put_element(out, "h3", "", plot->title);
	put_element(out, "p", " class=\"muted\"", plot->summary);
	buf_text(out, "</figcaption><div class=\"plot\"><canvas role=\"img\" aria-label=\"");
	put_text(out, plot->summary);
	buf_text(out, "\"></canvas></div></figure>\n");
}

/* --- one language --- */

static void
put_title(struct report *report, struct buf *out)
{
	const json_t *sides = json_object_get(report->doc, "sides");

	put_text(out, report->zh ? STR("回测：") : STR("Backtest of "));
	put_text(out, str_of(ctl_json_text(json_array_get(sides, 0), "name")));
	if (json_array_size(sides) < 2)
		return;
	put_text(out, report->zh ? STR(" 对比 ") : STR(" against "));
	put_text(out, str_of(ctl_json_text(json_array_get(sides, 1), "name")));
}

/* What a boss asks comes first; how it was found out, last. */
static void
put_main(const json_t *doc, bool zh, struct buf *out)
{
	static const struct report_pen pen = {.heading = put_heading,
					      .line = put_line,
					      .answers = put_answers,
					      .answer = put_answer,
					      .table = put_table,
					      .plot = put_plot,
					      .moves = 20,
					      .rows = 12};
	struct report report = {.pen = &pen, .doc = doc, .zh = zh, .out = out};

	arena_init(&report.arena);
	buf_printf(out, "<main class=\"%s\" lang=\"%s\">\n<h1>", zh ? "zh" : "en",
		   zh ? "zh-Hans" : "en");
	put_title(&report, out);
	buf_text(out, "</h1>\n");
	report_write_subject(&report);
	report_write_cautions(&report);
	report_write_answers(&report);
	report_write_expectations(&report);
	report_write_plots(&report);
	report_write_moves(&report);
	report_write_lines(&report);
	report_write_curve(&report);
	report_write_calibration(&report);
	report_write_rankings(&report);
	report_write_overlap(&report);
	put_heading(&report, zh ? STR("数据与规则") : STR("Data and rules"));
	report_write_sources(&report);
	buf_text(out, "</main>\n");
	arena_finish(&report.arena);
}

/* --- the page --- */

/* 'sha256-BASE64' of what stands between the tags: what Content-Security-Policy lets pass. */
static void
put_hash(struct buf *out, struct str text)
{
	unsigned char digest[EVP_MAX_MD_SIZE], encoded[2 * EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_Digest(text.p, text.n, digest, &n, EVP_sha256(), NULL) != 1)
		abort();
	EVP_EncodeBlock(encoded, digest, (int)n);
	buf_printf(out, " 'sha256-%s'", (const char *)encoded);
}

static void
put_head(const json_t *doc, bool zh, struct buf *out)
{
	struct report report = {.doc = doc, .zh = zh};

	buf_printf(out,
		   "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
		   zh ? "zh-Hans" : "en");
	buf_text(out,
		 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		 "base-uri 'none'; form-action 'none'; style-src");
	put_hash(out, str_of(page_style_file));
	buf_text(out, "; script-src");
	put_hash(out, str_of(page_chart_file));
	put_hash(out, str_of(page_script_file));
	buf_text(
		out,
		"\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<title>");
	put_title(&report, out);
	buf_printf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n", page_style_file);
}

static void
put_switch(bool zh, struct buf *out)
{
	static const struct {
		const char *id, *name, *lang;
	} rows[] = {{"lang-zh", "中文", "zh-Hans"}, {"lang-en", "English", "en"}};

	for (size_t i = 0; i < 2; i++)
		buf_printf(out,
			   "<input class=\"lang\" type=\"radio\" name=\"lang\" id=\"%s\"%s>"
			   "<label for=\"%s\" lang=\"%s\">%s</label>\n",
			   rows[i].id, zh == (i == 0) ? " checked" : "", rows[i].id,
			   rows[i].lang, rows[i].name);
}

/* Inside a script's tags nothing may end them: < > & stand only in strings, where JSON can spell them. */
static void
put_document(const json_t *doc, struct buf *out)
{
	char *text = json_dumps(doc, BACKTEST_JSON);

	buf_text(out, "<script type=\"application/json\" id=\"document\">");
	for (const char *p = text ? text : "null"; *p; p++) {
		if (*p == '<' || *p == '>' || *p == '&')
			buf_printf(out, "\\u%04x", (unsigned)*p);
		else
			buf_char(out, *p);
	}
	buf_text(out, "</script>\n");
	free(text);
}

static void
put_page(const json_t *doc, bool zh, struct buf *out)
{
	put_head(doc, zh, out);
	put_switch(zh, out);
	put_main(doc, zh, out);
	put_main(doc, !zh, out);
	put_document(doc, out);
	buf_text(out, chart_licence);
	buf_printf(out, "<script>%s</script>\n<script>%s</script>\n</body>\n</html>\n",
		   page_chart_file, page_script_file);
}

bool
backtest_html(const json_t *doc, const char *file, bool zh, struct err *err)
{
	FILE *stream = fopen(file, "wb");
	struct buf page = {0};
	bool done;

	if (!stream)
		return err_set(err, "%s: cannot be written: %s", file, strerror(errno));
	put_page(doc, zh, &page);
	done = fwrite(page.p, 1, page.n, stream) == page.n;
	done = fclose(stream) == 0 && done;
	buf_finish(&page);
	return done || err_set(err, "%s could not be written", file);
}
