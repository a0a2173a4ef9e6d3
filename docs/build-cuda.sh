#!/usr/bin/env bash
# Builds llm2loss for NVIDIA GPUs. docs/gpu.md says how to run what it makes.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: docs/build-cuda.sh [--toolkit DIR | --wheels DIR] [--target DIR] [--check] [-- CARGO_ARGUMENT…]

  --toolkit DIR  use the CUDA toolkit in DIR [default: CUDA_HOME, CUDA_PATH, or the one of nvcc on PATH]
  --wheels DIR   use NVIDIA's Python packages instead, installed into DIR if they are not there
                 [default where there is no toolkit: ~/.cache/llm2loss/cuda-13.0]
  --target DIR   folder of the build [default: target/cuda, beside the CPU build's folder]
  --check        then start the program, without CUDA's libraries and with them, and ask its doctor
  --help         this text

Neither a GPU nor a driver is needed to build. Variables:
  CUDA_COMPUTE_CAP   compute capability built for, such as 80, 89 or 90
                     [default: that of the GPU here, else 80, which every later GPU runs too]
  CUDAFORGE_THREADS  kernels compiled at a time [default: the number of cores]
TEXT
}

say() { printf 'build-cuda: %s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }
have() { command -v "$1" >/dev/null 2>&1; }

# All of one release: a compiler and libraries of two releases do not go together.
readonly wheels_release=13.0
readonly wheels=(
  nvidia-cuda-nvcc==13.0.88 nvidia-cuda-crt==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-cccl==13.0.85
  nvidia-cuda-runtime==13.0.96 nvidia-cuda-nvrtc==13.0.88 nvidia-curand==10.4.0.35 nvidia-cublas==13.1.0.3
)
# 1.2 GB of packages, 1.2 GB of build.
readonly needed_megabytes=3000

toolkit='' wheels_folder='' check=no
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=$root/target/cuda
while [ $# -gt 0 ]; do
  case $1 in
    --toolkit | --wheels | --target)
      [ $# -ge 2 ] || fail "$1 needs a folder; see --help"
      folder=$(realpath -m -- "$2")
      case $1 in --toolkit) toolkit=$folder ;; --wheels) wheels_folder=$folder ;; --target) target=$folder ;; esac
      shift 2 ;;
    --check) check=yes; shift ;;
    --help | -h) usage; exit 0 ;;
    --) shift; break ;;
    *) fail "unknown argument '$1'; see --help" ;;
  esac
done
[ -z "$toolkit" ] || [ -z "$wheels_folder" ] || fail "give --toolkit or --wheels, not both"

for program in cargo gcc g++ ar nm readelf sed grep awk; do
  have "$program" || fail "$program is not installed"
done
[ "$(uname -s)" = Linux ] || fail "only Linux is supported"

# The toolkit: the one named, one that is installed, or the packages.
if [ -z "$toolkit" ] && [ -z "$wheels_folder" ]; then
  toolkit=${CUDA_HOME:-${CUDA_PATH:-}}
  if [ -z "$toolkit" ] && have nvcc; then
    toolkit=$(dirname "$(dirname "$(realpath "$(command -v nvcc)")")")
  fi
  [ -n "$toolkit" ] || wheels_folder=${XDG_CACHE_HOME:-$HOME/.cache}/llm2loss/cuda-$wheels_release
fi

if [ -n "$wheels_folder" ]; then
  toolkit=$wheels_folder/nvidia/cu13
  # Written last: an interrupted installation is done again.
  complete=$wheels_folder/.complete
  if ! [ -f "$complete" ] || [ "$(cat "$complete")" != "${wheels[*]}" ]; then
    have python3 || fail "python3 is not installed; it is needed for --wheels alone"
    python3 -m pip --version >/dev/null 2>&1 || fail "python3 has no pip; it is needed for --wheels alone"
    mkdir -p "$wheels_folder"
    free=$(df -Pm "$wheels_folder" | awk 'NR == 2 { print $4 }')
    [ "$free" -ge "$needed_megabytes" ] || fail "$wheels_folder has $free MB free; $needed_megabytes are needed"
    say "installing NVIDIA's compiler and libraries into $wheels_folder"
    python3 -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --only-binary=:all: \
      --target "$wheels_folder" "${wheels[@]}"
    printf '%s' "${wheels[*]}" >"$complete"
  fi
  # The packages have lib instead of lib64, and no names without a version.
  [ -e "$toolkit/lib64" ] || ln -s lib "$toolkit/lib64"
  for library in "$toolkit"/lib/lib{cublas,cublasLt,curand,nvrtc,cudart}.so.[0-9]*; do
    ln -sfn "$(basename "$library")" "${library%.so.*}.so"
  done
