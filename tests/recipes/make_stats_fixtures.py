"""Writes tests/fixtures/stats.json: what SciPy and scikit-learn say, for tests/stats.rs to agree with.

Run:  python tests/recipes/make_stats_fixtures.py [TABLE5_CSV]
Made with NumPy 2.4.6, SciPy 1.17.1 and scikit-learn 1.9.1 on Python 3.11 (the file records the versions).
TABLE5_CSV is Table 5 of arXiv 2305.03212 as printed; without it the rows already in the fixture are kept.

Large columns are not stored: both sides make them from the same 64-bit linear congruential generator.
"""

import csv
import json
import math
import platform
import sys
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy import optimize, stats
from sklearn.metrics import roc_auc_score

from gap_law import Gap

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "stats.json"
warnings.simplefilter("ignore")


def uniform(seed, n):
    """n numbers in [0, 1) from Knuth's MMIX generator, top 53 bits; identical in tests/stats.rs."""
    values = np.empty(n)
    state = seed
    for i in range(n):
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        values[i] = (state >> 11) * 2.0**-53
    return values


def column(seed, n, levels):
    """Uniform numbers, cut to `levels` distinct values unless 0."""
    u = uniform(seed, n)
    return np.floor(u * levels) if levels else u


def pair(case):
    """Two columns of which the second follows the first with weight `slope`."""
    x = column(case["seed"], case["n"], case["x_levels"])
    y = case["slope"] * x + (1.0 - case["slope"]) * uniform(case["seed"] + 1, case["n"])
    if case["y_levels"]:
        y = np.floor(y * case["y_levels"])
    return x, y


def number(value):
    value = float(value)
    return value if math.isfinite(value) else None


def correlations(x, y):
    out = {}
    for name, of in [
        ("pearson", stats.pearsonr),
        ("spearman", stats.spearmanr),
        ("kendall", stats.kendalltau),
    ]:
        result = of(x, y)
        out[name] = {"value": number(result.statistic), "p": number(result.pvalue)}
    if len(x) >= 4 and out["pearson"]["value"] is not None:
        ends = stats.pearsonr(x, y).confidence_interval(0.95)
        out["pearson"]["low"], out["pearson"]["high"] = number(ends.low), number(ends.high)
    return out


def small_correlations():
    nan, inf = math.nan, math.inf
    cases = [
        ([1, 2], [3, 5]),
        ([1, 2], [5, 3]),
        ([1, 2, 3], [1, 3, 2]),
        ([1, 2, 3], [2, 2, 1]),
        ([12, 2, 1, 12, 2], [1, 4, 7, 1, 0]),
        ([1, 1, 1, 1], [1, 2, 3, 4]),
        ([1, 2, nan, 4], [1, 2, 3, 4]),
        ([1, 2, 3, inf], [1, 2, 4, 3]),
        (list(range(40)), list(range(40))),
        (list(range(40)), [1, 0] + list(range(2, 40))),
        (list(range(35)), list(range(35, 0, -1))),
        ([0, 0, 0, 1, 1, 1, 1], [0, 1, 0, 1, 1, 0, 1]),
    ]
    rng = np.random.default_rng(1)
    for n in [4, 5, 8, 13, 21, 33, 34, 55]:
        x = rng.normal(size=n).round(3)
        cases.append((x.tolist(), (0.4 * x + rng.normal(size=n)).round(3).tolist()))
        cases.append((rng.integers(0, 5, n).tolist(), rng.integers(0, 4, n).tolist()))
    out = []
    for x, y in cases:
        text = [[str(float(v)) for v in c] if not np.all(np.isfinite(c)) else c for c in (x, y)]
        out.append({"x": text[0], "y": text[1], **correlations(x, y)})
    return out


