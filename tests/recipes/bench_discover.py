"""Named slices beside what else finds slices: k-means, a mixture like Domino's, SliceLine's score.

Prints  for each method: share of planted groups found, precision among the ten items that a slice puts first, seconds;
        how often llm2loss tells a slice where losses are permuted and nothing is planted
From    an audit of a home of llm2loss: its items, attributes and embeddings, with the losses of one model
Needs   Python 3.11, numpy 2.4.6, scikit-learn 1.9.1, safetensors 0.8.0
Run     python tests/recipes/bench_discover.py PROGRAM HOME AUDIT MODEL [RUNS] [ITEMS] [PERMUTED]

Planted as in dcbench (Eyuboglu et al. 2022): losses are permuted, then half of the losses of an attribute's group, of a
pair's and of a word's (each 1.5 to 12 % of the items) are drawn anew from the top 5 %. Every method may tell ten slices.
A planted group is found where a slice has .8 of Dice's overlap with it; p@10 of a group is the best share of it among the
ten items that a slice puts first (k-means: nearest to the centre; mixture: greatest posterior; else ten by chance, so the
share of the whole slice). The others see all items; llm2loss tells what it found on one half and confirmed on the other.

k-means: 25 clusters of the embeddings by mean loss. Mixture: 25 diagonal Gaussians of 64 principal components times a
Gaussian of the loss weighted by 10 (Eyuboglu et al. 2022, eq. 3, with a loss for label and prediction), by excess of the
mean loss. SliceLine (Sagadeeva & Boehm 2021): attributes, words and pairs of them, alpha .95, at least 1 % of the items.
"""

import csv
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from safetensors import safe_open
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

STRENGTH, TOLD, SMALLEST, LARGEST = 0.5, 10, 0.015, 0.12