fi

nvcc=$toolkit/bin/nvcc
[ -x "$nvcc" ] || fail "there is no $nvcc; give the toolkit with --toolkit, or --wheels"
release=$("$nvcc" --version | sed -n 's/.*release \([0-9]*\.[0-9]*\).*/\1/p')
[ -n "$release" ] || fail "$nvcc does not say its release"
libraries=$toolkit/lib64
[ -e "$libraries/libcublas.so" ] || libraries=$toolkit/lib
[ -e "$libraries/libcublas.so" ] || fail "there is no libcublas.so in $toolkit; install the toolkit with its libraries"

capability=${CUDA_COMPUTE_CAP:-}
if [ -z "$capability" ] && have nvidia-smi; then
  capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | sort -n | head -n 1 | tr -d . || true)
fi
[[ ${capability:=80} =~ ^[0-9]{2,3}a?$ ]] || fail "compute capability '$capability'; give a number such as 80 or 90"

# The program is linked with loaders in place of CUDA's libraries (docs/cuda-loader.c), so that it starts without them.
# The crates ask for libraries in lib64 of the toolkit: here a folder like it, but for that one.
cd "$root"
cargo fetch --quiet --locked
manifest=$(cargo metadata --format-version 1 --locked --features cuda |
  grep -o '"manifest_path":"[^"]*/cudarc-[0-9][^"]*"' | head -n 1 | sed 's/.*:"\(.*\)"/\1/')
bindings=$(dirname "$manifest")/src/driver/sys
[ -d "$bindings" ] || fail "the CUDA bindings are not where they are expected: $bindings"
loaders=$target/loaders
rm -rf "$loaders"
mkdir -p "$loaders/lib"
for entry in "$toolkit"/*; do
  case $(basename "$entry") in lib | lib64) ;; *) ln -s "$entry" "$loaders/" ;; esac
done
ln -s lib "$loaders/lib64"

loader() { # NAME SONAME ERROR; functions on the standard input
  sort -u | sed 's/.*/X(&)/' >"$loaders/$1.functions"
  [ -s "$loaders/$1.functions" ] || fail "no function of lib$1 was found"
  gcc -O1 -fPIC -c "-DFUNCTIONS=\"$loaders/$1.functions\"" "-DLIBRARY=\"$2\"" "-DMISSING=$3" docs/cuda-loader.c \
    -o "$loaders/$1.o"
  ar rcs "$loaders/lib/lib$1.a" "$loaders/$1.o"
}

# Each answers, where its library is missing: no device; of the others, not initialised.
grep -rhoE '\bfn cu[A-Z][A-Za-z0-9_]*' "$bindings" | sed 's/fn //' | loader cuda libcuda.so.1 100
for library in cudart:100 cublas:1 cublasLt:1 curand:101 nvrtc:11; do
  file=$libraries/lib${library%:*}.so
  soname=$(readelf -d "$file" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
  nm -D --defined-only "$file" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' |
    loader "${library%:*}" "$soname" "${library#*:}"
done
# The C++ library goes into the program, where the compiler has it so.
cpp=$(gcc -print-file-name=libstdc++.a)
[ ! -f "$cpp" ] || ln -s "$cpp" "$loaders/lib/libstdc++.a"

export CUDA_HOME=$loaders CUDA_PATH=$loaders CUDA_ROOT=$loaders CUDA_TOOLKIT_ROOT_DIR=$loaders PATH=$toolkit/bin:$PATH
export CUDA_COMPUTE_CAP=$capability CUDAFORGE_THREADS=${CUDAFORGE_THREADS:-$(nproc)}
export CARGO_TARGET_DIR=$target
export LIBRARY_PATH=$loaders/lib${LIBRARY_PATH:+:$LIBRARY_PATH}
say "CUDA $release in $toolkit, compute capability $capability, build in $target"
cargo build --release --locked --features cuda "$@"

binary=$target/release/llm2loss
[ -x "$binary" ] || exit 0
say "built $binary, $(($(stat -c %s "$binary") / 1000000)) MB"
needed=$(readelf -d "$binary" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
odd=$(grep -E '^lib(cuda|cudart|cublas|cublasLt|curand|nvrtc)\.' <<<"$needed" || true)
[ -z "$odd" ] || fail "it does not start without $(tr '\n' ' ' <<<"$odd")"
say "it needs $(tr '\n' ' ' <<<"$needed")to start, and CUDA's libraries when a GPU is used:"
say "LD_LIBRARY_PATH=$libraries $binary doctor"
if [ "$check" = yes ]; then
  "$binary" --home "$target/check" doctor
  LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} "$binary" --home "$target/check" doctor
fi
