"""Greedy generation beside llama.cpp on the same GGUF file and the same cores, as JSON lines.

Usage: generation.py --numerics PROGRAM --gguf FILE [--threads 1 2] [--rounds 3]

One stream, and eight streams with eight different adapters. llama.cpp does not batch across adapters, so
its eight streams come one after another; it gets none at all, which is the faster case for it. A prompt
of 32 tokens, then 64; the prompt counts on both sides.
"""

import argparse
import json
import os
import statistics
import subprocess
import time

import llama_cpp
from llama_cpp import Llama

PROMPT, TOKENS, REPEATS = 32, 64, 2


def ids(count: int, vocabulary: int) -> list[int]:
    return [2 + i * 37 % (vocabulary - 2) for i in range(count)]


def generate(model: Llama) -> None:
    """The likeliest token, 64 times, by llama.cpp's own greedy sampler."""
    model.reset()
    made = 0
    for _ in model.generate(ids(PROMPT, model.n_vocab()), temp=0.0, repeat_penalty=1.0):
        made += 1
        if made == TOKENS:
            return


def measure(model: Llama, threads: int) -> dict:
    generate(model)
    wall, processor = [], []
    for _ in range(REPEATS):
        began, used = time.perf_counter(), time.process_time()
        generate(model)
        wall.append(time.perf_counter() - began)
        processor.append(time.process_time() - used)
    return {
        "side": "llama.cpp", "part": "generate", "threads": threads, "units": TOKENS,
        "wall": statistics.median(wall), "fastest": min(wall),
        "processor": statistics.median(processor), "perSecond": TOKENS / statistics.median(wall),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--numerics", required=True)
    parser.add_argument("--gguf", required=True)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}

    for threads in arguments.threads:
        model = Llama(
            arguments.gguf, n_ctx=256, n_threads=threads, n_threads_batch=threads, verbose=False
        )
        theirs, ours = [], {"generate": [], "generate8": []}
        for _ in range(arguments.rounds):
            for part, runs in ours.items():
                command = [arguments.numerics, "bench", part, arguments.gguf, str(threads), str(REPEATS)]
                ran = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
                runs.append(json.loads(ran.stdout))
                print(json.dumps(runs[-1]), flush=True)
            theirs.append(measure(model, threads))
            print(json.dumps(theirs[-1]), flush=True)
        for part, runs in ours.items():
            ratio = {
                key: statistics.median(r["units"] / r[key] for r in runs)
                / statistics.median(r["units"] / r[key] for r in theirs)
                for key in ("wall", "fastest", "processor")
            }
            print(json.dumps({
                "ratio": part, "threads": threads, "llama_cpp": llama_cpp.__version__,
                **{key: round(value, 3) for key, value in ratio.items()},
                "load": round(os.getloadavg()[0], 1),
            }), flush=True)


if __name__ == "__main__":
    main()
