"""Compares logits, LoRA gradients and training losses with PyTorch and PEFT in float32.

Usage: compare_llama.py NUMERICS [GGUF]     (NUMERICS is the built `numerics` program)
Needs torch, transformers, peft, safetensors; `gguf` as well to read a GGUF file.
Without a GGUF file the model is a small random Llama. Prints one figure a line.
"""

import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

STEPS, BATCH, RATE = 8, 4, 1e-3


def random_model(folder):
    config = LlamaConfig(
        vocab_size=512, hidden_size=96, intermediate_size=256, num_hidden_layers=4,
        num_attention_heads=6, num_key_value_heads=2, max_position_embeddings=256,
        rms_norm_eps=1e-5, tie_word_embeddings=True, initializer_range=0.15,
        bos_token_id=0, eos_token_id=1)
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    return model


def gguf_model(path, folder):
    with open(os.path.join(folder, "model.gguf"), "w") as file:
        file.write(os.path.abspath(path))
    return AutoModelForCausalLM.from_pretrained(
        os.path.dirname(path), gguf_file=os.path.basename(path), dtype=torch.float32)


def loss_of(model, records):
    """Mean loss over all completion tokens of a batch."""
    total, count = 0.0, 0
    for start, ids in records:
        logits = model(torch.tensor([ids])).logits[0]
        total = total + torch.nn.functional.cross_entropy(
            logits[start - 1:-1], torch.tensor(ids[start:]), reduction="sum")
        count += len(ids) - start
    return total / count


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    folder = tempfile.mkdtemp()
    base = gguf_model(sys.argv[2], folder) if len(sys.argv) > 2 else random_model(folder)
    model = get_peft_model(base, LoraConfig(
        r=8, lora_alpha=16, target_modules=["q_proj", "v_proj", "down_proj"],
        task_type="CAUSAL_LM", inference_mode=False))
    named = dict(model.named_parameters())
    for name, parameter in named.items():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.02)
    model.save_pretrained(folder)

    vocabulary = base.config.vocab_size
    records = []
    for index in range(STEPS * BATCH):
        ids = torch.randint(2, vocabulary, (48 + index % 17,)).tolist()
        records.append((10 + index % 5, ids))
    with open(os.path.join(folder, "records.txt"), "w") as file:
        for start, ids in records:
            file.write(" ".join(map(str, [start] + ids)) + "\n")
    with open(os.path.join(folder, "steps.txt"), "w") as file:
        file.write(f"{STEPS} {RATE} {BATCH}")
    ran = subprocess.run(
        [sys.argv[1], "compare", folder], check=True, capture_output=True, text=True,
        env=dict(os.environ, OPENBLAS_NUM_THREADS="1"))
    print("seconds here:", ran.stdout.split()[-1])

    ours = np.fromfile(os.path.join(folder, "logits.f32"), np.float32).reshape(-1, vocabulary)
    with torch.no_grad():
        theirs = model(torch.tensor([records[0][1]])).logits[0].numpy()
    print("logits: largest difference", np.abs(ours - theirs).max(), "of", np.abs(theirs).max())
    print("logits: top-1 equal", (ours.argmax(1) == theirs.argmax(1)).mean())

    loss_of(model, records[:1]).backward()
    parts = []
    for layer in range(base.config.num_hidden_layers):
        for module in ["self_attn.q_proj", "self_attn.v_proj", "mlp.down_proj"]:
            for factor in "AB":
                name = (f"base_model.model.model.layers.{layer}.{module}"
                        f".lora_{factor}.default.weight")
                parts.append(named[name].grad.numpy().ravel())
    expected = np.concatenate(parts).astype(np.float64)
    found = np.fromfile(os.path.join(folder, "gradient.f32"), np.float32).astype(np.float64)
    cosine = found @ expected / np.linalg.norm(found) / np.linalg.norm(expected)
    print("gradient: cosine", cosine, "norms", np.linalg.norm(found) / np.linalg.norm(expected))

    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], lr=RATE, weight_decay=0.0)
    own = np.loadtxt(os.path.join(folder, "losses.txt"))
    worst, began = 0.0, time.time()
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(model, records[step * BATCH:(step + 1) * BATCH])
        loss.backward()
        optimizer.step()
        worst = max(worst, abs(own[step] / loss.item() - 1))
    print("seconds there:", time.time() - began)
    print("losses: largest relative difference", worst, "last", own[-1], loss.item())


main()
