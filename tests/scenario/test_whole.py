#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One rule file with every word of the language: it is accepted, and works as its tests say. No Redis, no configuration."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'support'))
from live_house import PATIENCE, check, run_tests  # noqa: E402

CHURNCTL = os.path.abspath(os.path.join(os.environ.get('BUILD', 'build'), 'churnctl'))
WHOLE = os.path.join(os.path.dirname(HERE), 'whole')
RULES = os.path.join(WHOLE, 'clinic.yaml')
WORDS = '''churnd name timezone lateness calendar teams levels enter leave color profile enum default private only value signals
on sum last where items open close key keep due members max reach models kind r alpha a b fitted until when lists macros defaults
cooldown min_events min_volume max_alerts_per_hour first_run rules rule expr clear points category reason advice for
keep_firing_for inhibited_by level mode warmup guard each date steps at every workday tags stages stage actions at_least from to
task webhook owner tag tasks title queue priority ack_within resolve_within assign escalate after close_when route unless'''.split()


def churnctl(*args):
    done = subprocess.run([CHURNCTL, *args], capture_output=True, text=True, check=False, timeout=3 * PATIENCE)
    return done.returncode, done.stdout, done.stderr


def test_every_word_stands_in_the_file():
    with open(RULES, encoding='utf-8') as file:
        text = file.read()
    missing = [word for word in WORDS if not re.search(r'(^|[{,\s])%s:' % word, text)]
    check(not missing, 'missing: %s' % missing)


def test_check_accepts_every_word_of_the_language():
    status, out, err = churnctl('check', RULES)
    check(status == 0 and 'good' in out, out + err)
    check('error' not in err and 'warning' not in err, err)


def test_the_whole_file_works_as_it_says():
    status, out, err = churnctl('test', os.path.join(WHOLE, 'tests.yaml'))
    check(status == 0, out + err)


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')]))
