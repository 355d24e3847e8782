"""Compares log-probabilities, LoRA gradients and training losses with PyTorch and PEFT in float32.

Usage: quality.py NUMERICS [GGUF] [--texts N] [--steps N]   (NUMERICS is the built program `numerics`)
Needs torch, transformers, peft, safetensors; `gguf` as well to read a GGUF file.
Both sides compute with the same dequantised weights. With a GGUF file the positions are those of
the repository's own documents, cut to pieces of 128 tokens; without, the model is a small random
Llama and tokens are random. Prints JSON.
"""

import argparse
import glob
import json
import os
import shutil
import subprocess
import tempfile
import time

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

BATCH, RATE, GRADIENTS, PIECE = 4, 1e-3, 4, 128
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
PATHS = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
         "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]


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
    place = dict(pretrained_model_name_or_path=os.path.dirname(path), gguf_file=os.path.basename(path))
    return AutoModelForCausalLM.from_pretrained(**place, dtype=torch.float32), AutoTokenizer.from_pretrained(**place)


def pieces(tokenizer, vocabulary, count, length):
    """Sequences of tokens: the documents of this repository, or random ones."""
    if tokenizer is None:
        return [torch.randint(2, vocabulary, (length,)).tolist() for _ in range(count)]
    root = os.path.join(os.path.dirname(__file__), "..", "..")
    text = ""
    for name in sorted(glob.glob(os.path.join(root, "docs", "*.md"))):
        with open(name, encoding="utf-8") as file:
            text += file.read()
    ids = tokenizer(text).input_ids
    return [ids[i * length:(i + 1) * length] for i in range(min(count, len(ids) // length))]


def loss_of(model, records):
    """Mean loss over all completion tokens of a batch."""
    total, count = 0.0, 0
    for start, ids in records:
        logits = model(torch.tensor([ids])).logits[0]
        total = total + torch.nn.functional.cross_entropy(
            logits[start - 1:-1], torch.tensor(ids[start:]), reduction="sum")
        count += len(ids) - start
    return total / count


def write_records(path, records):
    with open(path, "w") as file:
        for start, ids in records:
            file.write(" ".join(map(str, [start] + ids)) + "\n")


def log_probabilities(logits):
    return torch.log_softmax(torch.as_tensor(logits).double(), -1).numpy()


def compare_positions(model, folder, texts, vocabulary):
    equal, differences, ours_nll, theirs_nll, worst = [], [], [], [], 0.0
    for index, (_, ids) in enumerate(texts):
        own = np.fromfile(os.path.join(folder, f"logits-{index}.f32"), np.float32)
        own = log_probabilities(own.reshape(-1, vocabulary))
        with torch.no_grad():
            theirs = log_probabilities(model(torch.tensor([ids])).logits[0])
        equal += list(own.argmax(1) == theirs.argmax(1))
        best = np.argsort(-theirs, 1)[:, :10]
        delta = np.abs(np.take_along_axis(own, best, 1) - np.take_along_axis(theirs, best, 1))
        differences += list(delta.mean(1))
        worst = max(worst, float(delta.max()))
        rows, targets = np.arange(len(ids) - 1), np.array(ids[1:])
        ours_nll += list(-own[rows, targets])
        theirs_nll += list(-theirs[rows, targets])
    ours, theirs = np.exp(np.mean(ours_nll)), np.exp(np.mean(theirs_nll))
    return {
        "positions": len(equal), "top1_equal": float(np.mean(equal)),
        "top10_mean_difference": float(np.mean(differences)), "top10_largest_difference": worst,
        "perplexity_ours": float(ours), "perplexity_theirs": float(theirs),
        "perplexity_relative_difference": float(ours / theirs - 1)}


def compare_gradients(model, named, folder, records, layers):
    cosines, norms, tensor_cosines = [], [], []
    for index, record in enumerate(records[:GRADIENTS]):
        model.zero_grad()
        loss_of(model, [record]).backward()
        found = np.fromfile(os.path.join(folder, f"gradient-{index}.f32"), np.float32).astype(np.float64)
        parts = []
        for layer in range(layers):
            for module in PATHS:
                for factor in "AB":
                    name = f"base_model.model.model.layers.{layer}.{module}.lora_{factor}.default.weight"
                    part = named[name].grad.numpy().ravel().astype(np.float64)
                    own = found[sum(map(len, parts)):][:len(part)]
                    tensor_cosines.append(own @ part / np.linalg.norm(own) / np.linalg.norm(part))
                    parts.append(part)
        expected = np.concatenate(parts)
        cosines.append(found @ expected / np.linalg.norm(found) / np.linalg.norm(expected))
        norms.append(np.linalg.norm(found) / np.linalg.norm(expected))
    return {
        "records": len(cosines), "lowest_cosine": float(min(cosines)),
        "lowest_cosine_of_a_tensor": float(min(tensor_cosines)),
        "norm_ratios": [float(min(norms)), float(max(norms))]}


def compare_training(model, folder, records, steps):
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], lr=RATE, weight_decay=0.0)
    own = np.loadtxt(os.path.join(folder, "losses.txt"))
    differences, last, began = [], 0.0, time.time()
    for step in range(steps):
        optimizer.zero_grad()
        first = step * BATCH % len(records)
        loss = loss_of(model, records[first:first + BATCH])
        loss.backward()
        optimizer.step()
        last = loss.item()
        differences.append(abs(own[step] / last - 1))
    return {
        "steps": steps, "largest_relative_difference": float(max(differences)),
        "first_loss": float(own[0]), "last_loss": float(own[-1]), "last_loss_there": last,
        "seconds_there": time.time() - began}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("numerics")
    parser.add_argument("gguf", nargs="?")
    parser.add_argument("--texts", type=int, default=18)
    parser.add_argument("--steps", type=int, default=60)
    options = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    folder = tempfile.mkdtemp()
    base, tokenizer = gguf_model(options.gguf, folder) if options.gguf else (random_model(folder), None)
    vocabulary = base.config.vocab_size
    model = get_peft_model(base, LoraConfig(
        r=8, lora_alpha=16, target_modules=TARGETS, task_type="CAUSAL_LM", inference_mode=False))
    named = dict(model.named_parameters())
    for name, parameter in named.items():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.02)
    model.save_pretrained(folder)
    texts = [(1, ids) for ids in pieces(tokenizer, vocabulary, options.texts, PIECE)]
    # No record comes twice: near a loss of zero a relative difference means nothing.
    records = [(8 + i % 5, ids[:28 + i % 9])
               for i, ids in enumerate(pieces(tokenizer, vocabulary, options.steps * BATCH, 36))]
    write_records(os.path.join(folder, "texts.txt"), texts)
    write_records(os.path.join(folder, "records.txt"), records)
    with open(os.path.join(folder, "steps.txt"), "w") as file:
        file.write(f"{options.steps} {RATE} {BATCH} {GRADIENTS}")
    ran = subprocess.run(
        [options.numerics, "compare", folder], check=True, capture_output=True, text=True,
        env=dict(os.environ, OPENBLAS_NUM_THREADS="1"))
    result = {
        "log_probabilities": compare_positions(model, folder, texts, vocabulary),
        "gradients": compare_gradients(model, named, folder, records, base.config.num_hidden_layers),
        "training": compare_training(model, folder, records, options.steps)}
    result["training"]["seconds_here"] = float(ran.stdout.split()[-1])
    print(json.dumps(result, indent=1))
    shutil.rmtree(folder)


main()
