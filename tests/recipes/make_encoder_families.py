"""Makes tests/fixtures/encoder/families.*: what transformers says of small text encoders and of a
small SigLIP with made-up weights.

    python tests/recipes/make_encoder_families.py tests/fixtures/encoder

Weights and texts are those of `make_encoder_parity.py`; two tokenizers are trained here. Every text is computed alone,
so that no padding is in play, and pooled as sentence-transformers pools.
"""

import json
import pathlib
import sys

import numpy as np
import torch
import transformers as t
from make_encoder_parity import CORPUS, TEXTS, pixels, value
from safetensors.numpy import save_file
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

LIMIT = 30
KINDS = {"f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32}


def unigram(path):
    """As XLM-RoBERTa has it, and with MPNet's place of padding."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(vocab_size=260, special_tokens=special, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator([text for text in CORPUS if "東" not in text], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.save(str(path))
    return tokenizer


def byte_level(path):
    """As Qwen3-Embedding has it: the end of the text alone is put behind it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=330, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens(["<|endoftext|>"])
    end = tokenizer.token_to_id("<|endoftext|>")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <|endoftext|>", special_tokens=[("<|endoftext|>", end)]
    )
    tokenizer.save(str(path))
    return tokenizer


def nomic_names(state):
    """The names of the published checkpoint for those of transformers' own class: name -> (file's name, part of three)."""
    names = {}
    for name in state:
        new = name.replace("embeddings.LayerNorm", "emb_ln").replace("post_attention_layernorm", "norm1")
        new = new.replace("post_mlp_layernorm", "norm2").replace("self_attn.o_proj", "attn.out_proj")
        new = new.replace("up_proj", "fc11").replace("gate_proj", "fc12").replace("down_proj", "fc2")
        part = None
        for index, letter in enumerate("qkv"):
            if f"self_attn.{letter}_proj" in new:
                new, part = new.replace(f"self_attn.{letter}_proj", "attn.Wqkv"), index
        names[name] = ("encoder." + new if new.startswith("layers") else new, part)
    return names


def fill(model, kind, prefix, renamed):
    """Gives a model its made-up weights; returns the file's names and shapes."""
    shapes, state = {}, model.state_dict()
    names = renamed(state) if renamed else {name: (name, None) for name in state}
    for name, tensor in state.items():
        if name.endswith("position_ids"):
            continue
        file_name, part = names[name]
        file_name = prefix + file_name
        shape = list(tensor.shape)
        if part is not None:
            shape[0] *= 3
        drawn = torch.from_numpy(value(file_name, tuple(shape))).to(KINDS[kind]).float()
        state[name] = drawn if part is None else drawn.chunk(3)[part]
        shapes[file_name] = shape
    model.load_state_dict(state)
    model.eval()
    return shapes


def pooled(states, modes):
    """`states` is [tokens, width]; several poolings stand behind each other in sentence-transformers' order."""
    of = {"cls": states[0], "max": states.max(0).values, "mean": states.mean(0), "lasttoken": states[-1]}
    return torch.cat([of[mode] for mode in ("cls", "max", "mean", "lasttoken") if mode in modes])


def case(name, tokenizer, token_name, model, config, expected, *, modes=("mean",), kind="f32", shards=1, prefix="",
         renamed=None, dense=None):
    torch.manual_seed(0)
    shapes = fill(model, kind, prefix, renamed)
    tokenizer.enable_truncation(LIMIT)
    tokenizer.no_padding()
    rows = []
    for text in TEXTS:
        ids = torch.tensor([tokenizer.encode(text).ids])
        with torch.no_grad():
            states = model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0]
        row = pooled(states, modes)
        if dense:
            weight = torch.from_numpy(value("linear.weight", (dense, len(row)))).to(KINDS[kind]).float()
            bias = torch.from_numpy(value("linear.bias", (dense,))).to(KINDS[kind]).float()
            row = torch.tanh(weight @ row + bias)
        rows.append(row.numpy())
    expected[f"{name}.texts"] = np.stack(rows)
    pooling = {f"pooling_mode_{'lasttoken' if mode == 'lasttoken' else mode + '_token' + ('' if mode == 'cls' else 's')}":
               True for mode in modes}
    written = {"name": name, "config": config, "tensors": shapes, "type": kind, "shards": shards, "pooling": pooling,
               "max_seq_length": LIMIT, "tokenizer": token_name}
    if dense:
        written["dense"] = {"in_features": len(modes) * 36, "out_features": dense, "bias": True,
                            "activation_function": "torch.nn.modules.activation.Tanh"}
    return written


