"""Loads an adapter folder with PEFT, unchanged, and says what PEFT makes of it, as JSON.

Fails if PEFT misses a tensor, does not know one, warns about the configuration, or finds that the
adapter does nothing.
"""

import argparse
import json
import pathlib
import sys
import warnings

import torch
from peft import PeftModel
from safetensors import safe_open

from subject import SUBJECTS, encode, load, mean_loss, records

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("adapter", type=pathlib.Path)
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "models/small")
    parser.add_argument("--examples", type=pathlib.Path, default=ROOT / "examples")
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    base, encoder, _, end = load(arguments.model)
    held = [
        encode(r, encoder, end)
        for s in SUBJECTS
        for r in records(arguments.examples / "held-out" / f"{s}.jsonl")
    ]
    before = mean_loss(base, held)
    with safe_open(arguments.adapter / "adapter_model.safetensors", "pt") as file:
        names = set(file.keys())
        metadata = file.metadata()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = PeftModel.from_pretrained(base, arguments.adapter)
    complaints = [str(w.message) for w in caught if "adapter" in str(w.message).lower()]
    loaded = {n.replace(".default", "") for n, _ in model.named_parameters() if "lora_" in n}
    after = mean_loss(model, held)
    result = {
        "tensors": len(names),
        "metadata": metadata,
        "unknownToPeft": sorted(names - loaded),
        "missingForPeft": sorted(loaded - names),
        "warnings": complaints,
        "heldOut": {"before": round(before, 5), "after": round(after, 5)},
    }
    print(json.dumps(result, indent=2))
    good = names == loaded and not complaints and before != after and metadata == {"format": "pt"}
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
