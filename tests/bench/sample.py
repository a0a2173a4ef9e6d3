"""What linear heads lose that learn from a sample of the rows (--train-rows): Spearman over the test rows, and the error
of planted slices.

    python tests/bench/sample.py PROGRAM FOLDER [--rows=1000000] [--samples=100000,10000] [--seeds=3] [--epochs=N]

Embeddings [rows, 128] of half precision and a Parquet manifest are made in FOLDER, taken in where they lie, and heads
trained by PROGRAM. Weights are read and applied here, by NumPy; Spearman is SciPy's. A slice's error is the mean loss that
the heads expect of its test rows, less the mean that they have. Needs numpy, scipy, pyarrow.
"""

import json
import os
import pathlib
import struct
import subprocess
import sys
import time

import numpy
import pyarrow
from pyarrow import parquet
from scipy.stats import spearmanr

DIMENSION = 128
BLOCK = 100_000
# Share of the rows that each attribute is true of, and what it adds to the loss.
PLANTED = [(0.5, 0.2), (0.1, 0.5), (0.02, 1.0), (0.005, 1.5), (0.001, 2.0)]
TESTS = 0.2


def made(place, rows):
    """Writes `e.npy` and `rows.parquet`; an attribute moves an embedding along a direction of its own."""
    fixed = numpy.random.default_rng(1)
    directions = numpy.linalg.qr(fixed.normal(size=(DIMENSION, len(PLANTED) + 1)))[0].T
    array = numpy.lib.format.open_memmap(place / "e.npy", "w+", numpy.float16, (rows, DIMENSION))
    columns = []
    for first in range(0, rows, BLOCK):
        rng = numpy.random.default_rng([2, first])
        count = min(BLOCK, rows - first)
        flags = rng.random((count, len(PLANTED))) < [share for share, _ in PLANTED]
        values = rng.normal(size=(count, DIMENSION))
        # Little else lies along a slice's own direction, so that a linear head could find it.
        values -= 0.97 * values @ directions[1:].T @ directions[1:]
        values += 3 * flags @ directions[1:]
        loss = 1 + 0.5 * values @ directions[0] + flags @ [more for _, more in PLANTED] + rng.normal(size=count)
        values /= numpy.linalg.norm(values, axis=1, keepdims=True)
        array[first : first + count] = values
        columns.append((loss, rng.random(count) < TESTS, flags))
    array.flush()
    loss, test, flags = (numpy.concatenate(parts) for parts in zip(*columns))
    loss -= min(loss.min(), 0)
    table = {"id": numpy.arange(rows), "loss": loss, "split": numpy.where(test, "test", "train")}
    table |= {f"slice{at}": flags[:, at].astype(numpy.int8) for at in range(len(PLANTED))}
    parquet.write_table(pyarrow.table(table), place / "rows.parquet")
    return loss, test, flags


def weights(path):
    """Tensors and metadata of a safetensors file of single precision."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    metadata, body = header.pop("__metadata__"), data[8 + length :]
    read = lambda of: numpy.frombuffer(body[slice(*of["data_offsets"])], numpy.float32).reshape(of["shape"])
    return {name: read(of) for name, of in header.items()}, metadata


def measured(place, run, loss, test, flags):
    """Spearman of the regressor over the test rows, and each slice's error."""
    tensors, metadata = weights(place / "home" / "runs" / run / "heads.safetensors")
    target = json.loads(metadata["target"])
    assert target["target"] == "raw", target
    array = numpy.load(place / "e.npy", mmap_mode="r")
    chosen = numpy.flatnonzero(test)
    expected = []
    for part in numpy.array_split(chosen, max(1, len(chosen) // BLOCK)):
        inputs = (array[part].astype(numpy.float32) - tensors["input.mean"]) / tensors["input.scale"]
        outputs = inputs @ tensors["regressor.w"].T + tensors["regressor.b"]
        expected.append(outputs.mean(axis=1) * target["sd"] + target["mean"])
    expected, real = numpy.concatenate(expected), loss[chosen]
    errors = [abs(expected[flags[chosen, at]].mean() - real[flags[chosen, at]].mean()) for at in range(len(PLANTED))]
    return spearmanr(expected, real).statistic, errors


def main():
    given = [word for word in sys.argv[1:] if not word.startswith("--")]
    said = dict(word[2:].split("=") for word in sys.argv[1:] if word.startswith("--"))
    program, place = os.path.abspath(given[0]), pathlib.Path(given[1])
    rows, seeds = int(said.get("rows", 1_000_000)), int(said.get("seeds", 3))
    place.mkdir(parents=True, exist_ok=True)

    def run(*words):
        started = time.monotonic()
        done = subprocess.run([program, "--home", "home", *words], cwd=place, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout, time.monotonic() - started

    loss, test, flags = made(place, rows)
    encoder = ["--encoder", "builtin", "--dims", str(DIMENSION), "--allow-mismatch", "--link"]
    run("ingest", "made", "--manifest", "rows.parquet", "--embeddings", "e.npy", *encoder)
    learnt = int((~test).sum())
    print(f"{rows} rows, {learnt} to learn from; slices of {', '.join(f'{share:.1%}' for share, _ in PLANTED)}")
    for sample in [learnt, *map(int, said.get("samples", "100000,10000").split(","))]:
        found = []
        for seed in range(1, seeds + 1):
            words = ["--architecture", "linear", "--target", "raw", "--seed", str(seed), "--train-rows", str(sample)]
            words += ["--epochs", said["epochs"]] if "epochs" in said else []
            out, seconds = run("train", "made", *words, "--json")
            found.append((*measured(place, json.loads(out)["id"], loss, test, flags), seconds))
        spearman = [spearman for spearman, _, _ in found]
        errors = " ".join(f"{value:.3f}" for value in numpy.mean([errors for _, errors, _ in found], axis=0))
        print(
            f"{sample:>9} rows: Spearman {numpy.mean(spearman):.4f} ({min(spearman):.4f} to {max(spearman):.4f}),"
            f" slices' errors {errors}, {numpy.mean([seconds for _, _, seconds in found]):.1f} s a run",
            flush=True,
        )


if __name__ == "__main__":
    main()
