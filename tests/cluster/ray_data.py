"""Ray: a task a shard around the worker, and map_batches around its pipe. python tests/cluster/ray_data.py FOLDER"""

import json
import pathlib
import subprocess
import sys

import common
import ray

place = pathlib.Path(sys.argv[1]).resolve()
expected = common.alone(place)
(place / "ray").mkdir(exist_ok=True)
ray.init(num_cpus=2, log_to_driver=False)


@ray.remote(max_retries=3, retry_exceptions=True)
def encode(source, target, marker):
    common.run_or_die(source, target, marker)


sources = sorted((place / "in").glob("*.jsonl"))
marker = str(place / "ray.killed")
ray.get([encode.remote(str(s), str(place / "ray" / f"{s.stem}.parquet"), marker) for s in sources])
common.compare("ray tasks", expected, place / "ray")


def pipe(batch):
    """A batch through the worker's pipe: rows in, rows with embeddings out."""
    rows = [dict(zip(batch, map(lambda v: getattr(v, "item", lambda: v)(), row))) for row in zip(*batch.values())]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    worker = [common.binary(), "encode", "--input", "-", "--output", "-"]
    out = subprocess.run(worker, input=lines.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    rows = [json.loads(line) for line in out.stdout.splitlines()]
    return {name: [row[name] for row in rows] for name in rows[0]}


data = ray.data.read_json([str(source) for source in sources[:2]])
data.map_batches(pipe, batch_size=4096).write_parquet(str(place / "ray-batches"))
common.compare_rows("ray map_batches", place, place / "ray-batches", sources[:2])
