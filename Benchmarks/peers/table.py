"""Prints the figures that Benchmarks/run has written, as the tables of docs/benchmarks.md."""

import json
import pathlib
import sys

FOLDER = pathlib.Path(sys.argv[1])


def read(name: str):
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def table(header, rows) -> None:
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print()


chain = read("chain")
if chain:
    quick, load = chain["finality"], chain["load"]
    table(
        ["figure", "value"],
        [
            ["finality of one transfer, median", f"{quick['medianMilliseconds']} ms"],
            ["finality of one transfer, p99", f"{quick['p99Milliseconds']} ms"],
            ["committed transfers/s", load["transfersPerSecond"]],
            ["share of what signature checks alone allow", f"{100 * chain['shareOfSignatureBound']:.1f} %"],
            ["CPU per transfer and node", f"{load['cpuMicrosecondsPerTransferPerNode']} µs"],
            ["memory of an idle validator", f"{chain['idleValidatorMiB']} MiB"],
        ],
    )
story = read("story")
if story:
    table(
        ["step of the demo", "seconds"],
        [[s["step"], round(s["seconds"], 1)] for s in story["steps"]]
        + [["all", round(story["seconds"], 1)]],
    )
ours, theirs = read("training"), read("training-pytorch")
if ours and theirs:
    names = ["trainingTokensPerSecond", "generationTokensPerSecond", "firstLoss", "lastLoss"]
    table(["figure", "OpenLedger", "PyTorch with PEFT"], [[n, ours.get(n), theirs.get(n)] for n in names])