def large_correlations():
    out = []
    seed = 100
    for n in [100, 1_000, 10_000, 10_002, 10_003, 13_698, 50_000, 200_000]:
        for slope in [0.0, 0.01, 0.3]:
            for levels in [(0, 0), (0, 7), (20, 5)]:
                if n > 50_000 and slope == 0.3:
                    continue
                seed += 2
                case = {"n": n, "seed": seed, "slope": slope}
                case |= {"x_levels": levels[0], "y_levels": levels[1]}
                out.append(case | correlations(*pair(case)))
    # A fifth of the losses saturated at zero, as Table 2 of the paper implies.
    for n in [13_698, 200_000]:
        x = np.maximum(uniform(7, n) - 0.226, 0.0)
        y = 0.1 * x + 0.9 * uniform(8, n)
        out.append({"n": n, "saturated": 0.226, **correlations(x, y)})
    return out


def delong_by_definition(scores, positive):
    """DeLong et al. 1988 written out pair by pair."""
    a, b = scores[positive][:, None], scores[~positive][None, :]
    wins = (a > b) + 0.5 * (a == b)
    by_positive, by_negative = wins.mean(axis=1), wins.mean(axis=0)
    variance = by_positive.var(ddof=1) / a.size + by_negative.var(ddof=1) / b.size
    return wins.mean(), variance


def aurocs():
    out = []
    for n, levels, shift, seed in [
        (9, 0, 0.3, 12),
        (40, 5, 0.2, 2),
        (40, 0, 0.0, 3),
        (500, 9, 0.4, 4),
        (2_000, 0, 0.1, 5),
        (200_000, 0, 0.05, 6),
        (200_000, 50, 0.05, 7),
    ]:
        positive = uniform(seed, n) < 0.4
        raw = uniform(seed + 1000, n) + np.where(positive, shift, 0.0)
        scores = np.floor(raw * levels) if levels else raw
        case = {"n": n, "levels": levels, "shift": shift, "seed": seed}
        case["auroc"] = roc_auc_score(positive, scores)
        u = stats.mannwhitneyu(scores[positive], scores[~positive]).statistic
        assert abs(case["auroc"] - u / positive.sum() / (~positive).sum()) < 1e-12
        if n <= 2_000:
            value, case["variance"] = delong_by_definition(scores, positive)
            assert abs(value - case["auroc"]) < 1e-12
        out.append(case)
    return out


def macro():
    """scikit-learn's macro and weighted one-vs-rest AUROC of an n x C matrix of probabilities."""
    n, classes, seed = 300, 6, 50
    class_of = column(seed, n, classes).astype(int)
    raw = np.stack([uniform(seed + 1 + c, n) for c in range(classes)], axis=1)
    raw += 0.5 * (class_of[:, None] == np.arange(classes))
    # Coarse logits make ties; equal shares within a row leave the columns' order as it is.
    scores = np.floor(raw * 8) + 1
    by_class = [roc_auc_score(class_of == c, scores[:, c]) for c in range(classes)]
    weights = np.bincount(class_of)
    probabilities = raw / raw.sum(axis=1, keepdims=True)
    return {
        "n": n,
        "classes": classes,
        "seed": seed,
        "by_class": by_class,
        "macro": float(np.mean(by_class)),
        "weighted": float(np.average(by_class, weights=weights)),
        "probability_macro": roc_auc_score(class_of, probabilities, multi_class="ovr", average="macro"),
        "probability_weighted": roc_auc_score(
            class_of, probabilities, multi_class="ovr", average="weighted"
        ),
    }


def ranks():
    values = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, -0.0, 0.0]
    return {"values": values, "ranks": stats.rankdata(values).tolist()}


def ensembles():
    out = []
    for values in [[0.2, 0.1, 0.4, -0.1, 0.3], [3.0, -1.0], [1e-3, 2e-3, 1.5e-3, 5.0, -2.0, 0.7, 0.01]]:
        v = np.array(values)
        k, sd = len(v), v.std(ddof=1)
        out.append(
            {
                "values": values,
                "mean": v.mean(),
                "sd": sd,
                "quartiles": np.quantile(v, [0, 0.25, 0.5, 0.75, 1]).tolist(),
                "t": stats.ttest_1samp(v, 0).statistic,
                "mean_positive": stats.t.cdf(v.mean() / sd * math.sqrt(k), k - 1),
                "new_member_positive": stats.t.cdf(v.mean() / (sd * math.sqrt(1 + 1 / k)), k - 1),
                "percentile_of_02": stats.percentileofscore(v, 0.2, kind="mean") / 100,
            }
        )
    return out


