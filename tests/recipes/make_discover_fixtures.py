"""The skew-corrected Welch test by SciPy, and matching pursuit by brute force.

Makes   tests/fixtures/discover.json
Needs   Python 3.11, numpy 2.4.6, scipy 1.17.1
Run     python tests/recipes/make_discover_fixtures.py

Nothing of the program is used: groups are boolean columns here, and every sum is taken anew at every step.
"""

import itertools
import json
from pathlib import Path

import numpy as np
from scipy import stats

OUT = Path(__file__).parents[1] / "fixtures" / "discover.json"


def skewed_welch(group, rest):
    """t and df as SciPy's Welch has them; then Hall's (1992) transformation of t by the difference's third cumulant.

    A group that varies less than the rest is given the rest's moments, so SciPy is asked through summary numbers.
    """
    like = rest if group.var(ddof=1) < rest.var(ddof=1) else group
    error2 = like.var(ddof=1) / len(group) + rest.var(ddof=1) / len(rest)
    found = stats.ttest_ind_from_stats(
        group.mean(), like.std(ddof=1), len(group), rest.mean(), rest.std(ddof=1), len(rest), equal_var=False
    )
    parts = [like.var(ddof=1) / len(group), rest.var(ddof=1) / len(rest)]
    df = error2**2 / (parts[0] ** 2 / (len(group) - 1) + parts[1] ** 2 / (len(rest) - 1))
    third = stats.moment(like, 3) / len(group) ** 2 - stats.moment(rest, 3) / len(rest) ** 2
    g = np.clip(third / error2**1.5, -1, 1)
    t = found.statistic
    corrected = t + g * (2 * t**2 + 1) / 6 + g**2 * t**3 / 27
    assert abs(2 * stats.t.sf(abs(t), df) - found.pvalue) < 1e-9
    return {"t": t, "df": df, "corrected": corrected, "p": stats.t.sf(corrected, df)}


def above(group, rest, level):
    if min(len(group), len(rest)) < 3:
        return False
    return skewed_welch(group, rest)["p"] <= level


def pursuit(holds, values, least, top):
    """Slices of one or two columns, each by the greatest shrunken excess over what no earlier one holds."""
    columns = holds.shape[1]
    names = [(a,) for a in range(columns)] + list(itertools.combinations(range(columns), 2))
    inside = {name: holds[:, list(name)].all(axis=1) for name in names}
    tried = sum(inside[name].sum() >= least for name in names)
    left = np.ones(len(values), bool)
    slices = []
    while len(slices) < top:
        best, score = None, 0.0
        for name in names:
            rows = inside[name] & left
            n = rows.sum()
            if n < least:
                continue
            here = (values[rows].mean() - values[left].mean()) * n / (n + 30) * np.sqrt(n) * (1.1 if len(name) == 1 else 1)
            if here <= score or not above(values[rows], values[left & ~rows], 0.05 / tried):
                continue
            if not above(values[inside[name]], values[~inside[name]], 0.05 / tried):
                continue
            parents = [inside[(a,)] & left & ~rows for a in name]
            if len(name) == 2 and not all(above(values[rows], values[other], 0.01) for other in parents):
                continue
            best, score = name, here
        if best is None:
            break
        slices.append(list(best))
        left &= ~inside[best]
    return slices, int(tried)


def main():
    rng = np.random.default_rng(18)
    tests = []
    for n, m, shift, spread in [(12, 400, 0.3, 1.5), (40, 4000, 0.0, 0.9), (15, 60, 1.0, 0.4), (300, 500, -0.2, 1.0)]:
        group = np.round(rng.lognormal(shift, spread, n), 6)
        rest = np.round(rng.lognormal(0, 0.8, m), 6)
        tests.append({"group": group.tolist(), "rest": rest.tolist(), **skewed_welch(group, rest)})
    searches = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        holds = rng.random((900, 9)) < np.linspace(0.12, 0.5, 9)
        values = np.round(rng.exponential(1.0, 900) + 0.9 * holds[:, 0] + 1.1 * (holds[:, 3] & holds[:, 7]) + 0.5 * holds[:, 5], 4)
        slices, tried = pursuit(holds, values - values.mean(), 25, 6)
        rows = ["".join("1" if held else "0" for held in row) for row in holds]
        searches.append({"holds": rows, "values": values.tolist(), "slices": slices, "candidates": tried})
    OUT.write_text(json.dumps({"tests": tests, "searches": searches}) + "\n")
    for search in searches:
        print(search["slices"], search["candidates"])


main()
