"""Spark: a task a shard around the worker, and mapInArrow around its pipe. python tests/cluster/spark.py FOLDER"""

import json
import os
import pathlib
import subprocess
import sys

import common
import pyarrow as pa
from pyspark import SparkConf
from pyspark.sql import SparkSession

place = pathlib.Path(sys.argv[1]).resolve()
expected = common.alone(place)
(place / "spark").mkdir(exist_ok=True)
conf = SparkConf().setMaster("local-cluster[2,1,1024]").set("spark.task.maxFailures", "4")
# The workers find this folder's module.
conf.set("spark.executorEnv.PYTHONPATH", str(pathlib.Path(__file__).resolve().parent))
conf.set("spark.ui.enabled", "false")
# The workers' Python: mapInArrow needs pyarrow there too.
os.environ["PYSPARK_PYTHON"] = sys.executable
spark = SparkSession.builder.config(conf=conf).getOrCreate()
sources = [str(source) for source in sorted((place / "in").glob("*.jsonl"))]
out, marker = str(place / "spark"), str(place / "spark.killed")


def encode(source):
    target = pathlib.Path(out) / f"{pathlib.Path(source).stem}.parquet"
    common.run_or_die(source, target, marker)
    return source


assert len(spark.sparkContext.parallelize(sources, len(sources)).map(encode).collect()) == len(sources)
common.compare("spark tasks", expected, place / "spark")

program = common.binary()


def pipe(batches):
    """Batches through the worker's pipe, one worker a batch."""
    for batch in batches:
        lines = "".join(json.dumps(row) + "\n" for row in batch.to_pylist())
        worker = [program, "encode", "--input", "-", "--output", "-"]
        done = subprocess.run(worker, input=lines.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        ids, numbers = [row["id"] for row in rows], [row["embedding"] for row in rows]
        losses = [row["loss"] for row in rows]
        yield pa.RecordBatch.from_arrays(
            [pa.array(ids), pa.array(losses, pa.float64()), pa.array(numbers, pa.list_(pa.float32()))],
            ["id", "loss", "embedding"],
        )


rows = spark.read.json(sources[:2]).select("id", "text", "loss")
rows.mapInArrow(pipe, "id string, loss double, embedding array<float>").write.mode("overwrite").parquet(str(place / "spark-arrow"))
common.compare_rows("spark mapInArrow", place, place / "spark-arrow", sources[:2])