def q_values():
    p = np.round(uniform(31, 40) ** 3, 6)
    p[5] = p[6]
    return {
        "p": p.tolist(),
        "bh": stats.false_discovery_control(p, method="bh").tolist(),
    }


def shares():
    out = []
    for k, n in [(0, 5), (5, 5), (1, 2), (24, 40), (29, 40), (3, 1000), (500, 1000), (99_000, 200_000)]:
        for level in [0.9, 0.95, 0.99]:
            test = stats.binomtest(k, n)
            wilson = test.proportion_ci(level, method="wilson")
            out.append(
                {
                    "k": k,
                    "n": n,
                    "level": level,
                    "wilson": [float(wilson.low), float(wilson.high)],
                }
            )
    return out


def bootstraps():
    """SciPy's own resamples of a skewed mean, and the two intervals it takes from them."""
    data = np.round(-np.log(1 - uniform(61, 25)), 4)
    out = {"data": data.tolist()}
    for method in ["percentile", "BCa"]:
        result = stats.bootstrap(
            (data,), np.mean, n_resamples=499, method=method, rng=np.random.default_rng(3)
        )
        out["replicates"] = np.sort(result.bootstrap_distribution).tolist()
        out[method.lower()] = [float(end) for end in result.confidence_interval]
    out["estimate"] = float(data.mean())
    return out


def permutations():
    """The exact two-sided permutation p of a difference of means."""
    x, y = np.round(uniform(71, 7), 3), np.round(uniform(72, 8) + 0.25, 3)
    result = stats.permutation_test(
        (x, y), lambda a, b: a.mean() - b.mean(), permutation_type="independent", n_resamples=np.inf
    )
    return {"x": x.tolist(), "y": y.tolist(), "difference": result.statistic, "p": result.pvalue}


def welch():
    x, y = column(81, 50, 9), column(82, 70, 9)
    result = stats.ttest_ind(x, y, equal_var=False)
    return {"n_x": 50, "n_y": 70, "difference": x.mean() - y.mean(), "t": result.statistic}


def exponential(seed, n, scale):
    return -scale * np.log(1 - uniform(seed, n))


def skewed_gap():
    """Welch's t, the one Zhou & Dinh (2005) correct for skew, and the test by what all items vary by, its sums taken for gamma
    variates (Wilson & Hilferty 1931): the interval holds every gap that any of them accepts."""
    return [gap_case(exponential(83, 30, 1.4), exponential(84, 200, 1.0)), gap_case(*(
        np.where(exponential(seed, n, 1.0) > 3.2, 1.5, 0.0) for seed, n in [(98, 60), (86, 300)]))]


def gap_case(x, y):
    gap = Gap(x, y)
    return {"x": list(x), "y": list(y), "df": gap.df, "skew": gap.skew, "interval": gap.interval(), "p": gap.p()}


def score_gap():
    """A gap of two AUROCs by score intervals squared and added, variances by the definition, pair by pair."""
    def side(seed, n, m, shift):
        pos, neg = uniform(seed, n) + shift, uniform(seed + 1, m)
        wins = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
        value = wins.mean()
        delong = wins.mean(1).var(ddof=1) / n + wins.mean(0).var(ddof=1) / m
        others = (n + m) / 2 - 1
        known = lambda a: a * (1 - a) * (1 + others * ((1 - a) / (2 - a) + a / (1 + a))) / (n * m)
        inflation = (delong / known(value) * min(n, m) + 10) / (min(n, m) + 10)

        def bounds(z):
            far = lambda a: (a - value) ** 2 - z * z * inflation * known(a)
            return optimize.brentq(far, 0, value, xtol=1e-15), optimize.brentq(far, value, 1, xtol=1e-15)

        return {"n": n, "m": m, "seed": seed, "shift": shift, "value": value, "inflation": inflation}, bounds

    (a, of_a), (b, of_b) = side(91, 12, 30, 0.5), side(93, 90, 210, 0.25)

    def ends(z):
        (la, ua), (lb, ub) = of_a(z), of_b(z)
        gap = a["value"] - b["value"]
        return (
            gap - math.hypot(a["value"] - la, ub - b["value"]),
            gap + math.hypot(ua - a["value"], b["value"] - lb),
        )

    # The gap is positive: its lower end crosses 0.
    crossing = optimize.brentq(lambda z: ends(z)[0], 1e-3, 9)
    return {"sides": [a, b], "interval": ends(stats.norm.ppf(0.975)), "p": 2 * stats.norm.sf(crossing)}


