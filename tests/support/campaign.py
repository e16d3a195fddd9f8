# SPDX-License-Identifier: Apache-2.0
"""What a campaign says of itself: its verdict, and a line ready for the table of tests/CAMPAIGN.md."""
import os
import statistics
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def commit():
    """COMMIT where it is given (programs built elsewhere); a + says that files differ from it."""
    if os.environ.get("COMMIT"):
        return os.environ["COMMIT"]
    try:
        name = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty=+", "--exclude=*"], check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "no git"
    return name


def row(promise, size, command, seed, out):
    """promise: as the table has it; size: how much of it this run was; seed: None where nothing is drawn. What CI does is not ours to say."""
    return "| %s | | %s | `%s` | %s | %s | %s |" % (promise, size, command, commit(), "-" if seed is None else seed, out)


def failed(number, name, why, most=None):
    """TAP for a part that does not hold; `most`: letters of each line of the reason."""
    print("not ok %d - %s" % (number, name))
    print("\n".join("# " + line[:most] for line in str(why).splitlines()), flush=True)


def only(name, run, table=None):
    """A program that shows one thing: `run()` says what came out. table: (promise, size, command, seed) of its row; the seed
    is a number where RSEED sets it, a text such as "1 to 9" where it cannot.
    The exit status."""
    try:
        sentence = run()
    except AssertionError as why:
        failed(1, name + (" (RSEED=%d)" % table[3] if table and isinstance(table[3], int) else ""), why)
        print("1..1")
        return 1
    print("ok 1 - %s\n# %s" % (name, sentence))
    if table:
        print("# " + row(*table, sentence))
    print("1..1")
    return 0


def slope(points, most=200):
    """Of y over x for [(x, y)]: the median of the slopes between any two (Theil and Sen). A step that comes once, such as
    a buffer that has to hold more from then on, does not move it; what grows all the time does."""
    thin = points[::max(1, len(points) // most)]
    return statistics.median((b[1] - a[1]) / (b[0] - a[0]) for i, a in enumerate(thin) for b in thin[i + 1:])
