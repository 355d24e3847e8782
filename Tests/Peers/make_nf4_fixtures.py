"""Writes Tests/LanguageModelTests/Fixtures/nf4 with bitsandbytes: a tiny Llama in NF4 as transformers
saves it, with and without double quantisation, its weights before, and what it computes.

Needs bitsandbytes==0.50.2 and accelerate beside the packages of requirements.txt.
"""

import os
import shutil

import bitsandbytes.functional as functional
import torch
from safetensors.torch import save_file
from transformers import BitsAndBytesConfig, LlamaConfig, LlamaForCausalLM

OUT = os.path.join(os.path.dirname(__file__), "..", "LanguageModelTests", "Fixtures", "nf4")
IDS = [5, 9, 61, 2, 33, 40, 17]


def original():
    torch.manual_seed(31)
    config = LlamaConfig(
        hidden_size=64, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=128, vocab_size=64, max_position_embeddings=64, rope_theta=10000.0,
        tie_word_embeddings=True, bos_token_id=0, eos_token_id=1, initializer_range=0.2,
        dtype="float32",
    )
    return LlamaForCausalLM(config)


def odd():
    """A matrix whose last block and last byte are not full, with a block of zeros."""
    torch.manual_seed(32)
    weight = torch.randn(211, 151)
    weight.view(-1)[128:192] = 0
    tensors = {"weight": weight}
    for name, double in [("double", True), ("single", False)]:
        packed, state = functional.quantize_4bit(weight, compress_statistics=double, quant_type="nf4")
        tensors[name] = packed
        tensors |= {f"{name}.{k}": v for k, v in state.as_dict(packed=True).items()}
        tensors[f"expected.{name}"] = functional.dequantize_4bit(packed, state)
    save_file({k: v.contiguous() for k, v in tensors.items()}, os.path.join(OUT, "odd.safetensors"))


def main():
    torch.set_num_threads(1)
    shutil.rmtree(OUT, ignore_errors=True)
    plain = os.path.join(OUT, "plain")
    original().save_pretrained(plain)
    for name, double in [("double", True), ("single", False)]:
        settings = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=double,
            bnb_4bit_compute_dtype=torch.float32,
        )
        network = LlamaForCausalLM.from_pretrained(plain, quantization_config=settings, dtype=torch.float32)
        network.save_pretrained(os.path.join(OUT, name))
        expected = {}
        for key, module in network.named_modules():
            if hasattr(module, "weight") and hasattr(module.weight, "quant_state"):
                expected[key] = functional.dequantize_4bit(module.weight.data, module.weight.quant_state)
        # The library's own product may round to bfloat16, so the float32 model computes instead.
        twin = original()
        twin.load_state_dict({k + ".weight": v for k, v in expected.items()}, strict=False)
        with torch.no_grad():
            expected["logits"] = twin(input_ids=torch.tensor([IDS])).logits[0].float()
        save_file({k: v.contiguous() for k, v in expected.items()}, os.path.join(OUT, name, "expected.safetensors"))
    odd()
    for folder in os.listdir(OUT):
        extra = os.path.join(OUT, folder, "generation_config.json")
        if os.path.exists(extra):
            os.remove(extra)


if __name__ == "__main__":
    main()
