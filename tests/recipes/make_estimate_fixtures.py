"""What the estimate's statistics should give, computed in other ways than the program computes them.

Makes   tests/fixtures/estimate.json
Needs   Python 3.11, numpy 2.4.6, scipy 1.17.1
Run     python tests/recipes/make_estimate_fixtures.py

The ridge is non-negative least squares on an augmented matrix (Lawson & Hanson, by SciPy); the slope a minimum found
without derivatives; the quantile and the errors are written out from their definitions. `words` is a brute-force pass over
the rows: every row is scored by the words it holds, and rows are taken in whole tiers of equal score.
"""

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar, nnls
from scipy.stats import t as student

random = np.random.default_rng(20261127)


def ridge(rows, y, weights, prior, penalty):
    total = weights.sum()
    scales = np.sqrt((weights[:, None] * rows**2).sum(0) / total)
    root = np.sqrt(weights / total)
    a = np.vstack([root[:, None] * rows / scales, np.sqrt(penalty) * np.eye(rows.shape[1])])
    b = np.concatenate([root * y, np.sqrt(penalty) * prior * scales])
    return nnls(a, b)[0] / scales


def slope(x, came):
    scale = np.sqrt(np.mean(x**2))
    z = x / scale
    loss = lambda s: np.logaddexp(0, -s * z)[came].sum() + np.logaddexp(0, s * z)[~came].sum() + s * s / 2
    return minimize_scalar(loss, bounds=(0, 50), method="bounded", options={"xatol": 1e-12}).x / scale


def reliability(said, came):
    ece = 0.0
    for k in range(10):
        inside = (said >= k / 10) & ((said < (k + 1) / 10) | (k == 9))
        if inside.any():
            ece += inside.mean() * abs(said[inside].mean() - came[inside].mean())
    return {"ece": ece, "brier": float(np.mean((said - came) ** 2))}


def tiers(rows, losses, wanted):
    held = [set(text.split()) for text in rows]
    idf = {word: np.log((len(rows) + 1) / (1 + sum(word in words for words in held))) for word, _ in wanted}
    tier = defaultdict(list)
    for words, loss in zip(held, losses):
        score = sum(cosine * idf[word] for word, cosine in wanted if word in words)
        if any(word in words for word, _ in wanted):
            tier[round(score, 9)].append(loss)
    mean = float(np.mean(losses))
    for score in sorted(tier):
        taken = [loss for other in tier if other >= score for loss in tier[other]]
        mean = (sum(taken) + 30 * mean) / (len(taken) + 30)
    return mean


def power_law(spread, df, level):
    """Variances by c * level^p, the power of the best gamma likelihood (written out) on a grid, c by search."""
    weight = np.minimum(df, 30)

    def at(power):
        minus = lambda log_c: float((weight * (np.log(np.exp(log_c) * level**power) + spread / (np.exp(log_c) * level**power))).sum())
        found = minimize_scalar(minus, bounds=(-20, 20), method="bounded", options={"xatol": 1e-13})
        return found.fun, np.exp(found.x) * level**power

    expected = min((at(power) for power in np.arange(0, 2.01, 0.25)), key=lambda found: found[0])[1]
    own = np.maximum(spread, expected * 400 / (df + 400))
    return (df * own + 150 * expected) / (df + 150)


