#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""churnctl fit --score: a rule file that ranks customers by what was learnt of others, and knows nothing of the future."""
import csv
import datetime
import gzip
import io
import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from live_house import PATIENCE, check, real_history, run_tests  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CHURNCTL = os.path.join(os.path.abspath(os.environ.get('BUILD', 'build')), 'churnctl')
DAY = 86400000
START = 20454  # 2026-01-01
UNTIL = '2026-07-19'  # START + 199
RULES = '''churnd: 1
name: made
signals: {visit: {on: visit}, trouble: {on: trouble}, note: {on: note}}
'''
TERMS = 'ill = log(1 + count(trouble[28d])), glad = count(note[28d]), count(visit[28d])'
TOLD = ('--churned', 'cancel', '--horizon', '28d', '--every', '14d')
SHOP = '''churnd: 1
name: shop
signals: {orders: {on: purchase, sum: value}}
models:
  orders: {kind: mbg_nbd, r: 0.5308, alpha: 47.53, a: 0.6879, b: 1.342, fitted: 2026-11-29, until: 1997-12-31}
'''


def made_history():
    """Some have much trouble and leave sooner, some get notes and leave later; visits say nothing. They come over half a year."""
    chance, rows = random.Random(11), []
    for number in range(500):
        who, trouble, notes = 'c%03d' % number, chance.choice((0.02, 0.25)), chance.choice((0.02, 0.25))
        for day in range(chance.randrange(180), 240):
            for kind, rate in (('visit', 0.3), ('trouble', trouble), ('note', notes)):
                if chance.random() < rate:
                    rows.append((START + day, who, kind))
            if chance.random() < math.exp(-6.3 + 8 * trouble - 6 * notes):
                rows.append((START + day, who, 'cancel'))
                break
    return sorted(rows, key=lambda row: row[0])


MADE = made_history()


def as_csv(rows):
    return 'customer,type,ts\n' + ''.join(f'{who},{kind},{day * DAY + i % DAY}\n' for i, (day, who, kind) in enumerate(rows))


class Done:
    def __init__(self, process):
        self.status, self.out, self.err = process.returncode, process.stdout, process.stderr

    def __repr__(self):
        return f'status {self.status}\n{self.out}{self.err}'


class Folder(tempfile.TemporaryDirectory):
    def __enter__(self):
        super().__enter__()
        self.write('rules.yaml', RULES)
        self.write('events.csv', as_csv(MADE))
        return self

    def write(self, name, text):
        with open(os.path.join(self.name, name), 'w', encoding='utf-8') as out:
            out.write(text)

    def run(self, *words):
        return Done(subprocess.run([CHURNCTL, *words], cwd=self.name, capture_output=True, encoding='utf-8', timeout=6 * PATIENCE))

    def fit(self, *words, rules=('rules.yaml',), events='events.csv', until=UNTIL):
        return self.run('fit', *words, '--rules', *rules, '--events', events, *(('--until', until) if until else ()))


def score_of(folder, *words, terms=TERMS, **more):
    done = folder.fit('--score', terms, *TOLD, *words, **more)
    check(done.status == 0, done)
    return done.out


def auc(pairs):
    """Of (score, churned), pair by pair."""
    gone = [score for score, churned in pairs if churned]
    here = [score for score, churned in pairs if not churned]
    return sum((g > h) + (g == h) / 2 for g in gone for h in here) / (len(gone) * len(here))


def snapshot(folder, rules, events, dates, columns):
    done = folder.run('replay', '--rules', *rules, '--events', events, '--until', dates[-1], '--snapshot', ','.join(dates),
                      '--columns', columns)
    check(done.status == 0, done)
    return list(csv.DictReader(io.StringIO(done.out)))


def test_the_score_finds_what_makes_customers_leave():
    with Folder() as folder:
        found = json.loads(score_of(folder, '--json'))
        weight = {term['term']: term['weight'] for term in found['terms']}
        ill, glad, visits = (weight[term] for term in
                             ('log(1 + count(trouble[28d]))', 'count(note[28d])', 'count(visit[28d])'))
        check(ill > 0.5 and glad < -0.5 and abs(visits) < 0.35, weight)
        check(found['auc']['out'] > 0.7 and found['log_likelihood']['out'] > found['log_likelihood']['alike'], found)
        check(found['churns'] > 100 and found['rows'] > 2000 and found['customers'] <= 500, found)


