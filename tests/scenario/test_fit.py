#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""churnctl fit: on a made history, on cdnow where it is there, and pasted into the rule file. No Redis, no configuration."""
import gzip
import json
import os
import random
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'support'))
from live_house import PATIENCE, check, real_history, run_tests  # noqa: E402

CHURNCTL = os.path.abspath(os.path.join(os.environ.get('BUILD', 'build'), 'churnctl'))
DAY = 86400000
START = 1735689600000  # 2025-01-01
UNTIL = '2025-10-27'   # day 299
RULES = '''churnd: 1
name: shop
timezone: Asia/Shanghai
profile: {tier: {enum: [free, team, tiny]}, mrr: num, city: string}
signals:
  orders: {on: order, where: 'event.state == "paid"', sum: value}
  visits: {on: visit}
levels: {watch: {enter: 10, leave: 5}}
'''
RULE = '''rules:
- {rule: quiet, expr: 'p_gap(orders, 60d) >= 0.9 and seen(visits)', points: 10}
'''


def history(customers=700, seed=3):
    """Customers of two rhythms, team and free, and a handful of tiny; orders that are not paid, and visits, between."""
    rng = random.Random(seed)
    rows = []
    for number in range(customers):
        tier = 'tiny' if number % 35 == 0 else 'team' if number % 3 else 'free'
        rate = rng.gammavariate(2, 1 / 20) if tier == 'team' else rng.gammavariate(0.7, 1 / 40)
        leave, at, name = rng.betavariate(0.8, 2.5), rng.uniform(0, 120), f'c{number}'
        rows.append((at - 0.001, {'customer': name, 'type': 'profile', 'tier': tier, 'mrr': '5' if number % 5 > 1 else '500'}))
        while at < 300:
            rows.append((at, {'customer': name, 'type': 'order', 'state': 'paid', 'value': 3}))
            rows.append((at + 0.01, {'customer': name, 'type': 'order', 'state': 'open', 'value': 3}))
            if rng.random() < leave:
                break
            at += rng.expovariate(rate)
    rows.sort(key=lambda row: row[0])
    for at, row in rows:
        row['ts'] = START + int(at * DAY)
    return [row for _, row in rows if row['ts'] < START + 300 * DAY]


ROWS = history()


def ndjson(rows):
    return ''.join(json.dumps(row) + '\n' for row in rows).encode()


class Place:
    """A folder with a rule file and the events."""

    def __init__(self, rules=RULES + RULE, rows=None):
        self.folder = tempfile.TemporaryDirectory(prefix='churnd-fit.')
        self.rules, self.events = self.path('shop.yaml'), self.path('events.ndjson')
        self.write(rules)
        with open(self.events, 'wb') as file:
            file.write(ndjson(ROWS if rows is None else rows))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, rules):
        with open(self.rules, 'w', encoding='utf-8') as file:
            file.write(rules)

    def fit(self, *words, status=0, events=None, stdin=None, signal='orders'):
        named = ('--signal', signal) if signal else ()
        done = subprocess.run([CHURNCTL, 'fit', '--rules', self.rules, '--events', events or self.events, *named,
                               '--fitted', '2026-01-02', *words], input=stdin, capture_output=True, check=False, timeout=6 * PATIENCE)
        out, err = done.stdout.decode(), done.stderr.decode()
        check(done.returncode == status, f'{words}: status {done.returncode}, not {status}\n{out}{err}')
        check(status == 0 or (err and not out), f'{words}: fails without a word, or prints something\n{out}')
        self.err = err
        return out

    def json(self, *words, **named):
        return json.loads(self.fit(*words, '--json', **named))

    def check(self):
        done = subprocess.run([CHURNCTL, 'check', self.rules], capture_output=True, text=True, check=False, timeout=3 * PATIENCE)
        return done.returncode, done.stdout + done.stderr


def own_cells(until=299, keep=lambda row: True):
    """(x, tx, T) by customer, in days of Shanghai, from the rows alone."""
    days = {}
    tiers = {}
    for row in ROWS:
        day = (row['ts'] + 8 * 3600000) // DAY - START // DAY
        if row['type'] == 'profile':
            tiers[row['customer']] = row
        elif row['state'] == 'paid' and day <= until:
            days.setdefault(row['customer'], set()).add(day)
    return [(len(own) - 1, max(own) - min(own), until - min(own)) for name, own in days.items() if keep(tiers[name])]


def log_likelihood(cells, r, alpha, a, b):
    """mbg_nbd, straight from its formula."""
    from math import exp, lgamma, log, log1p
    total = 0
    for x, tx, t in cells:
        odds = log(a) - log(b + x) + (r + x) * (log(alpha + t) - log(alpha + tx))
        total += (lgamma(r + x) - lgamma(r) + r * log(alpha) - (r + x) * log(alpha + t) + lgamma(b + x + 1) - lgamma(b)
                  - lgamma(a + b + x + 1) + lgamma(a + b) + (odds if odds > 30 else log1p(exp(odds))))
    return total


