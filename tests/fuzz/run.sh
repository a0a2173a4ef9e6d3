#!/usr/bin/env bash
# Feeds damaged files to every parser: tests/fuzz/run.sh [SECONDS A TARGET, 20] [TARGET…]; stable Rust will do.
# An input that panics, aborts, takes over 1 GB or over 5 s is kept in target/fuzz/findings, and the exit code is 1.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds="${1:-20}"
shift || true
# The versions that the program is built with; what was built for it serves here too.
cp Cargo.lock tests/fuzz/Cargo.lock
cargo build --quiet --release --manifest-path tests/fuzz/Cargo.toml --target-dir target
# Files of a moment need no disk.
[ -w /dev/shm ] && export TMPDIR=/dev/shm
program=target/release/llm2loss-fuzz
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <("$program" list)
code=0
for target in "${targets[@]}"; do
  "$program" run "$target" "$seconds" "${LLM2LOSS_FUZZ_SEED:-1}" target/fuzz/findings || code=1
done
exit "$code"
