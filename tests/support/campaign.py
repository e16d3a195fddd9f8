# SPDX-License-Identifier: Apache-2.0
"""What a campaign says of itself: a line ready for the table of tests/CAMPAIGN.md."""
import os
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
    """promise: as the table has it; size: how much of it this run was; seed: None where nothing is drawn."""
    return "| %s | %s | `%s` | %s | %s | %s |" % (promise, size, command, commit(), "-" if seed is None else seed, out)


def slope(points):
    """Of y over x by least squares, for [(x, y)]."""
    x0 = sum(x for x, _ in points) / len(points)
    y0 = sum(y for _, y in points) / len(points)
    return sum((x - x0) * (y - y0) for x, y in points) / sum((x - x0) ** 2 for x, _ in points)
