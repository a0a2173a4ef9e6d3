"""PyTorch's side of `cargo bench --bench training`: the time of a step of 4096 rows, all three heads of 5 members.

usage: bench_training.py steps ROWS STEPS
       bench_training.py race ROWS FOLDER EPOCHS

steps: three formulations: naive (a loop over members), bmm (one batched product), wide (one product, block-diagonal
second layer); a linear head likewise.
race: the paper's recipe on the data in FOLDER (`matrix.f32`, `losses.f32`; rows after the first ROWS are validation):
Adam at its default rate of 1e-3, held constant, batches of 4096, every epoch to the end. Prints when the ranker's mean
validation Spearman first came to 99 % of its last, and that bar for others to reach. Needs torch (2.x), CPU.
"""

import os
import sys
import time

import torch
import torch.nn.functional as F

MODE, ROWS = sys.argv[1], int(sys.argv[2])
D, H, M, B = 512, 256, 5, 4096
torch.manual_seed(1)
if MODE == "race":
    floats = lambda name: torch.from_file(f"{sys.argv[3]}/{name}.f32", size=os.path.getsize(f"{sys.argv[3]}/{name}.f32") // 4)
    data, loss = floats("matrix").view(-1, D), floats("losses")
    data = (data - data[:ROWS].mean(0)) / data[:ROWS].std()
else:
    data = F.normalize(torch.rand(ROWS, D) * 2 - 1)
    loss = (8 * (data[:, 0] + data[:, 3])).exp()
target = (loss - loss[:ROWS].mean()) / loss[:ROWS].std()


class Naive(torch.nn.Module):
    def __init__(self, hidden):
        super().__init__()
        make = lambda: torch.nn.Sequential(torch.nn.Linear(D, H), torch.nn.ReLU(), torch.nn.Linear(H, 1)) if hidden else torch.nn.Linear(D, 1)
        self.nets = torch.nn.ModuleList([make() for _ in range(M)])

    def forward(self, x):
        return torch.cat([net(x) for net in self.nets], 1)


class Bmm(torch.nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.w1 = torch.nn.Parameter(torch.randn(M, D, H if hidden else 1) / D**0.5)
        self.b1 = torch.nn.Parameter(torch.zeros(M, 1, H if hidden else 1))
        self.hidden = hidden
        if hidden:
            self.w2 = torch.nn.Parameter(torch.randn(M, H, 1) / H**0.5)
            self.b2 = torch.nn.Parameter(torch.zeros(M, 1, 1))

    def forward(self, x):
        z = torch.baddbmm(self.b1, x.expand(M, -1, -1), self.w1)
        if self.hidden:
            z = torch.baddbmm(self.b2, z.relu(), self.w2)
        return z.squeeze(2).t()


class Wide(torch.nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.hidden = hidden
        width = M * H if hidden else M
        self.w1 = torch.nn.Parameter(torch.randn(D, width) / D**0.5)
        self.b1 = torch.nn.Parameter(torch.zeros(width))
        if hidden:
            self.w2 = torch.nn.Parameter(torch.randn(M, H) / H**0.5)
            self.b2 = torch.nn.Parameter(torch.zeros(M))

    def forward(self, x):
        z = torch.addmm(self.b1, x, self.w1)
        if self.hidden:
            z = (z.relu().view(-1, M, H) * self.w2).sum(2) + self.b2
        return z


def step(heads, optimiser, rows):
    x, t, y = data[rows], target[rows, None], loss[rows, None]
    partner = torch.randperm(B)
    negatives = torch.randn(B, D) / D**0.5
    sign = torch.sign(y - y[partner])
    regressor, ranker, ood = heads
    scores = ranker(x)
    inside, outside = ood(x), ood(negatives)
    total = (
        ((regressor(x) - t) ** 2).mean(0).sum()
        + (F.softplus(-sign * (scores - scores[partner])) * sign.abs()).mean(0).sum()
        + ((F.softplus(-inside) + F.softplus(outside)).mean(0) / 2).sum()
    )
    optimiser.zero_grad(set_to_none=True)
    total.backward()
    optimiser.step()


def measure(kind, hidden, steps):
    heads = torch.nn.ModuleList([kind(hidden) for _ in range(3)])
    optimiser = torch.optim.AdamW(heads.parameters(), lr=3e-3, weight_decay=1e-4, fused=True)
    order = torch.randperm(ROWS)
    for warm in range(2):
        step(heads, optimiser, order[:B])
    started = time.perf_counter()
    for index in range(steps):
        at = (index * B) % (ROWS - B)
        step(heads, optimiser, order[at : at + B])
    return 1000 * (time.perf_counter() - started) / steps


def spearman(scores, losses):
    ranks = lambda values: values.argsort().argsort().double()
    return torch.corrcoef(torch.stack([ranks(scores), ranks(losses)]))[0, 1].item()


def race(epochs):
    heads = torch.nn.ModuleList([Naive(True) for _ in range(3)])
    optimiser = torch.optim.Adam(heads.parameters(), lr=1e-3, fused=True)
    reached, started = [], time.perf_counter()
    for _ in range(epochs):
        order = torch.randperm(ROWS)
        for at in range(0, ROWS - B + 1, B):
            step(heads, optimiser, order[at : at + B])
        with torch.no_grad():
            scores = heads[1](data[ROWS:])
        quality = sum(spearman(scores[:, member], loss[ROWS:]) for member in range(M)) / M
        reached.append((time.perf_counter() - started, quality))
    bar = 0.99 * reached[-1][1]
    first = next(at for at, (_, quality) in enumerate(reached) if quality >= bar)
    print(f"PyTorch, the paper's recipe: {epochs} epochs in {reached[-1][0]:.1f} s to {reached[-1][1]:.4f}; "
          f"99 % of that after {reached[first][0]:.1f} s (epoch {first + 1})")
    print(f"bar {bar:.6f} {reached[first][0]:.3f}", flush=True)


print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads", flush=True)
if MODE == "race":
    race(int(sys.argv[4]))
    sys.exit()
for hidden in [False, True]:
    for kind in [Naive, Bmm, Wide]:
        ms = measure(kind, hidden, int(sys.argv[3]))
        name = "mlp" if hidden else "linear"
        print(f"PyTorch {name} {kind.__name__.lower()}: {ms:.1f} ms a step (15 nets)", flush=True)
