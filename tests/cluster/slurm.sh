#!/bin/bash
# A job array: a task a part of the input. sbatch tests/cluster/slurm.sh INPUT OUTPUT_FOLDER ENCODER
#SBATCH --job-name=encode
#SBATCH --array=0-15
#SBATCH --requeue
set -eu
input=$1 output=$2 encoder=${3:-builtin}
part=$(printf 'part-%05d.parquet' "$SLURM_ARRAY_TASK_ID")
# A task that is run again finds its output whole, or begins anew. Slurm sets CUDA_VISIBLE_DEVICES with --gres=gpu:1.
exec "${LLM2LOSS:-llm2loss}" encode --encoder "$encoder" --input "$input" --output "$output/$part" \
  --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
