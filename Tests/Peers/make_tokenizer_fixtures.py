"""Writes small tokenizers with the pipelines of Qwen 2 and Llama 2, and what the library makes of
some strings, into Tests/LanguageModelTests/Fixtures.

    venv/bin/python Tests/Peers/make_tokenizer_fixtures.py
"""

import json

import gguf
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from make_fixtures import VOCAB, corpus, path, strings, write_json
from tokenizer_cases import QWEN2
from tokenizer_lines import SENTENCES

BYTES = [f"<0x{b:02X}>" for b in range(256)]


def trained(tokenizer: Tokenizer, size: int, special: list[str], alphabet: list[str]) -> Tokenizer:
    tokenizer.train_from_iterator(
        list(corpus()) + SENTENCES,
        trainers.BpeTrainer(vocab_size=size, special_tokens=special, show_progress=False, initial_alphabet=alphabet, limit_alphabet=max(90, len(alphabet))),
    )
    return tokenizer


def qwen2() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN2), "isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trained(tokenizer, VOCAB, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], pre_tokenizers.ByteLevel.alphabet())
    tokenizer.add_tokens([
        AddedToken("fox", single_word=True), AddedToken("cafe\u0301", normalized=True), AddedToken("a\r", lstrip=True, rstrip=True),
        AddedToken("Hi", rstrip=True, normalized=False),
    ])
    return tokenizer


def llama2(is_legacy: bool) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    legacy = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.normalizer = legacy
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=True)
    special = ["<unk>", "<s>", "</s>"]
    trained(tokenizer, 600, special + BYTES, ["▁"])
    # Bytes are the model's own tokens, not added ones.
    document = json.loads(tokenizer.to_str())
    document["added_tokens"] = [t for t in document["added_tokens"] if t["content"] in special]
    document["pre_tokenizer"] = None
    if not is_legacy:
        document["normalizer"] = None
        document["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(content=" ", left=1, right=0)]
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair=None, special_tokens=[("<s>", 1)])
    return tokenizer


def write_gguf(tokenizer: Tokenizer) -> None:
    """The vocabulary with the scores that give the same merges, and no tensors."""
    document = json.loads(tokenizer.to_str())
    tokens = sorted(document["model"]["vocab"], key=document["model"]["vocab"].get)
    rank = {left + right: index for index, (left, right) in enumerate(document["model"]["merges"])}
    writer = gguf.GGUFWriter(path("llama2.gguf"), "llama")
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(rank.get(token, len(rank))) for token in tokens])
    kinds = {"<unk>": 2, "<s>": 3, "</s>": 3} | {token: 6 for token in BYTES}
    writer.add_token_types([kinds.get(token, 1) for token in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    made = {"qwen2": qwen2(), "llama2": llama2(True), "llama2-metaspace": llama2(False)}
    for name, tokenizer in made.items():
        with open(path(f"{name}.tokenizer.json"), "w", encoding="utf-8") as file:
            file.write(tokenizer.to_str(pretty=False))
        cases = []
        for text in strings() + SENTENCES:
            ids = tokenizer.encode(text).ids
            cases.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=True)})
        write_json(f"{name}.cases.json", cases)
    write_gguf(made["llama2"])


if __name__ == "__main__":
    main()
