"""Makes tests/fixtures/encoder: what transformers and Pillow say of small encoders with made-up weights.

    python tests/recipes/make_encoder_parity.py tests/fixtures/encoder

Weights are not stored: `value` below and its twin in tests/encoder_parity.rs draw them from a hash of their
names. The tokenizers are trained on the sentences below; the images are drawn here. Nothing comes from elsewhere.
"""

import io
import json
import pathlib
import sys

import numpy as np
import torch
from PIL import Image, ImageOps
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, CLIPConfig, CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

TEXTS = [
    "a photo of a smiling woman",
    "a man with black hair and a moustache",
    "a",
    "",
    "The QUICK brown fox, jumping over 12 lazy dogs!",
    "ein Café am Fluß — naïve 東京 \U0001f600",
    "don't  stop\tbelieving\nnow",
    "a photo of a photo of a photo of " * 12,
]
CORPUS = TEXTS * 3 + ["a photo of the man and the woman", "black hair", "over the lazy dog", "smiling and jumping"] * 4


def value(name, shape):
    """Uniform numbers from splitmix64 over FNV-1a of the name; scaled by what the tensor is."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) % 2**64
    count = int(np.prod(shape)) if shape else 1
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    u = (z >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0
    low = name.lower()
    if len(shape) <= 1:
        u = 1.0 + 0.1 * u if ("norm" in low and low.endswith("weight")) else 0.1 * u
    else:
        u = u * np.sqrt(3.0 / np.prod(shape[1:]))
    return u.astype(np.float32).reshape(shape)


def fill(model, kind):
    """Gives a model its made-up weights, rounded as the file's type rounds them; returns names and shapes."""
    shapes = {}
    state = model.state_dict()
    for name, tensor in state.items():
        if name.endswith("position_ids"):
            continue
        shapes[name] = list(tensor.shape)
        drawn = torch.from_numpy(value(name, tuple(tensor.shape)))
        state[name] = drawn.to({"f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32}[kind]).float()
    model.load_state_dict(state)
    model.eval()
    return shapes


def clip_tokenizer(path, eos_first):
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    pattern = r"""'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), "removed", invert=True), pre_tokenizers.ByteLevel(False, use_regex=False)]
    )
    special = ["<|endoftext|>", "<|startoftext|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=special if eos_first else [],
        end_of_word_suffix="</w>",
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens(special[::-1])
    ids = {token: tokenizer.token_to_id(token) for token in special}
    tokenizer.post_processor = processors.RobertaProcessing(
        ("<|endoftext|>", ids[special[0]]), ("<|startoftext|>", ids[special[1]]), False, False
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(path))
    return tokenizer, ids


def text_ids(tokenizer, limit, eos):
    """Padded with eos to the limit, as CLIP's own tokenizer pads."""
    tokenizer.enable_truncation(limit)
    tokenizer.enable_padding(length=limit, pad_id=eos, pad_token="<|endoftext|>")
    encoded = tokenizer.encode_batch(TEXTS)
    return torch.tensor([e.ids for e in encoded]), torch.tensor([e.attention_mask for e in encoded])


def draw_images(folder):
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:150, 0:210]
    base = np.stack([128 + 90 * np.sin(x / 17) + 30 * np.cos(y / 5), y * 255 / 150, (x + 2 * y) % 256], -1)
    rgb = np.clip(base + rng.normal(0, 12, base.shape), 0, 255).astype(np.uint8)
    image = Image.fromarray(rgb)
    files = {}

    def save(name, image, **options):
        image.save(folder / name, **options)
        files[name] = folder / name

    save("rgb.png", image)
    save("tall.png", image.crop((0, 0, 61, 150)))
    save("small.png", image.crop((10, 10, 27, 22)))
    alpha = np.concatenate([rgb, (x % 256).astype(np.uint8)[..., None]], -1)
    save("alpha.png", Image.fromarray(alpha))
    save("grey.png", image.convert("L"))
    save("palette.png", image.quantize(64))
    save("rgb.bmp", image.crop((0, 0, 90, 70)))
    save("lossless.webp", image, lossless=True)
    save("lossy.webp", image, quality=80)
    save("rgb.jpg", image, quality=90)
    save("grey.jpg", image.convert("L"), quality=85)
    save("progressive.jpg", image, quality=75, progressive=True, subsampling=2)
    for orientation in (3, 6, 7):
        exif = Image.Exif()
        exif[0x0112] = orientation
        save(f"turned-{orientation}.jpg", image, quality=95, subsampling=0, exif=exif)
    return files


def pixels(processor, path):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(path.read_bytes())))
    return processor(images=image, return_tensors="np")["pixel_values"][0].astype(np.float32)


