"""Reference numbers for the head ensemble: outputs, losses, gradients and AdamW steps on one small batch.

Makes   heads.json
Needs   Python 3.11, torch 2.15.0 (any build; double precision on the CPU)
Run     python make_heads_fixtures.py tests/fixtures/heads.json

Shapes  d = 6 inputs, h = 4 hidden units, M = 3 members, B = 8 rows.
        linear  s = x . w + b                              w [M, d], b [M]
        mlp     s = relu(x W1 + b1) . w2 + b2              W1 [M, d, h], b1 [M, h], w2 [M, h], b2 [M]
Inputs are multiples of 1/64, so that single and double precision read the same numbers. Row weights are bootstrap
counts, some zero; the row losses hold ties and the permutation a fixed point, so that some pairs carry no information.

Per member, with s_i the score, l_i the loss (target) and c_i the weight of row i:
        regressor          mean over i of c_i (s_i - l_i)^2
        ranker             mean over i of c_i c_p(i) [l_i != l_p(i)] BCE(s_i - s_p(i), [l_i > l_p(i)])
        all_pairs_ranker   sum over i < j with l_i != l_j of c_i c_j softplus(-sign(l_i - l_j)(s_i - s_j)), divided by
                           the number B (B - 1) / 2 of all pairs
        out_of_distribution   mean over the 2 B rows of c_i BCE(s_i, 1) for the items and BCE(s, 0) for the negatives
BCE takes logits. "gradients" are those of the sum of the members' losses. "steps" holds the parameters after so many
AdamW steps at a constant rate on this same batch, and the losses of these parameters. 12 significant digits.

A constant cancels in the rankers: b and b2 have no gradient there but rounding noise, written as 0. AdamW divides
gradients by their own size, so in single precision that noise may move b and b2; their value does not matter.
"""

import argparse
import json
from pathlib import Path

import torch
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.functional import softplus

INPUTS, HIDDEN, MEMBERS, ROWS = 6, 4, 3, 8
OPTIMISER = {"learning_rate": 3e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 1e-4}
REPORTED_STEPS = (1, 2, 10)


def draw(generator, *shape, spread=1.0):
    values = torch.randn(*shape, generator=generator, dtype=torch.float64) * spread
    return torch.round(values * 64) / 64


def make_batch(generator):
    return {
        "items": draw(generator, ROWS, INPUTS),
        "negatives": draw(generator, ROWS, INPUTS),
        "losses": torch.tensor([0.25, 1.5, 0.25, 0.0, 2.75, 1.5, 0.625, 0.0], dtype=torch.float64),
        "weights": torch.tensor(
            [[1, 0, 2, 1, 1, 0, 3, 0], [0, 1, 1, 2, 0, 2, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1]], dtype=torch.float64
        ),
        "permutation": torch.tensor([4, 5, 6, 3, 2, 0, 7, 1]),
    }


def make_parameters(generator):
    linear = {"w": draw(generator, MEMBERS, INPUTS, spread=0.5), "b": draw(generator, MEMBERS, spread=0.5)}
    mlp = {
        "W1": draw(generator, MEMBERS, INPUTS, HIDDEN, spread=0.5),
        "b1": draw(generator, MEMBERS, HIDDEN, spread=0.5),
        "w2": draw(generator, MEMBERS, HIDDEN, spread=0.7),
        "b2": draw(generator, MEMBERS, spread=0.5),
    }
    return {"linear": linear, "mlp": mlp}


def scores(parameters, x):
    """[M, B] scores of the rows of x."""
    if "w" in parameters:
        return torch.einsum("bd,md->mb", x, parameters["w"]) + parameters["b"][:, None]
    hidden = torch.einsum("bd,mdh->mbh", x, parameters["W1"]) + parameters["b1"][:, None]
    return torch.einsum("mbh,mh->mb", hidden.relu(), parameters["w2"]) + parameters["b2"][:, None]


def regressor(parameters, batch):
    return (batch["weights"] * (scores(parameters, batch["items"]) - batch["losses"]) ** 2).mean(1)


def ranker(parameters, batch):
    s, l, c, p = scores(parameters, batch["items"]), batch["losses"], batch["weights"], batch["permutation"]
    weight = c * c[:, p] * (l != l[p])
    target = (l > l[p]).double().expand_as(s)
    return (weight * cross_entropy(s - s[:, p], target, reduction="none")).mean(1)


def all_pairs_ranker(parameters, batch):
    s, l, c = scores(parameters, batch["items"]), batch["losses"], batch["weights"]
    i, j = torch.triu_indices(ROWS, ROWS, offset=1)
    order = torch.sign(l[i] - l[j])
    pairs = c[:, i] * c[:, j] * order.abs() * softplus(-order * (s[:, i] - s[:, j]))
    return pairs.sum(1) / len(i)


def out_of_distribution(parameters, batch):
    s = scores(parameters, torch.cat([batch["items"], batch["negatives"]]))
    seen = torch.cat([torch.ones(ROWS), torch.zeros(ROWS)]).double().expand_as(s)
    weight = torch.cat([batch["weights"], torch.ones_like(batch["weights"])], 1)
    return (weight * cross_entropy(s, seen, reduction="none")).mean(1)


HEADS = [regressor, ranker, all_pairs_ranker, out_of_distribution]


def plain(value):
    """Tensors as nested lists of numbers with 12 significant digits."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, torch.Tensor):
        return plain(value.tolist())
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        return float(f"{value:.12g}") if abs(value) > 1e-15 else 0.0
    return value


def make_case(head, start, batch):
    parameters = {name: tensor.clone().requires_grad_() for name, tensor in start.items()}
    optimiser = torch.optim.AdamW(
        parameters.values(),
        lr=OPTIMISER["learning_rate"],
        betas=(OPTIMISER["beta1"], OPTIMISER["beta2"]),
        eps=OPTIMISER["epsilon"],
        weight_decay=OPTIMISER["weight_decay"],
    )
    case = {"outputs": scores(parameters, batch["items"]), "loss": head(parameters, batch), "steps": []}
    for step in range(1, max(REPORTED_STEPS) + 1):
        optimiser.zero_grad()
        head(parameters, batch).sum().backward()
        if step == 1:
            case["gradients"] = {name: tensor.grad.clone() for name, tensor in parameters.items()}
        optimiser.step()
        if step in REPORTED_STEPS:
            now = {name: tensor.detach().clone() for name, tensor in parameters.items()}
            case["steps"].append({"after": step, "loss": head(now, batch), "parameters": now})
    case["steps"] = [plain(step) for step in case["steps"]]
    return plain(case)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("output", type=Path)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(20240501)
    batch, parameters = make_batch(generator), make_parameters(generator)
    cases = [
        {"head": head.__name__, "architecture": architecture, **make_case(head, start, batch)}
        for head in HEADS
        for architecture, start in parameters.items()
    ]
    shape = {"inputs": INPUTS, "hidden": HIDDEN, "members": MEMBERS, "rows": ROWS}
    parts = [
        f'"{name}": {json.dumps(plain(value))}'
        for name, value in (("shape", shape), ("optimiser", OPTIMISER), ("batch", batch), ("parameters", parameters))
    ]
    parts.append('"cases": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]")
    options.output.write_text("{\n" + ",\n".join(parts) + "\n}\n")


if __name__ == "__main__":
    main()
