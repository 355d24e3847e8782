"""Time of the span index on 100 MB of text, beside plain searches of the same text for one passage.

The text is made: words of a made-up vocabulary as often as Zipf's law has it, so that many short passages repeat and
long ones do not. JSON out.
"""

import argparse
import json
import os
import random
import subprocess
import tempfile
import time

WORDS, LINE = 50_000, 60


def text(size, generator):
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    words = ["".join(generator.choices(letters, k=generator.randint(2, 9))) for _ in range(WORDS)]
    weights = [1 / rank for rank in range(1, WORDS + 1)]
    lines, made = [], 0
    while made < size:
        lines.append(" ".join(generator.choices(words, weights, k=LINE)))
        made += len(lines[-1]) + 1
    return "\n".join(lines).encode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--numerics", required=True)
    parser.add_argument("--megabytes", type=int, default=100)
    arguments = parser.parse_args()
    generator = random.Random(1)
    corpus = text(arguments.megabytes * 1_000_000, generator)
    times = []
    for _ in range(10):
        place = generator.randrange(len(corpus) - 300)
        start = time.perf_counter()
        if corpus.find(corpus[place : place + 300] + b"\0") != -1:
            raise SystemExit("a passage that is not there was found")
        times.append(1000 * (time.perf_counter() - start))
    with tempfile.NamedTemporaryFile() as file:
        file.write(corpus)
        file.flush()
        ran = subprocess.run([arguments.numerics, "spans", file.name], check=True, capture_output=True, text=True)
    print(json.dumps({
        **json.loads(ran.stdout), "plain_search_milliseconds": round(sorted(times)[5], 1),
        "load": round(os.getloadavg()[0], 1),
    }))


if __name__ == "__main__":
    main()
