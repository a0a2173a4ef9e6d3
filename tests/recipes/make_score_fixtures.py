"""Makes tests/fixtures/ingest/scores: a model of seven people, its scores, and what scikit-learn measures of them.

Versions: numpy 2.4.6, scikit-learn 1.9.1, pyarrow 26.0.1. Run from the repository's root.
"""

import csv
import json
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.metrics import roc_auc_score

OUT = "tests/fixtures/ingest/scores"
os.makedirs(OUT, exist_ok=True)
rng = np.random.default_rng(11)
N, C = 120, 7
people = [f"person {chr(97 + at)}" for at in range(C)]
# The last person is in no test item; another is on one side of an attribute alone.
of = rng.integers(0, C, N)
test = np.arange(N) % 3 == 0
of[test & (of == C - 1)] = 0
young = (rng.random(N) < 0.4).astype(int)
young[of == 2] = 1
smiling = rng.choice([0, 1, -1], N, p=[0.5, 0.4, 0.1])
# Coarse, so that there are ties; young people are told apart less well.
scores = rng.normal(size=(N, C)) + np.eye(C)[of] * np.where(young == 1, 0.5, 1.5)[:, None]
scores = (np.round(scores * 4) / 4).astype("f4")
missing = {9, 33}

with open(f"{OUT}/manifest.csv", "w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["id", "text", "loss", "split", "identity", "Young", "Smiling"])
    for at in range(N):
        loss = "" if at in missing else round(float(-scores[at, of[at]] + 5), 3)
        split = "test" if test[at] else "train"
        rows.writerow([f"i{at}", f"photo number {at}", loss, split, people[of[at]], young[at], smiling[at]])
order = rng.permutation(C)
np.save(f"{OUT}/scores.npy", scores[:, order])
with open(f"{OUT}/classes.txt", "w") as file:
    file.writelines(f"{people[at]}\n" for at in order)
# Test items alone, in another order; the columns are numbered.
rows = rng.permutation(np.flatnonzero(test))
listed = pa.array([list(map(float, scores[row][order])) for row in rows], pa.list_(pa.float32()))
pq.write_table(pa.table({"id": [f"i{row}" for row in rows], "scores": listed}), f"{OUT}/scores.parquet")

measured = test & ~np.isin(np.arange(N), list(missing))
expected = {}
for name, values in [("Young", young), ("Smiling", smiling)]:
    sides = {}
    for side, wanted in [("true", 1), ("false", 0)]:
        group = measured & (values == wanted)
        aurocs = [
            roc_auc_score(of[group] == person, scores[group, person])
            for person in range(C)
            if 0 < (of[group] == person).sum() < group.sum()
        ]
        sides[side] = {"auroc": float(np.mean(aurocs)), "classes": len(aurocs), "items": int(group.sum())}
    expected[name] = sides
json.dump({"items": int(measured.sum()), "attributes": expected}, open(f"{OUT}/expected.json", "w"), indent=1)
