"""Makes tests/fixtures/items.json: cosines by NumPy, tails of Fisher's exact test and over-represented words by SciPy.

Run from the top of the repository: python tests/recipes/make_items_fixtures.py
"""

import json

import numpy as np
from scipy.stats import false_discovery_control, fisher_exact, hypergeom

rng = np.random.default_rng(17)


def tails():
    """P(X >= hits): of the hypergeometric law."""
    cases = [(120, 814, 1411, 16281), (9, 10, 12, 200), (3, 5, 4, 100), (1, 10, 3, 40), (9, 10, 100, 1000)]
    cases += [(400, 50000, 3000, 1000000), (3200, 50000, 60000, 1000000)]
    return [[*case, hypergeom.sf(case[0] - 1, case[3], case[2], case[1])] for case in cases]


def nearest():
    """Rows in sixty-fourths, which stand exactly in half precision, not of length one."""
    rows = rng.integers(-64, 65, (120, 40))
    queries = rng.integers(-64, 65, (3, 40))
    a, b = rows / 64, queries / 64
    cosines = (b @ a.T) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)[:, None]
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :12]
    found = [[[int(row), float(cosines[at, row])] for row in order[at]] for at in range(3)]
    return {"rows": rows.tolist(), "queries": queries.tolist(), "nearest": found}


def words():
    """Texts of common words; two rare ones are planted among the worst twentieth, one of them everywhere a little."""
    n, common = 400, [f"word{at}" for at in range(30)]
    losses = np.round(rng.exponential(1, n), 2)
    bad = losses >= np.sort(losses)[-20]
    texts = []
    for at in range(n):
        chosen = list(rng.choice(common, 4))
        if rng.random() < (0.8 if bad[at] else 0.02):
            chosen += ["broken", "broken"]
        if rng.random() < (0.5 if bad[at] else 0.1):
            chosen.append("late")
        texts.append("The " + " ".join(chosen))
    held = {}
    for at, text in enumerate(texts):
        for word in set(text.lower().split()) - {"the"}:
            held.setdefault(word, set()).add(at)
    tested = sorted(word for word, at in held.items() if len(at) >= 5)
    worst = set(np.flatnonzero(bad).tolist())
    rows = []
    for word in tested:
        hits, every = len(held[word] & worst), len(held[word])
        table = [[hits, len(worst) - hits], [every - hits, n - len(worst) - every + hits]]
        rows.append([word, hits, every, hits / len(worst) / (every / n), fisher_exact(table, "greater").pvalue])
    q = false_discovery_control([row[-1] for row in rows])
    told = sorted(([*row, float(value)] for row, value in zip(rows, q) if value < 0.05), key=lambda row: row[-2])
    return {"texts": texts, "losses": losses.tolist(), "worst": len(worst), "tested": len(tested), "told": told}


with open("tests/fixtures/items.json", "w") as file:
    json.dump({"tails": tails(), "nearest": nearest(), "words": words()}, file)
    file.write("\n")
