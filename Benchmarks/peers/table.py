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
runs = [json.loads(p.read_text()) for p in sorted(FOLDER.glob("training-pytorch-*.json"))]
theirs = max(runs, key=lambda run: run["trainingTokensPerSecond"], default=None)
if story and theirs:
    training, serving = story["steps"][2], story["steps"][5]
    held = theirs["heldOut"].values()
    table(
        ["figure", "OpenLedger", f"PyTorch with PEFT, {theirs['threads']} of its threads"],
        [
            ["training, tokens/s", round(training["tokensPerSecond"]), round(theirs["trainingTokensPerSecond"])],
            ["first loss", round(training["firstLoss"], 3), theirs["firstLoss"]],
            ["last loss, smoothed", round(training["lastLoss"], 3), theirs["lastLoss"]],
            [
                "held-out loss before and after",
                f"{training['heldOutBefore']:.3f}, {training['heldOutAfter']:.3f}",
                f"{sum(h['before'] for h in held) / 3:.3f}, {sum(h['after'] for h in held) / 3:.3f}",
            ],
            [
                "generation, tokens/s",
                round(serving["answerTokens"] / serving["secondsForAnswers"]),
                round(max(run["generationTokensPerSecond"] for run in runs)),
            ],
        ],
    )
adapter = read("adapter")
if adapter:
    print(f"PEFT loads the adapter's {adapter['tensors']} tensors without a complaint.")
verification = read("verification")
if verification:
    share = 100 * verification["validatorShare"]
    print(f"a committee member's share of the prover's work, run: {share:.1f} %")
for name in ("influence", "spans"):
    for path in FOLDER.glob(f"{name}.json*"):
        table([name, "value"], json.loads(path.read_text()).items())
for name in ("speed", "generation"):
    path = FOLDER / f"{name}.jsonl"
    if not path.exists():
        continue
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    table(
        ["part", "threads", "times as fast as the peer", "by processor time", "load"],
        [[r["ratio"], r["threads"], r["wall"], r["processor"], r["load"]] for r in lines if "ratio" in r],
    )
    for line in lines:
        if "validatorShare" in line:
            print(f"a validator's share of the prover's work: {100 * line['validatorShare']:.1f} %")
