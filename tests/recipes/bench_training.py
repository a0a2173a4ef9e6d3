"""PyTorch's side of `cargo bench --bench training`: the time of a step of 4096 rows, all three heads of 5 members.

usage: bench_training.py ROWS STEPS
Three formulations: naive (a loop over members), bmm (one batched product), wide (one product, block-diagonal second
layer); a linear head likewise. Needs torch (2.x), CPU.
"""

import sys
import time

import torch
import torch.nn.functional as F

ROWS, STEPS = int(sys.argv[1]), int(sys.argv[2])
D, H, M, B = 512, 256, 5, 4096
torch.manual_seed(1)
data = F.normalize(torch.rand(ROWS, D) * 2 - 1)
loss = (8 * (data[:, 0] + data[:, 3])).exp()
target = (loss - loss.mean()) / loss.std()


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


print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads")
for hidden in [False, True]:
    for kind in [Naive, Bmm, Wide]:
        ms = measure(kind, hidden, STEPS)
        name = "mlp" if hidden else "linear"
        print(f"PyTorch {name} {kind.__name__.lower()}: {ms:.1f} ms a step (15 nets)", flush=True)