# --- what is fitted

def test_customers_are_counted_in_local_days_up_to_the_last_one_and_by_the_signals_own_where():
    with Place() as place:
        for until, day in ((UNTIL, 299), ('2025-07-01', 181)):
            cells, said = own_cells(day), place.json('--until', until)
            model = said['models'][0]
            check(said['until'] == until and said['fitted'] == '2026-01-02' and said['signal'] == 'orders', said)
            check(model['customers'] == len(cells) and model['repeats'] == sum(cell[0] for cell in cells), (model, len(cells)))
            check(model['repeaters'] == sum(cell[0] > 0 for cell in cells), model)
            own = log_likelihood(cells, *(model[key] for key in ('r', 'alpha', 'a', 'b')))
            check(abs(own - model['log_likelihood']) < 1e-6, (own, model))
            for key in ('r', 'alpha', 'a', 'b'):
                for share in (0.98, 1.02):
                    moved = dict(model)
                    moved[key] *= share
                    check(log_likelihood(cells, *(moved[k] for k in ('r', 'alpha', 'a', 'b'))) < own, (key, share))


def test_rows_after_the_last_day_change_nothing():
    with Place() as place, Place(rows=[row for row in ROWS if row['ts'] + 8 * 3600000 < START + 182 * DAY]) as cut:
        check(place.fit('--until', '2025-07-01') == cut.fit('--until', '2025-07-01'), 'rows of later days were read')
        check(place.fit('--until', '2025-07-01') != place.fit('--until', '2025-07-02'), 'a day more says the same')


def test_the_default_is_the_last_rows_day():
    with Place() as place:
        check(place.fit() == place.fit('--until', '2025-10-28'), place.fit())


def test_the_same_files_give_the_same_bytes_from_gzip_and_from_stdin_too():
    with Place() as place:
        out = place.fit('--until', UNTIL)
        with gzip.open(place.path('events.ndjson.gz'), 'wb') as file:
            file.write(ndjson(ROWS))
        check(out == place.fit('--until', UNTIL), 'twice')
        zipped = place.fit('--until', UNTIL, events=place.path('events.ndjson.gz'))
        check(zipped == out.replace('events.ndjson', 'events.ndjson.gz'), zipped)
        piped = place.fit('--until', UNTIL, events='-', stdin=ndjson(ROWS))
        check(piped == out.replace('events.ndjson', 'stdin'), piped)


def test_the_likelier_kind_is_named():
    with Place() as place:
        both = [place.json('--kind', kind)['models'][0]['log_likelihood'] for kind in ('bg_nbd', 'mbg_nbd')]
        check(both[1] > both[0] + 5, both)
        hint = re.search(r'--kind mbg_nbd is better by about (\d+)', place.fit('--kind', 'bg_nbd'))
        check(hint and abs(int(hint.group(1)) - (both[1] - both[0])) <= 1, (hint, both))
        check('better' not in place.fit('--kind', 'mbg_nbd'), place.fit())


# --- what is printed

def test_nothing_warns_of_what_fit_itself_reads_or_makes():
    with Place() as place:
        place.write(RULES)
        place.fit()
        check('W202: signal visits' in place.err and 'signal orders' not in place.err, place.err)
        place.write(RULES.replace('levels:', 'models: {orders: {kind: mbg_nbd, r: 1, alpha: 20, a: 1, b: 2}}\nlevels:') + RULE)
        place.fit()
        check(place.err == '', place.err)
        place.write(RULES + RULE)
        place.fit('--signal', 'orders', signal=None)
        check(place.err == '', place.err)


def test_the_block_is_pasted_and_the_file_is_good():
    with Place() as place:
        status, said = place.check()
        check(status == 0 and 'W209' in said, said)
        for words in ((), ('--by', 'profile.tier'), ('--by', 'profile.mrr > 100'), ('--lang', 'zh'), ('--kind', 'bg_nbd')):
            place.write(RULES + RULE)
            out = place.fit(*words)
            place.write(RULES + out + RULE)
            status, said = place.check()
            check(status == 0 and 'W2' not in said and 'warning' not in said, (words, out, said))


def test_words_say_what_it_is_in_both_languages():
    with Place() as place:
        english, chinese = place.fit(), place.fit('--lang', 'zh')
        for words in ('customers', 'came back', 'log-likelihood', 'in weeks', 'within a year', 'events.ndjson'):
            check(words in english, english)
        for words in ('客户', '再次来过', '对数似然', '一年内', 'events.ndjson'):
            check(words in chinese, chinese)
        model = [line for line in english.splitlines() if 'orders: {' in line]
        check(len(model) == 1 and model[0] in chinese.splitlines(), chinese)
        check(re.fullmatch(r'  orders: \{kind: mbg_nbd, r: [\d.]+, alpha: [\d.]+, a: [\d.]+, b: [\d.]+, fitted: 2026-01-02, '
                           r'until: 2025-10-28\}', model[0]), model)


