"""How often losses are said to be of data the model was fitted to, where they are and where they are not.

Prints  for each kind of losses: audits, audits blamed, and what the bounds alone would blame, chance not looked at
From    data sets that scikit-learn brings, and its simulated ones; eight classifiers, six regressors
Needs   Python 3.11, numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1
Run     python tests/recipes/bench_fitted.py PROGRAM [SPLITS, 3]

Each data set is split at random, about two thirds for training. Losses of the test items are always of a model that never
saw them: cross-entropies (of probabilities from 1e-6 on), or squared errors. Losses of the training items are
  unseen    of a model fitted to half of them; only the other half is in the audit
  folds     out of fold, of five
  fitted    of the model fitted to them
A fitted model that loses on what it saw at least .8 of what it loses out of fold has not learnt it by heart: it is told
apart. Verdicts are those of `llm2loss ingest --check`, a data set and split a call, a model a column of losses.
"""

import csv
import json
import subprocess
import sys
import tempfile
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.stats import ks_2samp
from sklearn import datasets
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_predict, train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

warnings.filterwarnings("ignore")

CLASSIFIERS = {
    "logistic": LogisticRegression(max_iter=500),
    "logistic-free": LogisticRegression(C=1e4, max_iter=500),
    "bayes": GaussianNB(),
    "neighbours": KNeighborsClassifier(15),
    "tree": DecisionTreeClassifier(min_samples_leaf=5),
    "forest": RandomForestClassifier(100),
    "boosting": GradientBoostingClassifier(n_estimators=60),
    "net": MLPClassifier(hidden_layer_sizes=(32,), max_iter=200),
}
REGRESSORS = {
    "ridge": Ridge(),
    "neighbours": KNeighborsRegressor(15),
    "tree": DecisionTreeRegressor(min_samples_leaf=5),
    "forest": RandomForestRegressor(100),
    "boosting": GradientBoostingRegressor(n_estimators=60),
    "net": MLPRegressor(hidden_layer_sizes=(32,), max_iter=500),
}


def all_data():
    for name in ("wine", "breast_cancer", "digits"):
        yield name, datasets.__dict__[f"load_{name}"](return_X_y=True), CLASSIFIERS
    for rows in (200, 1000, 3000):
        for noise in (0.0, 0.2):
            given = {"n_samples": rows, "n_features": 20, "n_informative": 5, "flip_y": noise, "random_state": 1}
            yield f"classes-{rows}-{noise}", datasets.make_classification(**given), CLASSIFIERS
    yield "diabetes", datasets.load_diabetes(return_X_y=True), REGRESSORS
    for rows in (200, 1000, 3000):
        yield f"friedman-{rows}", datasets.make_friedman1(rows, noise=2.0, random_state=1), REGRESSORS


def losses(x, y, fitted, classes):
    if not classes:
        return (fitted.predict(x) - y) ** 2
    return of_probabilities(fitted.predict_proba(x), y, fitted.classes_)


def of_probabilities(found, y, known):
    at = {label: column for column, label in enumerate(known)}
    right = [row[at[label]] if label in at else 0.0 for row, label in zip(found, y)]
    return -np.log(np.clip(right, 1e-6, 1))


def out_of_fold(model, x, y, classes):
    if not classes:
        return (cross_val_predict(model, x, y, cv=5) - y) ** 2
    return of_probabilities(cross_val_predict(model, x, y, cv=5, method="predict_proba"), y, np.unique(y))


def audit(x, y, models, classes, seed):
    """Losses of training and test items by kind and model; empty where an item is not in it."""
    train, test = train_test_split(np.arange(len(y)), test_size=1 / 3, random_state=seed, stratify=y if classes else None)
    half = np.random.default_rng(seed).permutation(train)
    seen, other = half[::2], half[1::2]
    columns = {}
    for name, model in models.items():
        model = make_pipeline(StandardScaler(), clone(model))
        if "random_state" in model[-1].get_params():
            model[-1].set_params(random_state=seed)
        folds = out_of_fold(model, x[train], y[train], classes)
        whole = clone(model).fit(x[train], y[train])
        of_test = losses(x[test], y[test], whole, classes)
        columns["folds", name] = {**dict(zip(train, folds)), **dict(zip(test, of_test))}
        inside = losses(x[train], y[train], whole, classes)
        kind = "fitted" if inside.mean() < 0.8 * folds.mean() else "fitted, not by heart"
        columns[kind, name] = {**dict(zip(train, inside)), **dict(zip(test, of_test))}
        part = clone(model).fit(x[seen], y[seen])
        both = np.concatenate([other, test])
        columns["unseen", name] = dict(zip(both, losses(x[both], y[both], part, classes)))
    return train, columns


def blamed(program, train, columns, rows, folder):
    """Columns said to be fitted."""
    path, train = Path(folder) / "m.csv", set(train)
    names = {f"m{at}": key for at, key in enumerate(columns)}
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "text", "split", *(f"loss:{name}" for name in names)])
        for row in range(rows):
            cells = [columns[key].get(row, "") for key in names.values()]
            out.writerow([f"r{row}", f"item {row}", "train" if row in train else "test", *cells])
    words = [program, "--home", str(Path(folder) / "home"), "ingest", "a", "--manifest", str(path), "--check", "--json"]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return {names[model["name"]] for model in json.loads(done.stdout)["models"] if model.get("fitted")}


def main(program, splits=3):
    counts, where = defaultdict(lambda: np.zeros(3, int)), defaultdict(list)
    for title, (x, y), models in all_data():
        for seed in range(int(splits)):
            train, columns = audit(x, y, models, models is CLASSIFIERS, seed)
            with tempfile.TemporaryDirectory() as folder:
                found = blamed(program, train, columns, len(y), folder)
            member = set(train)
            for key, values in columns.items():
                sides = [np.array([v for row, v in values.items() if (row in member) is side]) for side in (True, False)]
                ratio = sides[0].mean() / sides[1].mean()
                distance = ks_2samp(*sides).statistic
                counts[key[0]] += [1, key in found, not 0.8 <= ratio <= 1.25 or distance > 0.1]
                if (key in found) != (key[0] == "fitted"):
                    where[key[0]].append(f"{title} {key[1]} {len(sides[0])}+{len(sides[1])} {ratio:.2f} {distance:.2f}")
    for kind, (audits, said, outside) in sorted(counts.items()):
        print(f"{kind}: {audits} audits, {said} blamed, {outside} outside the bounds")
        for line in where[kind]:
            print("   ", line)


main(*sys.argv[1:])
