"""Renders chat templates by transformers' own environment over a matrix of conversations.

    venv/bin/python Tests/Peers/chat_cases.py TEMPLATES CASES.jsonl

TEMPLATES is a folder of `.jinja` files; Tests/LanguageModelTests/Fixtures/chat is the one whose cases are
committed, and llama.cpp's `models/templates` a larger one:

    OPENLEDGER_CHAT_CASES=CASES.jsonl OPENLEDGER_CHAT_TEMPLATES=TEMPLATES swift test --filter ChatTemplate
"""

import itertools
import json
import pathlib
import sys
from datetime import datetime

from transformers.utils.chat_template_utils import _compile_jinja_template, _render_with_assistant_indices

NOW = datetime(2024, 7, 6, 13, 5, 9)
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
SYSTEM = {"role": "system", "content": " You are terse.\n"}
USER = {"role": "user", "content": "What is 2 + 2? é 数据 🙂"}
ANSWER = {"role": "assistant", "content": " It is 4. "}
THOUGHT = {"role": "assistant", "content": "<think>\nhard\n</think>\n\nIt is 4."}
MORE = {"role": "user", "content": "And <b>\"3 + 3\"</b>?\n"}
CALL = {
    "role": "assistant", "content": "",
    "tool_calls": [{"id": "abcdefghi", "type": "function", "function": {"name": "add", "arguments": {"a": 3, "b": [1.5, None, "é\"\n"]}}}],
}
RESULT = {"role": "tool", "tool_call_id": "abcdefghi", "name": "add", "content": "6"}
TOOL = {
    "type": "function",
    "function": {
        "name": "add", "description": "Adds <numbers> & \"such\".",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer", "description": "é"}}, "required": ["a"]},
    },
}
CONVERSATIONS = [
    [], [USER], [SYSTEM, USER], [SYSTEM], [USER, ANSWER], [USER, ANSWER, MORE], [SYSTEM, USER, ANSWER, MORE, ANSWER],
    [ANSWER], [USER, MORE], [USER, THOUGHT, MORE, THOUGHT], [USER, CALL, RESULT, ANSWER], [USER, CALL, RESULT, RESULT],
    [SYSTEM, USER, dict(ANSWER, reasoning_content="because")],
    [{"role": "user", "content": ""}, {"role": "assistant", "content": ""}],
    [{"role": "user", "content": [{"type": "text", "text": "parts"}]}], [{"role": "critic", "content": "no"}], [USER, SYSTEM, USER],
]


def cases(name: str, source: str):
    template = _compile_jinja_template(source)
    template.globals["strftime_now"] = NOW.strftime
    variants = itertools.product(range(len(CONVERSATIONS)), [False, True], [None, [TOOL]], [{}, {"enable_thinking": False}])
    for number, prompt, tools, extra in variants:
        if extra and "enable_thinking" not in source or tools and number not in (1, 2, 5, 10, 11):
            continue
        case = {"template": name, "messages": CONVERSATIONS[number], "tools": tools, "prompt": prompt, "variables": extra}
        try:
            values = dict(messages=CONVERSATIONS[number], tools=tools, documents=None, add_generation_prompt=prompt, **TOKENS, **extra)
            if "{% generation %}" in source:
                case["text"], case["generated"] = _render_with_assistant_indices(compiled_template=template, **values)
            else:
                case["text"] = template.render(**values)
        except Exception as error:
            case["error"] = f"{type(error).__name__}: {error}"
        yield case


def main() -> None:
    counts = [0, 0]
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        for path in sorted(pathlib.Path(sys.argv[1]).glob("*.jinja")):
            for case in cases(path.stem, path.read_text(encoding="utf-8")):
                counts["error" in case] += 1
                out.write(json.dumps(case, ensure_ascii=False) + "\n")
    print(f"{counts[0]} texts, {counts[1]} errors")


if __name__ == "__main__":
    main()
