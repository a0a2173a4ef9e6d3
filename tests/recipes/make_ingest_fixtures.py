"""Makes tests/fixtures/ingest: small files as NumPy, pyarrow and safetensors write them.

Versions: numpy 2.4.6, pyarrow 26.0.1, safetensors 0.8.0. Run from the repository's root.
The numbers are plain multiples of 1/8, exact in half precision, and go to expected.json.
"""

import json
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import save_file

OUT = "tests/fixtures/ingest"
os.makedirs(OUT, exist_ok=True)
os.makedirs(f"{OUT}/clip-retrieval/img_emb", exist_ok=True)
os.makedirs(f"{OUT}/clip-retrieval/metadata", exist_ok=True)
os.makedirs(f"{OUT}/clip-retrieval/stats", exist_ok=True)

N, D = 6, 4
matrix = (np.arange(N * D, dtype=np.float64).reshape(N, D) - 7) / 8
ids = np.array([f"item {at} é" for at in range(N)])

for kind in ["<f2", "<f4", "<f8", ">f2", ">f4", ">f8"]:
    name = ("little" if kind[0] == "<" else "big") + kind[1:]
    np.save(f"{OUT}/{name}.npy", matrix.astype(kind))
    np.save(f"{OUT}/{name}-fortran.npy", np.asfortranarray(matrix.astype(kind)))
np.save(f"{OUT}/objects.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
np.save(f"{OUT}/integers.npy", np.arange(6).reshape(2, 3))
np.savez(f"{OUT}/plain.npz", embeddings=matrix.astype("f4"), ids=ids)
np.savez_compressed(f"{OUT}/packed.npz", embeddings=matrix.astype("f4"), ids=np.arange(N) - 2)
for kind in ["f2", "f4", "f8"]:
    save_file({"embeddings": matrix.astype(kind)}, f"{OUT}/{kind}.safetensors", {"ids": json.dumps(list(ids))})
listed = [list(map(float, row)) for row in matrix]
for name, kind in [("list-f4", pa.list_(pa.float32())), ("list-f8", pa.list_(pa.float64())), ("fixed-f4", pa.list_(pa.float32(), D))]:
    table = pa.table({"id": pa.array(list(ids)), "embedding": pa.array(listed, kind)})
    pq.write_table(table, f"{OUT}/{name}.parquet", row_group_size=4)
ragged = pa.table({"id": ["a", "b"], "embedding": pa.array([[1.0, 2.0], [1.0]], pa.list_(pa.float32()))})
pq.write_table(ragged, f"{OUT}/ragged.parquet")

manifest = pa.table(
    {
        "id": pa.array([f"p{at}" for at in range(8)]),
        "text": pa.array([f"a person number {at}" for at in range(8)]),
        "loss": pa.array([at / 4 for at in range(8)], pa.float64()),
        "label": pa.array([at % 2 for at in range(8)], pa.int64()),
        "split": pa.array(["train"] * 4 + ["test"] * 4),
        "Tall": pa.array([True, False, None, True, False, True, True, False]),
    }
)
pq.write_table(manifest, f"{OUT}/manifest.parquet")

# As clip_inference writes them: partition i holds inputs j with j % 2 == i, f2, normalised; the stats say it is done.
rng = np.random.default_rng(5)
embeddings = rng.standard_normal((10, 256))
embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
for part in range(2):
    rows = [row for row in range(10) if row % 2 == part]
    np.save(f"{OUT}/clip-retrieval/img_emb/img_emb_{part}.npy", embeddings[rows].astype("f2"))
    table = pa.table({"image_path": [f"/images/{row}.jpg" for row in rows], "split": ["train" if row < 6 else "test" for row in rows]})
    pq.write_table(table, f"{OUT}/clip-retrieval/metadata/metadata_{part}.parquet")
    with open(f"{OUT}/clip-retrieval/stats/{part}.json", "w") as file:
        json.dump({"sample_count": len(rows)}, file)

json.dump(
    {"matrix": matrix.tolist(), "ids": list(ids), "clip_retrieval": embeddings.astype("f2").astype("f8")[:, :3].tolist()},
    open(f"{OUT}/expected.json", "w"),
)
