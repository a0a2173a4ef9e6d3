"""Writes tests/fixtures/parquet: files as pyarrow writes them, a few rows each. Needs pyarrow and numpy."""

import datetime
import decimal
import pathlib

import numpy
import pyarrow
from pyarrow import parquet

PLACE = pathlib.Path(__file__).parent.parent / "fixtures" / "parquet"
PLACE.mkdir(exist_ok=True)
(PLACE / "shards").mkdir(exist_ok=True)
(PLACE / "splits").mkdir(exist_ok=True)


def rows(start, count):
    numbers = range(start, start + count)
    return {
        "id": [f"r{n}" for n in numbers],
        "text": [f"a {'young' if n % 2 else 'old'} person, number {n}" for n in numbers],
        "loss": [n / 4 for n in numbers],
        "young": [n % 2 for n in numbers],
    }


# One file a codec, pages of a few rows.
for codec in ["none", "snappy", "gzip", "brotli", "lz4", "zstd"]:
    table = pyarrow.table(rows(0, 40))
    parquet.write_table(table, PLACE / f"{codec}.parquet", compression=codec, row_group_size=16, data_page_size=64)

# Every kind of value.
when = datetime.datetime(2024, 2, 29, 12, 30, 15, 250000)
kinds = pyarrow.table(
    {
        "id": ["a", "b", "c"],
        "doc": pyarrow.array(
            [
                {"question": "one?", "meta": {"level": 1}},
                {"question": "two?", "meta": None},
                {"question": "three?", "meta": {"level": 3}},
            ]
        ),
        "image": pyarrow.array(
            [{"bytes": b"\x89PNG\x00", "path": "a.png"}, {"bytes": b"\xff\xd8", "path": "b.jpg"}, {"bytes": None, "path": None}],
            pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())]),
        ),
        "loss": pyarrow.array([0.5, None, 1.5], pyarrow.float32()),
        "half": pyarrow.array(numpy.array([0.5, 1.5, -2.0], numpy.float16)),
        "flag": [True, False, None],
        "byte": pyarrow.array([255, 0, 1], pyarrow.uint8()),
        "large": pyarrow.array([2**64 - 1, 0, 1], pyarrow.uint64()),
        "day": [datetime.date(2024, 2, 29), datetime.date(1969, 12, 31), None],
        "seconds": pyarrow.array([when, None, when], pyarrow.timestamp("ms")),
        "nanoseconds": pyarrow.array([1, 0, -1], pyarrow.timestamp("ns")),
        "clock": pyarrow.array([datetime.time(1, 2, 3), None, datetime.time(23, 0)], pyarrow.time64("us")),
        "money": [decimal.Decimal("-0.05"), decimal.Decimal("12.50"), None],
        "word": pyarrow.array(["x", "y", "x"]).dictionary_encode(),
        "blob": [b"\xff\x00", b"", b"abc"],
        "tags": [["a", "b"], [], None],
        "map": pyarrow.array([[("k", "v")], [], None], pyarrow.map_(pyarrow.string(), pyarrow.string())),
        "nothing": pyarrow.nulls(3),
    }
)
parquet.write_table(kinds, PLACE / "kinds.parquet")
parquet.write_table(kinds.select(["id", "nanoseconds"]), PLACE / "int96.parquet", use_deprecated_int96_timestamps=True)

# Embeddings: lists of half precision, of fixed size, tensors.
matrix = numpy.arange(24, dtype=numpy.float32).reshape(6, 4) / 4 + 0.25
ids = [f"e{n}" for n in range(6)]
fixed = pyarrow.FixedSizeListArray.from_arrays(matrix.ravel(), 4)
lists = {
    "half": pyarrow.array(list(matrix.astype(numpy.float16)), pyarrow.list_(pyarrow.float16())),
    "half-fixed": pyarrow.FixedSizeListArray.from_arrays(matrix.astype(numpy.float16).ravel(), 4),
    "fixed": fixed,
    "tensor": pyarrow.ExtensionArray.from_storage(pyarrow.fixed_shape_tensor(pyarrow.float32(), [4]), fixed),
}
for name, column in lists.items():
    parquet.write_table(pyarrow.table({"id": ids, "embedding": column}), PLACE / f"list-{name}.parquet")

for part in range(3):
    table = pyarrow.table({"id": ids[2 * part : 2 * part + 2], "embedding": fixed.slice(2 * part, 2)})
    parquet.write_table(table, PLACE / "shards" / f"part-{part:05}.parquet")
for split, start, count in [("train", 0, 24), ("test", 24, 16)]:
    for part in range(2):
        table = pyarrow.table(rows(start + part * count // 2, count // 2))
        parquet.write_table(table, PLACE / "splits" / f"{split}-{part:05}-of-00002.parquet", compression="zstd")

# What a writer leaves that had no rows: one row group, of none, whose columns say places that are none.
none = {"id": pyarrow.string(), "text": pyarrow.string(), "loss": pyarrow.float64(), "young": pyarrow.int64()}
empty = pyarrow.table({name: pyarrow.array([], kind) for name, kind in none.items()})
parquet.write_table(empty, PLACE / "empty.parquet")
