"""Writes Sources/LanguageModel/Tokenizer/CompositionTable.swift: what NFC needs to know.

The table is taken from the normaliser of the `tokenizers` library, because its ids are the
reference; Python's `unicodedata` only says in which steps a character decomposes.

    venv/bin/python Tests/Peers/make_composition_table.py
"""

import pathlib
import unicodedata

from tokenizers import normalizers

OUT = pathlib.Path(__file__).parents[2] / "Sources/LanguageModel/Tokenizer/CompositionTable.swift"
HANGUL = range(0xAC00, 0xD7A4)
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(value: int) -> str:
    text = ""
    while True:
        value, digit = divmod(value, 36)
        text = DIGITS[digit] + text
        if value == 0:
            return text


def main() -> None:
    nfd, nfc = normalizers.NFD(), normalizers.NFC()
    words, last = [], 0
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000 or code in HANGUL:
            continue
        character = chr(code)
        if nfd.normalize_str(character) == character:
            continue
        parts = unicodedata.decomposition(character).split()
        assert parts and not parts[0].startswith("<") and len(parts) <= 2
        step = "".join(chr(int(part, 16)) for part in parts)
        assert nfd.normalize_str(step) == nfd.normalize_str(character)
        composes = nfc.normalize_str(step) == character
        assert not composes or len(parts) == 2
        words.append(",".join([base36(code - last)] + [base36(ord(c)) for c in step]) + ("+" if composes else ""))
        last = code
    lines, line = [], ""
    for word in words:
        if len(line) + 1 + len(word) > 91:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    lines.append(line)
    body = "\n".join("        " + line for line in lines)
    OUT.write_text(
        "// Made by Tests/Peers/make_composition_table.py from the `tokenizers` library's normaliser.\n\n"
        "/// Every character, Hangul apart, that decomposes canonically (Unicode, UAX 15), in ascending\n"
        "/// order: its distance from the one before, its first and perhaps its second part, all in base\n"
        "/// 36; `+` where the parts compose to it again.\n"
        "enum CompositionTable {\n"
        "    static let text: StaticString = \"\"\"\n" + body + "\n        \"\"\"\n}\n"
    )
    print(len(words), "characters,", len(lines), "lines")


if __name__ == "__main__":
    main()
