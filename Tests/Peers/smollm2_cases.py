"""Encodes many strings with SmolLM2's vocabulary by the `tokenizers` library, for comparison.

    python smollm2_cases.py MODEL.gguf CASES.json
    OPENLEDGER_SMOLLM2_CASES=CASES.json swift test --filter TokenizerTests
"""

import json
import pathlib
import random
import sys

import gguf
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from make_fixtures import strings


def rebuilt(path: str) -> Tokenizer:
    fields = gguf.GGUFReader(path).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(m.split(" ")) for m in fields["tokenizer.ggml.merges"].contents()]
    tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = [t for t, kind in zip(tokens, kinds) if kind in (3, 4)]
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in special])
    return tokenizer


def main() -> None:
    tokenizer = rebuilt(sys.argv[1])
    texts = strings()
    root = pathlib.Path(__file__).parent.parent.parent
    for file in sorted(root.glob("examples/*.jsonl")) + sorted(root.glob("Tests/Peers/*.py")):
        texts += [line for line in file.read_text(errors="replace").splitlines() if len(line) < 4000]
    rng = random.Random(9)
    for _ in range(3000):
        limit = rng.choice([0x80, 0x250, 0x600, 0x3100, 0xD7FF, 0x1FFFF])
        points = [rng.randrange(limit) for _ in range(rng.randint(1, 24))]
        texts.append("".join(chr(p) for p in points if not 0xD800 <= p < 0xE000))
    cases = []
    for text in texts:
        ids = tokenizer.encode(text).ids
        cases.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=True)})
    pathlib.Path(sys.argv[2]).write_text(json.dumps(cases))
    print(f"{len(cases)} cases, {sum(len(c['ids']) for c in cases)} tokens")


if __name__ == "__main__":
    main()