def small_areas():
    """Fay & Herriot (1979) by dense matrices, tau squared by Brent's root of the moment equation."""
    m = 24
    x = np.column_stack([np.ones(m), uniform(95, m), uniform(96, m)])
    noise = 0.02 + 0.3 * uniform(97, m)
    normal = lambda seed: stats.norm.ppf(np.clip(uniform(seed, m), 1e-12, 1))
    direct = x @ np.array([0.3, 1.2, -0.4]) + 0.6 * normal(98) + np.sqrt(noise) * normal(99)

    def gls(tau):
        inverse = np.linalg.inv(np.diag(tau + noise))
        beta = np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ direct)
        return beta, inverse

    def excess(tau):
        beta, inverse = gls(tau)
        rest = direct - x @ beta
        return rest @ inverse @ rest - (m - x.shape[1])

    tau = optimize.brentq(excess, 0, 10, xtol=1e-15)
    beta, inverse = gls(tau)
    gamma = tau / (tau + noise)
    spread = np.linalg.inv(x.T @ inverse @ x)
    g2 = (1 - gamma) ** 2 * np.einsum("ij,jk,ik->i", x, spread, x)
    g3 = noise**2 / (tau + noise) ** 3 * 2 * m / np.trace(inverse) ** 2
    mse = gamma * noise + g2 + 2 * g3
    value = gamma * direct + (1 - gamma) * (x @ beta)
    reach = stats.t.ppf(0.975, m - x.shape[1]) * np.sqrt(mse)
    columns = {"x": x, "direct": direct, "noise": noise, "value": value, "mse": mse, "low": value - reach, "beta": beta}
    return {"tau_squared": tau} | {name: column.tolist() for name, column in columns.items()}


def distances():
    """Two samples with ties."""
    a, b = column(101, 300, 40), column(102, 220, 40) + np.floor(3 * uniform(103, 220))
    return {"distance": stats.ks_2samp(a, b).statistic, "n": 300, "m": 220}


def table5(path):
    if path is None:
        rows = json.loads(OUT.read_text())["table5"]["rows"]
    else:
        with open(path, newline="") as file:
            rows = [[row[k] for k in list(row)[1:]] for row in csv.DictReader(file)]
        rows = [[float(value) for value in row] for row in rows]
    _, _, rmm, clip, zero_shot = np.array(rows).T
    # Rosy Cheeks lost its exponent in print.
    clip = np.where(clip > 1, clip * 1e-5, clip)
    return {
        "rows": rows,
        "table4": correlations(zero_shot, -rmm),
        "table3": correlations(clip, rmm),
    }


def main():
    fixture = {
        "made_with": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "ranks": ranks(),
        "small_correlations": small_correlations(),
        "large_correlations": large_correlations(),
        "aurocs": aurocs(),
        "macro": macro(),
        "ensembles": ensembles(),
        "q_values": q_values(),
        "shares": shares(),
        "bootstrap": bootstraps(),
        "permutation": permutations(),
        "welch": welch(),
        "skewed_gap": skewed_gap(),
        "score_gap": score_gap(),
        "small_areas": small_areas(),
        "distances": distances(),
        "table5": table5(sys.argv[1] if len(sys.argv) > 1 else None),
    }
    OUT.parent.mkdir(exist_ok=True)
    lines = [f" {json.dumps(key)}: {json.dumps(value, default=float, allow_nan=False)}" for key, value in fixture.items()]
    OUT.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{OUT}: {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
