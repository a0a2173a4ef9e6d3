"""Writes pictures for tests/bench/images.rs, or embeds them with PyTorch, transformers and Pillow.

    python tests/bench/images.py write FOLDER
    python tests/bench/images.py time FOLDER
"""

import pathlib
import sys
import time

import numpy as np
from PIL import Image

KINDS = [(178, 218), (640, 480)]
COUNT = 256
BATCH = 32


def write(folder):
    rng = np.random.default_rng(3)
    for width, height in KINDS:
        place = pathlib.Path(folder) / f"{width}x{height}"
        if place.is_dir():
            continue
        place.mkdir()
        for at in range(COUNT):
            # Soft blots under fine grain: compresses about as a photo does.
            blots = Image.fromarray(rng.integers(0, 256, (height // 24, width // 24, 3), dtype=np.uint8))
            picture = np.asarray(blots.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
            picture = np.clip(picture + rng.normal(0, 6, picture.shape).astype(np.int16), 0, 255).astype(np.uint8)
            Image.fromarray(picture).save(place / f"{at:04}.jpg", quality=90)


def run(folder):
    import torch
    from transformers import CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    model = CLIPModel.from_pretrained(folder).eval()
    processor = CLIPImageProcessorPil.from_pretrained(folder)

    class Pictures(torch.utils.data.Dataset):
        def __init__(self, files):
            self.files = files

        def __len__(self):
            return len(self.files)

        def __getitem__(self, at):
            with Image.open(self.files[at]) as picture:
                return processor(images=picture.convert("RGB"), return_tensors="pt")["pixel_values"][0]

    cores = torch.get_num_threads()
    for width, height in KINDS:
        files = sorted((pathlib.Path(folder) / f"{width}x{height}").glob("*.jpg"))
        for workers in [0, cores]:
            loader = torch.utils.data.DataLoader(Pictures(files), batch_size=BATCH, num_workers=workers)
            rows = []
            with torch.inference_mode():
                start = time.perf_counter()
                for pixels in loader:
                    features = model.get_image_features(pixel_values=pixels)
                    features = getattr(features, "pooler_output", features)
                    rows.append(torch.nn.functional.normalize(features, dim=-1))
                seconds = time.perf_counter() - start
            assert sum(map(len, rows)) == len(files)
            what = f"PyTorch and Pillow, {width}x{height}, {workers} loading processes"
            print(f"{what:<52} {len(files) / seconds:>7.1f} images/s", flush=True)


if sys.argv[1] == "write":
    write(sys.argv[2])
else:
    run(sys.argv[2])
