#!/usr/bin/env bash
# Makes what is handed out: tarballs, wheels, a bill of materials, checksums. docs/install.md says how to use them.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: .packaging/release.sh [--out DIR] [--work DIR] [gnu] [musl]

  gnu         for glibc 2.17 and later: a tarball and a manylinux2014 wheel
  musl        static, for any Linux: a tarball and a musllinux wheel [default: both]
  --out DIR   folder of the results [default: target/dist]
  --work DIR  folder of the tools and the build [default: target/packaging]
  --help      this text

Needs cargo, git, python3 with pip and venv, readelf. A target whose standard library is not installed
(rustup target add x86_64-unknown-linux-musl) is passed over, which is said; with it named, that is a failure.
The same commit, tools and folder give the same files.
TEXT
}

say() { printf 'release: %s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }

# A linker for old systems, what calls it, and what makes wheels: of versions known to go together.
readonly tools=(ziglang==0.17.1 cargo-zigbuild==0.24.1 maturin==1.16.0)
readonly oldest_glibc=2.17
# Libraries that every Linux with glibc has.
readonly libraries='^(libc\.so\.6|libm\.so\.6|libpthread\.so\.0|libdl\.so\.2|librt\.so\.1|libutil\.so\.1|libgcc_s\.so\.1|ld-linux-x86-64\.so\.2)$'

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=$root/target/dist work=$root/target/packaging wanted=()

read_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      --out | --work)
        [ $# -ge 2 ] || fail "$1 needs a folder; see --help"
        folder=$(realpath -m -- "$2")
        case $1 in --out) out=$folder ;; --work) work=$folder ;; esac
        shift 2 ;;
      gnu | musl) wanted+=("$1"); shift ;;
      --help | -h) usage; exit 0 ;;
      *) fail "unknown argument '$1'; see --help" ;;
    esac
  done
}

prepare() {
  local program
  for program in cargo rustc git python3 readelf tar gzip sha256sum; do
    command -v "$program" >/dev/null 2>&1 || fail "$program is not installed"
  done
  mkdir -p "$out" "$work"
  if ! [ -f "$work/tools/.complete" ] || [ "$(cat "$work/tools/.complete")" != "${tools[*]}" ]; then
    say "installing ${tools[*]} into $work/tools"
    python3 -m venv --clear "$work/tools"
    "$work/tools/bin/python" -m pip install --quiet --disable-pip-version-check "${tools[@]}"
    printf '%s' "${tools[*]}" >"$work/tools/.complete"
  fi
  export PATH=$work/tools/bin:$PATH
  export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$work/build}
  version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
  commit=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null || true)
  [ -z "$(git -C "$root" status --porcelain 2>/dev/null)" ] || commit=$commit-changed
  export LLM2LOSS_COMMIT=$commit
  # The time of the commit, in place of the time of the build.
  SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 315532800)}
  export SOURCE_DATE_EPOCH
  # Folders of this machine stay out of the program.
  unset RUSTFLAGS
  local between=$'\x1f'
  export CARGO_ENCODED_RUSTFLAGS="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo$between--remap-path-prefix=$root=llm2loss"
  case $root in *[\|\&\\]*) fail "the folder $root has a | & or \\ in its name" ;; esac
  # A tag that names another version would publish this one's files under it.
  local tag=${GITHUB_REF_NAME:-}
  [ "${GITHUB_REF_TYPE:-}" != tag ] || [ "$tag" = "v$version" ] || fail "the tag is $tag, Cargo.toml says $version"
}

has_standard_library() {
  [ -d "$(rustc --print sysroot)/lib/rustlib/$1/lib" ]
}

