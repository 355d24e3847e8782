"""Loads an adapter folder with PEFT and compares held-out losses with the folder's own report.

    python check_adapter.py MODEL_FOLDER ADAPTER_FOLDER HELD_OUT.jsonl
"""

import json
import pathlib
import sys

import torch
from peft import PeftModel
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM


@torch.no_grad()
def mean_loss(model, examples) -> float:
    total, count = 0.0, 0
    for prompt, completion in examples:
        tokens = torch.tensor([prompt + completion])
        logits = model(tokens).logits[0, len(prompt) - 1 : -1]
        total += torch.nn.functional.cross_entropy(logits, tokens[0, len(prompt) :], reduction="sum").item()
        count += len(completion)
    return total / count


def main() -> None:
    model_folder, adapter_folder, held_out = map(pathlib.Path, sys.argv[1:4])
    tokenizer = Tokenizer.from_file(str(model_folder / "tokenizer.json"))
    base = LlamaForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
    end = base.config.eos_token_id
    examples = []
    for line in held_out.read_text().splitlines():
        row = json.loads(line)
        examples.append((tokenizer.encode(row["prompt"]).ids, tokenizer.encode(row["completion"]).ids + [end]))
    report = json.loads((adapter_folder / "evaluation.json").read_text())
    pairs = [("before", mean_loss(base, examples), report["held_out_loss_before"])]
    adapted = PeftModel.from_pretrained(base, adapter_folder)
    pairs.append(("after", mean_loss(adapted, examples), report["held_out_loss_after"]))
    for name, theirs, ours in pairs:
        print(f"{name}: PEFT {theirs:.5f}, reported {ours:.5f}")
    sys.exit(0 if all(abs(a - b) < 0.005 * a for _, a, b in pairs) else 1)


if __name__ == "__main__":
    main()
