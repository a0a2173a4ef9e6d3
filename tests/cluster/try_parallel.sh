#!/bin/bash
# GNU parallel over the shards, a worker killed in the middle: tests/cluster/try_parallel.sh FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
place=$(cd "$1" && pwd)
export LLM2LOSS=${LLM2LOSS:-$here/../../target/release/llm2loss}
python3 "$here/common.py" make "$place"
mkdir -p "$place/parallel"
encode() { parallel -j2 --retries 3 "$LLM2LOSS" encode --input {} --output "$place"/parallel/{/.}.parquet ::: "$place"/in/*.jsonl; }
# The first worker that is seen is killed once; parallel tries its shard again.
(for _ in $(seq 400); do
  worker=$(pgrep -f "^$LLM2LOSS encode --input $place/in/" | head -1 || true)
  [ -n "$worker" ] && kill -9 "$worker" && echo "killed one worker" && break
  sleep 0.01
done) &
encode >"$place/parallel.log"
wait
encode >"$place/again.log"
echo "run again: $(grep -c 'left alone' "$place/again.log" || true) of $(ls "$place"/in/*.jsonl | wc -l) were left alone"
python3 "$here/common.py" compare-files parallel "$place"
