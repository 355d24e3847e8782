"""Writes Tests/LanguageModelTests/Fixtures/decoders with transformers, PEFT and gguf.

One folder a kind of decoder: a tiny random model as Hugging Face saves it, the same model as GGUF,
`expected.safetensors` (token ids and the float32 logits after each), and one folder an adapter as
PEFT saves it, with `expected.safetensors`: the logits with it, and for `all` also the gradient of
every LoRA tensor of the mean loss over all tokens but the first.

The committed files were made by this script with the versions of requirements.txt; run it again
only to change them, and review the difference:

    venv/bin/python Tests/Peers/make_decoders.py
"""

import os
import shutil

import gguf
import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import (
    GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM,
    Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM,
)

OUT = os.path.join(os.path.dirname(__file__), "..", "LanguageModelTests", "Fixtures", "decoders")
LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 100.0, "factor": 8.0, "low_freq_factor": 1.0,
    "high_freq_factor": 4.0, "original_max_position_embeddings": 32,
}
COMMON = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "intermediate_size": 48, "vocab_size": 64, "max_position_embeddings": 64,
    "bos_token_id": 0, "eos_token_id": 1, "rms_norm_eps": 1e-5,
}
KINDS = {
    "llama3": (LlamaForCausalLM, LlamaConfig(
        **COMMON, rope_parameters=LLAMA3, tie_word_embeddings=False), torch.float32),
    "linear": (LlamaForCausalLM, LlamaConfig(
        **COMMON, rope_parameters={"rope_type": "linear", "rope_theta": 1000.0, "factor": 4.0},
        tie_word_embeddings=True), torch.float16),
    "mistral": (MistralForCausalLM, MistralConfig(
        **COMMON, head_dim=16, sliding_window=None, tie_word_embeddings=False), torch.bfloat16),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config(**COMMON, tie_word_embeddings=True), torch.float16),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config(
        **COMMON, head_dim=16, tie_word_embeddings=False), torch.bfloat16),
    "gpt2": (GPT2LMHeadModel, GPT2Config(
        n_embd=32, n_layer=2, n_head=4, vocab_size=64, n_positions=64, resid_pdrop=0.0,
        embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=0, eos_token_id=1), torch.float16),
}
ADAPTERS = {
    "llama3": {
        "pattern": dict(
            r=4, lora_alpha=6, target_modules=["q_proj", "v_proj", "down_proj"], use_rslora=True,
            rank_pattern={"layers.1.self_attn.q_proj": 3, "down_proj": 2},
            alpha_pattern={"v_proj": 10}),
        "regex": dict(r=2, lora_alpha=4, target_modules=r".*\.layers\.[01]\..*(q|up)_proj"),
        "layers": dict(
            r=2, lora_alpha=4, target_modules=["q_proj", "k_proj", "o_proj"],
            layers_to_transform=[1], exclude_modules=["k_proj"]),
        "dora": dict(r=2, lora_alpha=4, target_modules=["q_proj", "o_proj", "down_proj"], use_dora=True),
    },
    "qwen2": {
        "rslora": dict(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], use_rslora=True),
        "dora": dict(r=2, lora_alpha=4, target_modules=["k_proj", "gate_proj"], use_dora=True),
    },
    "gpt2": {
        "attention": dict(r=4, lora_alpha=8, target_modules=["c_attn"], fan_in_fan_out=True),
        "dora": dict(
            r=2, lora_alpha=4, target_modules=["c_attn", "c_proj"], fan_in_fan_out=True, use_dora=True),
    },
}


