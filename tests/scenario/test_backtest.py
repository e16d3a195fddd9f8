#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""churnctl backtest: its figures against those worked out again from replayed alerts; two sets; expectations; what it says of
wrong words and of files in which there is nothing."""
import csv
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import judged  # noqa: E402
from live_house import PATIENCE, check, real_history, run_tests  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.path.dirname(os.environ.get('CHURND_DATA') or os.path.join(os.path.dirname(ROOT), 'shared', 'data'))
SCRIPT = os.path.join(SHARED, 'tools', 'score_alerts.py')
CHURNCTL = os.path.abspath(os.path.join(os.environ.get('BUILD', 'build'), 'churnctl'))
DAY = judged.DAY
FIRST = judged.day('2026-01-01')
FOLDER = tempfile.TemporaryDirectory()
LEVELS = ['healthy', 'watch', 'at_risk']
HEAD = '''churnd: 1
name: made
levels: {watch: {enter: 20, leave: 10}, at_risk: {enter: 60, leave: 45}}
profile: {tier: {enum: [small, large]}, fee: num, state: {enum: ['on', 'off']}}
value: profile.fee
defaults: {cooldown: 0s}
signals: {visit: {on: visit}, gripe: {on: gripe}}
rules:
'''
RULES = HEAD + '''- {rule: quiet, expr: silent(visit) >= 20d, points: 40, reason: {en: 'no visit for {silent(visit)}', zh: '{silent(visit)}未到店'}}
- {rule: gripes, expr: 'count(gripe[28d live]) >= 2', points: 30}
- {rule: trial, expr: silent(visit) >= 25d, points: 5, mode: shadow}
- {rule: praise, expr: 'count(visit[7d]) >= 4', points: -5}
- {rule: unused, expr: silent(visit) >= 5d, points: 5, mode: off}
'''
SILENCE = ('--signal', 'visit', '--horizon', '30d')
CANCEL = ('--churned', 'cancel', '--horizon', '28d', '--signal', 'visit')
SPAN = ('--from', '2026-03-01', '--until', '2026-08-31')


def path(name):
    return os.path.join(FOLDER.name, name)


def write(name, text):
    with open(path(name), 'w', encoding='utf-8') as file:
        file.write(text)
    return path(name)


def made_rows(seed=3, customers=300, days=270):
    """Visits at the pace of each, gripes, some who cancel and a few of them who come back."""
    rng, rows = random.Random(seed), []
    for n in range(customers):
        name, pace = f'c{n:03}', rng.choice([3, 7, 14, 25])
        at = (FIRST + rng.randint(0, 60)) * DAY + rng.randint(0, DAY - 1)
        leaves = at + rng.expovariate(1 / (150 * DAY))
        rows.append({'customer': name, 'type': 'profile', 'ts': at, 'tier': rng.choice(['small', 'large']),
                     'fee': str(rng.randint(1, 1000)), 'state': 'on'})
        while at < (FIRST + days) * DAY:
            rows.append({'customer': name, 'type': 'visit', 'ts': int(at)})
            if rng.random() < .1 or at > leaves - 20 * DAY and rng.random() < .7:
                rows += [{'customer': name, 'type': 'gripe', 'ts': int(at) + later} for later in (1, 3600_000)]
            if at > leaves:
                rows += [{'customer': name, 'type': 'cancel', 'ts': int(at) + 7200_000},
                         {'customer': name, 'type': 'profile', 'ts': int(at) + 7200_000, 'state': 'off'}]
                if rng.random() < .7:
                    break
                rows.append({'customer': name, 'type': 'profile', 'ts': int(at) + 7300_000, 'state': 'on'})
                leaves = at + 60 * DAY
            at += rng.expovariate(1 / (pace * DAY)) if rng.random() < .9 else rng.randint(20, 60) * DAY
    return sorted((row for row in rows if row['ts'] < (FIRST + days) * DAY), key=lambda row: row['ts'])


def write_rows(name, rows):
    return write(name, ''.join(json.dumps(row) + '\n' for row in rows))


def run(*words, status=0):
    done = subprocess.run([CHURNCTL, *words], capture_output=True, check=False, timeout=6 * PATIENCE)
    check(done.returncode == status, f'churnctl {" ".join(words)}: {done.returncode}\n{done.stderr.decode()[:600]}')
    return done


def backtest(*words, status=0, rounds='50'):
    return json.loads(run('backtest', '--json', '--rounds', rounds, *words, status=status).stdout)


def lines(doc, period='judge', split=None, side=0):
    return {line['name']: line for line in doc['sides'][side]['lines']
            if line['period'] == period and (line['split'] or {}).get('value') == split}


def alerts_of(rules, events):
    return [json.loads(line) for line in run('replay', '--rules', rules, '--events', events).stdout.splitlines()]


def same(line, doc, want, what):
    """To the third digit, and counts to the last one."""
    for key, value in want.items():
        if key == 'watched':
            got = doc['periods'][-1]['watched']
        elif key in ('precision', 'recall', 'f1'):
            got = line[key]['value']
        elif key == 'lead':
            got = line['lead_days']['median']
        else:
            got = line['alerts_per_1000_per_week' if key == 'rate' else key]
        near = got == value or (got is not None and value is not None and abs(got - value) < 5e-4 * max(1, abs(value)))
        check(near, f'{what}: {key} is {got}, not {value}')


def the_script(events, turns, *words):
    """What the common script says, where it is there; else nothing."""
    if not os.path.exists(SCRIPT):
        return {}
    log = write('turns', ''.join(json.dumps({'customer': customer, 'ts': at, 'state': 'on' if on else 'off'}) + '\n'
                                 for customer, list_ in turns.items() for at, on in list_))
    done = subprocess.run([sys.executable, SCRIPT, '--json', '--events', events, '--alerts', log, *words],
                          capture_output=True, check=True, timeout=6 * PATIENCE)
    said = json.loads(done.stdout)
    keys = {'median_lead_days': 'lead', 'alerts_per_1000_per_week': 'rate', 'cancels': 'churns'}
    return {keys.get(key, key): value for key, value in said.items() if key != 'rewarnings' or 'late' in said}


def as_csv(name, rows):
    with open(path(name), 'w', encoding='utf-8', newline='') as file:
        writer = csv.DictWriter(file, ['customer', 'type', 'ts'], extrasaction='ignore')
        writer.writeheader()
        writer.writerows(rows)
    return path(name)


EVENTS = write_rows('made', ROWS) if (ROWS := made_rows()) else None
SET = write('made.yaml', RULES)


def test_figures_by_silence_are_those_of_the_alerts_one_by_one():
    doc, alerts = backtest('--rules', SET, '--events', EVENTS, *SILENCE, *SPAN), alerts_of(SET, EVENTS)
    first, last = judged.day('2026-03-01'), judged.day('2026-08-31')
    turns = {rule: judged.turns_of(alerts, rule) for rule in ('quiet', 'gripes', 'trial')}
    turns |= {level: judged.level_turns(alerts, LEVELS, level) for level in LEVELS[1:]}
    check(list(lines(doc)) == ['quiet', 'gripes', 'trial', 'watch', 'at_risk', 'any rule'], list(lines(doc)))
    for name, list_ in turns.items():
        want = judged.by_silence(ROWS, list_, 'visit', 30, first, last)
        check(want['hits'] > 5 and want['false'] > 5, f'{name} shows little: {want}')
        same(lines(doc)[name], doc, want, name)
        same(lines(doc)[name], doc, the_script(as_csv('csv', ROWS), list_, '--from', '2026-03-01', '--to', '2026-08-31',
                                               '--activity', 'visit', '--horizon-days', '30'), f'the script, {name}')


def test_figures_by_cancelling_are_those_of_the_alerts_one_by_one():
    doc, alerts = backtest('--rules', SET, '--events', EVENTS, *CANCEL, *SPAN), alerts_of(SET, EVENTS)
    first, last = judged.day('2026-03-01'), judged.day('2026-08-31')
    for rule in ('quiet', 'gripes', 'trial'):
        turns = judged.turns_of(alerts, rule)
        want = judged.by_churn(ROWS, turns, 'visit', 'cancel', 28, first, last)
        check(want['churns'] > 50 and want['false'] > 5 and 0 < want['caught'] < want['churns'], f'{rule}: {want}')
        same(lines(doc)[rule], doc, want, rule)
        same(lines(doc)[rule], doc, the_script(as_csv('csv', ROWS), turns, '--from', '2026-03-01', '--to', '2026-08-31',
                                               '--activity', 'visit', '--cancel', 'cancel', '--horizon-days', '28'), f'the script, {rule}')


def test_a_condition_that_becomes_true_is_a_churn_like_its_event():
    one = backtest('--rules', SET, '--events', EVENTS, *CANCEL, *SPAN)
    other = backtest('--rules', SET, '--events', EVENTS, '--churned', 'profile.state == "off"', *CANCEL[2:], *SPAN)
    check(other['truth']['by'] == 'profile.state == "off"', other['truth'])
    for name, line in lines(one).items():
        check(lines(other)[name] == line, f'{name}: {lines(other)[name]}, not {line}')
    moves = backtest('--rules', SET, '--events', EVENTS, '--churned', 'silent(visit) >= 40d', '--horizon', '28d', *SPAN)
    check(moves['periods'][0]['churns'] > 50, moves['periods'])


def test_what_the_rule_file_says_of_churn_holds_without_options():
    for text, words in (('{silent: visit, horizon: 30d, min_days: 2}', SILENCE), ('{on: cancel, horizon: 28d}', CANCEL[:4])):
        own = write('own.yaml', RULES.replace('rules:\n', f'churn: {text}\nrules:\n'))
        mine, said = (backtest('--rules', rules, '--events', EVENTS, *more, *SPAN) for rules, more in ((own, ()), (SET, words)))
        check(mine['sides'][0]['lines'] == said['sides'][0]['lines'], f'{text} is not {words}')
    shorter = backtest('--rules', write('own.yaml', RULES.replace('rules:\n', 'churn: {silent: visit, horizon: 30d}\nrules:\n')),
                       '--events', EVENTS, '--horizon', '25d', *SPAN)
    check(shorter['truth']['horizon_days'] == 25, shorter['truth'])


def test_a_period_to_tune_on_lies_before_the_one_that_is_judged():
    doc = backtest('--rules', SET, '--events', EVENTS, *SILENCE, *SPAN, '--train-until', '2026-05-31')
    check([(period['name'], period['from'], period['to']) for period in doc['periods']]
          == [('tune', '2026-03-01', '2026-05-31'), ('judge', '2026-06-01', '2026-08-31')], doc['periods'])
    cut = write_rows('cut', [row for row in ROWS if row['ts'] < (judged.day('2026-05-31') + 1) * DAY])
    for period, events, first, last in (('tune', cut, '2026-03-01', '2026-05-31'), ('judge', EVENTS, '2026-06-01', '2026-08-31')):
        alone = backtest('--rules', SET, '--events', events, *SILENCE, '--from', first, '--until', last)
        for name, line in lines(doc, period).items():
            want = lines(alone)[name]
            for key in ('alerts', 'hits', 'false', 'late', 'unresolved', 'rewarnings', 'flaps', 'churns', 'caught', 'alerts_per_1000_per_week'):
                check(line[key] == want[key], f'{period}, {name}: {key} is {line[key]}, not {want[key]}')
    check({ranking['period'] for ranking in doc['sides'][0]['ranking']} == {'tune', 'judge'}, doc['sides'][0]['ranking'])


def test_splits_add_up_to_the_whole():
    doc = backtest('--rules', SET, '--events', EVENTS, *SILENCE, *SPAN, '--split', 'profile.tier')
    whole, parts = lines(doc), [lines(doc, split=tier) for tier in ('small', 'large')]
    for name, line in whole.items():
        for key in ('alerts', 'hits', 'false', 'unresolved', 'late', 'rewarnings', 'flaps', 'churns', 'caught'):
            check(line[key] == sum(part[name][key] for part in parts), f'{name}: {key} of the splits is not {line[key]}')
    check(all(part['quiet']['hits'] for part in parts), 'a split is empty')


def test_of_many_values_the_rest_are_one_split_and_nobody_is_lost():
    doc = backtest('--rules', SET, '--events', EVENTS, *SILENCE, *SPAN, '--split', 'profile.fee')
    whole, values = lines(doc), {line['split']['value'] for line in doc['sides'][0]['lines'] if line['split']}
    parts = {value: lines(doc, split=value) for value in values}
    check(len(values) == 32 and 'other' in values, sorted(values))
    for name, line in whole.items():
        for key in ('alerts', 'hits', 'false', 'churns'):
            check(line[key] == sum(part[name][key] for part in parts.values()), f'{name}: {key} of the splits is not {line[key]}')
    check(parts['other']['quiet']['hits'] > whole['quiet']['hits'] / 2, parts['other']['quiet'])


def test_whoever_has_no_value_is_in_a_split_of_its_own():
    rows = [{key: value for key, value in row.items() if key != 'tier' or row['customer'] < 'c100'} for row in ROWS]
    doc = backtest('--rules', SET, '--events', write_rows('tierless.ndjson', rows), *SILENCE, *SPAN, '--split', 'profile.tier')
    whole, parts = lines(doc), [lines(doc, split=tier) for tier in ('small', 'large', 'unknown')]
    for name, line in whole.items():
        for key in ('alerts', 'hits', 'false', 'churns'):
            check(line[key] == sum(part[name][key] for part in parts), f'{name}: {key} of the splits is not {line[key]}')
    check(parts[2]['quiet']['hits'] > whole['quiet']['hits'] / 3, parts[2]['quiet'])


def test_an_event_that_came_twice_is_one_churn():
    rows = [{'customer': 'c1', 'type': 'visit', 'ts': FIRST * DAY}] + [
        {'customer': 'c1', 'type': 'cancel', 'ts': (FIRST + 30) * DAY + again, 'id': 'x'} for again in (0, 60_000)]
    doc = backtest('--rules', SET, '--events', write_rows('twice.ndjson', rows), *CANCEL)
    check(doc['periods'][0]['churns'] == 1, doc['periods'])


def test_ranking_is_of_active_customers_alone():
    doc = backtest('--rules', SET, '--events', EVENTS, *SILENCE, *SPAN, '--rank', 'days = since(visit), never = -since(visit)')
    rank = {ranking['name']: ranking for ranking in doc['sides'][0]['ranking']}
    days = {}
    for row in ROWS:
        if row['type'] == 'visit':
            days.setdefault(row['customer'], []).append(row['ts'])
    pairs, end = [], max(row['ts'] for row in ROWS) // DAY
    moments = [day for day in range(judged.day('2026-02-28'), judged.day('2026-08-31') + 1, 28) if day + 30 <= end]
    for moment in moments:
        for all_ in days.values():
            before = [at for at in all_ if at // DAY <= moment]
            after = [at for at in all_ if moment < at // DAY <= moment + 30]
            if len({at // DAY for at in before}) >= 2 and moment - before[-1] // DAY < 30:
                pairs.append(((moment + 1) * DAY - 1 - before[-1], not after))
    gone, stay = ([score for score, lost in pairs if lost == kind] for kind in (True, False))
    auc = sum((a > b) + (a == b) / 2 for a in gone for b in stay) / len(gone) / len(stay)
    check(rank['days']['moments'] == len(moments) > 3, (rank['days'], moments))
    check((rank['days']['active'], rank['days']['churned']) == (len(pairs), len(gone)), (rank['days'], len(pairs), len(gone)))
    check(abs(rank['days']['auc'] - auc) < 1e-9 and abs(rank['never']['auc'] + auc - 1) < 1e-9, (rank, auc))
    check(rank['days']['low'] < auc < rank['days']['high'], rank['days'])
    bins = {row['name']: row['bins'] for row in doc['sides'][0]['calibration']}
    check([sum(one['customers'] for one in list_) for list_ in bins.values()] == [len(pairs)] * 3, bins)
    check(20 < bins['days'][-1]['mean'] < 31, 'a duration is in days')
    few = backtest('--rules', SET, '--events', EVENTS, *SILENCE, *SPAN, '--rank', 'gap_mean(visit)')['sides'][0]
    unknown, first = few['calibration'][1]['bins'][:2]
    check((unknown['from'], unknown['mean']) == (None, None) and unknown['customers'] > 0 and first['from'] > 0, (unknown, first))
    check(sum(one['customers'] for one in few['calibration'][1]['bins']) == len(pairs), 'all of them')


def test_a_curve_says_of_each_risk_what_its_level_would():
    doc = backtest('--rules', SET, '--events', EVENTS, *SILENCE, *SPAN)
    curve = {row['risk']: row for row in doc['sides'][0]['curve']}
    plain = write('plain.yaml', RULES.replace('at_risk: {enter: 60, leave: 45}', 'at_risk: {enter: 70, leave: 70}'))
    at_risk = lines(backtest('--rules', plain, '--events', EVENTS, *SILENCE, *SPAN))['at_risk']
    check(sorted(curve) == sorted({25, 30, 35, 40, 65, 70} & set(curve) | set(curve)) and 70 in curve, sorted(curve))
    check((curve[70]['alerts'], curve[70]['precision'], curve[70]['recall'], curve[70]['lead_days'])
          == (at_risk['alerts'], at_risk['precision']['value'], at_risk['recall']['value'], at_risk['lead_days']['median']),
          f'{curve[70]}, not {at_risk}')


def test_weeks_and_overlaps_count_the_same_warnings():
    doc = backtest('--rules', SET, '--events', EVENTS, *SILENCE, *SPAN)
    side = doc['sides'][0]
    for name, line in lines(doc).items():
        weeks = [week for week in side['weekly'] if week['name'] == name]
        check(sum(week['hits'] for week in weeks) == line['hits'] and sum(week['false'] for week in weeks) == line['false'], name)
        check(sum(week['alerts'] for week in weeks) >= line['alerts'], name)
    pair = next(row for row in side['overlap'] if (row['a'], row['b']) == ('quiet', 'trial'))
    told = {name: sum(lines(doc)[name][key] for key in ('hits', 'false', 'late', 'unresolved')) for name in ('quiet', 'trial')}
    check(pair['both'] > 100 and (pair['both'] + pair['a_only'], pair['both'] + pair['b_only']) == (told['quiet'], told['trial']), (pair, told))


def test_against_shows_what_appears_and_vanishes_and_nothing_else():
    later = write('later.yaml', RULES.replace('silent(visit) >= 20d', 'silent(visit) >= 28d').replace('gripes,', 'moans,'))
    doc = backtest('--rules', later, '--against', SET, '--events', EVENTS, *SILENCE, *SPAN)
    against, counts = doc['against'], [lines(doc, side=side) for side in (0, 1)]
    keys = [[(row['name'], row['customer']) for row in against[key]] for key in ('appear', 'vanish')]
    check('moans' in {name for name, _ in keys[0]} and 'gripes' not in {name for name, _ in keys[0]}, 'what appears')
    check('gripes' in {name for name, _ in keys[1]} and 'moans' not in {name for name, _ in keys[1]}, 'what vanishes')
    for list_ in ('appear', 'vanish'):
        told, verdicts = [row['verdict'] or 'none' for row in against[list_]], against[f'{list_}_verdicts']
        check(verdicts == {verdict: told.count(verdict) for verdict in verdicts} and sum(verdicts.values()) == len(told), verdicts)
    check(against['appear_count'] == len(keys[0]) and against['vanish_count'] == len(keys[1]), 'counts are not those of the lists')
    for name in ('quiet', 'trial', 'watch', 'at_risk'):
        new, old = (sum(counts[side][name][key] for key in ('hits', 'false', 'late', 'unresolved')) for side in (0, 1))
        more, less = (sum(row['name'] == name and row['verdict'] is not None for row in against[list_]) for list_ in ('appear', 'vanish'))
        check(new == old + more - less, f'{name}: {old} were judged, {more} came, {less} went, {new} are')
    check({row['name'] for row in against['vanish']} >= {'quiet'}, 'nobody is less than 28 days silent')
    check(against['moved'] > 0 and all(row['value'] >= then['value'] for row, then in zip(against['vanish'], against['vanish'][1:])),
          'the biggest value comes first')
    none = backtest('--rules', SET, '--against', SET, '--events', EVENTS, *SILENCE, *SPAN)['against']
    check((none['appear_count'], none['vanish_count'], none['moved']) == (0, 0, 0) and none['same'] > 100, none)


def test_expectations_hold_or_fail():
    words = ('--rules', SET, '--events', EVENTS, *SILENCE, *SPAN, '--rank', 'since(visit)')
    good = ('quiet.precision >= 10%', 'any.alerts > 5', 'at_risk.lead >= 1d', 'since(visit).auc > 0.5')
    doc = backtest(*words, '--expect', *good)
    check([(row['text'], row['holds']) for row in doc['expect']] == [(text, True) for text in good], doc['expect'])
    check(doc['expect'][0]['value'] == lines(doc)['quiet']['precision']['value'], doc['expect'][0])
    doc = backtest(*words, '--expect', good[0], '--expect', 'quiet.false == 0', status=1)
    check([row['holds'] for row in doc['expect']] == [True, False] and len(doc['sides'][0]['lines']) == 6, 'the report is printed all the same')
    for wrong, said in (('quite.recall > 0.5', 'there is no rule or level quite; did you mean quiet?'),
                        ('quiet.recal > 0.5', 'there is no figure recal; did you mean recall?'),
                        ('quiet > 0.5', '"quiet > 0.5" is not NAME.FIGURE >= NUMBER, such as broken.precision >= 0.9'),
                        ('unused.alerts > 0', 'there is no rule or level unused'),
                        ('quiet.auc > 0', 'there is no ranking quiet')):
        done = run('backtest', *words, '--expect', wrong, status=2)
        check(said in done.stderr.decode() and not done.stdout, done)


def test_the_same_words_give_the_same_bytes():
    words = ('backtest', '--json', '--rules', SET, '--against', write('b.yaml', RULES.replace('20d', '21d')), '--events', EVENTS, *SILENCE,
             *SPAN, '--rank', 'since(visit)', '--split', 'profile.tier', '--rounds', '100')
    one, two = (run(*words).stdout.rpartition(b'"seconds":')[0] for _ in range(2))
    check(one == two and len(one) > 10_000, 'two runs differ')
    check(run(*words, '--seed', '2').stdout.rpartition(b'"seconds":')[0] != one, 'another seed draws the same')


def test_wrong_words_get_a_sentence_that_helps():
    base = ('--rules', SET, '--events', EVENTS)
    for words, said in (
            (('--signal', 'vist', '--horizon', '30d'), '--signal: there is no signal vist; did you mean visit?'),
            (('--signal', 'visit'), '--horizon 91d'),
            ((), 'say what a churn is: --signal S --horizon 91d'),
            (('--signal', 'visit', '--horizon', 'soon'), '--horizon "soon": a number of days such as 28d'),
            (('--signal', 'visit', '--horizon', '36h'), '--horizon "36h": a number of days such as 28d'),
            ((*SILENCE, '--from', 'May'), '--from "May": a date such as 2026-01-31'),
            ((*SILENCE, '--from', '2026-03-01', '--until', '2026-02-01'), '--until lies before --from'),
            ((*SILENCE, *SPAN, '--train-until', '2026-09-01'), '--train-until has to lie between --from and --until'),
            ((*SILENCE, '--from', '2031-01-01'), 'the events are of 2026-01-01 to 2026-09-27: no day of them lies in the period'),
            ((*SILENCE, '--until', '2025-01-01'), 'no day of them lies in the period'),
            ((*SILENCE, '--train-until', '2026-12-31'), 'no day of them lies in the period'),
            ((*SILENCE, '--split', 'profile.teir'), 'did you mean profile.tier?'),
            ((*SILENCE, '--rank', 'sicne(visit)'), 'did you mean since?'),
            ((*SILENCE, '--rank', 'profile.tier == "small", "a"'), '--rank'),
            ((*SILENCE, '--churned', 'count(', '--horizon', '3d'), '--churned:1:'),
            ((*SILENCE, '--min-days', '0'), '--min-days "0": a number from 1 to 1000'),
            ((*SILENCE, '--rounds', '0'), '--rounds "0": a number from 10 to 10000'),
            ((*SILENCE, '--colour'), 'no option --colour')):
        done = run('backtest', *base, *words, status=2)
        check(said in done.stderr.decode(), f'{words}: {done.stderr.decode()}')


def test_a_file_without_events_is_said_to_be_empty():
    for text in ('', 'customer,type,ts\n'):
        done = run('backtest', '--rules', SET, '--events', write('empty.csv', text), *SILENCE, status=2)
        check('there are no events in' in done.stderr.decode(), done)
    twice = run('backtest', '--rules', SET, '--events', '-', '-', *SILENCE, status=2)
    check('stdin (-) can be read once only' in twice.stderr.decode(), twice)


def test_where_nobody_churns_the_figures_are_null_and_that_is_said():
    rows = [{'customer': f'c{n}', 'type': 'visit', 'ts': (FIRST + day) * DAY + n} for day in range(120) for n in range(5)]
    doc = backtest('--rules', SET, '--events', write_rows('calm', rows), *SILENCE)
    line = lines(doc)['quiet']
    check((line['alerts'], line['churns'], line['precision']['value'], line['recall']['low'], line['lead_days']['median'],
           line['alerts_per_1000_per_week']) == (0, 0, None, None, None, 0), line)
    check(any('nobody was lost' in warning['en'] and '流失' in warning['zh'] for warning in doc['warnings']), doc['warnings'])
    other = backtest('--rules', SET, '--events', write_rows('other', [dict(row, type='login') for row in rows]), *SILENCE)
    check('no event of these files counts for visit' in other['warnings'][0]['en'] and '没有任何事件计入 visit' in other['warnings'][0]['zh'],
          other['warnings'])
    failed = backtest('--rules', SET, '--events', path('calm'), *SILENCE, '--expect', 'quiet.precision >= 0', status=1)
    check(failed['expect'][0] == {'text': 'quiet.precision >= 0', 'value': None, 'holds': False}, failed['expect'])


def test_a_model_that_has_seen_the_answers_is_told():
    def warned(until):
        model = f'models: {{visit: {{kind: mbg_nbd, r: 1, alpha: 9, a: 0.7, b: 1.5, until: {until}}}}}\nrules:\n'
        rules = write('model.yaml', RULES.replace('rules:\n', model) + "- {rule: broken, expr: 'p_gap(visit, 30d) >= 0.9', points: 5}\n")
        doc = backtest('--rules', rules, '--events', EVENTS, *SILENCE, *SPAN)
        return [warning['en'] for warning in doc['warnings'] if 'a model of visit' in warning['en']]
    check(warned('2026-02-28') == [], 'a model fitted before is said to flatter')
    check('has seen part of the answers' in warned('2026-03-01')[0], 'a model fitted later is not told')


def real(name):
    file = real_history(name, 'events.csv.gz')
    with gzip.open(file, 'rt', encoding='utf-8') as lines_:
        rows = [dict(row, ts=int(row['ts'])) for row in csv.DictReader(lines_)]
    return file, rows


def test_figures_on_cdnow_are_those_of_its_alerts():
    file, rows = real('cdnow')
    shop = write('shop.yaml', '''churnd: 1
name: shop
defaults: {cooldown: 0s}
signals: {orders: {on: purchase}}
models: {orders: {kind: mbg_nbd, r: 0.525, alpha: 43.3, a: 0.891, b: 1.614}}
rules:
- {rule: broken, expr: 'p_gap(orders, 91d) >= 0.93', points: 40}
- {rule: quiet, expr: silent(orders) >= 60d, points: 10}
''')
    doc, alerts = backtest('--rules', shop, '--events', file, '--horizon', '91d', '--from', '1998-01-01', '--until', '1998-06-30'), alerts_of(shop, file)
    for rule in ('broken', 'quiet'):
        turns = judged.turns_of(alerts, rule)
        same(lines(doc)[rule], doc, judged.by_silence(rows, turns, 'purchase', 91, judged.day('1998-01-01'), judged.day('1998-06-30')), rule)
        same(lines(doc)[rule], doc, the_script(file, turns, '--from', '1998-01-01', '--to', '1998-06-30', '--horizon-days', '91'), f'the script, {rule}')
    check(lines(doc)['broken']['precision']['value'] > .91, lines(doc)['broken'])


def test_figures_on_oulad_are_those_of_its_alerts():
    file, rows = real('oulad_2013')
    course = write('course.yaml', '''churnd: 1
name: course
defaults: {cooldown: 0s}
signals: {submit: {on: submit}}
rules:
- {rule: behind, expr: silent(submit) >= 30d, points: 40}
''')
    words = ('--from', '2013-03-01', '--until', '2014-06-01')
    doc = backtest('--rules', course, '--events', file, '--churned', 'cancel', '--signal', 'submit', '--horizon', '28d', *words)
    turns = judged.turns_of(alerts_of(course, file), 'behind')
    same(lines(doc)['behind'], doc, judged.by_churn(rows, turns, 'submit', 'cancel', 28, judged.day('2013-03-01'), judged.day('2014-06-01')), 'behind')
    same(lines(doc)['behind'], doc, the_script(file, turns, '--from', '2013-03-01', '--to', '2014-06-01', '--activity', 'submit', '--cancel', 'cancel',
                                               '--horizon-days', '28'), 'the script, behind')


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in sorted(globals().items()) if name.startswith('test_')]))
