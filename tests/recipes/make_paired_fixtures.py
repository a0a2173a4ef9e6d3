"""Writes tests/fixtures/paired.json: SciPy's and statsmodels' tests of paired losses, and standard errors of a mean.

    python tests/recipes/make_paired_fixtures.py > tests/fixtures/paired.json
"""

import json

import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy.stats import ttest_rel, wilcoxon
from statsmodels.stats.contingency_tables import mcnemar

rng = np.random.default_rng(11)


def wrong_or_right(n, first, second):
    before = (rng.random(n) < first).astype(float)
    # The second model repeats three quarters of the first one's answers.
    after = np.where(rng.random(n) < 0.75, before, (rng.random(n) < second).astype(float))
    return before, after


def continuous(n, shift, decimals):
    before = np.round(rng.gamma(1.5, 0.6, n), decimals)
    return before, np.round(np.maximum(before + rng.normal(shift, 0.15, n), 0.0), decimals)


def case(before, after, groups):
    change = after - before
    t, w = ttest_rel(after, before), wilcoxon(after, before, method="asymptotic")
    ols = sm.OLS(change, np.ones_like(change))
    clustered = ols.fit(cov_type="cluster", cov_kwds={"groups": groups})
    found = {
        "before": before.tolist(),
        "after": after.tolist(),
        "clusters": groups.tolist(),
        "paired_t": {"statistic": t.statistic, "p": t.pvalue},
        "wilcoxon": {"statistic": w.statistic, "p": w.pvalue},
        "naive": float(ols.fit().bse[0]),
        "clustered": float(clustered.bse[0]),
    }
    if set(before) | set(after) <= {0.0, 1.0}:
        table = [[int(((before == b) & (after == a)).sum()) for a in (1.0, 0.0)] for b in (1.0, 0.0)]
        found["mcnemar"] = {"before_only": table[0][1], "after_only": table[1][0], "p": float(mcnemar(table, exact=True).pvalue)}
    return found


def groups(n):
    return np.sort(rng.integers(0, max(n // 4, 3), n))


cases = [case(*data, groups(len(data[0]))) for data in [
    continuous(12, 0.05, 4),
    continuous(200, 0.02, 1),
    continuous(500, 0.03, 4),
    wrong_or_right(40, 0.3, 0.5),
    wrong_or_right(900, 0.20, 0.24),
]]
# Counts of disagreements alone: the binomial tail far out and over many items.
tails = [(0, 1), (3, 9), (480, 560), (49_500, 50_500), (10, 200), (500_000, 501_000)]
print(json.dumps({
    "made_by": f"scipy {scipy.__version__}, statsmodels {statsmodels.__version__}, numpy {np.__version__}",
    "cases": cases,
    "tails": [{"before_only": b, "after_only": a, "p": float(mcnemar([[0, b], [a, 0]], exact=True).pvalue)} for b, a in tails],
}))