def build(kind):
    cls, config, dtype = KINDS[kind]
    torch.manual_seed(sum(kind.encode()))
    model = cls(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            norm = "norm" in name or ".ln_" in name
            torch.nn.init.normal_(parameter, mean=1.0 if norm and "bias" not in name else 0.0, std=0.2)
            parameter.copy_(parameter.to(dtype))
    return model.eval()


def ids(kind):
    generator = torch.Generator().manual_seed(len(kind))
    return torch.randint(2, 64, (24,), generator=generator)


def write_adapters(kind, folder):
    settings = {"all": dict(r=2, lora_alpha=6, target_modules="all-linear",
                            fan_in_fan_out=kind == "gpt2")}
    settings.update(ADAPTERS.get(kind, {}))
    for name, options in settings.items():
        torch.manual_seed(7)
        model = get_peft_model(build(kind), LoraConfig(task_type="CAUSAL_LM", **options))
        for parameter_name, parameter in model.named_parameters():
            if "lora_B" in parameter_name:
                torch.nn.init.normal_(parameter, std=0.2)
            if "lora_magnitude" in parameter_name:
                with torch.no_grad():
                    parameter.mul_(1 + 0.3 * torch.rand_like(parameter))
        place = os.path.join(folder, name)
        model.save_pretrained(place)
        os.remove(os.path.join(place, "README.md"))
        tokens = ids(kind)
        logits = model(tokens[None]).logits[0]
        tensors = {"logits": logits.detach().contiguous()}
        if name == "all":
            torch.nn.functional.cross_entropy(logits[:-1], tokens[1:]).backward()
            for parameter_name, parameter in model.named_parameters():
                if parameter.grad is not None:
                    tensors["grad." + parameter_name.replace(".default", "")] = parameter.grad
        save_file(tensors, os.path.join(place, "expected.safetensors"))


def permute(weight, heads):
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def rope_factors(config):
    """The tensor `rope_freqs` as llama.cpp's converter makes it."""
    dim = config.hidden_size // config.num_attention_heads
    wavelengths = 2 * np.pi * LLAMA3["rope_theta"] ** (np.arange(0, dim, 2, dtype=np.float64) / dim)
    low, high = LLAMA3["low_freq_factor"], LLAMA3["high_freq_factor"]
    context, factor = LLAMA3["original_max_position_embeddings"], LLAMA3["factor"]
    values = []
    for wavelength in wavelengths:
        if wavelength < context / high:
            values.append(1)
        elif wavelength > context / low:
            values.append(factor)
        else:
            smooth = (context / wavelength - low) / (high - low)
            values.append(1 / ((1 - smooth) / factor + smooth))
    return np.array(values, dtype=np.float32)


def write_gguf(kind, model, path):
    config = model.config
    names = {"gpt2": gguf.MODEL_ARCH.GPT2, "qwen2": gguf.MODEL_ARCH.QWEN2, "qwen3": gguf.MODEL_ARCH.QWEN3}
    architecture = names.get(kind, gguf.MODEL_ARCH.LLAMA)
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[architecture])
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)
    if kind == "gpt2":
        writer.add_feed_forward_length(4 * config.n_embd)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
    else:
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
        if getattr(config, "head_dim", None):
            writer.add_key_length(config.head_dim)
            writer.add_value_length(config.head_dim)
    if kind == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(4.0)
    if kind == "llama3":
        writer.add_tensor("rope_freqs.weight", rope_factors(config))
    writer.add_eos_token_id(1)
    names = gguf.get_tensor_name_map(architecture, config.num_hidden_layers)
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        value = tensor.detach().float().numpy()
        if architecture == gguf.MODEL_ARCH.LLAMA and "q_proj.weight" in name:
            value = permute(value, config.num_attention_heads)
        if architecture == gguf.MODEL_ARCH.LLAMA and "k_proj.weight" in name:
            value = permute(value, config.num_key_value_heads)
        if kind == "gpt2" and value.ndim == 2 and ("attn" in name or "mlp" in name):
            value = value.T
        own = names.get_name(name, try_suffixes=(".weight", ".bias"))
        kind_of_value = KINDS[kind][2]
        if value.ndim == 1 or kind_of_value == torch.float32:
            writer.add_tensor(own, np.ascontiguousarray(value))
        elif kind_of_value == torch.float16:
            writer.add_tensor(own, np.ascontiguousarray(value).astype(np.float16))
        else:
            packed = gguf.quants.quantize(np.ascontiguousarray(value), gguf.GGMLQuantizationType.BF16)
            writer.add_tensor(own, packed, raw_dtype=gguf.GGMLQuantizationType.BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    for kind in KINDS:
        folder = os.path.join(OUT, kind)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        model = build(kind)
        with torch.no_grad():
            logits = model(ids(kind)[None]).logits[0]
        save_file({"ids": ids(kind), "logits": logits}, os.path.join(folder, "expected.safetensors"))
        write_gguf(kind, model, os.path.join(folder, "model.gguf"))
        write_adapters(kind, folder)
        dtype = KINDS[kind][2]
        # qwen3 comes in shards, so that the index is read as well.
        size = "40KB" if kind == "qwen3" else "5GB"
        model.to(dtype).save_pretrained(folder, max_shard_size=size)
        for extra in ["generation_config.json"]:
            if os.path.exists(os.path.join(folder, extra)):
                os.remove(os.path.join(folder, extra))
    for place, _, files in os.walk(OUT):
        for file in files:
            os.chmod(os.path.join(place, file), 0o644)


if __name__ == "__main__":
    main()