def clip_case(name, images, tokenizer, ids, expected, *,
              kind="f32", act="quick_gelu", eos=None, full=False, shards=1, eps=1e-5):
    eos_id = ids["<|endoftext|>"] if eos is None else eos
    if full:
        text = dict(vocab_size=49408, eos_token_id=eos_id, bos_token_id=ids["<|startoftext|>"])
        vision, dim, side = {}, 512, 224
    else:
        vocab = tokenizer.get_vocab_size()
        text = dict(hidden_size=32, intermediate_size=80, num_attention_heads=4, num_hidden_layers=3, vocab_size=vocab,
                    max_position_embeddings=40, eos_token_id=eos_id, bos_token_id=ids["<|startoftext|>"], hidden_act=act,
                    layer_norm_eps=eps)
        vision = dict(hidden_size=48, intermediate_size=96, num_attention_heads=3, num_hidden_layers=2, image_size=32,
                      patch_size=9 if name == "clip-gelu" else 8, hidden_act=act, layer_norm_eps=eps)
        dim, side = 24, 32
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=dim)
    torch.manual_seed(0)
    model = CLIPModel(config)
    shapes = fill(model, kind)
    processor = dict(crop_size={"height": side, "width": side}, size={"shortest_edge": side}, resample=3)
    if name == "clip-gelu":
        processor.update(size={"height": 40, "width": 36}, resample=2, image_mean=[0.5, 0.4, 0.3], image_std=[0.2, 0.3, 0.4])
    if name == "clip-legacy":
        processor.update(size={"shortest_edge": 20}, resample=1, do_normalize=False)
    limit = model.config.text_config.max_position_embeddings
    token_ids, mask = text_ids(tokenizer, limit, ids["<|endoftext|>"])
    files = {key: images[key] for key in (["rgb.png", "tall.png"] if full else images)}
    prepared = {key: pixels(CLIPImageProcessorPil(**processor), path) for key, path in files.items()}
    with torch.no_grad():
        text_features = model.get_text_features(input_ids=token_ids, attention_mask=mask).pooler_output
        stacked = torch.from_numpy(np.stack(list(prepared.values())))
        image_features = model.get_image_features(pixel_values=stacked).pooler_output
    expected[f"{name}.texts"] = text_features.numpy()
    expected[f"{name}.images"] = image_features.numpy()
    if not full:
        for key, values in prepared.items():
            expected[f"{name}.pixels.{key}"] = values
    written = {
        "model_type": "clip", "projection_dim": dim, "text_config": text, "vision_config": vision,
    }
    return {"name": name, "config": written, "processor": processor, "tensors": shapes, "type": kind, "shards": shards,
            "images": list(files), "tokenizer": "eos-first" if ids["<|endoftext|>"] == 0 else "eos-last", "full": full}


def bert_tokenizer(out):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=400, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False
    )
    tokenizer.train_from_iterator([text for text in CORPUS if "東" not in text], trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", tokenizer.token_to_id("[SEP]")), ("[CLS]", tokenizer.token_to_id("[CLS]")))
    # As all-MiniLM's file has them: ours must run at real lengths and up to max_seq_length all the same.
    tokenizer.enable_truncation(16)
    tokenizer.enable_padding(length=16)
    tokenizer.save(str(out / "bert-tokenizer.json"))
    return tokenizer


def bert_case(name, tokenizer, expected, mode):
    config = dict(hidden_size=36, intermediate_size=72, num_attention_heads=3, num_hidden_layers=2,
                  vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=64, hidden_act="gelu")
    model = BertModel(BertConfig(**config), add_pooling_layer=False)
    shapes = fill(model, "f32")
    tokenizer.enable_truncation(30)
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch(TEXTS)
    mask = torch.tensor([e.attention_mask for e in encoded])
    with torch.no_grad():
        states = model(input_ids=torch.tensor([e.ids for e in encoded]), attention_mask=mask).last_hidden_state
    if mode == "cls":
        pooled = states[:, 0]
    else:
        pooled = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    expected[f"{name}.texts"] = pooled.numpy()
    pooling = {"word_embedding_dimension": 36, "pooling_mode_cls_token": mode == "cls", "pooling_mode_mean_tokens": mode == "mean"}
    return {"name": name, "config": {"model_type": "bert", **config}, "tensors": shapes, "type": "f32", "shards": 1,
            "pooling": pooling, "max_seq_length": 30, "tokenizer": "bert", "full": False, "images": []}


def main():
    out = pathlib.Path(sys.argv[1])
    (out / "images").mkdir(parents=True, exist_ok=True)
    images = draw_images(out / "images")
    last, last_ids = clip_tokenizer(out / "eos-last-tokenizer.json", False)
    first, first_ids = clip_tokenizer(out / "eos-first-tokenizer.json", True)
    bert = bert_tokenizer(out)
    expected = {}
    cases = [
        clip_case("clip-quick", images, last, last_ids, expected),
        clip_case("clip-gelu", images, last, last_ids, expected, act="gelu", eps=1e-3, kind="bf16"),
        clip_case("clip-legacy", images, last, last_ids, expected, eos=2, kind="f16"),
        clip_case("clip-eos-first", images, first, first_ids, expected, shards=3, kind="f16"),
        clip_case("clip-full", images, last, last_ids, expected, full=True, kind="f16"),
        bert_case("bert-mean", bert, expected, "mean"),
        bert_case("bert-cls", bert, expected, "cls"),
    ]
    # Pixels of one processor are enough for most images: keep all of the first, a few of the others.
    few = {"rgb.png", "tall.png", "small.png"}
    expected = {key: array for key, array in expected.items()
                if ".pixels." not in key or key.startswith("clip-quick.") or key.split(".pixels.")[1] in few}
    text = json.dumps({"texts": TEXTS, "cases": cases}, ensure_ascii=True, separators=(",", ":"))
    (out / "cases.json").write_text(text.replace('{"name"', '\n{"name"') + "\n")
    save_file({key: np.ascontiguousarray(array.astype(np.float32)) for key, array in expected.items()}, out / "expected.safetensors")


if __name__ == "__main__":
    main()
