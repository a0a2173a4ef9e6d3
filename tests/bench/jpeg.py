"""How far features of JPEG photos move by how they are decoded: the program's decoder against Pillow's.

    python tests/bench/jpeg.py PROGRAM ENCODER PHOTO…

Pieces of the photos are saved as JPEG with halved colours (4:2:0, quality 90), and once more as Pillow decodes these, in
PNG, which the program reads to the last bit. Both are embedded; told is the distance of the two features.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

SIDE = 256
PIECES = 24


def pieces(photos, folder):
    rng = np.random.default_rng(5)
    (folder / "jpeg").mkdir()
    (folder / "png").mkdir()
    count = 0
    for photo in photos:
        whole = Image.open(photo).convert("RGB")
        for _ in range(PIECES):
            x, y = (int(rng.integers(0, max(1, side - SIDE + 1))) for side in whole.size)
            piece = whole.crop((x, y, x + min(SIDE, whole.width), y + min(SIDE, whole.height)))
            jpeg = folder / "jpeg" / f"{count:04}.jpg"
            piece.save(jpeg, quality=90, subsampling="4:2:0")
            Image.open(jpeg).convert("RGB").save(folder / "png" / f"{count:04}.png")
            count += 1
    return count


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        start, end = header["embeddings"]["data_offsets"]
        values = np.frombuffer(file.read()[start:end], np.float32).reshape(header["embeddings"]["shape"])
    return dict(zip(json.loads(header["__metadata__"]["ids"]), values))


def embedded(program, encoder, folder, kind, count):
    def run(*words):
        subprocess.run([program, "--home", str(folder / "home"), *words], check=True, capture_output=True)

    ending = {"jpeg": "jpg", "png": "png"}[kind]
    rows = [f"{at:04},{folder / kind}/{at:04}.{ending},{at % 7},{('train', 'test')[at % 2]}" for at in range(count)]
    manifest = folder / f"{kind}.csv"
    manifest.write_text("id,image,loss,split\n" + "\n".join(rows) + "\n")
    run("ingest", kind, "--manifest", str(manifest), "--encoder", encoder)
    run("embed", kind)
    run("cache", "export", kind, "--out", str(folder / f"{kind}.safetensors"))
    return read(folder / f"{kind}.safetensors")


def main(program, encoder, *photos):
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        count = pieces(photos, folder)
        ours, pillows = (embedded(program, encoder, folder, kind, count) for kind in ["jpeg", "png"])
        apart = np.array([np.linalg.norm(ours[key] - pillows[key]) for key in sorted(ours)])
        print(f"{count} pieces of {len(photos)} photos: median {np.median(apart):.4f}, most {apart.max():.4f}")


main(*sys.argv[1:])
