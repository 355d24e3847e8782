"""Lets our program read every adapter of the decoder fixtures and write it again, loads what it wrote
with PEFT, and compares the logits of both with those that PEFT gave for the original.

    python check_written.py NUMERICS     (the built program `numerics`)
"""

import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import torch
from peft import PeftModel
from safetensors.torch import load_file

import make_decoders as fixtures


def check(kind, name):
    place = os.path.join(fixtures.OUT, kind)
    folder = tempfile.mkdtemp()
    for file in ["adapter_config.json", "adapter_model.safetensors"]:
        shutil.copy(os.path.join(place, name, file), folder)
    tokens = fixtures.ids(kind)
    files = {
        "model.gguf": os.path.abspath(os.path.join(place, "model.gguf")), "steps.txt": "0 0.001 1 0",
        "texts.txt": " ".join(map(str, [1] + tokens.tolist())) + "\n", "records.txt": "1 2 3\n"}
    for file, text in files.items():
        with open(os.path.join(folder, file), "w") as out:
            out.write(text)
    subprocess.run([sys.argv[1], "compare", folder], check=True, capture_output=True)
    expected = load_file(os.path.join(place, name, "expected.safetensors"))["logits"]
    ours = torch.from_numpy(np.fromfile(os.path.join(folder, "logits-0.f32"), np.float32)).view_as(expected)
    model = PeftModel.from_pretrained(fixtures.build(kind), os.path.join(folder, "written"))
    with torch.no_grad():
        theirs = model(tokens[None]).logits[0]
    shutil.rmtree(folder)
    return (ours - expected).abs().max().item(), (theirs - expected).abs().max().item()


def main():
    failed = False
    for kind in fixtures.KINDS:
        for name in ["all", *fixtures.ADAPTERS.get(kind, {})]:
            ours, theirs = check(kind, name)
            failed |= ours > 5e-4 or theirs > 1e-5
            print(f"{kind} {name}: ours {ours:.1e}, PEFT with what we wrote {theirs:.1e}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