def call(program, home, *words):
    done = subprocess.run([program, "--home", home, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}: {done.stderr}")
    return done.stdout


def read(program, home, audit, model, most, random):
    items = []
    for split in ("train", "test"):
        items += json.loads(call(program, home, "items", audit, "--split", split, "--top", 10**7, "--json"))["items"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "e.safetensors"
        call(program, home, "cache", "export", audit, "--out", path)
        with safe_open(path, "np") as file:
            at = {name: row for row, name in enumerate(json.loads(file.metadata()["ids"]))}
            rows = file.get_tensor("embeddings").astype(np.float32)
    items = [items[row] for row in random.permutation(len(items))[:most]]
    return items, rows[[at[item["id"]] for item in items]], np.array([item["losses"][model] for item in items])


def singles(items):
    """Rows of each attribute, and of each word."""
    attributes, words = defaultdict(list), defaultdict(list)
    for row, item in enumerate(items):
        for name, value in (item.get("attributes") or {}).items():
            if value:
                attributes[name].append(row)
        for word in set(re.findall(r"[a-z]{3,}", item["text"].lower())):
            words[word].append(row)
    keep = lambda groups: {n: np.array(r) for n, r in groups.items() if len(items) * 0.01 <= len(r) <= len(items) * 0.6}
    return keep(attributes), keep(words)


def pairs(groups, count):
    names = sorted(groups)
    for at, a in enumerate(names):
        for b in names[at + 1:]:
            both = np.intersect1d(groups[a], groups[b], assume_unique=True)
            if 0 < len(both) < min(len(groups[a]), len(groups[b])):
                yield f"{a} + {b}", both


def plant(losses, kinds, random):
    values, planted = random.permutation(losses), []
    top = np.sort(losses)[len(losses) * 95 // 100:]
    for kind in kinds:
        if not kind:
            continue
        group = kind[random.integers(len(kind))]
        hit = group[random.random(len(group)) < STRENGTH]
        values[hit] = random.choice(top, len(hit))
        planted.append(group)
    return values, planted


def ours(program, items, values, split):
    with tempfile.TemporaryDirectory() as home:
        names = sorted({name for item in items for name in (item.get("attributes") or {})})
        path, members = Path(home) / "rows.csv", Path(home) / "members.csv"
        with open(path, "w", newline="") as file:
            out = csv.writer(file)
            out.writerow(["id", "text", "split", "loss", *names])
            for row, item in enumerate(items):
                flags = [int(item["attributes"].get(name) or 0) for name in names]
                out.writerow([f"i{row}", item["text"], "train" if split[row] else "test", values[row], *flags])
        flags = [word for name in names for word in ("--column", f"attribute={name}")]
        call(program, home, "ingest", "planted", "--manifest", path, *flags)
        began = time.perf_counter()
        told = json.loads(call(program, home, "discover", "planted", "--depth", 1, "--json", "--ids", members))
        took = time.perf_counter() - began
        slices = {slice["name"]: [] for slice in told["slices"][:TOLD]}
        with open(members) as file:
            for line in csv.DictReader(file):
                if line["slice"] in slices:
                    slices[line["slice"]].append(int(line["id"][1:]))
    return [(np.array(rows), None) for rows in slices.values()], took


def kmeans(reduced, values):
    began = time.perf_counter()
    model = KMeans(25, n_init=1, random_state=0).fit(reduced)
    means = [values[model.labels_ == k].mean() for k in range(25)]
    slices = []
    for k in np.argsort(means)[::-1][:TOLD]:
        rows = np.flatnonzero(model.labels_ == k)
        far = ((reduced[rows] - model.cluster_centers_[k]) ** 2).sum(1)
        slices.append((rows, rows[np.argsort(far)[:10]]))
    return slices, time.perf_counter() - began


def mixture(reduced, values, weight=10.0, slices=25, rounds=50):
    began = time.perf_counter()
    features = np.column_stack([reduced[:, :64], (values - values.mean()) / values.std()])
    scale = np.ones(features.shape[1])
    scale[-1] = weight
    floor = 1e-4 * features.var(0) + 1e-9
    labels = KMeans(slices, n_init=1, random_state=0).fit(features * np.sqrt(scale)).labels_
    posterior = np.eye(slices)[labels]
    for _ in range(rounds):
        share = posterior.sum(0) + 1e-9
        means = posterior.T @ features / share[:, None]
        spread = posterior.T @ features**2 / share[:, None] - means**2 + floor
        log = np.log(share / share.sum()) - 0.5 * (np.log(spread) * scale).sum(1)
        log = log - 0.5 * (features**2 @ (scale / spread).T - 2 * features @ (scale * means / spread).T
                           + (scale * means**2 / spread).sum(1))
        posterior = np.exp(log - log.max(1, keepdims=True))
        posterior /= posterior.sum(1, keepdims=True)
    excess = posterior.T @ values / (posterior.sum(0) + 1e-9)
    labels = posterior.argmax(1)
    told = [(np.flatnonzero(labels == k), np.argsort(posterior[:, k])[::-1][:10]) for k in np.argsort(excess)[::-1]]
    return [one for one in told if len(one[0])][:TOLD], time.perf_counter() - began


def sliceline(candidates, values, alpha=0.95):
    began = time.perf_counter()
    mean, count = values.mean(), len(values)
    scored = []
    for rows in candidates:
        if len(rows) >= 0.01 * count:
            score = alpha * (values[rows].mean() / mean - 1) - (1 - alpha) * (count / len(rows) - 1)
            scored.append((score, rows))
    scored.sort(key=lambda one: -one[0])
    return [(rows, None) for _, rows in scored[:TOLD]], time.perf_counter() - began


def judged(slices, planted):
    found, precision = [], []
    for group in planted:
        share = lambda rows: np.isin(rows, group).mean() if len(rows) else 0.0
        dice = [2 * np.isin(rows, group).sum() / (len(rows) + len(group)) for rows, _ in slices]
        found.append(max(dice, default=0) >= 0.8)
        precision.append(max((share(rows if first is None else first) for rows, first in slices), default=0))
    return found, precision


def main(program, home, audit, model, runs=20, most=12_000, permuted=200):
    random = np.random.default_rng(18)
    items, rows, losses = read(program, home, audit, model, int(most), random)
    split = random.random(len(items)) < 0.6
    attributes, words = singles(items)
    fits = lambda groups: [g for g in groups if SMALLEST * len(items) <= len(g) <= LARGEST * len(items)]
    candidates = [*attributes.values(), *words.values()]
    candidates += [both for _, both in pairs({**attributes, **{f"'{n}'": r for n, r in words.items()}}, len(items))]
    kinds = [fits(attributes.values()), fits(both for _, both in pairs(attributes, len(items))), fits(words.values())]
    reduced = PCA(min(128, rows.shape[1]), random_state=0).fit_transform(rows)
    print(f"{audit}: {len(items)} items, {len(attributes)} attributes, {len(words)} words, {runs} runs, strength {STRENGTH}")
    methods = {
        "llm2loss discover": lambda values: ours(program, items, values, split),
        "k-means": lambda values: kmeans(reduced, values),
        "mixture": lambda values: mixture(reduced, values),
        "SliceLine": lambda values: sliceline(candidates, values),
    }
    outcome = {name: ([], [], []) for name in methods}
    for _ in range(int(runs)):
        values, planted = plant(losses, kinds, random)
        for name, method in methods.items():
            slices, took = method(values)
            found, precision = judged(slices, planted)
            outcome[name][0].extend(found)
            outcome[name][1].extend(precision)
            outcome[name][2].append(took)
    for name, (found, precision, took) in outcome.items():
        print(f"{name:18} found {np.mean(found):.2f} of {len(found)}, p@10 {np.mean(precision):.2f}, {np.median(took):.1f} s")
    told = sum(bool(ours(program, items, random.permutation(losses), split)[0]) for _ in range(int(permuted)))
    print(f"permuted losses, nothing planted: llm2loss tells a slice in {told} of {permuted} runs")


main(*sys.argv[1:])
