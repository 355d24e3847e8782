"""Writes small Parquet and CSV files with pyarrow and Python's csv, and what they hold, into
Tests/FactoryTests/Fixtures.

    venv/bin/pip install pyarrow==26.0.1
    venv/bin/python Tests/Peers/make_dataset_fixtures.py
"""

import csv
import json
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

OUT = pathlib.Path(__file__).parents[1] / "FactoryTests" / "Fixtures"

PAIRS = [
    {"prompt": f"question {i % 7}, \"quoted\"\nline é 数据 🙂", "completion": f"answer {i}" if i % 5 else None, "id": i, "score": i / 3}
    for i in range(60)
]
CHATS = [
    {"messages": [
        {"role": "system", "content": "Be terse."}, {"role": "user", "content": f"q{i}"},
        {"role": "assistant", "content": f"a{i} " * (1 + i % 3)},
    ][i % 2 :], "source": "x"}
    for i in range(20)
] + [{"messages": [], "source": "x"}, {"messages": None, "source": "x"}, {"messages": [{"role": "user", "content": None}], "source": None}]


def main() -> None:
    OUT.mkdir(exist_ok=True)
    pairs, chats = pa.Table.from_pylist(PAIRS), pa.Table.from_pylist(CHATS)
    variants = {
        "snappy": dict(compression="snappy"),
        "gzip-v2": dict(compression="gzip", data_page_version="2.0"),
        "plain": dict(compression="none", use_dictionary=False, row_group_size=25, data_page_size=256),
        "snappy-v2": dict(compression="snappy", data_page_version="2.0", row_group_size=40),
        "zstd": dict(compression="zstd"),
    }
    for name, options in variants.items():
        pq.write_table(pairs, OUT / f"pairs-{name}.parquet", **options)
        if name != "zstd":
            pq.write_table(chats, OUT / f"chats-{name}.parquet", **options)
    (OUT / "pairs.json").write_text(json.dumps([{k: r[k] for k in ("prompt", "completion")} for r in PAIRS]))
    (OUT / "chats.json").write_text(json.dumps([{"messages": r["messages"]} for r in CHATS]))
    with open(OUT / "pairs.csv", "w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, fieldnames=["id", "prompt", "completion", "score"])
        writer.writeheader()
        writer.writerows(PAIRS)


if __name__ == "__main__":
    main()
