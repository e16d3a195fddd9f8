#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden tables for the engine's mathematics, by exact fractions and 60 digits, none of it the way the engine goes:
binomial sums are added up term by term, the models come from their likelihoods, cusum and slopes from fractions.

python3 tests/golden/statistics.py > tests/golden/statistics.txt
One row: name, its numbers, `=`, the value to 17 digits. tests/unit/test_statistics.c reads it."""
import random
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 60
getcontext().Emin, getcontext().Emax = -10 ** 9, 10 ** 9


def row(name, numbers, value):
    print(name, *numbers, "=", "%.17g" % value)


def decimal_of(fraction):
    return Decimal(fraction.numerator) / Decimal(fraction.denominator)


# -- sums of binomial terms

def exact_at_most(k, n, a, b):
    """Whole numbers only: the sum over C(n, i) a^i b^(n-i), by (a+b)^n."""
    term, total = b ** n, 0
    for i in range(k + 1):
        total += term
        term = term * (n - i) * a // ((i + 1) * b)
    return decimal_of(Fraction(total, (a + b) ** n))


def exact_at_least(k, n, a, b):
    return exact_at_most(n - k, n, b, a)


def long_at_most(k, n, a, b):
    """The same from the largest term downwards, until what is left is under 1e-40 of it."""
    a, b = Decimal(a), Decimal(b)
    p, q = a / (a + b), b / (a + b)
    log_term = sum_logs(n) - sum_logs(k) - sum_logs(n - k) + k * p.ln() + (n - k) * q.ln()
    mode = int(p * (n + 1))
    if k > mode:
        return 1 - long_at_most(n - k - 1, n, b, a)
    term = log_term.exp()
    total, i = term, k
    while i > 0:
        term = term * i / (n - i + 1) * q / p
        total += term
        i -= 1
        if term < total * Decimal("1e-40"):
            break
    return total


LOGS = {}


def sum_logs(n):
    """log(n!) by Stirling's series at n >= 1000, where its 20th term is under 1e-60; else the product."""
    if n in LOGS:
        return LOGS[n]
    if n < 1000:
        product = 1
        for i in range(2, n + 1):
            product *= i
        LOGS[n] = Decimal(product).ln()
        return LOGS[n]
    x = Decimal(n)
    value = x * x.ln() - x + (2 * PI * x).ln() / 2
    for j, bernoulli in enumerate(BERNOULLI, 1):
        value += decimal_of(bernoulli) / (2 * j * (2 * j - 1)) / x ** (2 * j - 1)
    LOGS[n] = value
    return value


def bernoulli_even(count):
    numbers = [Fraction(1)]
    binomials = [1]
    for m in range(1, 2 * count + 1):
        binomials = [1] + [binomials[i] + binomials[i + 1] for i in range(len(binomials) - 1)] + [1]
        row_next = [1] + [binomials[i] + binomials[i + 1] for i in range(len(binomials) - 1)] + [1]
        numbers.append(-sum(row_next[i] * numbers[i] for i in range(m)) / (m + 1))
    return [numbers[2 * j] for j in range(1, count + 1)]


def pi():
    """Machin 1706."""
    def arctan_inverse(x):
        term, total, n = Decimal(1) / x, Decimal(0), 0
        while abs(term) > Decimal("1e-70"):
            total += term / (2 * n + 1) * (-1) ** n
            term, n = term / (x * x), n + 1
        return total
    return 4 * (4 * arctan_inverse(5) - arctan_inverse(239))


PI = pi()
BERNOULLI = bernoulli_even(20)


def binomials():
    rng = random.Random(5)
    cases = [(0, 1, 7, 28), (0, 30, 7, 28), (0, 31, 7, 28), (1, 2, 1, 1), (5, 10, 1, 1), (0, 400, 1, 399),
             (399, 400, 399, 1), (3, 12, 14, 77), (0, 2000, 1, 1), (1999, 2000, 1, 1), (1000, 2000, 1, 1),
             (1, 2000, 1, 1999), (2, 2000, 1999, 1)]
    for _ in range(150):
        n = rng.choice([rng.randint(1, 20), rng.randint(20, 300), rng.randint(300, 2000)])
        a, b = rng.randint(1, 60), rng.randint(1, 340)
        near = round(n * a / (a + b) + rng.uniform(-6, 6) * (n * a * b) ** 0.5 / (a + b))
        cases.append((min(n - 1, max(0, near)), n, a, b))
    for k, n, a, b in cases:
        row("at_most", (k, n, a, b), exact_at_most(k, n, a, b))
        row("at_least", (k + 1, n, a, b), exact_at_least(k + 1, n, a, b))
    for n, a, b in [(100_000, 7, 28), (1_000_000, 7, 28), (1_000_000, 1, 1), (1_000_000, 1, 399),
                    (1_000_000, 399, 1), (1_000_000, 1, 999_999), (999_999, 999_999, 1)]:
        centre, width = n * a / (a + b), (n * a * b) ** 0.5 / (a + b)
        for sds in (-30, -6, -3, -1, 0, 1, 4, 20):
            k = round(centre + sds * width)
            if 0 <= k < n:
                row("at_most", (k, n, a, b), long_at_most(k, n, a, b))
                row("at_least", (k + 1, n, a, b), long_at_most(n - k - 1, n, b, a))


