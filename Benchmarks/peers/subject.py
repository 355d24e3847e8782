"""What both peer programs share: the records, their tokens, and the model in PyTorch."""

import json
import pathlib

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer

SUBJECTS = ["bread", "sailing", "contracts"]


def load(path: pathlib.Path):
    """A Hugging Face folder, or a GGUF file. Gives the model, encode, decode and the end token."""
    if path.is_dir():
        tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
        model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
        end = model.config.eos_token_id
        return model, lambda text: tokenizer.encode(text).ids, tokenizer.decode, end
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    encode = lambda text: tokenizer.encode(text, add_special_tokens=False)
    return model, encode, tokenizer.decode, model.config.eos_token_id


def records(path: pathlib.Path) -> list[dict]:
    """Rows that are records of ordinary length, each text once: what screening accepts, nearly."""
    found, seen = [], set()
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
            found.append(row)
    return found


def encode(record: dict, encoder, end: int) -> tuple[list[int], list[int]]:
    """Tokens of prompt, completion and end; labels leave the prompt out."""
    prompt = encoder(record["prompt"])
    completion = encoder(record["completion"]) + [end]
    return prompt + completion, [-100] * len(prompt) + completion


def batch(examples) -> tuple[torch.Tensor, torch.Tensor]:
    length = max(len(tokens) for tokens, _ in examples)
    tokens = torch.zeros(len(examples), length, dtype=torch.long)
    labels = torch.full((len(examples), length), -100)
    for row, (t, l) in enumerate(examples):
        tokens[row, : len(t)] = torch.tensor(t)
        labels[row, : len(l)] = torch.tensor(l)
    return tokens, labels


def loss_of(model, examples, reduction="mean") -> torch.Tensor:
    tokens, labels = batch(examples)
    logits = model(tokens).logits[:, :-1].float()
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), labels[:, 1:].flatten(), reduction=reduction
    )


@torch.no_grad()
def mean_loss(model, examples) -> float:
    """Over all completion tokens of the examples, in batches of eight."""
    counted = sum(sum(l != -100 for l in labels) for _, labels in examples)
    total = sum(
        loss_of(model, examples[i : i + 8], "sum").item() for i in range(0, len(examples), 8)
    )
    return total / counted