def test_the_file_checks_and_ranks_in_order_of_the_truth():
    with Folder() as folder:
        folder.write('score.yaml', score_of(folder))
        done = folder.run('check', 'rules.yaml', 'score.yaml')
        check(done.status == 0 and 'error' not in done.err and 'score.yaml' not in done.err.replace('note N', ''), done)
        date = '2026-07-19'
        rows = snapshot(folder, ('rules.yaml', 'score.yaml'), 'events.csv', [date], 's = score')
        left = {who: day for day, who, kind in MADE if kind == 'cancel'}
        pairs = [(float(row['s']), left.get(row['customer'], 10 ** 6) <= START + 199 + 28) for row in rows
                 if left.get(row['customer'], 10 ** 6) > START + 199]
        check(auc(pairs) > 0.7, auc(pairs))
        for row in rows:  # the risk is the score, in hundredths, as of the last look
            check(abs(float(row['risk']) - 100 * float(row['s'])) <= 1 or float(row['s']) < 0.005, row)


def test_the_comments_are_in_the_language_asked_for_and_say_the_same():
    with Folder() as folder:
        english, chinese = (score_of(folder, '--lang', lang) for lang in ('en', 'zh'))
        plain = [[line for line in text.splitlines() if not line.startswith('#')] for text in (english, chinese)]
        check(plain[0] == plain[1] and 'macros:' in plain[0], plain)
        for text, words in ((english, ('# Load it together with', 'end in a churn')), (chinese, ('一起加载', '以流失告终', '出现 cancel'))):
            check(all(word in text for word in words), text)
        auc_of = [re.findall(r'AUC +(0\.\d+).*? (0\.\d+)', text)[0] for text in (english, chinese)]
        check(auc_of[0] == auc_of[1], auc_of)
        check('of whom' not in chinese and all(any('\u4e00' <= c <= '\u9fff' for c in line) for line in chinese.splitlines()
                                               if re.match(r'# [^ ]', line)), chinese)


def test_what_comes_after_the_last_day_changes_not_a_byte():
    end = START + 199
    other = [row for row in MADE if row[0] <= end] + [(end + 1 + i % 30, 'c%03d' % (i % 500), 'cancel') for i in range(0, 300)]
    with Folder() as folder:
        before = score_of(folder)
        folder.write('events.csv', as_csv(sorted(other, key=lambda row: row[0])))
        check(score_of(folder) == before, 'later rows are seen')
        folder.write('events.csv', as_csv([row for row in MADE if row[0] <= end]))
        check(score_of(folder) == before, 'the file without them differs')
        folder.write('events.csv', as_csv([row for row in MADE if row[0] < end - 30]))
        check(score_of(folder) != before, 'nothing that is taken away is missed')


def test_the_same_files_give_the_same_bytes():
    with Folder() as folder:
        check(score_of(folder) == score_of(folder), 'two runs differ')
        check(score_of(folder, '--json') == score_of(folder, '--json'), 'two runs differ')


def test_a_file_that_is_asked_for_holds_what_else_is_printed():
    with Folder() as folder:
        printed = score_of(folder, '--name', 'mine')
        check(score_of(folder, '--name', 'mine', '--out', 'mine.yaml') == '', 'it is printed too')
        with open(os.path.join(folder.name, 'mine.yaml'), encoding='utf-8') as file:
            check(file.read() == printed and '- rule: mine' in printed and '\n  mine: |' in printed, printed)
        check(json.loads(score_of(folder, '--name', 'mine', '--json'))['rules'] == printed, 'JSON has another file')


def test_terms_of_all_kinds_become_numbers():
    terms = 'silent(visit), seen(trouble), since(note), count(visit[7d]) > 2, age() + 1d, 7'
    with Folder() as folder:
        text = score_of(folder, terms=terms)
        folder.write('score.yaml', text)
        check(folder.run('check', 'rules.yaml', 'score.yaml').status == 0, text)
        for part in ('(silent(visit) / 1d)', 'if(seen(trouble), 1, 0)', 'coalesce(since(note) / 1d, ',
                     'if(count(visit[7d]) > 2, 1, 0)', '(age() + 1d) / 1d'):
            check(part in text, f'{part} is missing in\n{text}')
        check('none         -       0.0 %  7\n' in text or ' none' in text, text)


def test_a_condition_is_a_churn_as_an_event_is():
    with Folder() as folder:
        folder.write('more.yaml', RULES.replace('note: {on: note}', 'note: {on: note}, gone: {on: cancel}'))
        by_event = json.loads(score_of(folder, '--json', rules=('more.yaml',)))
        done = folder.fit('--score', TERMS, '--churned', 'seen(gone)', '--horizon', '28d', '--every', '14d', '--json',
                          rules=('more.yaml',))
        check(done.status == 0, done)
        by_condition = json.loads(done.out)
        for key in ('rows', 'churns', 'lambda', 'terms'):
            check(by_event[key] == by_condition[key], (key, by_event[key], by_condition[key]))


