# SPDX-License-Identifier: Apache-2.0
"""Reads Prometheus' text format as strictly as it is written down, and complains where promtool would."""
import re

from live_house import check

NAME = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*')
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
ESCAPES = {'\\n': '\n', '\\"': '"', '\\\\': '\\'}
SUFFIXES = {'histogram': ('_bucket', '_sum', '_count'), 'counter': ('',), 'gauge': ('',)}


def labels(text):
    found, at = {}, 0
    while text and at < len(text):
        match = LABEL.match(text, at)
        check(match, f'labels {text!r}')
        check(match[1] not in found, f'{match[1]} twice in {text!r}')
        found[match[1]] = re.sub(r'\\["\\n]', lambda escape: ESCAPES[escape[0]], match[2])
        at = match.end()
    return found


def family_of(name, kinds):
    for kind, suffixes in SUFFIXES.items():
        for suffix in suffixes:
            base = name.removesuffix(suffix) if suffix else name
            if name.endswith(suffix) and kinds.get(base) == kind:
                return base, suffix
    raise AssertionError(f'{name} belongs to no family that was declared before it')


def read(text):
    """{family: (kind, [(suffix, labels, number)])}; anything unclean is a Failure."""
    check(text.endswith('\n'), 'the last line has no end')
    kinds, helps, families, seen, last = {}, set(), {}, set(), None
    for line in text[:-1].split('\n'):
        words = line.split(' ', 3)
        if words[:2] == ['#', 'HELP']:
            check(len(words) == 4 and words[3] and words[2] not in helps, line)
            helps.add(words[2])
        elif words[:2] == ['#', 'TYPE']:
            check(len(words) == 4 and NAME.fullmatch(words[2]) and words[3] in SUFFIXES, line)
            check(words[2] in helps and words[2] not in kinds, f'{line}: HELP stands before, once')
            check((words[3] == 'counter') == words[2].endswith('_total'), f'{line}: only counters end in _total')
            kinds[words[2]], families[words[2]], last = words[3], (words[3], []), words[2]
        else:
            match = SAMPLE.fullmatch(line)
            check(match, f'no sample: {line}')
            base, suffix = family_of(match[1], kinds)
            check(base == last, f'{line}: does not stand with its family')
            named = labels(match[2])
            key = (match[1], tuple(sorted(named.items())))
            check(key not in seen, f'{line}: twice')
            seen.add(key)
            number = float(match[3])
            check(kinds[base] == 'gauge' or number >= 0, line)
            families[base][1].append((suffix, named, number))
    for name, (kind, samples) in families.items():
        if kind == 'histogram':
            check_histogram(name, samples)
    return families


def check_histogram(name, samples):
    groups = {}
    for suffix, named, number in samples:
        rest = tuple(sorted((key, value) for key, value in named.items() if key != 'le'))
        groups.setdefault(rest, {}).setdefault(suffix, []).append((named.get('le'), number))
    for group in groups.values():
        bounds = [float(le) for le, _ in group['_bucket']]
        counts = [number for _, number in group['_bucket']]
        check(bounds == sorted(set(bounds)) and bounds[-1] == float('inf'), f'{name}: bounds {bounds}')
        check(counts == sorted(counts), f'{name}: buckets are cumulative')
        check(len(group['_sum']) == 1 and group['_count'] == [(None, counts[-1])], f'{name}: count is that of +Inf')
