#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A made-up shop as a file of events, to try rules and models on: `shop.py grocery|pets|fashion|furniture > shop.csv`.

Three years from 2020 on. Each customer comes in the first, orders with a rate of its own (gamma) and leaves after an order
with a chance of its own (beta); `even` says how even its gaps are (1: by chance alone; 3: the sum of three such waits)."""
import random
import sys

# Customers, mean gap in days, shape of the rates, mean chance of leaving after an order, even.
SHOPS = {
    'grocery': (800, 7, 3, 0.02, 1),
    'pets': (1500, 35, 4, 0.08, 3),
    'fashion': (2000, 60, 0.8, 0.25, 1),
    'furniture': (3000, 300, 2, 0.3, 1),
}
FIRST_DAY, DAYS = 18262, 1096


def orders(rng, gap, shape, leaving, even):
    """Days since FIRST_DAY on which one customer orders."""
    rate, chance = rng.gammavariate(shape, 1 / shape) / gap, rng.betavariate(2.5 * leaving, 2.5 * (1 - leaving))
    at = rng.random() * 365
    while at < DAYS:
        yield at
        if rng.random() < chance:
            return
        at += sum(rng.expovariate(rate * even) for _ in range(even))


def main():
    customers, *habits = SHOPS[sys.argv[1]]
    rng = random.Random(5)
    rows = sorted((int((FIRST_DAY + at) * 86400000), f'c{number:04d}')
                  for number in range(customers) for at in orders(rng, *habits))
    print('customer,type,ts,value')
    for ts, customer in rows:
        print(f'{customer},order,{ts},1')


if __name__ == '__main__':
    main()
