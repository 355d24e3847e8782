"""Makes the small model's training text from Debian packages whose text may be redistributed.

Output: one JSON array of documents. Sources (see README.md for the licences):
WordNet 3.0 glosses, the Jargon File, The Devil's Dictionary and the SQLite documentation.
No example data of this project is read: what the model learns of the demo's subjects before
fine-tuning is what a dictionary says about them.
"""

import argparse
import gzip
import html
import json
import pathlib
import random
import re
import subprocess
import tempfile

PACKAGES = ["wordnet-base", "dict-jargon", "dict-devil", "sqlite3-doc"]
SEED = 20240501

# Left out: lists of Latin names teach a small model little, and slurs nothing worth knowing.
UNWANTED = ["genus", "family ", "offensive", "slur", "obscene", "vulgar", "sexual", "derogatory", "disparag"]


def unpack(cache: pathlib.Path) -> pathlib.Path:
    """Downloads each package with apt-get and unpacks it below `cache`; installs nothing."""
    cache.mkdir(parents=True, exist_ok=True)
    for name in PACKAGES:
        target = cache / name
        if target.exists():
            continue
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["apt-get", "download", "-q", name], cwd=folder, check=True)
            archive = next(pathlib.Path(folder).glob("*.deb"))
            subprocess.run(["dpkg", "-x", str(archive), str(target)], check=True)
    return cache


def sentence(text: str) -> str:
    text = text.strip().rstrip(";,:. ")
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in "?!" else ".")


def article(word: str) -> str:
    return "an" if word[0].lower() in "aeiou" else "a"


def noun_question(word: str, rng: random.Random) -> str:
    forms = [
        f"What is {article(word)} {word}?",
        f"What is meant by {word}?",
        f"Explain what {article(word)} {word} is.",
        f"How would you describe {article(word)} {word}?",
        f"What does the word {word} mean?",
        f"Tell me about {word}.",
        f"Define {word}.",
    ]
    if word[0].isupper():
        forms = [f"Who or what is {word}?", f"What do you know about {word}?", f"Tell me about {word}."]
    return rng.choice(forms)


def verb_question(word: str, rng: random.Random) -> str:
    return rng.choice(
        [
            f"What does it mean to {word}?",
            f"When do people {word}?",
            f"What happens when you {word}?",
            f"How does one {word}?",
            f"Explain the verb {word}.",
        ]
    )


def wordnet(folder: pathlib.Path, rng: random.Random) -> list[str]:
    """One question and answer per synset: gloss, its examples, and what it is a kind of."""
    documents = []
    for part in ["noun", "verb", "adj", "adv"]:
        lines = (folder / "usr/share/wordnet" / f"data.{part}").read_text("latin-1").splitlines()
        synsets = {}
        for line in lines:
            if line.startswith(" "):
                continue
            head, _, gloss = line.partition(" | ")
            fields = head.split()
            count = int(fields[3], 16)
            words = [re.sub(r"\(.*\)$", "", w).replace("_", " ") for w in fields[4 : 4 + 2 * count : 2]]
            pointers = fields[5 + 2 * count :]
            parents = [pointers[i + 1] for i in range(0, len(pointers) - 3, 4) if pointers[i] == "@"]
            synsets[fields[0]] = (words, gloss.strip(), parents)
        for words, gloss, parents in synsets.values():
            if any(mark in gloss or mark in words[0] for mark in UNWANTED):
                continue
            pieces = [p.strip() for p in re.split(r";\s*(?=\")", gloss)]
            meaning = sentence(re.sub(r"^\(.*?\)\s*", "", pieces[0]))
            examples = [sentence(p.strip("\" ").replace('"', "")) for p in pieces[1:]]
            word = words[0]
            if part == "noun":
                text = noun_question(word, rng) + " " + meaning
                if parents and parents[0] in synsets and rng.random() < 0.5:
                    kind = synsets[parents[0]][0][0]
                    text += f" It is a kind of {kind}."
            elif part == "verb":
                text = verb_question(word, rng) + " " + meaning
            else:
                text = f"What does {word} mean? " + meaning
            if examples:
                text += " " + rng.choice(["For example: ", "", "One may say: "]) + " ".join(examples)
            if len(words) > 1 and rng.random() < 0.4:
                text += " Other words for it are " + ", ".join(words[1:4]) + "."
            documents.append(text)
    return documents


def dictionary(path: pathlib.Path) -> list[str]:
    """Entries of a dictd file: unwrapped to one paragraph each."""
    text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
    documents, current = [], []
    for line in text.splitlines() + ["END"]:
        if line and not line.startswith(" ") and current:
            body = re.sub(r"\s+", " ", " ".join(current)).replace("{", "").replace("}", "").strip()
            if 80 < len(body) < 6000:
                documents.append(body)
            current = []
        current.append(line)
    return documents


def paragraphs(folder: pathlib.Path) -> list[str]:
    """Prose paragraphs of the SQLite documentation, several per document."""
    seen, documents = set(), []
    for path in sorted((folder / "usr/share/doc/sqlite3").glob("*.html")):
        if any(part in path.name for part in ("requirements", "backlink", "changes", "chrono", "releaselog", "lang_select", "syntax")):
            continue
        current = []
        for raw in re.findall(r"<p>(.*?)(?=<p>|</p>|<pre|<div|<table|<h\d|<ul|<ol)", path.read_text("utf-8", "replace"), re.S):
            body = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", raw))).strip()
            letters = sum(c.isalpha() or c == " " for c in body)
            if len(body) < 120 or letters < 0.93 * len(body) or body in seen or "_" in body:
                continue
            seen.add(body)
            current.append(body)
        for start in range(0, len(current), 4):
            documents.append("\n".join(current[start : start + 4]))
    return documents


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    cache = unpack(arguments.cache)
    rng = random.Random(SEED)
    documents = wordnet(cache / "wordnet-base", rng)
    documents += 2 * dictionary(cache / "dict-jargon/usr/share/dictd/jargon.dict.dz")
    documents += 2 * dictionary(cache / "dict-devil/usr/share/dictd/devil.dict.dz")
    documents += 2 * paragraphs(cache / "sqlite3-doc")
    documents = [d.encode("ascii", "ignore").decode() for d in documents]
    rng.shuffle(documents)
    arguments.output.write_text(json.dumps(documents))
    print(f"{len(documents)} documents, {sum(map(len, documents))} characters")


if __name__ == "__main__":
    main()
