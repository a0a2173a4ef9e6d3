"""The same work as tests/bench/stats.rs in NumPy, SciPy and scikit-learn, one row each.

Bootstraps run 20 replicates and are scaled to 2,000: SciPy would take minutes to hours.
"""

import os
import time

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn.metrics import roc_auc_score

N, REPEATS, FEW, B = 200_000, 7, 20, 2_000


def uniform(seed):
    values, state = np.empty(N), seed
    for i in range(N):
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        values[i] = (state >> 11) * 2.0**-53
    return values


def row(what, run, repeats=REPEATS, scale=1.0):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(1e3 * (time.perf_counter() - start) * scale)
    print(f"{what:<52} {sorted(times)[repeats // 2]:>10.1f} ms", flush=True)


x, noise = uniform(1), uniform(2)
y = 0.1 * x + 0.9 * noise
tied_x, tied_y = np.maximum(x - 0.226, 0.0), np.floor(y * 100)
positive, has = uniform(3) < 0.4, uniform(4) < 0.3
rng = np.random.default_rng(0)
index = np.arange(N)
persons = index.reshape(-1, 20)


def auroc_gap(items):
    s, p, a = y[items], positive[items], has[items]
    return roc_auc_score(p[a], s[a]) - roc_auc_score(p[~a], s[~a])


def mean_gap(items):
    v, a = y[items], has[items]
    return v[a].mean() - v[~a].mean()


def by_item(statistic):
    for _ in range(FEW):
        statistic(rng.integers(0, N, N))


def by_person(statistic):
    for _ in range(FEW):
        statistic(persons[rng.integers(0, len(persons), len(persons))].ravel())


def shuffled():
    global has
    kept = has
    for _ in range(FEW):
        has = rng.permutation(kept)
        auroc_gap(index)
    has = kept


print(f"n = {N}, {os.cpu_count()} cores, NumPy {np.__version__}, SciPy {scipy.__version__}, scikit-learn {sklearn.__version__}")
row("pearson", lambda: stats.pearsonr(x, y))
row("spearman", lambda: stats.spearmanr(x, y))
row("kendall, no ties", lambda: stats.kendalltau(x, y))
row("kendall, 22.6 % and 100 levels tied", lambda: stats.kendalltau(tied_x, tied_y))
row("auroc", lambda: roc_auc_score(positive, y))
row("AUROC gap bootstrap, items, B = 2000", lambda: by_item(auroc_gap), 1, B / FEW)
row("AUROC gap bootstrap, 10,000 persons, B = 2000", lambda: by_person(auroc_gap), 1, B / FEW)
row("mean gap bootstrap, items, B = 2000", lambda: by_item(mean_gap), 1, B / FEW)
row("mean gap bootstrap, 10,000 persons, B = 2000", lambda: by_person(mean_gap), 1, B / FEW)
row(
    "any statistic (a mean), items, B = 2000, no BCa",
    lambda: stats.bootstrap((y,), np.mean, n_resamples=FEW, method="percentile", batch=1),
    1,
    B / FEW,
)
row("AUROC gap permutation, items, B = 100", shuffled, 1, 100 / FEW)