# Fails where the program needs more than its target has.
check_symbols() { # FAMILY BINARY
  local needed newest
  needed=$(readelf --dynamic --wide "$2" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
  newest=$(readelf --dyn-syms --wide "$2" | sed -n 's/.*@GLIBC_\([0-9.]*\).*/\1/p' | sort -uV | tail -n 1)
  if [ "$1" = musl ]; then
    [ -z "$needed$newest" ] || fail "$2 is not static: it needs $needed $newest"
    say "static, no library needed"
    return
  fi
  local odd
  odd=$(grep -vE "$libraries" <<<"$needed" || true)
  [ -z "$odd" ] || fail "$2 needs libraries that not every Linux has: $odd"
  [ "$(printf '%s\n' "$newest" "$oldest_glibc" | sort -V | tail -n 1)" = "$oldest_glibc" ] ||
    fail "$2 needs symbols of glibc $newest; $oldest_glibc is the newest it may"
  say "newest symbol GLIBC_$newest; libraries: $(tr '\n' ' ' <<<"$needed")"
}

# What goes beside the program, in both forms: the manual page, completions, licences.
describe() { # TARGET BINARY FOLDER
  local share=$3/data/data/share
  mkdir -p "$share"/{man/man1,bash-completion/completions,zsh/site-functions,fish/vendor_completions.d}
  "$2" man >"$share/man/man1/llm2loss.1"
  "$2" completions bash >"$share/bash-completion/completions/llm2loss"
  "$2" completions zsh >"$share/zsh/site-functions/_llm2loss"
  "$2" completions fish >"$share/fish/vendor_completions.d/llm2loss.fish"
  cp "$root/LICENSE" "$3/LICENSE"
  {
    python3 "$root/tests/recipes/make_notice.py" "$1"
    for notice in "$root"/src/*/builtin/NOTICE; do
      printf '\n%100s\n%s\n\n' '' "$(basename "$(dirname "$(dirname "$notice")")")" | tr ' ' '='
      cat "$notice"
    done
  } >"$3/THIRD-PARTY"
}

make_tarball() { # NAME BINARY FOLDER
  local stage=$work/stage/$1
  rm -rf "$stage"
  mkdir -p "$stage/bin"
  cp "$2" "$stage/bin/llm2loss"
  cp -r "$3/data/data/share" "$stage/share"
  # Unpacked into a folder such as ~/.local, nothing lies loose.
  local pages=$stage/share/doc/llm2loss
  mkdir -p "$pages"
  cp -r "$3/LICENSE" "$3/THIRD-PARTY" "$root/README.md" "$root/docs" "$pages/"
  tar --create --directory "$work/stage" --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w \
    --mtime="@$SOURCE_DATE_EPOCH" "$1" | gzip -9 --no-name >"$out/$1.tar.gz"
}

make_wheel() { # TARGET COMPATIBILITY FOLDER
  sed "s|\"../Cargo.toml\"|\"$root/Cargo.toml\"|" "$root/.packaging/pyproject.toml" >"$3/pyproject.toml"
  (cd "$3" && maturin build --quiet --release --locked --zig --target "$1" --compatibility "$2" \
    --compression-method deflated --compression-level 9 --out "$out")
}

# The program in a wheel was linked once more: what holds for the tarball's must hold for it.
unpacked_program() { # WHEEL
  rm -rf "$work/wheel-unpacked"
  python3 -m zipfile -e "$1" "$work/wheel-unpacked"
  echo "$work"/wheel-unpacked/*.data/scripts/llm2loss
}

# The wheel's bill of materials, without the folder it was made in.
make_bill() { # NAME, after unpacked_program
  sed "s|path+file://$root|path+file:///llm2loss|g" "$work"/wheel-unpacked/*.dist-info/sboms/llm2loss.cyclonedx.json \
    >"$out/$1.cyclonedx.json"
}

release() { # FAMILY
  local target=x86_64-unknown-linux-$1 for_linker name compatibility folder binary wheel
  case $1 in
    gnu) for_linker=$target.$oldest_glibc name=llm2loss-$version-x86_64-linux-gnu$oldest_glibc compatibility=manylinux2014 ;;
    musl) for_linker=$target name=llm2loss-$version-x86_64-linux-musl compatibility=musllinux_1_2 ;;
  esac
  say "building for $for_linker"
  cargo zigbuild --manifest-path "$root/Cargo.toml" --release --locked --bin llm2loss --target "$for_linker"
  binary=$CARGO_TARGET_DIR/$target/release/llm2loss
  check_symbols "$1" "$binary"
  rm -f "$out/$name".* "$out"/llm2loss-*"$compatibility"*.whl
  folder=$work/wheel-$1
  rm -rf "$folder"
  mkdir -p "$folder"
  describe "$target" "$binary" "$folder"
  make_tarball "$name" "$binary" "$folder"
  make_wheel "$target" "$compatibility" "$folder"
  wheel=$(echo "$out"/llm2loss-*"$compatibility"*.whl)
  check_symbols "$1" "$(unpacked_program "$wheel")"
  make_bill "$name"
}

read_arguments "$@"
prepare
for family in gnu musl; do
  if [ "${#wanted[@]}" -gt 0 ] && [[ " ${wanted[*]} " != *" $family "* ]]; then
    continue
  elif has_standard_library "x86_64-unknown-linux-$family"; then
    release "$family"
  elif [ "${#wanted[@]}" -gt 0 ]; then
    fail "the standard library for $family is not installed: rustup target add x86_64-unknown-linux-$family"
  else
    say "passed over $family: its standard library is not installed (rustup target add x86_64-unknown-linux-$family)"
  fi
done
(cd "$out" && sha256sum -- llm2loss-"$version"*.{tar.gz,whl,json} >SHA256SUMS)
say "made in $out:"
ls -l "$out" >&2