# -- models, from the likelihood of a history (x, tx, t) mixed over rate and chance to leave

def rising(start, x):
    """start (start+1) .. (start+x-1) = Gamma(start+x) / Gamma(start)"""
    value = Decimal(1)
    for i in range(x):
        value *= start + i
    return value


def likelihood(kind, r, alpha, a, b, x, tx, t):
    """Of having stayed, and of having left after the last active day. Rate: gamma; chance to leave: beta."""
    def buying(until):
        return rising(r, x) * alpha ** r / (alpha + until) ** (r + x)

    def chance(left, stayed):  # mean of p^left (1-p)^stayed
        return rising(a, left) * rising(b, stayed) / rising(a + b, left + stayed)
    if kind == "mbg_nbd":  # x + 1 chances to leave, the first active day's among them
        return chance(0, x + 1) * buying(t), chance(1, x) * buying(tx)
    return chance(0, x) * buying(t), chance(1, x - 1) * buying(tx) if x > 0 else Decimal(0)


def models():
    rng = random.Random(7)
    known = [("bg_nbd", "0.243", "30.898", "0.793", "2.426"), ("mbg_nbd", "0.525", "43.3", "0.891", "1.614"),
             ("mbg_nbd", "1", "2", "0.7", "1.5"), ("bg_nbd", "5", "100", "0.01", "20"),
             ("mbg_nbd", "0.05", "0.5", "3", "0.2")]
    histories = [(0, 0, 0), (0, 0, "0.25"), (0, 0, 4000), (1, 0, 1), (1, 30, 30), (2, 213, 272), (350, 399, 400),
                 (1000, 3000, "3001.5"), (1000, 3000, 6000)]
    for _ in range(20):
        tx = rng.randint(40, 900)
        histories.append((rng.randint(1, 40), tx, tx + rng.randint(0, 400)))
    for kind, *parameters in known:
        r, alpha, a, b = (Decimal(p) for p in parameters)
        for x, tx, t in histories:
            tx, t = Decimal(tx), Decimal(t)
            stays, left = likelihood(kind, r, alpha, a, b, x, tx, t)
            row("alive", (kind, *parameters, x, tx, t), stays / (stays + left))
            for span in ("0.5", "14", "90", "3650"):
                later = sum(likelihood(kind, r, alpha, a, b, x, tx, t + Decimal(span)))
                row("silent", (kind, *parameters, x, tx, t, span), later / (stays + left))
                end = max(t, tx + Decimal(span))
                later = sum(likelihood(kind, r, alpha, a, b, x, tx, end))
                row("gap", (kind, *parameters, x, tx, t, span), later / (stays + left))


# -- gaps and rows of days

def gaps():
    rng = random.Random(11)
    for count in (3, 4, 5, 8, 40, 399):
        row_of = [rng.choice([1, 1, 2, 3, rng.randint(1, 60)]) for _ in range(count)]
        text = ",".join(map(str, row_of))
        mean = Fraction(sum(row_of), count)
        row("mean", (text,), decimal_of(mean))
        row("sd", (text,), decimal_of(sum((g - mean) ** 2 for g in row_of) / (count - 1)).sqrt())
        row("max", (text,), max(row_of))
        ordered = sorted(row_of)
        for q in (Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(9, 10), Fraction(1)):
            place = q * (count - 1)
            low = int(place)
            high = min(low + 1, count - 1)
            row("quantile", (text, float(q)),
                decimal_of(ordered[low] + (place - low) * (ordered[high] - ordered[low])))
        for w in (Fraction(1, 4), Fraction(1)):
            # Written out: w (1-w)^(last-i) for each gap, the first one keeps what is left.
            last = count - 1
            value = (1 - w) ** last * row_of[0] + sum(w * (1 - w) ** (last - i) * row_of[i] for i in range(1, count))
            row("gap_ewma", (text, float(w)), decimal_of(Fraction(value)))


def days():
    rng = random.Random(13)
    for count in (3, 7, 28, 91, 400):
        on = sorted(rng.sample(range(20000, 20000 + count + count // 4), count))
        y = [rng.choice([0, 0, 1, 2, 5, rng.randint(0, 300)]) for _ in on]
        text = ",".join("%d:%d" % pair for pair in zip(on, y))
        n, sx, sy = count, sum(on), sum(y)
        slope = Fraction(n * sum(x * v for x, v in zip(on, y)) - sx * sy, n * sum(x * x for x in on) - sx * sx)
        row("slope", (text,), decimal_of(slope))
        for half_life in (Decimal("0.5"), Decimal(7), Decimal(40)):
            weights = [Decimal(2) ** (-(Decimal(on[-1] - x)) / half_life) for x in on]
            row("ewma", (text, half_life), sum(w * v for w, v in zip(weights, y)) / sum(weights))
        for rate, rho in (("0.3", "0.5"), ("2.5", "0.7"), ("2.5", "1.5"), ("0.01", "3")):
            # The largest of all sums that end with the last day: what max(0, ..) day by day comes to.
            steps = [v * Decimal(rho).ln() - Decimal(rate) * (Decimal(rho) - 1) for v in y]
            best, tail = Decimal(0), Decimal(0)
            for step in reversed(steps):
                tail += step
                best = max(best, tail)
            row("cusum", (text, rate, rho), best)


binomials()
models()
gaps()
days()
