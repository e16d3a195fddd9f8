#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden rows for logistic regression with a ridge, none of it the way the engine goes: instead of Newton's steps those
of a bound that holds everywhere (the curvature is never above a quarter of X'X: Boehning 1992), many thousands of them.

python3 tests/golden/logistic.py > tests/golden/logistic.txt
`sample FOLD HAPPENED X...`: a row; `fit LAMBDA WITHOUT = INTERCEPT WEIGHTS... LOG`: what fits without that fold (-1: none),
and the log-likelihood of those rows. tests/unit/test_fit_logistic.c reads it."""
import math

COLUMNS, ROWS, FOLDS = 3, 80, 5


def samples():
    state, out = 12345, []

    def chance():
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        return (state >> 11) / 2 ** 53
    for i in range(ROWS):
        x = [round(sum(chance() for _ in range(6)) - 3, 3) for _ in range(COLUMNS)]
        x[2] = round(0.8 * x[1] + 0.3 * x[2], 3)  # columns that say nearly the same
        p = 1 / (1 + math.exp(-(0.7 + 1.3 * x[0] - 0.9 * x[1])))
        out.append((i % FOLDS, int(chance() < p), x))
    return out


def solve(matrix, right):
    """Gauss and Jordan, the largest pivot first."""
    n = len(right)
    rows = [list(line) + [value] for line, value in zip(matrix, right)]
    for i in range(n):
        best = max(range(i, n), key=lambda k: abs(rows[k][i]))
        rows[i], rows[best] = rows[best], rows[i]
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for k in range(n):
            if k != i:
                rows[k] = [a - rows[k][i] * b for a, b in zip(rows[k], rows[i])]
    return [row[n] for row in rows]


def fit(rows, penalty):
    """The most of mean log-likelihood - penalty / 2 * squares; the last weight is the intercept, and free."""
    rows = [(y, x + [1.0]) for _, y, x in rows]
    n, size = len(rows), COLUMNS + 1
    ridge = [penalty] * COLUMNS + [0.0]
    bound = [[math.fsum(x[i] * x[j] for _, x in rows) / (4 * n) + (ridge[i] if i == j else 0) for j in range(size)]
             for i in range(size)]
    weights = [0.0] * size
    for _ in range(200000):
        rest = [y - 1 / (1 + math.exp(-math.fsum(w * v for w, v in zip(weights, x)))) for y, x in rows]
        slope = [math.fsum(r * x[i] for r, (_, x) in zip(rest, rows)) / n - ridge[i] * weights[i] for i in range(size)]
        if max(map(abs, slope)) < 1e-14:
            break
        weights = [w + s for w, s in zip(weights, solve(bound, slope))]
    log = math.fsum(-math.log1p(math.exp((1 - 2 * y) * math.fsum(w * v for w, v in zip(weights, x)))) for y, x in rows)
    return [weights[-1]] + weights[:-1] + [log]


def main():
    all_rows = samples()
    for fold, happened, x in all_rows:
        print("sample", fold, happened, *x, "=")
    for penalty in (1.0, 0.1, 0.01, 0.001):
        for without in (-1, 0, 3):
            values = fit([row for row in all_rows if row[0] != without], penalty)
            print("fit", penalty, without, "=", *("%.15g" % v for v in values))


main()
