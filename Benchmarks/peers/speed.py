"""Forward pass, training step and record gradient beside PyTorch with PEFT in float32, as JSON lines.

Usage: speed.py --numerics PROGRAM --gguf FILE [--threads 1 2] [--rounds 3] [PART ...]

Both sides work on the same GGUF file, tokens and shapes, and take turns on the same cores, so that what
else the machine does falls on both. A line a run, then one with the ratio of the medians for each part.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

PARTS = ["forward", "step", "gradient"]
REPEATS = 3


def ids(count: int, first: int, vocabulary: int) -> list[int]:
    return [2 + i * 37 % (vocabulary - 2) for i in range(first, first + count)]


def build(gguf: pathlib.Path):
    base = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32
    )
    vocabulary = base.config.vocab_size
    model = get_peft_model(
        base, LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    )
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], lr=1e-3, weight_decay=0.0
    )
    whole = torch.tensor([ids(256, 0, vocabulary)])
    batch = torch.tensor([ids(64, 64 * row, vocabulary) for row in range(4)])

    def forward():
        with torch.no_grad():
            model(whole)

    def step():
        optimizer.zero_grad(set_to_none=True)
        model(batch, labels=batch).loss.backward()
        optimizer.step()

    def gradient():
        optimizer.zero_grad(set_to_none=True)
        model(batch[:1], labels=batch[:1]).loss.backward()

    return {"forward": (256, forward), "step": (256, step), "gradient": (1, gradient)}


def measure(part: str, threads: int, units: int, work) -> dict:
    torch.set_num_threads(threads)
    work()
    wall, processor = [], []
    for _ in range(REPEATS):
        began, used = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - began)
        processor.append(time.process_time() - used)
    middle = statistics.median(wall)
    return {
        "side": "pytorch", "part": part, "threads": threads, "units": units,
        "wall": round(middle, 4), "fastest": round(min(wall), 4),
        "processor": round(statistics.median(processor), 4), "perSecond": round(units / middle, 2),
        "peakMiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--numerics", required=True)
    parser.add_argument("--gguf", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("parts", nargs="*", default=PARTS)
    arguments = parser.parse_args()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    theirs = build(arguments.gguf)
    units: dict[str, float] = {}

    for threads in arguments.threads:
        for part in arguments.parts or PARTS:
            runs = {"ours": [], "pytorch": []}
            for _ in range(arguments.rounds):
                command = [arguments.numerics, "bench", part, arguments.gguf, str(threads), str(REPEATS)]
                ran = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
                for line in (json.loads(ran.stdout), measure(part, threads, *theirs[part])):
                    runs[line["side"]].append(line)
                    print(json.dumps(line), flush=True)
            ratio = {
                key: statistics.median(r[key] for r in runs["pytorch"])
                / statistics.median(r[key] for r in runs["ours"])
                for key in ("wall", "fastest", "processor")
            }
            units[part] = statistics.median(r["processor"] for r in runs["ours"])
            print(json.dumps({
                "ratio": part, "threads": threads, "torch": torch.__version__,
                **{key: round(value, 3) for key, value in ratio.items()},
                "load": round(os.getloadavg()[0], 1),
            }), flush=True)
    if "step" in units and "gradient" in units:
        # What the ledger's sampling rule makes of the seconds of one step and one gradient.
        command = [arguments.numerics, "verification", str(units["step"]), str(units["gradient"])]
        print(subprocess.run(command, check=True, capture_output=True, text=True).stdout, end="")


if __name__ == "__main__":
    main()
