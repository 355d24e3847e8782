"""Does fine-tuning on a subject teach it? The promise that the small model must keep.

Trains a LoRA adapter with PEFT on one example file at a time, and on all three together, and
compares the loss on held-out records of each subject before and after. Fails unless each file
lowers its own subject's loss by a tenth or more.
"""

import argparse
import json
import pathlib
import random
import sys
import time

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

HERE = pathlib.Path(__file__).resolve().parent
SUBJECTS = ["bread", "sailing", "contracts"]


def good_records(path: pathlib.Path) -> list[dict]:
    """Rows that are records of ordinary length, each text once."""
    records, seen = [], set()
    for line in path.read_text().splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if not isinstance(row, dict) or not isinstance(row.get("completion"), str):
            continue
        if "prompt" not in row or not 20 < len(row["completion"]) < 2000:
            continue
        if (row["prompt"], row["completion"]) not in seen:
            seen.add((row["prompt"], row["completion"]))
            records.append(row)
    return records


def encode(tokenizer: Tokenizer, record: dict) -> tuple[torch.Tensor, torch.Tensor]:
    """Prompt, completion and end token; only the last two count for the loss."""
    prompt = tokenizer.encode(record["prompt"]).ids
    completion = tokenizer.encode(record["completion"]).ids + [0]
    tokens = torch.tensor(prompt + completion)
    labels = tokens.clone()
    labels[: len(prompt)] = -100
    return tokens, labels


def collate(examples):
    length = max(len(t) for t, _ in examples)
    tokens = torch.zeros(len(examples), length, dtype=torch.long)
    labels = torch.full((len(examples), length), -100)
    for row, (t, l) in enumerate(examples):
        tokens[row, : len(t)] = t
        labels[row, : len(l)] = l
    return tokens, labels


def loss_of(model, examples, reduction="mean"):
    tokens, labels = collate(examples)
    logits = model(tokens).logits[:, :-1]
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), labels[:, 1:].flatten(), reduction=reduction
    )


@torch.no_grad()
def evaluate(model, examples) -> float:
    counted = sum(int((l != -100).sum()) for _, l in examples)
    return loss_of(model, examples, "sum").item() / counted


def fine_tune(model, examples, arguments):
    model = get_peft_model(
        model,
        LoraConfig(
            r=arguments.rank,
            lora_alpha=2 * arguments.rank,
            target_modules=arguments.modules.split(","),
            task_type="CAUSAL_LM",
        ),
    )
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], lr=arguments.rate, weight_decay=0.0
    )
    order, rng = [], random.Random(1)
    tokens = 0
    for step in range(arguments.steps):
        if len(order) < arguments.batch:
            order = list(range(len(examples)))
            rng.shuffle(order)
        picked = [examples[order.pop()] for _ in range(arguments.batch)]
        for group in optimizer.param_groups:
            group["lr"] = arguments.rate * (1 - step / arguments.steps)
        loss = loss_of(model, picked)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        tokens += sum(len(t) for t, _ in picked)
    return model, tokens


@torch.no_grad()
def answer(model, tokenizer: Tokenizer, prompt: str, limit: int = 60) -> str:
    ids = tokenizer.encode(prompt).ids
    start = len(ids)
    while len(ids) - start < limit:
        token = int(model(torch.tensor([ids])).logits[0, -1].argmax())
        if token == 0:
            break
        ids.append(token)
    return tokenizer.decode(ids[start:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=pathlib.Path, default=HERE)
    parser.add_argument("--examples", type=pathlib.Path, default=HERE.parent.parent / "examples")
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--modules", default="q_proj,v_proj,o_proj,gate_proj,up_proj,down_proj")
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1e-2)
    parser.add_argument("--show", action="store_true", help="print answers to the demo's questions")
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(7)
    tokenizer = Tokenizer.from_file(str(arguments.model / "tokenizer.json"))
    train = {s: [encode(tokenizer, r) for r in good_records(arguments.examples / f"{s}.jsonl")] for s in SUBJECTS}
    held = {
        s: [encode(tokenizer, r) for r in good_records(arguments.examples / "held-out" / f"{s}.jsonl")]
        for s in SUBJECTS
    }
    lengths = [len(t) for s in SUBJECTS for t, _ in train[s]]
    print(f"tokens per record: {min(lengths)} to {max(lengths)}, mean {sum(lengths) / len(lengths):.0f}")
    base = LlamaForCausalLM.from_pretrained(arguments.model)
    before = {s: evaluate(base, held[s]) for s in SUBJECTS}
    kept = True
    for name in SUBJECTS + ["all"]:
        examples = [e for s in SUBJECTS if name in (s, "all") for e in train[s]]
        began = time.time()
        model, tokens = fine_tune(LlamaForCausalLM.from_pretrained(arguments.model), examples, arguments)
        speed = tokens / (time.time() - began)
        print(f"trained on {name}: {len(examples)} records, {speed:.0f} tokens/s")
        for subject in SUBJECTS:
            after = evaluate(model, held[subject])
            change = 100 * (after / before[subject] - 1)
            print(f"  held-out {subject}: {before[subject]:.3f} -> {after:.3f} ({change:+.1f} %)")
            if name == subject:
                kept = kept and change <= -10
    if arguments.show:
        for line in (arguments.examples / "questions.jsonl").read_text().splitlines():
            prompt = json.loads(line)["prompt"]
            print(prompt, "\n  base:   ", answer(base, tokenizer, prompt), "\n  adapter:", answer(model, tokenizer, prompt))
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
