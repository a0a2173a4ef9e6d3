"""Logistic regression by scikit-learn, for tests/fixtures/logistic.json: 120 rows of 5 columns, one of them idle.

    python tests/recipes/make_logistic_fixture.py tests/fixtures/logistic.json
"""
import json
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(7)
rows = rng.normal(size=(120, 5)).astype(np.float32)
truth = rows @ np.array([1.5, -0.7, 0.0, 0.4, 2.0]) - 0.3
outcomes = rng.random(120) < 1 / (1 + np.exp(-truth))
penalty = 0.5
fit = LogisticRegression(C=1 / penalty, tol=1e-12, max_iter=100_000, solver="newton-cholesky").fit(
    rows.astype(float), outcomes
)
fixture = {
    "penalty": penalty,
    "weights": fit.coef_[0].tolist(),
    "intercept": float(fit.intercept_[0]),
    "outcomes": outcomes.astype(int).tolist(),
    "rows": [round(float(value), 9) for value in rows.ravel()],
}
with open(sys.argv[1], "w") as file:
    json.dump(fixture, file, indent=None, separators=(",", ":"))
    file.write("\n")