def siglip_case(name, tokenizer, folder, expected, *, kind, processor):
    text = dict(hidden_size=24, intermediate_size=48, num_attention_heads=3, num_hidden_layers=2,
                vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=20, projection_size=36)
    vision = dict(hidden_size=36, intermediate_size=72, num_attention_heads=3, num_hidden_layers=2, image_size=32,
                  patch_size=8)
    model = t.SiglipModel(t.SiglipConfig(text_config=text, vision_config=vision))
    shapes = fill(model, kind, "", None)
    tokenizer.enable_truncation(20)
    tokenizer.enable_padding(length=20, pad_id=1, pad_token="<pad>")
    ids = torch.tensor([encoded.ids for encoded in tokenizer.encode_batch(TEXTS)])
    images = ["rgb.png", "tall.png", "small.png", "alpha.png"]
    prepared = SiglipImageProcessorPil(**processor)
    stacked = torch.from_numpy(np.stack([pixels(prepared, folder / image) for image in images]))
    with torch.no_grad():
        expected[f"{name}.texts"] = model.get_text_features(input_ids=ids).pooler_output.numpy()
        expected[f"{name}.images"] = model.get_image_features(pixel_values=stacked).pooler_output.numpy()
    return {"name": name, "config": {"model_type": "siglip", "text_config": text, "vision_config": vision},
            "processor": processor, "tensors": shapes, "type": kind, "shards": 1, "images": images, "tokenizer": "unigram"}


def main():
    out = pathlib.Path(sys.argv[1])
    expected, cases = {}, []
    uni, bpe = unigram(out / "unigram-tokenizer.json"), byte_level(out / "byte-level-tokenizer.json")
    word = Tokenizer.from_file(str(out / "bert-tokenizer.json"))
    base = dict(hidden_size=36, intermediate_size=72, num_attention_heads=3, num_hidden_layers=2)

    def add(label, model_type, tokenizer, token_name, build, config, **options):
        cases.append(case(label, tokenizer, token_name, build, {"model_type": model_type, **config}, expected, **options))

    small = dict(**base, vocab_size=uni.get_vocab_size(), max_position_embeddings=40, pad_token_id=1)
    config = dict(**small, type_vocab_size=1, layer_norm_eps=1e-5)
    for name, modes, options in [("xlm-roberta-mean", ("mean",), dict(shards=3)), ("xlm-roberta-cls", ("cls",), dict(kind="f16", prefix="roberta."))]:
        add(name, "xlm-roberta", uni, "unigram", t.XLMRobertaModel(t.XLMRobertaConfig(**config), add_pooling_layer=False),
            config, modes=modes, **options)
    config = dict(**small, layer_norm_eps=1e-5, relative_attention_num_buckets=32)
    add("mpnet", "mpnet", uni, "unigram", t.MPNetModel(t.MPNetConfig(**config), add_pooling_layer=False), config, kind="f16")
    config = dict(dim=36, hidden_dim=72, n_heads=3, n_layers=2, vocab_size=word.get_vocab_size(), max_position_embeddings=64,
                  activation="gelu")
    add("distilbert", "distilbert", word, "bert", t.DistilBertModel(t.DistilBertConfig(**config)), config, dense=20)
    config = dict(**base | dict(num_hidden_layers=4), vocab_size=word.get_vocab_size(), max_position_embeddings=64,
                  local_attention=8, global_attn_every_n_layers=3, global_rope_theta=160000.0, local_rope_theta=10000.0,
                  pad_token_id=0)
    add("modernbert", "modernbert", word, "bert", t.ModernBertModel(t.ModernBertConfig(**config)), config, modes=("cls",),
        kind="bf16", prefix="model.")
    config = dict(**base, vocab_size=word.get_vocab_size(), max_position_embeddings=64)
    published = dict(n_embd=36, n_inner=72, n_head=3, n_layer=2, n_positions=64, vocab_size=word.get_vocab_size(),
                     layer_norm_epsilon=1e-12, rotary_emb_base=1000, rotary_emb_fraction=1.0, rotary_scaling_factor=None,
                     activation_function="swiglu", prenorm=False, qkv_proj_bias=False, mlp_fc1_bias=False, type_vocab_size=2)
    add("nomic", "nomic_bert", word, "bert", t.NomicBertModel(t.NomicBertConfig(**config), add_pooling_layer=False),
        published, modes=("cls", "mean"), renamed=nomic_names)
    config = dict(**base | dict(num_attention_heads=6), num_key_value_heads=2, head_dim=8, vocab_size=bpe.get_vocab_size(),
                  max_position_embeddings=64, rms_norm_eps=1e-6, rope_theta=1000000.0)
    add("qwen3", "qwen3", bpe, "byte-level", t.Qwen3Model(t.Qwen3Config(**config)), config, modes=("lasttoken",), kind="bf16")
    size = {"height": 32, "width": 32}
    for name, kind, processor in [("siglip", "f32", dict(size=size)), ("siglip2", "bf16", dict(size=size, resample=2))]:
        cases.append(siglip_case(name, uni, out / "images", expected, kind=kind, processor=processor))
    text = json.dumps({"texts": TEXTS, "cases": cases}, ensure_ascii=True, separators=(",", ":"))
    (out / "families.json").write_text(text.replace('{"name"', '\n{"name"') + "\n")
    save_file({key: np.ascontiguousarray(array.astype(np.float32)) for key, array in expected.items()},
              out / "families.safetensors")


if __name__ == "__main__":
    main()
