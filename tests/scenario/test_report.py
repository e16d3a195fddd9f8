#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How a backtest is read: the page loads nothing and lets nothing out of its place, both languages say the same. tests/interop looks at it in a browser."""
import base64
import hashlib
import html.parser
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import backtest_document  # noqa: E402
from backtest_document import HOSTILE  # noqa: E402
from live_house import PATIENCE, check, run_tests  # noqa: E402

REPORT = os.path.abspath(os.path.join(os.environ.get('BUILD', 'build'), 'release', 'tools', 'report'))
CHURNCTL = os.path.abspath(os.path.join(os.environ.get('BUILD', 'build'), 'churnctl'))
VOID = {'meta', 'input', 'br', 'img', 'link'}


def run(doc, *options, page=True):
    """The page of a document, or what a terminal shows of it."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = os.path.join(folder, 'document.json'), os.path.join(folder, 'page.html')
        with open(source, 'w', encoding='utf-8') as file:
            json.dump(doc, file)
        done = subprocess.run([REPORT, *options, source] + ([out] if page else []), capture_output=True, text=True, timeout=3 * PATIENCE, check=False)
        check(done.returncode == 0 and done.stderr == '', done)
        if not page:
            return done.stdout
        with open(out, encoding='utf-8') as file:
            return file.read()


class Page(html.parser.HTMLParser):
    """Elements in order, whether they are closed as they were opened, the text of each script."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.inside, self.policy = [], [], {}, None
        self.feed(text)
        self.close()
        check(not self.open, f'left open: {self.open}')

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if attrs.get('http-equiv') == 'Content-Security-Policy':
            self.policy = attrs['content']
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        check(self.open and self.open[-1] == tag, f'</{tag}> closes {self.open[-1:]} at {self.getpos()}')
        self.open.pop()

    def handle_data(self, data):
        if self.open:
            self.inside.setdefault(self.open[-1], []).append(data)

    def count(self, tag):
        return sum(name == tag for name, _ in self.tags)


def test_the_page_is_sound_html_with_tables_and_plots_in_both_languages():
    page = Page(run(backtest_document.document()))
    mains = [attrs for tag, attrs in page.tags if tag == 'main']
    check([main['lang'] for main in mains] == ['en', 'zh-Hans'], mains)
    plots = [attrs['data-plot'] for tag, attrs in page.tags if tag == 'figure']
    check(plots == ['lead', 'early', 'weekly', 'calibration'] * 2, plots)
    check(page.count('table') == 18 and page.count('caption') > 0, page.count('table'))
    check(all(attrs.get('scope') for tag, attrs in page.tags if tag == 'th'), 'a head without scope')
    check(all(attrs.get('aria-label') and attrs.get('role') == 'img' for tag, attrs in page.tags if tag == 'canvas'), 'a plot without words')


def test_the_language_asked_for_comes_first_and_is_the_one_shown():
    for lang, first in (('en', 'en'), ('zh', 'zh-Hans')):
        page = Page(run(backtest_document.document(), '--lang', lang))
        check([attrs['lang'] for tag, attrs in page.tags if tag == 'main'][0] == first, lang)
        check([attrs['id'] for tag, attrs in page.tags if 'checked' in attrs] == ['lang-' + lang], lang)


def test_the_page_holds_the_document():
    doc = backtest_document.document()
    text = run(doc)
    held = re.search(r'<script type="application/json" id="document">(.*?)</script>', text, re.S).group(1)
    check(json.loads(held) == doc, 'another document')


def test_the_same_document_gives_the_same_bytes():
    check(run(backtest_document.document()) == run(backtest_document.document()), 'bytes differ')


def test_the_page_asks_for_nothing():
    text = run(backtest_document.document())
    page = Page(text)
    for tag, attrs in page.tags:
        loads = {name for name in attrs if name in ('src', 'href', 'srcset', 'action', 'data', 'background') or name.startswith('on')}
        check(not loads and tag not in ('link', 'iframe', 'object', 'embed', 'img', 'base'), (tag, attrs))
    css = ''.join(page.inside['style'])
    check('url(' not in css and '@import' not in css, css)
    check(set(re.findall(r'https?://[^\s"\'<>)]*', text)) <= {'https://www.chartjs.org', 'https://github.com/kurkle/color#readme'}, 'an address')  # in banners


