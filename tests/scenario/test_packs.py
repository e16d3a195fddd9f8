#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rule packs: each loads without a warning but that of a model not fitted, passes its tests with full coverage, speaks two languages, and
leaves steady customers alone. `test_packs.py alarms` simulates at length (CUSTOMERS=20000 of each rate)."""
import glob
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from live_house import PATIENCE, check, run_tests  # noqa: E402

BUILD = os.environ.get('BUILD', 'build')
CHURNCTL = os.path.join(BUILD, 'churnctl')
PACKS = sorted(path for path in glob.glob('rules/*.yaml') if re.search(r'^churnd: 1', open(path, encoding='utf-8').read(), re.M))
# Models of other customers, or of nobody: said until an admin has fitted one.
BIASED = {'rules/ecommerce.yaml': ['W211'], 'rules/retail.yaml': ['W211'], 'rules/education.yaml': ['W209']}
MOST = '0.05'  # false drop episodes a customer-year
# Pack, its drop rule, the signal it reads, a type that feeds it, and what keeps a customer from being silent.
DROPS = [
    ('rules/saas.yaml', 'usage_drop', 'usage', 'page_view', 'login'),
    ('rules/saas.yaml', 'usage_fades', 'usage', 'page_view', 'login'),
    ('rules/content.yaml', 'plays_drop', 'play', 'play', 'episode_finished'),
    ('rules/ecommerce.yaml', 'visits_drop', 'visit', 'visit', '-'),
    ('rules/education.yaml', 'study_drops', 'study', 'exercise_done', 'video_watched'),
    ('rules/finance.yaml', 'activity_drops', 'activity', 'payment', '-'),
    ('rules/retail.yaml', 'visits_drop', 'visit', 'store_visit', '-'),
]


def churnctl(*arguments):
    return subprocess.run([CHURNCTL, *arguments], text=True, capture_output=True, timeout=12 * PATIENCE, check=False)


def test_each_pack_loads_without_a_warning_but_that_its_model_is_not_fitted():
    for pack in PACKS:
        done = churnctl('check', pack, '--json')
        said = [line for line in json.loads(done.stdout) if line['code'][0] in 'EW']
        check(done.returncode == 0 and [line['code'] for line in said] == BIASED.get(pack, []), f'{pack}: {said} {done.stderr}')


def test_each_reason_and_advice_is_in_english_and_chinese():
    for pack in PACKS:
        text = open(pack, encoding='utf-8').read()
        for rule in re.split(r'^- (?=rule:)', text.split('\nrules:')[1], flags=re.M)[1:]:
            name = re.match(r'rule: (\S+)', rule).group(1)
            check(re.search(r'^  reason: \{en: ".+", zh: ".+"\}$', rule, re.M), f'{pack}: {name} has no reason in both languages')
            if re.search(r'^  points: -', rule, re.M) is None:
                check(re.search(r'^  advice: \{en: ".+", zh: ".+"\}$', rule, re.M), f'{pack}: {name} has no advice in both')


def add_pack_tests():
    """One test a test file's test, and one for the coverage of each pack."""
    done = churnctl('test', '--coverage', '--json', *sorted(glob.glob('rules/tests/*_test.yaml')))
    said = json.loads(done.stdout) if done.stdout else {'tests': [], 'coverage': []}
    tests = []
    for one in said['tests']:
        def verdict(one=one):
            check(one['passed'], '\n'.join(f"{one['file']}:{f['line']}: {f['what']}\n  expected {f['expected']}\n  actual   {f['actual']}"
                                           for f in one['failures']))
        verdict.__name__ = os.path.basename(one['file'])[:-10] + '_' + re.sub(r'\W+', '_', one['name'])
        tests.append(verdict)
    for pack in PACKS:
        def covered(pack=pack):
            rules = [rule for rule in said['coverage'] if rule['file'] == pack]
            bad = [rule for rule in rules if rule['fired'] == 0 or rule['quiet'] == 0]
            check(rules and not bad and not done.stderr, f'{bad or "no tests"} {done.stderr}')
        covered.__name__ = 'each_rule_of_' + os.path.basename(pack)[:-5] + '_is_seen_firing_and_quiet'
        tests.append(covered)
    return tests


def alarms(customers):
    tests = []
    for drop in DROPS:
        def steady(drop=drop):
            tool = [os.path.join(BUILD, 'release', 'tools', 'false_alarms'), *drop, str(customers), MOST]
            done = subprocess.run(tool, text=True, capture_output=True, timeout=3600, check=False)
            for line in done.stdout.splitlines():
                print(f'# {line}', flush=True)
            check(done.returncode == 0 and done.stdout.count('customer-years') == 5, done)
            naive = [float(n) for n in re.findall(r'naive +([0-9.]+)', done.stdout)]
            check(all(n >= 3 for n in naive[:3]), 'the naive rule alarms for those who do little, or nothing was simulated')
        steady.__name__ = f'{drop[1]}_of_{os.path.basename(drop[0])[:-5]}_leaves_steady_customers_alone'
        tests.append(steady)
    return tests


if __name__ == '__main__':
    if sys.argv[1:] == ['alarms']:
        sys.exit(run_tests(alarms(int(os.environ.get('CUSTOMERS', '20000')))))
    named = [test for name, test in list(globals().items()) if name.startswith('test_')]
    sys.exit(run_tests(named + add_pack_tests() + alarms(250)))
