# SPDX-License-Identifier: Apache-2.0
"""A made-up document of a backtest, as churnctl backtest --json prints it: two sides, two periods, splits, hostile names."""
import datetime
import json

HOSTILE = '</script><img src=x onerror=alert(1)>'


def share(value, half=0.04):
    return {'value': value, 'low': max(0, round(value - half, 4)), 'high': min(1, round(value + half, 4))}


def line(of, name, period, hits, false, recall, lead, split=None, title=None, mode='live', half=0.04):
    precision = hits / (hits + false) if hits + false else None
    f1 = 2 * precision * recall / (precision + recall) if precision else None
    return {'of': of, 'name': name, 'title': title, 'mode': mode, 'period': period, 'split': split,
            'alerts': hits + false + 31, 'alerts_per_1000_per_week': round((hits + false + 31) / 25 / 2.357, 4), 'hits': hits, 'false': false,
            'unresolved': 20, 'late': 4, 'rewarnings': 7, 'flaps': 3, 'churns': 800, 'caught': round(800 * recall),
            'precision': share(precision, half) if precision else {'value': None, 'low': None, 'high': None},
            'recall': share(recall, 0.02), 'f1': share(f1, 0.03) if f1 else {'value': None, 'low': None, 'high': None},
            'lead_days': {'q1': lead - 6, 'median': lead, 'q3': lead + 11, 'low': lead - 1, 'high': lead + 2} if lead
            else {'q1': None, 'median': None, 'q3': None, 'low': None, 'high': None}}


def lines(shift):
    both = []
    for period, change in (('tune', 12), ('judge', 0)):
        both += [
            line('rule', 'broken', period, 552 - shift - change, 48 + shift, 0.99, 14, title={'en': 'rhythm "broken" & gone', 'zh': '节奏“中断”'}),
            line('rule', 'quiet', period, 300, 290 - shift, 0.61, 33.5, mode='shadow'),
            line('rule', 'complaint', period, 9, 4, 0.02, 40, half=0.2),
            line('rule', 'drop', period, 60, 240, 0.1, 51),
            line('rule', 'never', period, 0, 0, 0, None) | {'alerts': 0, 'alerts_per_1000_per_week': 0},
            line('level', 'at_risk', period, 480, 90, 0.86, 21),
            line('any', 'any rule', period, 610 - shift, 200, 0.995, 30)]
    return both + [line('rule', 'broken', 'judge', 250, 20, 0.98, 15, split={'by': 'profile.tier', 'value': '团队版'}, half=0.06),
                   line('rule', 'broken', 'judge', 302 - shift, 28, 0.99, 13, split={'by': 'profile.tier', 'value': HOSTILE}, half=0.06)]


def weekly():
    rows = []
    for i in range(26):
        week = datetime.date(1998, 1, 5) + datetime.timedelta(weeks=i)
        for of, name, size in (('rule', 'broken', 1), ('any', 'any rule', 2)):
            hits = (i * 7 % 13 + 4) * size
            rows.append({'week': week.isoformat(), 'of': of, 'name': name, 'alerts': hits + 3 * size + i % 3, 'hits': hits, 'false': size})
    return rows


def side(name, shift):
    return {'name': name, 'files': [name], 'sha256': '2e01de48db8b' + '0' * 52, 'lines': lines(shift), 'weekly': weekly(),
            'overlap': [{'a': 'broken', 'b': 'quiet', 'both': 260, 'a_only': 292, 'b_only': 40}, {'a': 'broken', 'b': 'complaint', 'both': 9, 'a_only': 543, 'b_only': 0}],
            'curve': [{'risk': r, 'alerts': 1400 - 12 * r, 'precision': round(0.3 + r * 0.0065, 4), 'recall': round(1 - r * 0.004, 4), 'lead_days': 70 - r * 0.6}
                      for r in range(10, 101, 5)],
            'ranking': [{'name': 'risk', 'period': 'judge', 'auc': 0.6874, 'low': 0.66, 'high': 0.71, 'active': 1200, 'churned': 310, 'moments': 3},
                        {'name': 'p_silent(orders, 91d)', 'period': 'judge', 'auc': 0.7139, 'low': 0.69, 'high': 0.735, 'active': 1200, 'churned': 310, 'moments': 3}],
            'calibration': [{'name': 'risk', 'bins': [{'from': b, 'to': b + 10, 'mean': b + 4.5, 'customers': 900 // (b // 10 + 1), 'churned': int(900 // (b // 10 + 1) * (0.04 + b * 0.008))}
                                                      for b in range(0, 100, 10)]}]}


def move(customer, at, verdict, lead):
    return {'customer': customer, 'at': at + 'T00:00:00.000Z', 'of': 'rule', 'name': 'broken', 'verdict': verdict, 'lead_days': lead}


def document(sides=2):
    doc = {'backtest': 1,
           'events': {'files': ['events.csv.gz'], 'rows': 6919, 'rejected': 2, 'customers': 2357, 'first': '1997-01-01', 'last': '1998-06-30'},
           'truth': {'kind': 'silence', 'signal': 'orders', 'horizon_days': 91, 'min_days': 2},
           'periods': [{'name': 'tune', 'from': '1997-04-01', 'to': '1997-12-31', 'churns': 790, 'watched': 1200, 'weeks': 39.2857},
                       {'name': 'judge', 'from': '1998-01-01', 'to': '1998-06-30', 'churns': 800, 'watched': 1287, 'weeks': 25.8571}],
           'bootstrap': {'rounds': 1000, 'seed': 1, 'level': 0.95},
           'warnings': [{'en': 'the model of orders was fitted until 1998-03-31, after the first judged day', 'zh': 'orders 的模型拟合至 1998-03-31,晚于评判期首日'}],
           'sides': [side('shop.yaml', 0), side('old.yaml', 40)][:sides],
           'expect': [{'text': 'broken.precision >= 0.91', 'value': 0.92, 'holds': True}, {'text': 'quiet.recall >= 0.9', 'value': 0.61, 'holds': False}],
           'seconds': 0.61}
    if sides > 1:
        doc['against'] = {'appear': [move(HOSTILE, '1998-02-03', 'hit', 14)] + [move(f'c{i}', '1998-02-11', 'hit' if i % 4 else 'false', 13 if i % 4 else None) for i in range(30)],
                          'vanish': [move('王小明', '1998-03-01', 'false', None), move('twice', '1998-03-04', None, None), move("o'neil & sons", '1998-03-09', 'late', None)],
                          'appear_count': 53, 'vanish_count': 3,
                          'appear_verdicts': {'hit': 43, 'false': 10, 'late': 0, 'unresolved': 0, 'none': 0},
                          'vanish_verdicts': {'hit': 0, 'false': 1, 'late': 1, 'unresolved': 0, 'none': 1}, 'same': 540}
    return json.loads(json.dumps(doc), parse_float=lambda text: float('%.10g' % float(text)))


def everywhere(value, text):
    """The document with a hostile text for every text that comes from an admin's files."""
    if isinstance(value, dict):
        return {key: part if key in ('of', 'period', 'kind', 'verdict', 'mode', 'week', 'at', 'from', 'to') else everywhere(part, text)
                for key, part in value.items()}
    if isinstance(value, list):
        return [everywhere(part, text) for part in value]
    return text if isinstance(value, str) and value not in ('judge', 'tune') else value
