"""A second, independent implementation of the method on the built-in audit: what its tables should say.

Makes   adult-reference.json
From    static-256.safetensors, vocab.txt (make_encoder.py), adult.csv.zst (make_adult.py), prompts-adult.json
Needs   Python 3.11, numpy 2.4.6, scipy 1.17.1, pandas 3.1.1, scikit-learn 1.9.1, safetensors 0.8.0,
        tokenizers 0.23.3, torch 2.15.0
Run     OMP_NUM_THREADS=1 python make_adult_reference.py src/encoder/builtin src/data/builtin \\
            tests/fixtures/adult-reference.json                                          (ten minutes, one core)

Exact   "attributes", "zero_shot" and "table4" involve no training. AUROC by scikit-learn, over the test rows;
        correlations of zero-shot AUROC with robustness (minus "rmm") by SciPy, over the attributes, each as
        [value, p-value].
Trained "runs" holds [mean, standard deviation over seeds] of what the trained heads say:
        table2    correlation of the ensemble's mean (and median) risk with the loss, over the test rows
        gaps      per contrast, over the 40 attributes: Spearman correlation of risk(A) - risk(B) with the loss of
                  rows with the attribute minus that of rows without, and the share of equal signs
        table1    AUROC of familiarity (minus risk), in-distribution prompts against foreign ones; classes of people
                  left out; "with article" puts a or an before each name

Training: 5 members, 64 hidden units, AdamW (rate 3e-3 falling to 0 by a cosine, weight decay 1e-4), batches of 256.
Inputs are centred on the training rows' mean and divided by one standard deviation for all dimensions; the regressor's
target is standardised too. Two modes:
        rows                 8 epochs over the training rows; members differ by initialisation only (as in the paper)
        rows and fragments   4 epochs over the training rows and, drawn afresh in each epoch, one fragment of each: 1
                             to 3 of its clauses in order, with the row's loss; a bootstrap weight per row and member
Negatives of the out-of-distribution head, fresh for each batch: two thirds texts of 1 to 10 random words of the
vocabulary, one third random directions.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
import pandas as pd
import torch
from make_encoder import tokenizer_of
from safetensors.numpy import load_file
from scipy import sparse, stats
from sklearn.metrics import roc_auc_score
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

MODELS = ("v1", "v2")
CONTRASTS = ("bare", "antonym", "generic")
HEADS = ("regressor", "ranker", "out_of_distribution")
ARCHITECTURES = ("linear", "mlp")
EPOCHS = {"rows": 8, "rows and fragments": 4}
MEMBERS, HIDDEN, BATCH, RATE, DECAY = 5, 64, 256, 3e-3, 1e-4
LONGEST_RANDOM_TEXT = 10


# --- embeddings --------------------------------------------------------------------------------------------------


class Encoder:
    def __init__(self, folder):
        tensors = load_file(folder / "static-256.safetensors")
        self.table = tensors["rows"] * tensors["scale"][:, None]
        self.pieces = (folder / "vocab.txt").read_text("ascii").splitlines()
        self.tokenizer = tokenizer_of(self.pieces)

    def __call__(self, texts):
        found = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return self.pool([line.ids for line in found])

    def pool(self, lists):
        """Mean of the rows in each list, normalised. Only the direction survives, so a sum will do."""
        ends = np.cumsum([0] + [len(ids) for ids in lists])
        ids = np.concatenate([np.asarray(ids, int) for ids in lists])
        counts = sparse.csr_matrix((np.ones(len(ids), np.float32), ids, ends), (len(lists), len(self.table)))
        total = counts @ self.table
        return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)


def draw_fragment(text, random):
    clauses = text.rstrip(".").split(", ")
    count = min(int(random.integers(1, 4)), len(clauses))
    return ", ".join(clauses[k] for k in sorted(random.choice(len(clauses), count, replace=False)))


def random_directions(random, count, width):
    x = random.standard_normal((count, width)).astype(np.float32)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


# --- heads -------------------------------------------------------------------------------------------------------


class Ensemble(torch.nn.Module):
    """Several heads of one shape, side by side; [rows, width] in, [members, rows] out."""

    def __init__(self, architecture, width, generator):
        super().__init__()

        def uniform(*shape, inputs):
            return torch.nn.Parameter((torch.rand(*shape, generator=generator) * 2 - 1) / inputs**0.5)

        self.sizes = [width, 1] if architecture == "linear" else [width, HIDDEN, 1]
        layers = list(zip(self.sizes, self.sizes[1:]))
        self.weights = torch.nn.ParameterList(uniform(MEMBERS, n, k, inputs=n) for n, k in layers)
        self.biases = torch.nn.ParameterList(uniform(MEMBERS, 1, k, inputs=n) for n, k in layers)

    def forward(self, x):
        x = x.expand(MEMBERS, *x.shape)
        for depth, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            x = torch.baddbmm(bias, x.relu() if depth else x, weight)
        return x.squeeze(-1)


def objective(head, net, x, target, weight, negatives, generator):
    """Loss of each member on one batch; weight is [members, rows]."""
    scores = net(x if head != "out_of_distribution" else torch.cat([x, negatives]))
    if head == "regressor":
        return (weight * (scores - target) ** 2).mean(1)
    if head == "ranker":
        other = torch.randperm(len(x), generator=generator)
        worse = (target > target[other]).float().expand_as(scores)
        weight = weight * weight[:, other] * (target != target[other])
        return (weight * cross_entropy(scores - scores[:, other], worse, reduction="none")).mean(1)
    seen = torch.cat([torch.ones_like(weight), torch.zeros(MEMBERS, len(negatives))], 1)
    weight = torch.cat([weight, torch.ones(MEMBERS, len(negatives))], 1)
    return (weight * cross_entropy(scores, seen, reduction="none")).mean(1)


class Training:
    """Everything the heads learn from, under one seed and mode."""

    def __init__(self, encoder, texts, items, mode, seed):
        self.random = np.random.default_rng([seed, len(mode)])
        self.encoder, self.mode, self.seed = encoder, mode, seed
        self.words = np.array([row for row, piece in enumerate(encoder.pieces) if piece.isalpha()])
        self.centre = items.mean(0)
        self.spread = np.sqrt(((items - self.centre) ** 2).mean())
        epochs, count = EPOCHS[mode], len(items)
        self.rows = np.arange(count)
        self.weight = torch.ones(MEMBERS, count)
        self.epochs = [self.inputs(items)] * epochs
        if mode == "rows and fragments":
            self.rows = np.r_[self.rows, self.rows]
            drawn = [self.random.multinomial(count, np.full(count, 1 / count)) for _ in range(MEMBERS)]
            self.weight = torch.tensor(np.array(drawn), dtype=torch.float32)
            for epoch in range(epochs):
                fragments = encoder([draw_fragment(text, self.random) for text in texts])
                self.epochs[epoch] = torch.cat([self.epochs[epoch], self.inputs(fragments)])

    def inputs(self, embeddings):
        return torch.tensor((embeddings - self.centre) / self.spread, dtype=torch.float32)

    def negatives(self):
        texts = BATCH * 2 // 3
        lengths = self.random.integers(1, LONGEST_RANDOM_TEXT + 1, texts)
        words = self.encoder.pool([self.random.choice(self.words, length) for length in lengths])
        directions = random_directions(self.random, BATCH - texts, words.shape[1])
        return self.inputs(np.concatenate([words, directions]))

    def fit(self, head, architecture, losses=None):
        """Train one ensemble; returns embeddings -> risks, [members, rows]."""
        generator = torch.Generator().manual_seed(self.seed)
        net = Ensemble(architecture, self.epochs[0].shape[1], generator)
        target = torch.zeros(len(self.rows))
        if losses is not None:
            losses = (losses - losses.mean()) / losses.std()
            target = torch.tensor(losses[self.rows], dtype=torch.float32)
        weight = self.weight[:, self.rows]
        optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
        steps = len(self.epochs) * (len(target) // BATCH)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        for x in self.epochs:
            order = torch.randperm(len(x), generator=generator)
            for start in range(0, len(x) - BATCH + 1, BATCH):
                batch = order[start : start + BATCH]
                negatives = self.negatives() if head == "out_of_distribution" else None
                loss = objective(head, net, x[batch], target[batch], weight[:, batch], negatives, generator)
                optimiser.zero_grad()
                loss.sum().backward()
                optimiser.step()
                schedule.step()

        @torch.no_grad()
        def risk(embeddings):
            scores = net(self.inputs(embeddings)).numpy()
            return -scores if head == "out_of_distribution" else scores

        return risk


# --- tables ------------------------------------------------------------------------------------------------------


def correlations(a, b):
    found = {"pearson": stats.pearsonr(a, b), "spearman": stats.spearmanr(a, b), "kendall": stats.kendalltau(a, b)}
    return {name: [float(result[0]), float(result[1])] for name, result in found.items()}


def auroc(positive, negative):
    truth = np.r_[np.ones(len(positive)), np.zeros(len(negative))]
    return float(roc_auc_score(truth, np.r_[positive, negative]))


def attribute_table(test, model, names):
    """The black box on the rows with and without each attribute."""
    label, score, loss = (test[column].to_numpy() for column in ("label", f"score:{model}", f"loss:{model}"))
    table = {}
    for name in names:
        has = test[f"attribute:{name}"].to_numpy() == 1
        row = {"n_true": int(has.sum()), "n_false": int((~has).sum())}
        row["auroc_true"], row["auroc_false"] = (float(roc_auc_score(label[g], score[g])) for g in (has, ~has))
        row["auroc_gap"] = row["auroc_true"] - row["auroc_false"]
        row["rmm"] = abs(row["auroc_gap"])
        row["loss_true"], row["loss_false"] = float(loss[has].mean()), float(loss[~has].mean())
        row["loss_gap"] = row["loss_true"] - row["loss_false"]
        table[name] = row
    return table


def contrast_texts(attributes, contrast):
    """The two prompts of every attribute."""
    if contrast == "bare":
        return [a["bare"][0] for a in attributes], [a["bare"][1] for a in attributes]
    return [a["phrase"] for a in attributes], [a[contrast] for a in attributes]


def with_article(name):
    return ("an " if name[0] in "aeiou" else "a ") + name


def foreign_embeddings(encoder, prompts):
    random = np.random.default_rng(0)
    sets = {"random directions": random_directions(random, 1000, encoder.table.shape[1])}
    for name, classes in prompts["foreign"].items():
        classes = [text for text in classes if text not in prompts["people"]]
        sets[name] = encoder(classes)
        if "superclasses" not in name:
            sets[name + " with article"] = encoder([with_article(text) for text in classes])
    return sets


def gap_table(risk, pairs, loss_gap):
    table = {}
    for contrast, (a, b) in pairs.items():
        predicted = (risk(a) - risk(b)).mean(0)
        table[contrast] = {
            "spearman": float(stats.spearmanr(predicted, loss_gap)[0]),
            "sign_agreement": float((np.sign(predicted) == np.sign(loss_gap)).mean()),
        }
    return table


def loss_table(risk, loss):
    averages = {"mean": risk.mean(0), "median": np.median(risk, 0)}
    return {
        name: {statistic: value for statistic, (value, _) in correlations(average, loss).items()}
        for name, average in averages.items()
    }


def over_seeds(results):
    """[mean, standard deviation] of every number in equally shaped results."""
    if isinstance(results[0], dict):
        return {name: over_seeds([result[name] for result in results]) for name in results[0]}
    return [float(np.mean(results)), float(np.std(results))]


def rounded(value):
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


def to_json(value, depth):
    """JSON with a line for each entry of the outer levels."""
    if depth == 0 or not isinstance(value, dict):
        return json.dumps(value)
    return "{\n" + ",\n".join(f'"{name}": {to_json(inner, depth - 1)}' for name, inner in value.items()) + "\n}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("encoder", type=Path, help="folder of static-256.safetensors and vocab.txt")
    arguments.add_argument("data", type=Path, help="folder of adult.csv.zst and prompts-adult.json")
    arguments.add_argument("output", type=Path)
    arguments.add_argument("--seeds", type=int, default=3)
    options = arguments.parse_args()
    torch.set_num_threads(1)

    encoder = Encoder(options.encoder)
    prompts = json.loads((options.data / "prompts-adult.json").read_text("utf-8"))
    table = pd.read_csv(options.data / "adult.csv.zst")
    train, test = table[table.split == "train"], table[table.split == "test"]
    items, held_out = encoder(train.text), encoder(test.text)
    names = [attribute["name"] for attribute in prompts["attributes"]]
    pairs = {c: [encoder(texts) for texts in contrast_texts(prompts["attributes"], c)] for c in CONTRASTS}
    familiar, foreign = encoder(prompts["in_distribution"]), foreign_embeddings(encoder, prompts)

    attributes = {model: attribute_table(test, model, names) for model in MODELS}
    rmm = {model: np.array([row["rmm"] for row in attributes[model].values()]) for model in MODELS}
    loss_gap = {model: np.array([row["loss_gap"] for row in attributes[model].values()]) for model in MODELS}
    zero_shot = {}
    for contrast, (a, b) in pairs.items():
        scores = held_out @ (a - b).T
        truth = test[[f"attribute:{name}" for name in names]].to_numpy()
        zero_shot[contrast] = {name: float(roc_auc_score(truth[:, k], scores[:, k])) for k, name in enumerate(names)}
    table4 = {model: {c: correlations(list(zero_shot[c].values()), -rmm[model]) for c in CONTRASTS} for model in MODELS}

    def ask(risk):
        familiarity = -risk(familiar).mean(0)
        return {name: auroc(familiarity, -risk(x).mean(0)) for name, x in foreign.items()}

    runs = {}
    for mode in EPOCHS:
        trainings = [Training(encoder, train.text, items, mode, seed) for seed in range(options.seeds)]
        for architecture in ARCHITECTURES:
            for head in HEADS:
                needs_loss = head != "out_of_distribution"
                results = {model: [] for model in MODELS}
                for training in trainings:
                    risk = None if needs_loss else training.fit(head, architecture)
                    for model in MODELS:
                        if needs_loss:
                            risk = training.fit(head, architecture, train[f"loss:{model}"].to_numpy())
                        result = {"table2": loss_table(risk(held_out), test[f"loss:{model}"].to_numpy())}
                        result |= {"gaps": gap_table(risk, pairs, loss_gap[model]), "table1": ask(risk)}
                        results[model].append(result)
                for model in MODELS:
                    summary = over_seeds(results[model])
                    runs[f"{model}/{mode}/{architecture}/{head}"] = summary
                    spearman = {c: summary["gaps"][c]["spearman"][0] for c in CONTRASTS}
                    print(model, mode, architecture, head, summary["table2"]["mean"]["spearman"], spearman, flush=True)

    settings = {"members": MEMBERS, "hidden": HIDDEN, "batch": BATCH, "rate": RATE, "weight_decay": DECAY}
    settings |= {"epochs": EPOCHS, "seeds": options.seeds, "train_rows": len(train), "test_rows": len(test)}
    result = {"settings": settings, "attributes": attributes, "zero_shot": zero_shot, "table4": table4, "runs": runs}
    options.output.write_text(to_json(rounded(result), 3) + "\n")


if __name__ == "__main__":
    main()
