#!/bin/bash
# A cluster of one node on this machine, as root, with Debian's slurmctld, slurmd and munge: runs slurm.sh on the 16
# shards, kills a task in the middle, requeues it, compares. tests/cluster/try_slurm.sh FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
place=$(cd "$1" && pwd)
run=$place/slurm-run
mkdir -p "$run/state" "$run/spool" "$place/slurm" /run/munge
chown munge: /run/munge
pids=()
stop() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; }
trap stop EXIT
runuser -u munge -- munged --foreground >"$run/munged.log" 2>&1 & pids+=($!)
sleep 1
host=$(hostname -s)
cat >"$run/slurm.conf" <<CONF
ClusterName=try
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
StateSaveLocation=$run/state
SlurmdSpoolDir=$run/spool
SlurmctldPidFile=$run/slurmctld.pid
SlurmdPidFile=$run/slurmd.pid
SlurmctldPort=26817
SlurmdPort=26818
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$run/slurm.conf
slurmctld -D >"$run/slurmctld.log" 2>&1 & pids+=($!)
slurmd -D >"$run/slurmd.log" 2>&1 & pids+=($!)
for _ in $(seq 60); do sinfo -h -o %T 2>/dev/null | grep -q idle && break; sleep 1; done
sinfo
python3 "$here/common.py" make "$place"
export LLM2LOSS=${LLM2LOSS:-$here/../../target/release/llm2loss}
job=$(sbatch --parsable --output="$run/%a.log" "$here/slurm.sh" "$place/in" "$place/slurm" 16)
# The first task that runs a worker loses it, and is queued again.
for _ in $(seq 100); do
  worker=$(pgrep -f "encode .*$place/slurm/part-00000" | head -1 || true)
  [ -n "$worker" ] && kill -9 "$worker" && echo "killed task 0" && break
  sleep 0.05
done
while squeue -h -j "$job" 2>/dev/null | grep -q .; do sleep 1; done
echo "after the first job: $(ls "$place/slurm"/part-*.parquet | wc -l) of 16 shards"
sbatch --wait --output="$run/again-%a.log" "$here/slurm.sh" "$place/in" "$place/slurm" 16
echo "run again: $(grep -l 'left alone' "$run"/again-*.log | wc -l) were left alone"
python3 "$here/common.py" compare slurm "$place"
