"""Writes Tests/LanguageModelTests/Fixtures with the libraries that define the formats.

The committed files were made by this script with the versions of requirements.txt; run it again
only to change them, and review the difference:

    python3 -m venv venv && venv/bin/pip install -r Tests/Peers/requirements.txt
    venv/bin/python Tests/Peers/make_fixtures.py
"""

import json
import os
import random

import gguf
import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from safetensors import numpy as safetensors_numpy
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM

OUT = os.path.join(os.path.dirname(__file__), "..", "LanguageModelTests", "Fixtures")
HIDDEN, LAYERS, HEADS, KV, FF, VOCAB = 32, 2, 4, 2, 48, 400

GPT2 = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def path(name):
    return os.path.join(OUT, name)


def write_json(name, value):
    with open(path(name), "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=True, indent=0)
        file.write("\n")


def safetensors_fixture():
    """Every kind of row that the writer's order distinguishes, with the reference's bytes."""
    torch.manual_seed(1)
    tensors = {
        "b.weight": torch.randn(3, 5),
        "a.weight": torch.randn(2, 2, dtype=torch.float32).to(torch.float16),
        "é": torch.randn(4).to(torch.bfloat16),
        "count": torch.arange(3, dtype=torch.int64),
        "mask": torch.tensor([True, False, True]),
        "empty": torch.zeros(0, 4),
        "scalar": torch.tensor(1.5),
    }
    save_file(tensors, path("reference.safetensors"), metadata={"format": "pt"})
    real = {n: t for n, t in tensors.items() if t.dtype.is_floating_point}
    write_json(
        "reference.safetensors.json",
        {n: {"shape": list(t.shape), "values": t.to(torch.float64).flatten().tolist()} for n, t in real.items()},
    )


def model():
    torch.manual_seed(2)
    config = LlamaConfig(
        hidden_size=HIDDEN, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        num_key_value_heads=KV, intermediate_size=FF, vocab_size=VOCAB,
        max_position_embeddings=64, rope_theta=10000.0, tie_word_embeddings=True,
        bos_token_id=0, eos_token_id=1,
    )
    return LlamaForCausalLM(config)


def adapter_fixture(llama):
    torch.manual_seed(3)
    settings = LoraConfig(
        r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM", lora_dropout=0.0,
    )
    wrapped = get_peft_model(llama, settings)
    for name, parameter in wrapped.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    wrapped.save_pretrained(path("peft"))
    os.remove(path("peft/README.md"))
    wrapped.unload()


def permute(weight, heads):
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def model_fixtures(llama, tokenizer):
    """One layer of the same weights as a folder and as GGUF, the latter with q and k permuted."""
    folder = path("tiny")
    os.makedirs(folder, exist_ok=True)
    llama.config.num_hidden_layers = 1
    llama.config.save_pretrained(folder)
    llama.config.num_hidden_layers = LAYERS
    state = {
        n: t.detach().to(torch.float16).contiguous()
        for n, t in llama.state_dict().items()
        if n != "lm_head.weight" and not n.startswith("model.layers.1")
    }
    save_file(state, path("tiny/model.safetensors"), metadata={"format": "pt"})
    writer = gguf.GGUFWriter(path("tiny.gguf"), "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FF)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10000.0)
    add_vocabulary(writer, tokenizer)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, 1)
    for name, tensor in state.items():
        value = tensor.numpy()
        if "q_proj" in name:
            value = permute(value, HEADS)
        if "k_proj" in name:
            value = permute(value, KV)
        if value.ndim == 1:
            value = value.astype(np.float32)
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight",)), np.ascontiguousarray(value))
    finish(writer)


def add_vocabulary(writer, tokenizer):
    document = json.loads(tokenizer.to_str())
    tokens = sorted(document["model"]["vocab"].items(), key=lambda item: item[1])
    special = {item["id"] for item in document["added_tokens"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list([token for token, _ in tokens])
    writer.add_token_types([3 if index in special else 1 for index in range(len(tokens))])
    writer.add_token_merges([" ".join(pair) for pair in document["model"]["merges"]])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_add_bos_token(False)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def quantised_fixture():
    """Blocks of every type that we read, and what the library makes of them."""
    rng = np.random.default_rng(4)
    writer = gguf.GGUFWriter(path("quantised.gguf"), "llama")
    writer.add_bool("test.flag", True)
    writer.add_array("test.reals", [0.5, -1.25])
    writer.add_array("test.integers", [1, -2, 3])
    writer.add_int8("test.small", -5)
    writer.add_string("test.text", "naïve")
    expected = {}
    types = gguf.GGMLQuantizationType
    for kind in [types.F32, types.F16, types.BF16, types.Q4_0, types.Q4_1, types.Q8_0, types.Q4_K, types.Q6_K,
                 types.Q5_0, types.Q5_1, types.Q5_K]:
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        width = max(elements, 32)
        if kind in (types.Q4_K, types.Q5_K, types.Q6_K):
            # The library only reads these, so the blocks are random, with finite scales.
            blocks = rng.integers(0, 256, (2, size), dtype=np.uint8)
            scales = rng.uniform(-0.1, 0.1, (2, 2)).astype(np.float16).view(np.uint8)
            if kind in (types.Q4_K, types.Q5_K):
                blocks[:, :4] = scales
            else:
                blocks[:, -2:] = scales[:, :2]
            data = blocks
        else:
            values = rng.normal(size=(2, width)).astype(np.float32)
            data = values if kind == types.F32 else gguf.quants.quantize(values, kind)
        if kind == types.F16:
            data = data.view(np.float16) if data.dtype == np.uint8 else data
        name = kind.name.lower()
        writer.add_tensor(name, data, raw_dtype=kind)
        raw = data.view(np.uint8) if data.dtype != np.uint8 else data
        real = data if kind == types.F32 else gguf.quants.dequantize(raw, kind)
        expected[name] = [int(v) for v in np.ascontiguousarray(real, dtype=np.float32).view(np.uint32).flatten()]
    finish(writer)
    write_json("quantised.gguf.json", expected)


def corpus():
    rng = random.Random(5)
    words = (
        "the of and river stone bridge quick brown fox jumps over lazy dogs it's they're I'll we'd "
        "naïve café Straße Ωmega данные 数据 資料 🙂 x=3.14 foo_bar(baz) 2024 1234567 don't can't"
    ).split()
    for _ in range(400):
        yield " ".join(rng.choice(words) for _ in range(rng.randint(3, 12))) + rng.choice(["\n", ".", "!  \n\n"])


def tokenizer(steps, special, post=None, ignore_merges=False):
    tokens = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokens.pre_tokenizer = pre_tokenizers.Sequence(steps)
    tokens.decoder = decoders.ByteLevel()
    tokens.train_from_iterator(
        corpus(),
        trainers.BpeTrainer(
            vocab_size=VOCAB, special_tokens=special, show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )
    if post:
        tokens.post_processor = post
    return tokens


def strings():
    rng = random.Random(6)
    fixed = [
        "", " ", "  ", "\n", "I'm 1234 years  old\n\n\n  ok ", "I'M IT'S 'ſ 'Re we'VE", "'", "''s", " 's",
        "<|im_start|>user\nHi<|im_end|>\n", "<|im_end", "a<|im_end|><|im_end|>b", "日本語テキスト", "🙂🙃 👩‍👩‍👧",
        "é e\u0301", "x\u00a0y\u2003z\u3000", "\r\n\r\n a\r", "12345678 ٣٤٥ ⅷ ½", "a\u0000b\u007f\u0085c", "tab\t\ttab \t x",
        "foo_bar(baz); // x=3.14", "     leading", "trailing     ", "\u200bzero\u2060width\ufeff", "ǅ ʰ ª º",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\U00010400\U0001F1E9\U0001F1EA", "\u0300\u0301", "…—“quoted”",
    ]
    pools = ["abcdefg hij'sXYZ", "0123456789 ٣½", " \t\n\r\u00a0\u2028", "éßñ日本語данные", "!?.,;:'\"-_()[]<|>", "🙂👩‍\u0301\u200d"]
    for _ in range(60):
        pool = "".join(rng.sample(pools, rng.randint(1, 4)))
        fixed.append("".join(rng.choice(pool) for _ in range(rng.randint(1, 40))))
    return fixed


def tokenizer_fixtures():
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    plain = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    smol = tokenizer([pre_tokenizers.Digits(individual_digits=True), byte_level], special)
    llama_special = ["<|begin_of_text|>", "<|im_end|>"]
    llama = tokenizer(
        [pre_tokenizers.Split(Regex(LLAMA3), "isolated", invert=False), plain],
        llama_special,
        processors.TemplateProcessing(
            single="<|begin_of_text|> $A", pair=None, special_tokens=[("<|begin_of_text|>", 0)]
        ),
        ignore_merges=True,
    )
    gpt2 = tokenizer([byte_level], special)
    for name, tokens in [("smollm", smol), ("llama3", llama), ("gpt2", gpt2)]:
        with open(path(f"{name}.tokenizer.json"), "w", encoding="utf-8") as file:
            file.write(tokens.to_str(pretty=False))
        cases = []
        for text in strings():
            ids = tokens.encode(text).ids
            cases.append({"text": text, "ids": ids, "decoded": tokens.decode(ids, skip_special_tokens=True)})
        write_json(f"{name}.cases.json", cases)
    return smol


def main():
    os.makedirs(OUT, exist_ok=True)
    safetensors_fixture()
    smol = tokenizer_fixtures()
    llama = model()
    model_fixtures(llama, smol)
    adapter_fixture(llama)
    quantised_fixture()


if __name__ == "__main__":
    main()
