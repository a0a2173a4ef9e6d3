"""Writes tests/fixtures/compare.json: SciPy's paired bootstrap of changes between two models.

    python tests/recipes/make_compare_fixtures.py > tests/fixtures/compare.json

SciPy draws other random numbers, so its interval ends are compared within the Monte Carlo error of both.
"""

import json

import numpy as np
import scipy
from scipy.stats import bootstrap

rng = np.random.default_rng(7)
N = 150
before = np.round(rng.gamma(1.5, 0.6, N), 4)
side = rng.random(N) < 0.4
after = np.round(np.maximum(before * 0.8 + np.where(side, 0.35, 0.0) + rng.normal(0, 0.15, N), 0.0), 4)


def interval(statistic):
    items = np.arange(N)
    found = bootstrap((items,), statistic, n_resamples=20000, method="percentile", vectorized=False, rng=11)
    low, high = found.confidence_interval
    return {"value": float(statistic(items)), "low": float(low), "high": float(high)}


def mean_change(items):
    return (after[items] - before[items]).mean()


def gap_change(items):
    change, on = after[items] - before[items], side[items]
    return change[on].mean() - change[~on].mean()


print(json.dumps({
    "made_by": f"scipy {scipy.__version__}, numpy {np.__version__}",
    "before": before.tolist(),
    "after": after.tolist(),
    "with": side.tolist(),
    "mean_change": interval(mean_change),
    "gap_change": interval(gap_change),
}, indent=1))
