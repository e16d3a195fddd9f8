#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Simulated worlds: WORLDS=N (2000) seeds from FROM (1) on, of the live code against a fake Redis, a fake receiver and a
fake clock; with SEED=7 that one alone, as tests/sim/worlds.c says."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import campaign  # noqa: E402
from support.house import BUILD  # noqa: E402

PROMISE = "simulated worlds: the model-based test of the main job, grown: fake Redis, fake HTTP and a fake clock, one seed one run, bit-equal traces"


def main():
    worlds, program = os.environ.get("WORLDS", "2000"), os.path.join(BUILD, "release", "sim", "worlds")
    begun = os.environ.get("FROM", "1")
    if os.environ.get("SEED"):
        os.execv(program, [program])
    done = subprocess.run([program], env=dict(os.environ, SEEDS=worlds), stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, end="")
    said = [line[2:] for line in done.stdout.splitlines() if line.startswith("# seeds ")]
    if done.returncode == 0 and said:
        seeds, came = said[0].removeprefix("seeds ").split(": ", 1)
        print("# " + campaign.row(PROMISE, worlds + " seeds", "make worlds FROM=%s SEEDS=%s" % (begun, worlds), seeds, came))
    return min(1, abs(done.returncode))


if __name__ == "__main__":
    sys.exit(main())
