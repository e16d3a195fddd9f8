# SPDX-License-Identifier: Apache-2.0
"""A history for tests/whole/clinic.yaml, made from a seed: practices come, book, pay and complain, and some of it comes days late."""
import json
import random

DAY = 86_400_000
BEGIN = 1_767_225_600_000  # 2026-01-01


def made_history(path, seed, customers=30, days=200, begin=BEGIN, until=None):
    """What practices do, of `days` days from `begin` on, as far as it has arrived by `until`."""
    rng, rows = random.Random(seed), []

    def add(who, at, kind, **more):
        row = {'customer': f'p{who:02}', 'type': kind, 'ts': at, **more}
        if rng.random() < 0.08:
            row['arrived'] = at + rng.choice((rng.randrange(3_600_000), rng.randrange(25 * DAY)))
        rows.append(row)
    for who in range(customers):
        first, pace, turn = rng.randrange(60), rng.uniform(0.1, 0.9), rng.randrange(60, days)
        for day in range(first, days):
            at = begin + day * DAY + rng.randrange(DAY)
            if day == first or rng.random() < 0.01:
                add(who, at, 'profile', fee=rng.randrange(50, 900), plan=rng.choice(('solo', 'practice', 'hospital')), mobile=str(rng.randrange(10 ** 6)),
                    state='gone' if day > turn and rng.random() < 0.5 else 'paying', ends=f'2026-0{rng.randrange(1, 10)}-1{rng.randrange(10)}',
                    customer_since='2025-11-30')
            if rng.random() > pace * (0.15 if day > turn else 1):
                continue
            add(who, at, 'visit', user=f'u{rng.randrange(6)}', role=rng.choice(('boss', 'desk')))
            for kind, chance, more in (
                    ('booked', 0.5, {}), ('invoice_paid', 0.1, {'value': rng.randrange(1000) / 4}), ('desks_changed', 0.05, {'value': rng.randrange(9)}),
                    ('gripe', 0.05, {'weight': rng.choice(('big', 'small'))}), ('rated', 0.05, {'value': rng.randrange(11)}),
                    ('case_opened', 0.06, {'number': str(rng.randrange(3)), 'weight': 'huge'}), ('case_closed', 0.05, {'number': str(rng.randrange(3))}),
                    ('scanner_sold', 0.02, {'serial': f's{rng.randrange(4)}', 'guarantee': f'2026-0{rng.randrange(2, 9)}-2{rng.randrange(8)}'}),
                    ('scanner_scrapped', 0.01, {'serial': f's{rng.randrange(4)}'})):
                if rng.random() < chance:
                    add(who, at + rng.randrange(1000), kind, **more)
    rows = [row for row in rows if until is None or row.get('arrived', row['ts']) <= until]
    rows.sort(key=lambda row: row.get('arrived', row['ts']))
    with open(path, 'w', encoding='utf-8') as file:
        file.writelines(json.dumps(row) + '\n' for row in rows)