def digest(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def test_the_policy_lets_no_script_run_but_ours():
    text = run(backtest_document.document())
    policy = Page(text).policy
    scripts = re.findall(r'<script>(.*?)</script>', text, re.S)
    style = re.search(r'<style>(.*?)</style>', text, re.S).group(1)
    check(len(scripts) == 2 and 'unsafe' not in policy and policy.startswith("default-src 'none';"), policy)
    check(policy.split('script-src ')[1] == digest(scripts[0]) + ' ' + digest(scripts[1]), policy)
    check('style-src ' + digest(style) + ';' in policy, policy)


def test_hostile_names_stay_text():
    calm = Page(run(backtest_document.document()))
    for text in (HOSTILE, '"><script>alert(1)</script>', "' onmouseover='alert(1)", '<!--<script>', '&lt;b&gt;', ']]>', '\u202egnp.exe'):
        page = Page(run(backtest_document.everywhere(backtest_document.document(), text)))
        check({tag for tag, _ in page.tags} <= {tag for tag, _ in calm.tags}, text)
        check(page.count('script') == 3, text)
        names = {name for _, attrs in page.tags for name in attrs}
        check(names <= {name for _, attrs in calm.tags for name in attrs}, names)
        check('\u202e' not in ''.join(page.inside['th']), 'the direction of writing is turned')


def test_the_licence_of_the_plots_goes_with_them():
    text = run(backtest_document.document())
    check('Chart.js v3' in text and 'Released under the MIT License' in text and 'Permission is hereby granted' in text, 'no licence')


def test_the_answer_follows_the_interval_not_the_luck():
    def verdict(**changes):
        doc = backtest_document.document(1)
        line = next(one for one in doc['sides'][0]['lines'] if one['name'] == 'broken' and one['period'] == 'judge' and not one['split'])
        line.update(changes)
        doc['sides'][0]['lines'] = [line]
        return run(doc, page=False).split('Should we switch it on?')[1]

    def share(value, low, high):
        return {'value': value, 'low': low, 'high': high}
    early = {'q1': 8, 'median': 14, 'q3': 20, 'low': 13, 'high': 15}
    check('Yes: worth a call' in verdict(precision=share(.9, .75, .95)), 'sure')
    check('Yes: mostly right' in verdict(precision=share(.9, .7499, .95)), 'useful')
    check('With care' in verdict(precision=share(.6, .49, .7)), 'open')
    # Of the active customers 310 of 1200 were about to be lost: .2583 by lot.
    check('Well above chance' in verdict(precision=share(.43, .3876, .49)), 'cheap')
    check('more often wrong' in verdict(precision=share(.43, .3874, .49)), 'poor')
    check('not shown to be better than chance' in verdict(precision=share(.4, 310 / 1200, .49)), 'chance')
    check('too late to act' in verdict(precision=share(.9, .8, .95), lead_days=early | {'median': 1.9}), 'late')
    check('Too few warnings' in verdict(hits=19, false=0), 'few')
    check('Never warned: broken' in verdict(alerts=0, hits=0, false=0), 'never')


def test_a_terminal_shows_what_the_page_shows():
    doc = backtest_document.document()
    shown = run(doc, page=False)
    for words in ('Lost: a customer (of at least 2 active days) whose orders stop for more than 91 days', 'Of 100 warnings 92 were right (likely 88 to 96)',
                  'half of those at least 14 days before', 'Of 100 losses it had warned of 99.', '92% (88-96)', '14 (8-25)', '+6.7', 'and 48 more', '53 times (43 right, 10 wrong)', '(1 wrong, 1 too late, 1 not judged)',
                  'broken: 92% of warnings right instead of 85%, 14 days ahead instead of 14',
                  '0.714 (0.690-0.735)', '\u2713 broken.precision >= 0.91 (it is 0.92)', '\u2717 quiet.recall', 'Note: 2 rows were rejected',
                  'For comparison: of 100 active customers on any day 26 were about to be lost'):
        check(words in shown, f'{words}\n{shown}')
    check('\x1b' not in shown, 'colours without a terminal')


def test_chinese_says_the_same_figures():
    doc = backtest_document.document()
    english, chinese = run(doc, page=False), run(doc, '--lang', 'zh', page=False)
    check(len(english.splitlines()) == len(chinese.splitlines()), (len(english.splitlines()), len(chinese.splitlines())))
    for words in ('每 100 次告警，92 次正确（很可能在 88 到 96 之间）', '一半至少提前 14 天', '任一规则', '团队版', '王小明', '注意：2 行数据被拒绝'):
        check(words in chinese, f'{words}\n{chinese}')

    def rows(text):
        return [re.findall(r'\d+% \(\d+-\d+\)', line) for line in text.splitlines()]
    check(rows(english) == rows(chinese), 'other figures')


def test_splits_stand_below_their_line_and_what_is_judged_above_what_was_tuned():
    doc = backtest_document.document(1)
    doc['sides'][0]['lines'].reverse()
    rows = run(doc, page=False).split('RULE OR LEVEL')[1].splitlines()
    at = next(i for i, row in enumerate(rows) if row.startswith('broken'))
    check([re.split(r' {2,}', row.strip())[:2] for row in rows[at:at + 4]] == [
        ['broken', 'judged'], ['broken', 'tuned'], ['profile.tier = ' + HOSTILE, 'judged'], ['profile.tier = 团队版', 'judged']], rows)


def test_what_only_one_side_has_is_in_the_comparison():
    doc = backtest_document.document()
    for one, gone in zip(doc['sides'], ('drop', 'quiet')):
        one['lines'] = [line for line in one['lines'] if line['name'] != gone]
    rows = run(doc, page=False).split('shop.yaml less old.yaml')[1].splitlines()
    check(any(re.fullmatch(r'quiet +621 +- +10.5 +- +51% +- +61% +- +33.5 +-', row) for row in rows), rows)
    check(any(re.fullmatch(r'drop( +-){10}', row) for row in rows), rows)


def test_warnings_that_came_too_late_are_told_where_most_did():
    doc = backtest_document.document(1)
    line = next(line for line in doc['sides'][0]['lines'] if (line['name'], line['period'], line['split']) == ('broken', 'judge', None))
    line.update(hits=1, false=0, late=2331)
    text = run(doc, page=False)
    check('1 right of 1 that could be judged' in text and '2,331 came when the customer was lost already' in text, text)
    check('正确 1 次，可判定的共 1 次' in run(doc, '--lang', 'zh', page=False), 'zh')
    check('lost already' not in run(backtest_document.document(), page=False), 'where few did, nothing is said')


def test_moves_that_nothing_judged_are_counted_too():
    doc = backtest_document.document()
    for move in doc['against']['vanish']:
        move['verdict'] = None
    count = len(doc['against']['vanish'])
    doc['against']['vanish_verdicts'] = {'hit': 0, 'false': 0, 'late': 0, 'unresolved': 0, 'none': count}
    check(re.search(rf'Only old.yaml warns: \d+ times \({count} not judged\)\n', run(doc, page=False)), doc['against']['vanish'])
    check(f'次（{count} 未评判）\n' in run(doc, '--lang', 'zh', page=False), 'Chinese')


def test_a_title_that_is_the_name_is_not_said_twice():
    doc = backtest_document.document(1)
    for line in doc['sides'][0]['lines']:
        line['title'] = {'en': line['name'], 'zh': line['name']}
    check('broken: broken' not in run(doc, page=False), 'twice')


def test_a_contract_is_told_by_what_ends_it():
    doc = backtest_document.document(1)
    doc['truth'] = {'kind': 'churned', 'by': 'profile.status == "cancelled"', 'horizon_days': 28}
    check('Lost: at profile.status == "cancelled"; a warning is right when that follows within 28 days' in run(doc, page=False), 'truth')


def test_an_empty_backtest_is_still_a_page():
    doc = backtest_document.document(1)
    for one in doc['sides']:
        one.update(lines=[], weekly=[], overlap=[], curve=[], ranking=[], calibration=[])
    doc.update(warnings=[], expect=[])
    page = Page(run(doc))
    check(page.count('table') == 0 and page.count('figure') == 0, page.tags)
    check('NaN' not in run(doc, page=False) and 'nan' not in run(doc, page=False), 'no number')


RULES = """churnd: 1
name: shop
timezone: UTC
levels: {watch: {enter: 30, leave: 20}}
profile: {tier: string}
signals: {orders: {on: order}}
defaults: {cooldown: 0s}
rules:
- {rule: quiet, expr: silent(orders) >= 20d, points: 40, reason: {en: "quiet </script>", zh: "安静"}}
"""


def backtest(folder, *options):
    """Forty customers who order every five days; one in two stops after a while."""
    rows = ['customer,type,ts,value,tier']
    day = 86400000
    for at in range(0, 300, 5):
        rows += [f'c{i:02}{HOSTILE},order,{(10957 + at) * day},1,' for i in range(40) if i % 2 == 0 or at < 60 + i]
    for name, text in (('shop.yaml', RULES), ('events.csv', '\n'.join(rows) + '\n')):
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as out:
            out.write(text)
    return subprocess.run([CHURNCTL, 'backtest', '--rules', 'shop.yaml', '--events', 'events.csv', '--signal', 'orders', '--horizon', '40d', *options],
                          cwd=folder, capture_output=True, text=True, timeout=3 * PATIENCE, check=False)


def test_churnctl_writes_the_page_of_its_own_document():
    with tempfile.TemporaryDirectory() as folder:
        done = backtest(folder, '--json', '--html', 'page.html')
        check(done.returncode == 0, done)
        with open(os.path.join(folder, 'page.html'), encoding='utf-8') as file:
            text = file.read()
        page = Page(text)
        held = json.loads(re.search(r'id="document">(.*?)</script>', text, re.S).group(1))
        check(held == json.loads(done.stdout), 'another document')
        check(page.count('script') == 3 and page.count('table') > 2 and 'img' not in {tag for tag, _ in page.tags}, page.tags)
        shown = backtest(folder).stdout
        check(re.search(r'^quiet +\d+ .*100% \(100-100\) +100% \(100-100\)', shown, re.M), shown)


def test_a_page_is_written_even_when_an_expectation_fails():
    with tempfile.TemporaryDirectory() as folder:
        done = backtest(folder, '--lang', 'zh', '--expect', 'quiet.lead >= 90d', '--html', 'page.html')
        check(done.returncode == 1 and '\u2717 quiet.lead >= 90d' in done.stdout, done)
        with open(os.path.join(folder, 'page.html'), encoding='utf-8') as file:
            check('\u2717 quiet.lead' in file.read(), 'not in the page')
        done = backtest(folder, '--html', 'none/page.html')
        check(done.returncode == 2 and not done.stdout and 'none/page.html: cannot be written: No such file' in done.stderr, done)


def test_a_file_that_cannot_be_written_is_said():
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, 'document.json')
        with open(source, 'w', encoding='utf-8') as file:
            json.dump(backtest_document.document(), file)
        done = subprocess.run([REPORT, source, os.path.join(folder, 'none', 'page.html')], capture_output=True, text=True, timeout=3 * PATIENCE, check=False)
        check(done.returncode == 2 and 'page.html: cannot be written: No such file or directory' in done.stderr, done)
        done = subprocess.run([REPORT, source, '/dev/full'], capture_output=True, text=True, timeout=3 * PATIENCE, check=False)
        check(done.returncode == 2 and 'could not be written' in done.stderr, done)


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')]))
