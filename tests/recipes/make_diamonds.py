"""A second audit in words, to hold estimates against: 30,000 diamonds and two models of whether one is dear.

Makes   OUT/diamonds.csv (items, splits, labels, losses of m1 and m2, 24 attributes), OUT/diamonds-prompts.json
From    diamonds.csv of the R package ggplot2, as the Python package plotnine carries it (53,940 rows)
Needs   Python 3.11, numpy 2.4.6, pandas 3.1.1, scikit-learn 1.9.1, plotnine 0.15.9
Run     python tests/recipes/make_diamonds.py OUT
        llm2loss ingest diamonds --manifest OUT/diamonds.csv --attributes OUT/diamonds-prompts.json

The label is whether the price is above the median. m1 is a logistic regression on a noisy weight and two proportions, m2
gradient boosting on these and cut, colour and clarity; losses of training rows are out of fold. Nearly all of the loss hangs
on size alone, and several phrases use words that no item uses: a hard case on purpose.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from plotnine.data import diamonds
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

CUTS = {"Fair": "fairly cut", "Good": "well cut", "Very Good": "very well cut", "Premium": "of premium cut", "Ideal": "of ideal cut"}
COLOURS = {"D": "colourless and white", "E": "nearly white", "F": "almost white", "G": "with a trace of colour",
           "H": "faintly tinted", "I": "slightly yellow", "J": "visibly yellow"}
CLARITIES = {"I1": "with flaws seen by the naked eye", "SI2": "with flaws easily seen under a loupe",
             "SI1": "with small flaws under a loupe", "VS2": "with tiny flaws", "VS1": "with minute flaws",
             "VVS2": "with hardly any flaw", "VVS1": "with next to no flaw", "IF": "free of flaws inside"}
SIZES = [(0.35, "tiny"), (0.6, "small"), (0.95, "middling"), (1.3, "big"), (2.0, "large"), (np.inf, "huge")]
TEST_FROM = 20_000


def main(out):
    random = np.random.default_rng(3)
    rows = pd.DataFrame(diamonds).sample(30_000, random_state=1).reset_index(drop=True)
    for column in ("cut", "color", "clarity"):
        rows[column] = rows[column].astype(str)
    label = (rows.price > rows.price.median()).astype(int).to_numpy()
    size = np.array([next(name for limit, name in SIZES if carat < limit) for carat in rows.carat])
    shape = np.select([rows.depth < 60.5, rows.depth > 63], ["shallow", "deep"], "")
    face = np.select([rows.table < 56, rows.table > 59.5], ["with a narrow table", "with a wide table"], "")
    ratio = (rows.x / rows.y.replace(0, np.nan)).fillna(1)
    oval = np.where((ratio - 1).abs() > 0.012, "slightly oval", "")
    texts = []
    for at, row in rows.iterrows():
        parts = [CUTS[row.cut], COLOURS[row.color], CLARITIES[row.clarity], f"weighing {row.carat:.2f} carats"]
        parts += [part for part in (shape[at], face[at], oval[at]) if part]
        random.shuffle(parts)
        texts.append(f"A {size[at]} diamond, {', '.join(parts)}.")
    test = np.arange(len(rows)) >= TEST_FROM
    losses = models(rows, label, test, random)
    members = attributes(rows, size, shape, face, oval)
    table = pd.DataFrame({"id": range(len(rows)), "split": np.where(test, "test", "train"), "text": texts, "label": label,
                          **{f"loss:{name}": loss.round(6) for name, loss in losses.items()},
                          **{name: np.asarray(held).astype(int) for name, (_, held) in members.items()}})
    table.to_csv(out / "diamonds.csv", index=False)
    prompts = [{"name": name, "bare": [name, f"Not {name}"], "phrase": phrase, "generic": "a diamond"}
               for name, (phrase, _) in members.items()]
    lists = {"in_distribution": ["a diamond", "a gem", "a stone"], "foreign": {}, "people": [], "plural": []}
    (out / "diamonds-prompts.json").write_text(json.dumps({"attributes": prompts, **lists}, indent=1) + "\n")


def models(rows, label, test, random):
    order = lambda names, column: column.map({name: place for place, name in enumerate(names)})
    plain = np.c_[rows.carat + random.normal(0, 0.08, len(rows)), rows.depth - 61.7, rows.table - 57]
    full = np.c_[plain, order(CUTS, rows.cut), order(list(COLOURS)[::-1], rows.color), order(CLARITIES, rows.clarity)]
    found = {}
    for name, inputs, model in [("m1", plain, LogisticRegression(max_iter=500, C=0.05)),
                                ("m2", full, HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=8))]:
        p = np.empty(len(rows))
        p[~test] = cross_val_predict(model, inputs[~test], label[~test], cv=5, method="predict_proba")[:, 1]
        p[test] = model.fit(inputs[~test], label[~test]).predict_proba(inputs[test])[:, 1]
        p = p.clip(1e-4, 1 - 1e-4)
        found[name] = -(label * np.log(p) + (1 - label) * np.log(1 - p))
    return found


def attributes(rows, size, shape, face, oval):
    return {
        "Tiny": ("a tiny diamond", size == "tiny"),
        "Small": ("a small diamond", size == "small"),
        "Middling": ("a diamond of middling size", size == "middling"),
        "Big": ("a big diamond", size == "big"),
        "Large": ("a large diamond", size == "large"),
        "Huge": ("a huge diamond", size == "huge"),
        "Poor cut": ("a diamond of poor cut", rows.cut.isin(["Fair", "Good"])),
        "Ideal cut": ("a diamond of ideal cut", rows.cut == "Ideal"),
        "Premium cut": ("a premium cut diamond", rows.cut == "Premium"),
        "Very good cut": ("a very well cut diamond", rows.cut == "Very Good"),
        "White": ("a white diamond", rows.color.isin(list("DE"))),
        "Yellow": ("a yellow diamond", rows.color.isin(list("IJ"))),
        "Tinted": ("a faintly tinted diamond", rows.color == "H"),
        "Trace of colour": ("a diamond with a trace of colour", rows.color == "G"),
        "Flawed": ("a diamond with visible flaws", rows.clarity.isin(["I1", "SI2"])),
        "Small flaws": ("a diamond with small flaws", rows.clarity == "SI1"),
        "Tiny flaws": ("a diamond with tiny flaws", rows.clarity == "VS2"),
        "Minute flaws": ("a diamond with minute flaws", rows.clarity == "VS1"),
        "Flawless": ("a diamond free of flaws", rows.clarity.isin(["IF", "VVS1", "VVS2"])),
        "Shallow": ("a shallow diamond", shape == "shallow"),
        "Deep": ("a deep diamond", shape == "deep"),
        "Narrow table": ("a diamond with a narrow table", face == "with a narrow table"),
        "Wide table": ("a diamond with a wide table", face == "with a wide table"),
        "Oval": ("an oval diamond", oval != ""),
    }


main(Path(sys.argv[1]))
