"""Writes tests/fixtures/intersections.json: every pair of attributes of the built-in audit, measured by NumPy and SciPy.

    python tests/recipes/make_intersections_fixture.py > tests/fixtures/intersections.json

Intervals and q-values are those of gap_law.py.
"""

import csv
import itertools
import json

import numpy as np
import scipy
import zstandard
from scipy.optimize import brentq
from scipy.stats import false_discovery_control

from gap_law import Gap

LEAST = 30
with zstandard.open("src/data/builtin/adult.csv.zst", "rt") as file:
    rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
names = [key.removeprefix("attribute:") for key in rows[0] if key.startswith("attribute:")]
has = np.array([[row[f"attribute:{name}"] == "1" for name in names] for row in rows])
loss = np.array([float(row["loss:v1"]) for row in rows])

found = []
for a, b in itertools.combinations(range(len(names)), 2):
    both = has[:, a] & has[:, b]
    if both.sum() < LEAST:
        continue
    x, y = loss[both], loss[~both]
    gap = Gap(x, y)
    found.append((names[a], names[b], len(x), x.mean(), y.mean(), gap.gap, gap.variance, gap))
gaps, variances = (np.array([row[at] for row in found]) for at in (5, 6))


q = false_discovery_control([row[7].p() for row in found])
# Paule & Mandel with known mean 0.
spread = brentq(lambda tau: (gaps**2 / (tau + variances)).sum() - len(gaps), 0, (gaps**2).sum(), xtol=1e-15, rtol=1e-14)
shrunken = gaps * spread / (spread + variances)
# Towards the mean of all by as much as the gap shrinks.
overall = loss.mean()
means = np.array([row[3] for row in found])
pulled = overall + (means - overall) * shrunken / gaps


def pair(at):
    a, b, n, mean, others, gap = found[at][:6]
    return {
        "attributes": [a, b], "n": n, "loss": mean, "loss_others": others, "loss_gap": gap,
        "interval": found[at][7].interval(), "q": q[at], "loss_shrunken": pulled[at],
    }


order = np.argsort(-pulled)
print(json.dumps({
    "made_by": f"scipy {scipy.__version__}, numpy {np.__version__}",
    "pairs": len(found),
    "high": list(found[order[0]][:2]),
    "low": list(found[order[-1]][:2]),
    "rows": [pair(at) for at in sorted({*range(0, len(found), 12), *order[:3].tolist(), *order[-3:].tolist()})],
}, indent=1))
