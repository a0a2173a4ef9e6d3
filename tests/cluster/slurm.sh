#!/bin/bash
# A job array: a task a part of the input. sbatch --array=0-15 tests/cluster/slurm.sh INPUT OUTPUT_FOLDER 16 ENCODER
#SBATCH --job-name=encode
#SBATCH --array=0-15
#SBATCH --requeue
set -eu
# Not the array's count: of an array of the failed tasks alone that is another, and so would be the cut.
input=$1 output=$2 parts=$3 encoder=${4:-builtin}
part=$(printf 'part-%05d.parquet' "$SLURM_ARRAY_TASK_ID")
# A task that is run again finds its output whole, or begins anew. Slurm sets CUDA_VISIBLE_DEVICES with --gres=gpu:1.
exec "${LLM2LOSS:-llm2loss}" encode --encoder "$encoder" --input "$input" --output "$output/$part" \
  --shard "$SLURM_ARRAY_TASK_ID/$parts"