# --- segments

def test_segments_have_models_of_their_own_and_small_ones_fall_together():
    with Place() as place:
        models = place.json('--by', 'profile.tier', '--until', UNTIL)['models']
        check([model['when'] for model in models] == ['profile.tier == "team"', 'profile.tier == "free"', None], models)
        for model, tier in zip(models, ('team', 'free')):
            cells = own_cells(299, lambda row, tier=tier: row['tier'] == tier)
            check(model['customers'] == len(cells), (model, len(cells)))
            own = log_likelihood(cells, *(model[key] for key in ('r', 'alpha', 'a', 'b')))
            check(abs(own - model['log_likelihood']) < 1e-6, (own, model))
        # 20 tiny ones are too few for a model: what has no `when` is fitted to everybody.
        check(models[2]['customers'] == len(own_cells(299)), models[2])
        check('for all others, fitted to all customers' in place.fit('--by', 'profile.tier'), place.fit('--by', 'profile.tier'))
        halves = place.json('--by', 'profile.mrr > 100')['models']
        check([model['when'] for model in halves] == ['not profile.mrr > 100', 'profile.mrr > 100', None], halves)


def test_a_segment_by_what_customers_do_is_refused_as_in_a_model():
    with Place() as place:
        for by, said in (('count(orders[7d]) > 3', "count() cannot stand in a model's `when`"), ('profile.mrr', 'not by a num'),
                         ('profile.teir', 'did you mean'), ('event.value > 3', 'event.value'),
                         ('profile.tier, profile.mrr > 3', 'one expression')):
            place.fit('--by', by, status=2)
            check(said in place.err, (by, place.err))


def test_too_many_segments_are_refused():
    rows = [{'customer': f'c{n}', 'type': kind, 'ts': START + n * 1000, 'city': f'city {n}', 'state': 'paid', 'value': 1}
            for n in range(1200) for kind in ('profile', 'order')]
    with Place(rows=rows) as place:
        place.fit('--by', 'profile.city', status=2)
        check('more than 1000 values' in place.err, place.err)


# --- what cannot be

def test_what_cannot_be_fitted_ends_with_1_and_a_sentence():
    few = [row for row in ROWS if row['customer'] in ('c1', 'c2', 'c3')]
    for rows, signal, said in ((few, 'orders', 'too few to fit a model'), (ROWS, 'visits', 'nobody has such an event'),
                               ([], 'orders', 'there is no event')):
        with Place(rows=rows) as place:
            place.fit(status=1, signal=signal)
            check(said in place.err, place.err)


def test_wrong_usage_ends_with_2_and_says_how():
    with Place() as place:
        for words, said in ((('--kind', 'nbd'), 'bg_nbd or mbg_nbd'), (('--until', 'tomorrow'), 'a date such as'),
                            (('--fitted', '2026-2-30'), 'a date such as'), (('extra',), 'usage'), (('--colour', 'red'), 'no option')):
            place.fit(*words, status=2)
            check(said in place.err, (words, place.err))
        place.fit(status=2, signal='ordres')
        check('did you mean orders?' in place.err, place.err)
        place.fit(status=2, signal=None)
        check('2 signals; say which one' in place.err, place.err)
        place.fit(status=2, events='/nowhere/events.csv')
        check('/nowhere/events.csv' in place.err, place.err)
        done = subprocess.run([CHURNCTL, 'fit'], capture_output=True, text=True, check=False, timeout=3 * PATIENCE)
        check(done.returncode == 2 and 'usage: churnctl fit' in done.stderr, done)


# --- cdnow

def test_cdnow_is_fitted_as_published():
    events = real_history('cdnow', 'events.csv.gz')
    with Place('churnd: 1\nname: cdnow\nsignals: {orders: {on: purchase}}\n') as place:
        named = {'events': events, 'signal': None}
        model = place.json('--kind', 'bg_nbd', '--until', '1997-09-30', **named)['models'][0]
        check(abs(model['r'] - 0.243) < 0.001 and abs(model['alpha'] - 30.90) < 0.035, model)
        check(abs(model['a'] - 0.793) < 0.005 and abs(model['b'] - 2.426) < 0.005, model)
        check(abs(model['log_likelihood_weeks'] - -9582.4) < 0.1, model)
        out = place.fit('--until', '1997-09-30', **named)
        check('mbg_nbd, r: 0.5248, alpha: 43.28, a: 0.8914, b: 1.614, fitted: 2026-01-02, until: 1997-09-30}' in out, out)


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')]))
