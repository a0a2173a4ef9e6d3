#!/usr/bin/env bash
# Uses what release.sh made as people do: wheels in fresh environments, programs in the root of an old system.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: .packaging/try.sh [--dist DIR] [--root DIR] [--suite NAME]

  --dist DIR    what release.sh made [default: target/dist]
  --root DIR    root of an old system; made by debootstrap if it is not there [default: target/packaging/root]
  --suite NAME  Debian release for that [default: bullseye, glibc 2.31]
  --help        this text

Tries in an empty home: each wheel by pip, then the demo; each tarball in the root by chroot, then demo, check, report
and the console in a pseudo-terminal. Without root's rights, or without the root, the programs are tried right here,
which is said. Prints sizes, symbols and times to start.
TEXT
}

say() { printf 'try: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dist=$top/target/dist root=$top/target/packaging/root suite=bullseye
while [ $# -gt 0 ]; do
  case $1 in
    --dist) dist=$(realpath -m -- "${2:?}"); shift 2 ;;
    --root) root=$(realpath -m -- "${2:?}"); shift 2 ;;
    --suite) suite=${2:?}; shift 2 ;;
    --help | -h) usage; exit 0 ;;
    *) say "unknown argument '$1'; see --help"; exit 2 ;;
  esac
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Runs the console in a pseudo-terminal until it shows what it found, then quits it.
console() { # COMMAND…
  python3 - "$@" <<'PYTHON'
import fcntl, os, pty, select, struct, sys, termios, time
child, terminal = pty.fork()
if child == 0:
    os.environ.update(TERM="xterm-256color", LANG="C.UTF-8")
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
shown, asked, began = b"", False, time.monotonic()
while True:
    if select.select([terminal], [], [], 1)[0]:
        try:
            got = os.read(terminal, 65536)
        except OSError:
            break
        if not got:
            break
        shown += got
    # Senior is the group whom v1 fails most: it stands on the screen once findings are there.
    if not asked and b"Senior" in shown:
        os.write(terminal, b"q")
        asked = True
    if time.monotonic() - began > 600:
        sys.exit("try: the console showed nothing in ten minutes")
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
if status or not asked or b"\x1b[?1049l" not in shown:
    sys.exit(f"try: the console ended with {status}, having shown {len(shown)} bytes")
PYTHON
}

# Demo, gate, report and console, by a command that runs the program with an empty home, below a root.
use() { # ROOT COMMAND…
  local code=0 report=/tmp/llm2loss-try-$$.html below=$1
  shift
  "$@" demo 2>/dev/null | grep Senior >/dev/null || fail "$*: the demo does not name whom v1 fails"
  "$@" check adult --model v2 --against v1 >/dev/null 2>&1 || fail "$*: v2 does not pass against v1"
  "$@" check adult --model v1 --against v2 >/dev/null 2>&1 || code=$?
  [ "$code" = 3 ] || fail "$*: v1 against v2 ends with $code, not 3"
  "$@" report adult --model v2 --against v1 -o "$report" 2>/dev/null || fail "$*: the report fails"
  grep -q '<svg' "$below$report" || fail "$*: the report has no figure"
  rm -f "$below$report"
  console "$@" || fail "$*: the console"
}

# Milliseconds to start, the least of nine.
start_time() { # COMMAND…
  local least=999999 before after turn
  for turn in 1 2 3 4 5 6 7 8 9; do
    before=$(date +%s%N)
    "$@" --version >/dev/null
    after=$(date +%s%N)
    [ $(((after - before) / 100000)) -ge "$least" ] || least=$(((after - before) / 100000))
  done
  printf '%d.%d' $((least / 10)) $((least % 10))
}

newest_symbol() { # BINARY
  readelf --dyn-syms --wide "$1" | grep -o '@GLIBC_[0-9.]*' | sort -uV | tail -n 1 | tr -d @
}

megabytes() { awk -v bytes="$(stat -c %s "$1")" 'BEGIN { printf "%.1f MB", bytes / 1e6 }'; }

try_wheel() { # FILE
  python3 -m venv "$scratch/venv-$2"
  # On a system of glibc, pip takes no wheel for musl: it is unpacked as pip would.
  case $1 in
    *musllinux*)
      (cd "$scratch/venv-$2" && python3 -m zipfile -e "$1" . && cp ./*.data/scripts/llm2loss bin/ && chmod +x bin/llm2loss) ;;
    *) "$scratch/venv-$2/bin/python" -m pip install --quiet --disable-pip-version-check --no-index "$1" ;;
  esac
  use '' env -i HOME="$scratch/home-$2" PATH="$scratch/venv-$2/bin:/usr/bin:/bin" llm2loss
  say "$(basename "$1"): $(megabytes "$1"); installed, demo, check, report and console are well"
}

prepare_root() {
  if [ ! -x "$root/bin/sh" ]; then
    [ "$(id -u)" = 0 ] || { say "not root: programs are tried on this system"; return 1; }
    command -v debootstrap >/dev/null || { say "no debootstrap: programs are tried on this system"; return 1; }
    say "making the root of Debian $suite in $root"
    debootstrap --variant=minbase "$suite" "$root" >/dev/null || { say "debootstrap failed"; return 1; }
  fi
  mkdir -p "$root/proc" "$root/dev"
  # The program reads /proc; a chroot without it would not be a system.
  unshare --mount true 2>/dev/null || { say "no rights to mount: programs are tried on this system"; return 1; }
}

# A command within the old root, in mounts of its own that end with it.
readonly within='mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"'

try_tarball() { # FILE
  local name binary below='' run=()
  name=$(basename "$1" .tar.gz)
  tar -xzf "$1" -C "$scratch"
  binary=$scratch/$name/bin/llm2loss
  if [ -n "$old" ]; then
    rm -rf "${root:?}/opt/$name" "${root:?}/tmp/home-$name"
    cp -r "$scratch/$name" "$root/opt/$name"
    run=(unshare --mount bash -c "$within" "$root" env -i HOME="/tmp/home-$name" TERM=xterm-256color LANG=C.UTF-8
      "/opt/$name/bin/llm2loss")
    below=$root
    say "$name on $old"
  else
    run=(env -i HOME="$scratch/home-$name" TERM=xterm-256color LANG=C.UTF-8 "$binary")
  fi
  use "$below" "${run[@]}"
  "${run[@]}" --version --verbose >&2
  say "$name: tarball $(megabytes "$1"), program $(megabytes "$binary"), newest symbol $(newest_symbol "$binary"), start $(start_time "$binary") ms here"
}

old=''
if prepare_root; then
  old="$(. "$root/etc/os-release" && echo "$PRETTY_NAME"), $(chroot "$root" ldd --version 2>/dev/null | head -n 1)"
fi
found=0
for file in "$dist"/*.whl; do
  [ -e "$file" ] || continue
  found=$((found + 1))
  try_wheel "$file" "$found"
done
for file in "$dist"/*.tar.gz; do
  [ -e "$file" ] || continue
  found=$((found + 1))
  try_tarball "$file"
done
[ "$found" -gt 0 ] || fail "nothing in $dist; run .packaging/release.sh"
(cd "$dist" && sha256sum --check --quiet SHA256SUMS)
say "$found files are well"
