"""Writes the checkpoint that tests/bench/encoders.rs times, or times the same work in Python.

    python tests/bench/encoders.py write FOLDER
    python tests/bench/encoders.py time FOLDER [MINILM] [--threads=N]
    python tests/bench/encoders.py codes FOLDER    how far scores move when the text tower has 16 bits a weight
"""

import io
import pathlib
import statistics
import sys
import time

import torch
from PIL import Image

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures" / "encoder"
SHORT = "a photo of a man"
SENTENCE = "A man, 39 years old, married, with a bachelor's degree, working as a clerk."


def write(folder):
    from transformers import CLIPConfig, CLIPModel

    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
    import json

    tokenizer = json.loads((FIXTURES / "eos-last-tokenizer.json").read_text())
    ends = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    torch.manual_seed(0)
    config = CLIPConfig(text_config=dict(eos_token_id=ends["<|endoftext|>"], bos_token_id=ends["<|startoftext|>"]))
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessorPil().save_pretrained(folder)
    (pathlib.Path(folder) / "tokenizer.json").write_bytes((FIXTURES / "eos-last-tokenizer.json").read_bytes())


def median(repeats, run):
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def row(what, run, repeats=15):
    print(f"{what:<52} {median(repeats, run):>10.2f} ms", flush=True)


@torch.inference_mode()
def run(folder, minilm, threads):
    import open_clip
    from tokenizers import Tokenizer
    from transformers import CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    model = CLIPModel.from_pretrained(folder).eval()
    other = open_clip.create_model("ViT-B-32-quickgelu", pretrained=None).eval()
    open_tokenizer = open_clip.get_tokenizer("ViT-B-32-quickgelu")
    tokenizer = Tokenizer.from_file(str(pathlib.Path(folder) / "tokenizer.json"))
    eos = model.config.text_config.eos_token_id
    processor = CLIPImageProcessorPil.from_pretrained(folder)
    others = ["fox", "dog", "moustache", "hair", "photo", "woman", "river", "street"]
    first = ["man", "woman", "dog", "fox"]
    prompts = [f"a photo of the {first[at % 4]} and the {others[at // 4]}" for at in range(32)]
    picture = (FIXTURES / "images" / "rgb.jpg").read_bytes()

    def encode(texts, pad):
        ids = [tokenizer.encode(text).ids for text in texts]
        length = 77 if pad else max(map(len, ids))
        padded = torch.tensor([one + [eos] * (length - len(one)) for one in ids])
        mask = torch.tensor([[1] * len(one) + [0] * (length - len(one)) for one in ids])
        return model.get_text_features(input_ids=padded, attention_mask=mask)

    def prepare():
        return processor(images=Image.open(io.BytesIO(picture)), return_tensors="pt")["pixel_values"]

    pixels = prepare()
    many = pixels.repeat(16, 1, 1, 1)
    sentences = [f"{SENTENCE} {at}" for at in range(64)]
    if minilm:
        from sentence_transformers import SentenceTransformer

        sentence = SentenceTransformer(minilm, device="cpu")
    for threads in threads or sorted({1, torch.get_num_threads()}):
        torch.set_num_threads(threads)
        print(f"threads: {threads}")
        row("transformers, 1 prompt padded to 77", lambda: encode([SHORT], True))
        row("transformers, 1 prompt unpadded", lambda: encode([SHORT], False))
        row("transformers, 32 prompts padded to 77", lambda: encode(prompts, True), 3)
        row("transformers, 32 prompts unpadded", lambda: encode(prompts, False))
        row("open_clip, 1 prompt", lambda: other.encode_text(open_tokenizer([SHORT])))
        row("open_clip, 32 prompts", lambda: other.encode_text(open_tokenizer(prompts)), 3)
        row("Pillow and transformers, 1 image to pixels", prepare, 100)
        row("transformers, 1 image", lambda: model.get_image_features(pixel_values=pixels))
        row("transformers, 16 images", lambda: model.get_image_features(pixel_values=many), 5)
        row("open_clip, 16 images", lambda: other.encode_image(many), 5)
        if minilm:
            row("sentence-transformers, 1 sentence", lambda: sentence.encode([SENTENCE]))
            row("sentence-transformers, 64 sentences", lambda: sentence.encode(sentences, batch_size=32))


@torch.inference_mode()
def codes(folder):
    import copy

    from tokenizers import Tokenizer
    from transformers import CLIPModel

    exact = CLIPModel.from_pretrained(folder).eval()
    tokenizer = Tokenizer.from_file(str(pathlib.Path(folder) / "tokenizer.json"))
    parts = [
        "a man", "a woman", "a dog", "a person with black hair", "an old man with a hat", "a smiling woman",
        "blurry photo of a child", "lorem ipsum", "a photo of a fox and a river", "a bald man wearing glasses",
        "rosy cheeks", "a person with heavy makeup",
    ]  # fmt: skip
    prompts = [f"{a} and {b}" for a in parts for b in parts]

    def scores(model):
        rows = [model.get_text_features(input_ids=torch.tensor([tokenizer.encode(prompt).ids])) for prompt in prompts]
        rows = torch.cat([getattr(row, "pooler_output", row) for row in rows]).double()
        heads = torch.randn(rows.shape[1], 200, generator=torch.Generator().manual_seed(1), dtype=torch.double)
        return torch.nn.functional.normalize(rows, dim=-1) @ heads

    def steps(weight):
        scale = weight.abs().amax(1, keepdim=True) * 2 * (65536 / 65534)
        return (torch.round((weight / scale + 0.5) * 65536) / 65536 - 0.5) * scale

    before = scores(exact)
    for name, rounded in [("steps of the column", steps), ("16-bit floats", lambda weight: weight.half().float())]:
        model = copy.deepcopy(exact)
        for module in model.text_model.modules():
            if isinstance(module, torch.nn.Linear):
                module.weight.data = rounded(module.weight.data)
        moved, spread = scores(model) - before, before.std(0)
        typical, most = (moved.std(0) / spread).median(), (moved.abs().amax(0) / spread).max()
        print(f"{name}: scores move by {typical:.3%} of their spread, at most {most:.2%}")


folders = [word for word in sys.argv[2:] if not word.startswith("--")]
threads = [int(word.split("=")[1]) for word in sys.argv[2:] if word.startswith("--threads=")]
if sys.argv[1] == "write":
    write(folders[0])
elif sys.argv[1] == "codes":
    codes(folders[0])
else:
    run(folders[0], folders[1] if len(folders) > 1 else None, threads)
