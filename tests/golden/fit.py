#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden numbers for fitting models, none of it the way the engine goes: likelihoods are products of 60 digits, or integrals
over the rate and the chance to leave; the maximum comes from Newton's method on 60-digit sums.

python3 tests/golden/fit.py > tests/golden/fit.txt
Rows: `likelihood kind r alpha a b x tx t = log`, `integral` the same, `cell x tx t count` a made history of customers,
`maximum kind r alpha a b = log-likelihood` theirs, `errors kind r alpha a b` its standard errors. tests/unit/test_fit_nbd.c reads it."""
import math
import random
from decimal import Decimal, getcontext

getcontext().prec = 60
getcontext().Emin, getcontext().Emax = -10 ** 9, 10 ** 9

KNOWN = [("bg_nbd", "0.243", "30.898", "0.793", "2.426"), ("mbg_nbd", "0.525", "43.3", "0.891", "1.614"),
         ("mbg_nbd", "1", "2", "0.7", "1.5"), ("bg_nbd", "5", "100", "0.01", "20"), ("mbg_nbd", "0.05", "0.5", "3", "0.2")]


# -- products

def rising(start, x):
    """start (start+1) .. (start+x-1) = Gamma(start+x) / Gamma(start)"""
    value = Decimal(1)
    for i in range(x):
        value *= start + i
    return value


def log_likelihood(kind, r, alpha, a, b, x, tx, t):
    def buying(until):
        return rising(r, x) * alpha ** r / (alpha + until) ** (r + x)

    def chance(left, stayed):  # mean of p^left (1-p)^stayed
        return rising(a, left) * rising(b, stayed) / rising(a + b, left + stayed)
    if kind == "mbg_nbd":
        return (chance(0, x + 1) * buying(t) + chance(1, x) * buying(tx)).ln()
    return (chance(0, x) * buying(t) + (chance(1, x - 1) * buying(tx) if x > 0 else 0)).ln()


def products():
    rng = random.Random(3)
    histories = [(0, 0, 0), (0, 0, 1), (0, 0, 4000), (1, 0, 1), (1, 30, 30), (2, 213, 272), (350, 399, 400),
                 (3000, 9000, 9001), (3000, 9000, 20000)]
    for _ in range(20):
        tx = rng.randint(40, 900)
        histories.append((rng.randint(1, 40), tx, tx + rng.randint(0, 400)))
    for kind, *parameters in KNOWN:
        for x, tx, t in histories:
            value = log_likelihood(kind, *map(Decimal, parameters), x, tx, t)
            print("likelihood", kind, *parameters, x, tx, t, "=", "%.17g" % value)


# -- integrals, by the double exponential rule (Takahasi and Mori 1974)

STEP = 0.04


def over_share(function):
    """of p in 0..1, given p and 1 - p"""
    total = 0.0
    for i in range(-120, 121):
        u = math.pi / 2 * math.sinh(i * STEP)
        p, q = 1 / (1 + math.exp(-2 * u)), 1 / (1 + math.exp(2 * u))
        if p > 0 and q > 0:
            total += function(p, q) * math.pi * math.cosh(i * STEP) * p * q
    return total * STEP


def over_rate(function):
    """of a rate above 0"""
    total = 0.0
    for i in range(-120, 121):
        rate = math.exp(math.pi / 2 * math.sinh(i * STEP))
        if 1e-290 < rate < 1e290:
            total += function(rate) * rate * math.pi / 2 * math.cosh(i * STEP)
    return total * STEP


def integral(kind, r, alpha, a, b, x, tx, t):
    """Of one customer's likelihood over all rates and chances to leave."""
    def rates(until):
        return over_rate(lambda rate: math.exp(r * math.log(alpha) - math.lgamma(r) + (r + x - 1) * math.log(rate)
                                               - rate * (alpha + until)))

    def shares(left, stayed):
        beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
        return over_share(lambda p, q: math.exp((a + left - 1) * math.log(p) + (b + stayed - 1) * math.log(q) - beta))
    if kind == "mbg_nbd":
        return math.log(shares(0, x + 1) * rates(t) + shares(1, x) * rates(tx))
    return math.log(shares(0, x) * rates(t) + (shares(1, x - 1) * rates(tx) if x > 0 else 0))


def integrals():
    for kind, *parameters in KNOWN[:3]:
        for x, tx, t in ((0, 0, 30), (1, 20, 90), (2, 213, 272), (7, 100, 101)):
            print("integral", kind, *parameters, x, tx, t, "=",
                  "%.17g" % integral(kind, *map(float, parameters), x, tx, t))


# -- a maximum

def made_customers():
    rng = random.Random(17)
    cells = {}
    for _ in range(400):
        rate, leave = rng.gammavariate(0.7, 1 / 25), rng.betavariate(0.9, 2.2)
        end, at, days = rng.randint(100, 365), 0.0, {0}
        while rng.random() >= leave:
            at += rng.expovariate(rate)
            if at >= end + 1:
                break
            days.add(int(at))
        cell = (len(days) - 1, max(days), end)
        cells[cell] = cells.get(cell, 0) + 1
    return sorted(cells.items())


def solve(matrix, right):
    """Gauss, with the largest pivot."""
    n = len(right)
    rows = [list(row) + [value] for row, value in zip(matrix, right)]
    for k in range(n):
        best = max(range(k, n), key=lambda i: abs(rows[i][k]))
        rows[k], rows[best] = rows[best], rows[k]
        for i in range(n):
            if i != k:
                factor = rows[i][k] / rows[k][k]
                rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k])]
    return [rows[i][n] / rows[i][i] for i in range(n)]


def newton(kind, cells, start):
    """On logarithms of the parameters; derivatives by differences that 60 digits do not spoil."""
    h = Decimal("1e-12")

    def total(point):
        parameters = [x.exp() for x in point]
        return sum(count * log_likelihood(kind, *parameters, *cell) for cell, count in cells)

    def moved(point, *moves):
        point = list(point)
        for i, by in moves:
            point[i] += by
        return total(point)
    point = [Decimal(x).ln() for x in start]
    for _ in range(20):
        here = total(point)
        plus = [moved(point, (i, h)) for i in range(4)]
        minus = [moved(point, (i, -h)) for i in range(4)]
        slope = [(p - m) / (2 * h) for p, m in zip(plus, minus)]
        bend = [[None] * 4 for _ in range(4)]
        for i in range(4):
            bend[i][i] = (plus[i] - 2 * here + minus[i]) / (h * h)
            for k in range(i):
                both = moved(point, (i, h), (k, h))
                bend[i][k] = bend[k][i] = (both - plus[i] - plus[k] + here) / (h * h)
        step = solve(bend, [-s for s in slope])
        point = [x + s for x, s in zip(point, step)]
        if max(map(abs, step)) < Decimal("1e-9"):
            parameters = [x.exp() for x in point]
            variances = [solve(bend, [-Decimal(i == k) for k in range(4)])[i] for i in range(4)]
            return parameters, total(point), [x * v.sqrt() for x, v in zip(parameters, variances)]
    raise SystemExit("Newton's method does not settle: begin nearer")


def maxima():
    cells = made_customers()
    for cell, count in cells:
        print("cell", *cell, count)
    for kind, start in (("bg_nbd", ("0.3", "16", "0.9", "4")), ("mbg_nbd", ("0.7", "25", "0.9", "2.2"))):
        parameters, value, errors = newton(kind, cells, start)
        print("maximum", kind, *("%.12g" % x for x in parameters), "=", "%.17g" % value)
        print("errors", kind, *("%.12g" % x for x in errors))


products()
integrals()
maxima()
