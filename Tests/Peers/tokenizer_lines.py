"""10,000 lines of mixed text, code, emoji, several scripts and random bytes, the same every time."""

import json
import pathlib
import random

SENTENCES = [
    "The quick brown fox jumps over the lazy dog; it's what they'll say, isn't it?",
    "She'd've said 1,234.56 (or 7%) by 2024-11-24T10:00:00Z — \u201cmaybe\u201d.",
    "I'M SHOUTING, WE'RE NOT. You'Ve seen 'Re and 'LL?",
    "\u0627\u0644\u0644\u063a\u0629 \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u0644\u063a\u0629 \u062c\u0645\u064a\u0644\u0629\u060c \u064a\u062a\u062d\u062f\u062b\u0647\u0627 \u0627\u0644\u0645\u0644\u0627\u064a\u064a\u0646 \u0641\u064a \u0662\u0660\u0662\u0664.",
    "\u0628\u0650\u0633\u0652\u0645\u0650 \u0627\u0644\u0644\u0651\u064e\u0647\u0650 \u0645\u064e\u0631\u0652\u062d\u064e\u0628\u064b\u0627",
    "\u6211\u4eec\u5728\u4e2d\u56fd\u5b66\u4e60\u673a\u5668\u5b66\u4e60\u548c\u81ea\u7136\u8bed\u8a00\u5904\u7406\uff0c\u6570\u636e\u5f88\u91cd\u8981\u3002\u5171\u67093\u4e2a\u95ee\u9898\u3002",
    "\u6771\u4eac\u306f\u65e5\u672c\u306e\u9996\u90fd\u3067\u3059\u3002\u30ab\u30bf\u30ab\u30ca\u3068\u3072\u3089\u304c\u306a\u3001\u30cf\u309a\u30d2\u309a\u3002",
    "\ud55c\uad6d\uc5b4 \ubb38\uc7a5\uc740 \ub744\uc5b4\uc4f0\uae30\uac00 \uc788\ub2e4. \u1112\u1161\u11ab\u1100\u1173\u11af",
    "\u0421\u044a\u0435\u0448\u044c \u0436\u0435 \u0435\u0449\u0451 \u044d\u0442\u0438\u0445 \u043c\u044f\u0433\u043a\u0438\u0445 \u0444\u0440\u0430\u043d\u0446\u0443\u0437\u0441\u043a\u0438\u0445 \u0431\u0443\u043b\u043e\u043a.",
    "\u039e\u03b5\u03c3\u03ba\u03b5\u03c0\u03ac\u03b6\u03c9 \u03c4\u1f74\u03bd \u03c8\u03c5\u03c7\u03bf\u03c6\u03b8\u03cc\u03c1\u03b1 \u03b2\u03b4\u03b5\u03bb\u03c5\u03b3\u03bc\u03af\u03b1",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u092e\u0947\u0902 \u0932\u093f\u0916\u093e \u0939\u0941\u0906 \u092a\u093e\u0920, \u0967\u0968\u0969\u0964 \u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22\u0e44\u0e21\u0e48\u0e21\u0e35\u0e0a\u0e48\u0e2d\u0e07\u0e27\u0e48\u0e32\u0e07",
    "na\u00efve caf\u00e9 cafe\u0301 Stra\u00dfe \u01c5 \ufb01 \u212b \u2126 A\u030a\u0327 e\u0302\u0323 \u1ec7 Vi\u1ec7t Vie\u0323\u0302t",
    "\U0001F642\U0001F643 \U0001F469\u200D\U0001F469\u200D\U0001F467 \U0001F1E9\U0001F1EA \U0001F44D\U0001F3FD \u2764\ufe0f 1\ufe0f\u20e3 \u2211\u222b\u2202 \U00010400",
    "x\u00a0y\u2003z\u3000w\u200bv\u2060\ufeff\u0085 \u2028\u2029\u180e",
    "<|im_start|>user\nHi<|im_end|>\n<s>[INST] a [/INST]</s> <|eot_id|><|endoftext|> <unk> <0x0A>",
    "    if (a[i] != 0xFF && b->c) { return f(x, 3.14e-10); }  // \u2192 done\r\n\t\t}",
    "\u2581already\u2581marked \u2581 \u2581\u2581 text   with    runs     of      spaces",
]
RANGES = [(0, 0x80), (0, 0x250), (0x250, 0x600), (0x600, 0x780), (0x900, 0xE80), (0x1100, 0x1200),
          (0x1E00, 0x2000), (0x2000, 0x2C00), (0x3000, 0x3400), (0x4E00, 0xA000), (0xAC00, 0xD7B0),
          (0xF900, 0x10000), (0x1F000, 0x1FB00), (0x10000, 0x110000), (0x300, 0x370)]


def code() -> list[str]:
    """Source lines of the interpreter's own library."""
    folder = pathlib.Path(json.__file__).parent.parent
    lines = []
    for name in ["argparse.py", "decimal.py", "typing.py", "tarfile.py", "statistics.py", "html/entities.py"]:
        lines += (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
    return lines


def characters(rng: random.Random) -> str:
    points = []
    for _ in range(rng.randint(1, 6)):
        low, high = rng.choice(RANGES)
        points += [rng.randrange(low, high) for _ in range(rng.randint(1, 8))]
    return "".join(chr(p) for p in points if not 0xD800 <= p < 0xE000)


def mixture(rng: random.Random) -> str:
    """Words of several sentences, with the white space between them changed."""
    words = " ".join(rng.sample(SENTENCES, 2)).split(" ")
    start = rng.randrange(len(words))
    gaps = [" ", " ", " ", " ", "  ", "   ", "\n", "\n\n", " \n ", "\t", "\r\n", "", "\u00a0"]
    return "".join(w + rng.choice(gaps) for w in words[start : start + rng.randint(1, 12)])


def lines(count: int = 10_000) -> list[str]:
    rng = random.Random(20)
    source = [line for line in code() if line.strip()]
    result = SENTENCES + ["", " ", "\n", "a" * 3000, " " * 3000, "\u4e2d" * 500, "\u0301" * 300, "\U0001F642" * 200, "1" * 500]
    while len(result) < count:
        kind = len(result) % 5
        if kind == 0:
            place = rng.randrange(len(source) - 4)
            result.append("".join(source[place : place + rng.randint(1, 4)]))
        elif kind in (1, 2):
            result.append(mixture(rng))
        elif kind == 3:
            result.append(characters(rng))
        else:
            result.append(rng.randbytes(rng.randint(1, 60)).decode("utf-8", errors="replace"))
    return result
