#!/usr/bin/env python3
"""Writes the notice that goes with a binary: every third-party crate in it, its licence, and the licence's text.

    python3 tests/recipes/make_notice.py [TARGET, x86_64-unknown-linux-gnu] > NOTICE

Crates that only build or test the program are not in it. Texts come from the crates themselves, as cargo unpacked them;
a crate without one is said to have none.
"""

import json
import pathlib
import subprocess
import sys

TEXTS = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE")


def main() -> None:
    target = sys.argv[1] if len(sys.argv) > 1 else "x86_64-unknown-linux-gnu"
    root = pathlib.Path(__file__).resolve().parents[2]
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target]
    metadata = json.loads(subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    own = metadata["resolve"]["root"]
    reached, waiting = set(), [own]
    while waiting:
        for dependency in nodes[waiting.pop()]["deps"]:
            linked = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            macro = any("proc-macro" in made["kind"] for made in packages[dependency["pkg"]]["targets"])
            if linked and not macro and dependency["pkg"] not in reached:
                reached.add(dependency["pkg"])
                waiting.append(dependency["pkg"])
    crates = sorted((packages[one] for one in reached), key=lambda package: (package["name"], package["version"]))
    print(f"llm2loss holds {len(crates)} crates of others ({target}).\n")
    for crate in crates:
        print(f"{crate['name']} {crate['version']}: {crate['license'] or 'see its files'}; {crate['repository'] or ''}")
    texts: dict[str, list[str]] = {}
    for crate in crates:
        name = f"{crate['name']} {crate['version']}"
        folder = pathlib.Path(crate["manifest_path"]).parent
        files = sorted(path for path in folder.iterdir() if path.is_file() and path.name.upper().startswith(TEXTS))
        for path in files:
            texts.setdefault(path.read_text(encoding="utf-8", errors="replace").strip(), []).append(name)
        if not files:
            texts.setdefault("(the crate brings no text of its licence)", []).append(name)
    for text, names in texts.items():
        print("\n" + "=" * 100 + "\n" + ", ".join(dict.fromkeys(names)) + "\n\n" + text)


if __name__ == "__main__":
    main()
