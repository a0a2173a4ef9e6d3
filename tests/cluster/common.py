"""What the recipes share: short texts in shards ($ROWS, $SHARDS), one process's output of them, and how outputs compare."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys

ROWS, SHARDS = int(os.environ.get("ROWS", 200_000)), int(os.environ.get("SHARDS", 16))
WORDS = "war peace bread music rain river stone letter garden winter engine window market silver doctor".split()


def binary():
    """The program to try: $LLM2LOSS, else the one cargo built."""
    built = pathlib.Path(__file__).resolve().parents[2] / "target" / "release" / "llm2loss"
    return os.environ.get("LLM2LOSS", str(built))


def text(at):
    return " ".join(WORDS[(at * step + step) % len(WORDS)] for step in range(3, 11)) + f" {at % 997}"


def make(place):
    """Writes the shards as JSON lines; returns their paths."""
    place = pathlib.Path(place)
    (place / "in").mkdir(parents=True, exist_ok=True)
    each = ROWS // SHARDS
    for shard in range(SHARDS):
        with open(place / "in" / f"part-{shard:05}.jsonl", "w") as out:
            for at in range(shard * each, (shard + 1) * each):
                row = {"id": f"{at:06}", "text": text(at), "loss": at % 1000 / 250, "long": at % 3 == 0}
                out.write(json.dumps(row) + "\n")
    return sorted((place / "in").glob("*.jsonl"))


def command(source, target):
    return [binary(), "encode", "--input", str(source), "--output", str(target)]


def alone(place):
    """The same shards by one process, one after the other; returns digests by name."""
    place = pathlib.Path(place)
    (place / "alone").mkdir(parents=True, exist_ok=True)
    for source in make(place):
        subprocess.run(command(source, place / "alone" / f"{source.stem}.parquet"), check=True, stdout=subprocess.DEVNULL)
    return digests(place / "alone")


def alone_in_parts(place):
    """The same by parts of the folder, as a job array cuts it."""
    place = pathlib.Path(place)
    make(place)
    (place / "alone-parts").mkdir(parents=True, exist_ok=True)
    for part in range(SHARDS):
        target = place / "alone-parts" / f"part-{part:05}.parquet"
        words = command(place / "in", target) + ["--shard", f"{part}/{SHARDS}"]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return digests(place / "alone-parts")


def digests(folder):
    files = sorted(pathlib.Path(folder).glob("part-*.parquet"))
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def compare(name, expected, folder):
    found = digests(folder)
    assert found == expected, (name, {key for key in expected if found.get(key) != expected[key]})
    rest = [file.name for file in pathlib.Path(folder).iterdir() if file.name not in expected]
    print(f"{name}: {len(found)} shards equal those of one process byte by byte; left beside them: {rest or 'nothing'}")
    sys.stdout.flush()


def compare_rows(name, place, folder, shards):
    """Rows that an engine wrote by itself, against those of one process: the same ids with the same numbers."""
    import pyarrow.parquet as pq

    def numbers(files):
        tables = [pq.read_table(file, columns=["id", "embedding"]) for file in files]
        return {row["id"]: row["embedding"] for table in tables for row in table.to_pylist()}

    files = sorted(pathlib.Path(folder).glob("*.parquet"))
    expected = numbers(pathlib.Path(place) / "alone" / f"{pathlib.Path(shard).stem}.parquet" for shard in shards)
    found = numbers(files)
    assert found.keys() == expected.keys(), (name, len(found), len(expected))
    apart = [key for key in found if [float(a) for a in found[key]] != [float(b) for b in expected[key]]]
    assert not apart, (name, len(apart))
    print(f"{name}: {len(found)} rows in {len(files)} files, the same numbers as those of one process")
    sys.stdout.flush()


def kill_one(marker):
    """True for the first that asks, in whatever process: that one is to be killed in the middle."""
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        return True
    except FileExistsError:
        return False


def run_or_die(source, target, marker):
    """Runs a worker; the first of all is killed after a moment, which fails its task."""
    child = subprocess.Popen(command(source, target), stdout=subprocess.DEVNULL)
    if kill_one(marker):
        try:
            child.wait(0.15)
        except subprocess.TimeoutExpired:
            child.kill()
        child.wait()
        raise RuntimeError(f"killed in the middle: {source}")
    assert child.wait() == 0, source


if __name__ == "__main__":
    # make FOLDER; compare or compare-files NAME FOLDER, with parts of the whole or with the shards: for scripts that are
    # no Python.
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        place = pathlib.Path(sys.argv[3])
        expected = alone_in_parts(place) if sys.argv[1] == "compare" else alone(place)
        compare(sys.argv[2], expected, place / sys.argv[2])
