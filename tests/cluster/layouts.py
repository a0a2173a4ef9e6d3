"""Folders of embeddings as other engines' own writers leave them, each taken in. python tests/cluster/layouts.py FOLDER

Needs pyarrow, polars, duckdb, pandas, ray, daft, pyspark, numpy."""

import json
import pathlib
import shutil
import subprocess
import sys

import common
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 2000
place = pathlib.Path(sys.argv[1]).resolve()
place.mkdir(parents=True, exist_ok=True)
rows = [{"id": f"{at:06}", "text": common.text(at), "loss": at % 1000 / 250, "long": at % 3 == 0} for at in range(ROWS)]
source = place / "rows.jsonl"
source.write_text("".join(json.dumps(row) + "\n" for row in rows))
subprocess.run(common.command(source, place / "whole.parquet") + ["--force"], check=True, stdout=subprocess.DEVNULL)
table = pq.read_table(place / "whole.parquet")
numbers = np.array(table["embedding"].to_pylist(), dtype=np.float32)
plain = table.drop_columns(["embedding"]).append_column("embedding", pa.array(list(numbers), pa.list_(pa.float32())))
plain = plain.replace_schema_metadata(None)


def ingest(name, folder, *more):
    home = place / "home"
    words = [common.binary(), "--home", str(home), "ingest", name, "--check", "--json", *more]
    words += [] if "--clip-retrieval" in more else ["--manifest", str(folder), "--embeddings", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        return print(f"{name}: REFUSED: {done.stderr.strip()}")
    report = json.loads(done.stdout)
    assert report["items"] == ROWS and report["dimension"] == 256 and report["models"][0]["losses"] == ROWS, report
    print(f"{name}: {report['items']} items, {sorted(file.name for file in pathlib.Path(folder).iterdir())[:3]}")


def fresh(name):
    shutil.rmtree(place / name, ignore_errors=True)
    (place / name).mkdir()
    return place / name


def own_types():
    import duckdb
    import polars

    print("pyarrow reads", table.schema.field("embedding").type)
    frame = polars.read_parquet(place / "whole.parquet")
    print("polars reads", frame.schema["embedding"], "equal:", np.array_equal(np.array(frame["embedding"].to_list(), np.float32), numbers))
    found = duckdb.sql(f"select embedding, typeof(embedding) from '{place}/whole.parquet'").fetchall()
    print("duckdb reads", found[0][1], "equal:", np.array_equal(np.array([row[0] for row in found], np.float32), numbers))


def by_arrow():
    folder = fresh("pyarrow")
    import pyarrow.dataset as ds

    ds.write_dataset(plain, folder, format="parquet", max_rows_per_file=500, max_rows_per_group=500)
    ingest("pyarrow", folder)
    folder = fresh("fixed")
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(numbers.astype(np.float16).ravel()), 256)
    pq.write_table(plain.drop_columns(["embedding"]).append_column("embedding", fixed), folder / "0.parquet")
    ingest("pyarrow-fixed-halves", folder)


def by_polars():
    import polars

    folder = fresh("polars")
    frame = polars.from_arrow(plain).with_columns(polars.col("embedding").cast(polars.Array(polars.Float32, 256)))
    for at in range(4):
        frame[at * 500 : (at + 1) * 500].write_parquet(folder / f"{at:05}.parquet")
    ingest("polars", folder)


def by_daft():
    import daft

    folder = fresh("daft")
    daft.from_arrow(plain).into_partitions(4).write_parquet(str(folder))
    ingest("daft", folder)


def by_ray():
    import ray

    ray.init(num_cpus=2, log_to_driver=False)
    folder = fresh("ray")
    ray.data.from_arrow(plain).repartition(4).write_parquet(str(folder))
    ingest("ray", folder)
    ray.shutdown()


def by_spark():
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    folder = place / "spark"
    pq.write_table(plain, place / "plain.parquet")
    spark.read.parquet(str(place / "plain.parquet")).repartition(4).write.mode("overwrite").parquet(str(folder))
    ingest("spark", folder)
    # A part that is gone.
    sorted(folder.glob("part-00002*"))[0].unlink()
    ingest("spark-missing", folder)
    spark.stop()


def by_clip_retrieval():
    """As clip-retrieval's writer lays it out: img_emb/img_emb_N.npy beside metadata/metadata_N.parquet."""
    import pandas

    folder = fresh("clip")
    for kind in ["img_emb", "metadata"]:
        (folder / kind).mkdir()
    for at in range(4):
        part = slice(at * 500, (at + 1) * 500)
        np.save(folder / "img_emb" / f"img_emb_{at}.npy", numbers[part].astype(np.float16))
        frame = pandas.DataFrame(rows[part]).rename(columns={"id": "image_path", "text": "caption"})
        frame.to_parquet(folder / "metadata" / f"metadata_{at}.parquet")
    ingest("clip-retrieval", folder, "--clip-retrieval", str(folder))


for step in [own_types, by_arrow, by_polars, by_daft, by_ray, by_clip_retrieval, by_spark]:
    try:
        step()
    except Exception as problem:
        print(f"{step.__name__}: {type(problem).__name__}: {problem}")
