"""Trains the small model: a byte-level BPE tokenizer, then a Llama of 1.4 million parameters.

Reads the documents that corpus.py wrote and writes a Hugging Face folder: config.json,
model.safetensors, tokenizer.json, tokenizer_config.json, generation_config.json.
One thread and a fixed seed, so a run can be repeated; other machines may round differently.
"""

import argparse
import json
import math
import pathlib
import random
import time

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM

SEED = 20240501
VOCABULARY = 2048
END = "<|endoftext|>"
TOKENS_PER_STEP = 4096


def train_tokenizer(documents: list[str], path: pathlib.Path) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(documents, trainer)
    tokenizer.save(str(path))
    return tokenizer


def token_stream(tokenizer: Tokenizer, documents: list[str]) -> torch.Tensor:
    end = tokenizer.token_to_id(END)
    ids = []
    for encoding in tokenizer.encode_batch(documents):
        ids.extend(encoding.ids)
        ids.append(end)
    return torch.tensor(ids, dtype=torch.int32)


def configuration(tokenizer: Tokenizer) -> LlamaConfig:
    end = tokenizer.token_to_id(END)
    return LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=128,
        intermediate_size=352,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=512,
        rms_norm_eps=1e-5,
        rope_theta=10000.0,
        tie_word_embeddings=True,
        attention_bias=False,
        bos_token_id=end,
        eos_token_id=end,
        initializer_range=0.04,
    )


def rate(step: int, steps: int, peak: float) -> float:
    warm = 60
    if step < warm:
        return peak * (step + 1) / warm
    progress = (step - warm) / max(1, steps - warm)
    return peak * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress)))


def batch(stream: torch.Tensor, order: list[int], step: int, length: int) -> torch.Tensor:
    """Rows of `length + 1` tokens; each position of the stream is used once per pass."""
    rows = TOKENS_PER_STEP // length
    base = step * TOKENS_PER_STEP
    picked = []
    for row in range(rows):
        block = order[((base + row * length) // 512) % len(order)] * 512 + (row * length) % 512
        picked.append(stream[block : block + length + 1])
    return torch.stack(picked).long()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=1700)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(SEED)
    rng = random.Random(SEED)
    arguments.output.mkdir(parents=True, exist_ok=True)
    documents = json.loads(arguments.documents.read_text())
    held, documents = documents[:1000], documents[1000:]
    tokenizer = train_tokenizer(documents, arguments.output / "tokenizer.json")
    stream = token_stream(tokenizer, documents)
    check = token_stream(tokenizer, held)[: 32 * 512].view(32, 512).long()
    order = list(range((len(stream) - 1) // 512))
    rng.shuffle(order)

    model = LlamaForCausalLM(configuration(tokenizer))
    count = sum(p.numel() for p in model.parameters())
    print(f"{count} parameters, {len(stream)} tokens", flush=True)
    matrices = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
        lr=arguments.rate,
        betas=(0.9, 0.95),
    )
    began = time.time()
    for step in range(arguments.steps):
        # The last part of training sees the whole context length.
        length = 256 if step < 0.85 * arguments.steps else 512
        rows = batch(stream, order, step, length)
        for group in optimizer.param_groups:
            group["lr"] = rate(step, arguments.steps, arguments.rate)
        logits = model(rows[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if step % 25 == 0 or step == arguments.steps - 1:
            speed = (step + 1) * TOKENS_PER_STEP / (time.time() - began)
            print(f"step {step} loss {loss.item():.4f} {speed:.0f} tokens/s", flush=True)

    with torch.no_grad():
        logits = model(check[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), check[:, 1:].flatten())
    print(f"held-out loss {loss.item():.4f}", flush=True)
    model.generation_config.do_sample = False
    model.save_pretrained(arguments.output, safe_serialization=True)
    (arguments.output / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "bos_token": END,
                "eos_token": END,
                "add_bos_token": False,
                "clean_up_tokenization_spaces": False,
                "model_max_length": 512,
            },
            indent=2,
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
