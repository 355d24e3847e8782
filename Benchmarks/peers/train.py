"""PyTorch with PEFT on the project's own model and data: speed and losses, as JSON.

The recipe is the demo's: rank 8 on q, v, o and the feed-forward, AdamW, all three subjects.
"""

import argparse
import json
import pathlib
import random
import time

import torch
from peft import LoraConfig, get_peft_model

from subject import SUBJECTS, encode, load, loss_of, mean_loss, records

HERE = pathlib.Path(__file__).resolve().parent
MODULES = ["q_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
ROOT = HERE.parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "models/small")
    parser.add_argument("--examples", type=pathlib.Path, default=ROOT / "examples")
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1e-2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--generate", type=int, default=128, help="tokens to generate")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    model, encoder, _, end = load(arguments.model)
    data = [
        encode(r, encoder, end)
        for s in SUBJECTS
        for r in records(arguments.examples / f"{s}.jsonl")
    ]
    held = {
        s: [encode(r, encoder, end) for r in records(arguments.examples / "held-out" / f"{s}.jsonl")]
        for s in SUBJECTS
    }
    before = {s: mean_loss(model, held[s]) for s in SUBJECTS}
    model = get_peft_model(
        model,
        LoraConfig(r=8, lora_alpha=16, target_modules=MODULES, task_type="CAUSAL_LM"),
    )
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], lr=arguments.rate, weight_decay=0.0
    )
    rng, order, losses, tokens = random.Random(1), [], [], 0
    began = time.time()
    for _ in range(arguments.steps):
        if len(order) < arguments.batch:
            order = list(range(len(data)))
            rng.shuffle(order)
        picked = [data[order.pop()] for _ in range(arguments.batch)]
        loss = loss_of(model, picked)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        tokens += sum(len(t) for t, _ in picked)
    training = tokens / (time.time() - began)
    after = {s: mean_loss(model, held[s]) for s in SUBJECTS}

    prompt = torch.tensor([data[0][0][:16]])
    began = time.time()
    with torch.no_grad():
        made = model.generate(
            input_ids=prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=arguments.generate,
            min_new_tokens=arguments.generate,
            do_sample=False,
            pad_token_id=0,
        )
    generation = (made.shape[1] - prompt.shape[1]) / (time.time() - began)
    print(
        json.dumps(
            {
                "torch": torch.__version__,
                "threads": arguments.threads,
                "records": len(data),
                "steps": arguments.steps,
                "trainingTokensPerSecond": round(training, 1),
                "generationTokensPerSecond": round(generation, 1),
                "firstLoss": round(losses[0], 4),
                "lastLoss": round(sum(losses[-10:]) / len(losses[-10:]), 4),
                "heldOut": {s: {"before": round(before[s], 4), "after": round(after[s], 4)} for s in SUBJECTS},
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