def combined(mean, variance, units, predicted):
    """Fay and Herriot's means; the mean squared error is the greater of Prasad and Rao's and that over all spreads, by quadrature."""
    m, x = len(mean), np.column_stack([np.ones(len(mean)), predicted])
    weight = np.minimum(units - 1, 30)
    slope, middle = np.polyfit(predicted, mean, 1, w=np.sqrt(weight)), np.average(mean, weights=weight)
    level = np.maximum(np.polyval(slope, predicted) / middle, 0.1)
    noise = power_law(variance * units, units - 1, level) / units

    def at(tau2):
        v = np.diag(1 / (tau2 + noise))
        inverse = np.linalg.inv(x.T @ v @ x)
        beta = inverse @ x.T @ v @ mean
        gamma = tau2 / (tau2 + noise)
        value = gamma * mean + (1 - gamma) * (x @ beta)
        error = gamma * noise + (1 - gamma) ** 2 * np.einsum("ij,jk,ik->i", x, inverse, x)
        q = (mean - x @ beta) @ v @ (mean - x @ beta)
        return value, error, q, 0.5 * (np.linalg.slogdet(v)[1] + np.linalg.slogdet(inverse)[1] - q)

    q0 = at(0.0)[2] - (m - 2)
    tau2 = brentq(lambda t: at(t)[2] - (m - 2), 0, 100, xtol=1e-15) if q0 > 0 else 0.0
    value, g12, _, _ = at(tau2)
    g3 = noise**2 / (tau2 + noise) ** 3 * 2 * m / (1 / (tau2 + noise)).sum() ** 2
    top = 16 * (mean.var() + noise.mean())
    peak = max(at(t)[3] for t in np.linspace(0, top, 4001))
    area = lambda f: quad(lambda s: f(s * s) * np.exp(at(s * s)[3] - peak) * 2 * s, 0, np.sqrt(top), limit=400, epsabs=1e-12)[0]
    whole = area(lambda t: 1.0)
    ends = []
    for i in range(m):
        over = area(lambda t: at(t)[0][i]) / whole
        spread = area(lambda t: at(t)[1][i] + at(t)[0][i] ** 2) / whole - over**2
        reach = student.ppf(0.975, m - 2) * np.sqrt(max(g12[i] + 2 * g3[i], spread + (over - value[i]) ** 2))
        ends.append([value[i] - reach, value[i] + reach])
    return {"mean": mean.tolist(), "variance": variance.tolist(), "units": units.tolist(), "predicted": predicted.tolist(),
            "value": value.tolist(), "interval": ends}


def few_labels():
    """24 groups of 3 to 400 exponential losses each."""
    draw = np.random.default_rng(7)
    units = np.tile([3, 5, 8, 20, 60, 400], 4)
    predicted = draw.normal(size=24)
    truth = np.clip(1 + 0.35 * predicted + 0.2 * draw.normal(size=24), 0.2, None)
    losses = [draw.exponential(truth[i], units[i]) for i in range(24)]
    return combined(np.array([l.mean() for l in losses]), np.array([l.var(ddof=1) / len(l) for l in losses]), units, predicted)


def main():
    rows = random.normal(size=(60, 4))
    rows[:, 3] = rows[:, 2] + 0.1 * random.normal(size=60)
    y = rows @ np.array([0.8, -0.5, 0.6, 0.0]) + 0.3 * random.normal(size=60)
    weights = random.uniform(0.5, 2.0, 60)
    x = random.normal(size=400)
    prior = np.array([0.25, 0.0, 0.5, 0.25])
    came = random.uniform(size=400) < 1 / (1 + np.exp(-1.7 * x))
    said = random.uniform(size=500)
    true = random.uniform(size=500) < said**1.4
    residuals, errors = random.normal(size=50) * 0.4, random.uniform(0.05, 0.3, 50)
    scores = np.abs(random.normal(size=80))
    words = ["red", "green", "old", "new", "big", "small"]
    texts = [" ".join(word for word in words if random.uniform() < 0.4) for _ in range(300)]
    losses = [float(2.0 * ("red" in text.split()) + ("old" in text.split()) + random.uniform()) for text in texts]
    wanted = [("red", 1.0), ("old", 0.75), ("small", 1.0)]
    values = random.normal(size=5)
    low, high = student.interval(0.9, 4, values.mean(), values.std(ddof=1) / np.sqrt(5))
    document = {
        "ridge": {"rows": rows.tolist(), "y": y.tolist(), "weights": weights.tolist(), "prior": prior.tolist(), "penalty": 0.05,
                  "coefficients": ridge(rows, y, weights, prior, 0.05).tolist()},
        "slope": {"x": x.tolist(), "came": came.tolist(), "slope": slope(x, came)},
        "reliability": {"said": said.tolist(), "came": true.tolist(), **reliability(said, true)},
        "between": {"residuals": residuals.tolist(), "errors": errors.tolist(),
                    "variance": max(float(np.mean(residuals**2 - errors**2)), 0.05 * float(np.mean(residuals**2)))},
        # Ninety per cent of 20 units: the value at rank ceil(19/20 * 80) = 76 of 80.
        "conformal": {"scores": scores.tolist(), "units": 20, "quantile": float(np.sort(scores)[75])},
        "words": {"texts": texts, "losses": losses, "wanted": wanted, "mean": tiers(texts, losses, wanted)},
        "student": {"values": values.tolist(), "low": float(low), "high": float(high)},
        "combined": few_labels(),
    }
    Path("tests/fixtures/estimate.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


main()