def test_the_rule_files_churn_is_taken():
    with Folder() as folder:
        folder.write('churn.yaml', 'churnd: 1\nchurn: {on: cancel, horizon: 28d}\n')
        expected = json.loads(score_of(folder, '--json'))
        done = folder.fit('--score', TERMS, '--every', '14d', '--json', rules=('rules.yaml', 'churn.yaml'))
        check(done.status == 0 and json.loads(done.out)['terms'] == expected['terms'], done)


def test_of_whom_it_is_asked_can_be_said():
    with Folder() as folder:
        some = json.loads(score_of(folder, '--json', '--among', 'count(trouble[28d]) >= 3'))
        every = json.loads(score_of(folder, '--json'))
        check(100 < some['rows'] < every['rows'] / 2, (some['rows'], every['rows']))
        lines = json.loads(score_of(folder, '--json', '--among', 'count(trouble[28d])\n  >= 3'))
        check(lines['rows'] == some['rows'], 'it may be written in lines')
        folder.write('score.yaml', lines['rules'])
        done = folder.run('check', 'rules.yaml', 'score.yaml')
        check(done.status == 0 and 'for whom count(trouble[28d])   >= 3\n' in lines['rules'], f"{done}\n{lines['rules']}")


def test_wrong_words_are_answered_with_a_sentence():
    cases = [
        (('--score', TERMS), {'until': None}, '--until is missing'),
        (('--score', TERMS), {'until': 'soon'}, '--until "soon": a date such as'),
        (('--score', TERMS), {}, 'say what a churn is'),
        (('--score', TERMS, '--signal', 'visits'), {}, 'there is no signal visits'),
        (('--score', TERMS, *TOLD, '--lambda', '0'), {}, '--lambda takes'),
        (('--score', TERMS, *TOLD, '--name', 'a b'), {}, '--name a b'),
        (('--score', TERMS, '--churned', 'cancel', '--horizon', '0d'), {}, '--horizon "0d": a number of days such as'),
        (('--score', 'count(visit[28d]) +', *TOLD), {}, '--score:1:'),
        (('--score', 'cuont(visit[28d])', *TOLD), {}, 'count'),
        (('--score', 'profile.name', *TOLD), {}, 'is no number, duration or condition'),
        (('--score', TERMS, '--churned', 'nothing'), {}, 'ends in a churn'),
        (('--score', TERMS, *TOLD), {'until': '2026-01-10'}, 'nothing to learn from'),
        (('--score', TERMS, *TOLD), {'events': 'none.csv'}, 'none.csv'),
        (('--score', TERMS, *TOLD), {'until': '2001-01-10'}, 'there is no event in these files up to that day'),
        (('--score', TERMS, *TOLD, '--out', 'no/such'), {}, 'no/such: cannot be written: No such file'),
    ]
    with Folder() as folder:
        for words, more, sentence in cases:
            done = folder.fit(*words, **more)
            check(done.status == 2 and sentence in done.err and not done.out, (words, done))


# ---- real histories, when they are there

def cdnow():
    return real_history('cdnow', 'events.csv.gz')


def activity(path):
    days = {}
    with gzip.open(path, 'rt') as file:
        for row in csv.DictReader(file):
            days.setdefault(row['customer'], set()).add(int(row['ts']) // DAY)
    return days


def ranked(rows, days, date, column):
    """Active customers at the end of that day, and whether they stay away for 91 days."""
    day = (datetime.date.fromisoformat(date) - datetime.date(1970, 1, 1)).days
    pairs = []
    for row in rows:
        before = [d for d in days.get(row['customer'], ()) if d <= day]
        if row['at'] == date and len(before) >= 2 and day - max(before) < 91:
            pairs.append((float(row[column]), not any(day < d <= day + 91 for d in days[row['customer']])))
    return auc(pairs)


def test_the_score_ranks_active_customers_of_cdnow():
    cdnow()
    dates = ['1997-12-31', '1998-01-31', '1998-03-31']
    with Folder() as folder:
        folder.write('shop.yaml', SHOP)
        done = folder.fit('--score', '--out', 'score.yaml', rules=('shop.yaml',), events=cdnow(), until='1997-12-31')
        check(done.status == 0, done)
        rows, days = snapshot(folder, ('shop.yaml', 'score.yaml'), cdnow(), dates, 's = score'), activity(cdnow())
        for date in dates:
            by_score, by_risk = ranked(rows, days, date, 's'), ranked(rows, days, date, 'risk')
            print(f'# {date}: AUC of the score {by_score:.4f}, of the risk {by_risk:.4f}')
            check(by_score >= 0.705 and by_risk >= 0.705, (date, by_score, by_risk))


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')]))
